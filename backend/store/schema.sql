-- Made by `npm run schema` from the migrations; a test compares the two.

create table alerts (
  hub_id bigint not null,
  code text not null,
  subject text not null,
  channel text not null,
  stage text not null default 'none'::text,
  told_at timestamp with time zone,
  begun_at timestamp with time zone,
  number integer not null default 0,
  attempts integer not null default 0,
  not_before timestamp with time zone not null,
  error text,
  message jsonb,
  task_id text,
  PRIMARY KEY (hub_id, code, subject, channel)
);

create table canaries (
  hub_id bigint not null,
  edit_id uuid,
  value text,
  asked_at timestamp with time zone,
  proven_at timestamp with time zone,
  told_at timestamp with time zone,
  told_by text,
  out_ms integer,
  in_ms integer,
  problem text,
  PRIMARY KEY (hub_id)
);

create table claims (
  hub_id bigint not null,
  claim_id bigint not null generated always as identity,
  identity_id uuid not null,
  reason text not null,
  address text,
  candidates text[] not null,
  opened_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  settled_by text,
  contact_id text,
  PRIMARY KEY (hub_id, claim_id),
  FOREIGN KEY (hub_id, identity_id) REFERENCES identities(hub_id, identity_id)
);

create table conflicts (
  hub_id bigint not null,
  conflict_id bigint not null generated always as identity,
  kind text not null,
  object text not null,
  record_id text not null,
  field text not null,
  edit_id uuid not null,
  person text not null,
  seen text,
  wanted text,
  crm jsonb not null,
  opened_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  settlement jsonb,
  UNIQUE (hub_id, edit_id, field),
  PRIMARY KEY (hub_id, conflict_id),
  CHECK ((kind = ANY (ARRAY['conflict'::text, 'proposal'::text])))
);

create table creations (
  hub_id bigint not null,
  edit_id uuid not null,
  on_object text not null,
  on_id text not null,
  companies text[] not null,
  upload_id uuid,
  file_id text,
  sent_at timestamp with time zone,
  not_before timestamp with time zone not null,
  attempts smallint not null default 0,
  error jsonb,
  ended_at timestamp with time zone,
  PRIMARY KEY (hub_id, edit_id),
  FOREIGN KEY (hub_id, edit_id) REFERENCES edits(hub_id, edit_id)
);

create table crm_schema (
  hub_id bigint not null,
  accepted jsonb not null,
  found jsonb not null,
  read_at timestamp with time zone not null,
  PRIMARY KEY (hub_id)
);

create table deliveries (
  hub_id bigint not null,
  delivery_id bigint not null generated always as identity,
  received_at timestamp with time zone not null,
  events text not null,
  applied_at timestamp with time zone,
  layer text not null default 'webhooks'::text,
  PRIMARY KEY (hub_id, delivery_id),
  CHECK ((layer = ANY (ARRAY['webhooks'::text, 'journal'::text])))
);

create table directory (
  hub_id bigint not null,
  app_id text not null,
  portal_url text,
  version bigint not null,
  access_token text not null,
  client_secrets text not null,
  settings text not null,
  proven_at timestamp with time zone,
  changed_at timestamp with time zone not null,
  PRIMARY KEY (hub_id)
);

create table due (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  lane smallint not null,
  not_before timestamp with time zone not null,
  since timestamp with time zone not null,
  links boolean not null default false,
  version integer not null default 1,
  attempts smallint not null default 0,
  parked_at timestamp with time zone,
  error jsonb,
  told smallint not null default 2,
  PRIMARY KEY (hub_id, object, record_id)
);

create table edit_fields (
  hub_id bigint not null,
  edit_id uuid not null,
  field text not null,
  object text not null,
  record_id text,
  seen text,
  wanted text,
  state text not null,
  rule text,
  reason text,
  crm_value text,
  crm_by jsonb,
  journaled boolean not null default false,
  changed_at timestamp with time zone not null,
  note text,
  PRIMARY KEY (hub_id, edit_id, field),
  FOREIGN KEY (hub_id, edit_id) REFERENCES edits(hub_id, edit_id),
  CHECK ((state = ANY (ARRAY['accepted'::text, 'written'::text, 'verified'::text, 'refused'::text, 'held'::text, 'superseded'::text])))
);

create table edits (
  hub_id bigint not null,
  edit_id uuid not null,
  number bigint not null generated always as identity,
  object text not null,
  record_id text,
  person text not null,
  audience text not null,
  asked_at timestamp with time zone not null,
  action text,
  guards jsonb not null default '[]'::jsonb,
  idempotency_key text not null,
  fingerprint text not null,
  ruling jsonb,
  creation text,
  evidence jsonb,
  statement text,
  UNIQUE (hub_id, person, idempotency_key),
  PRIMARY KEY (hub_id, edit_id)
);

create table erasures (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  done_at timestamp with time zone not null,
  counts jsonb not null,
  PRIMARY KEY (hub_id, object, record_id)
);

create table findings (
  hub_id bigint not null,
  code text not null,
  subject text not null,
  object text,
  field text,
  severity text not null,
  stops text not null,
  bars text[] not null,
  since timestamp with time zone not null,
  finding jsonb not null,
  PRIMARY KEY (hub_id, code, subject),
  CHECK ((severity = ANY (ARRAY['breaks'::text, 'warns'::text, 'tells'::text]))),
  CHECK ((stops = ANY (ARRAY['none'::text, 'writing'::text, 'both'::text])))
);

create table held_edits (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  field text not null,
  set_id bigint not null,
  edit_ids uuid[] not null,
  joined_at timestamp with time zone not null,
  PRIMARY KEY (hub_id, object, record_id, field, set_id)
);

create table held_sets (
  hub_id bigint not null,
  set_id bigint not null generated always as identity,
  key text,
  pattern text not null,
  object text,
  field text,
  who text,
  records bigint,
  version integer not null default 1,
  written uuid[] not null,
  opened_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  closed_by text,
  outcome text,
  PRIMARY KEY (hub_id, set_id),
  CHECK ((outcome = ANY (ARRAY['released'::text, 'discarded'::text])))
);

create table hooks (
  hub_id bigint not null,
  hook_id text not null,
  url text not null,
  audience text,
  cursor_seq bigint not null,
  batch_seq bigint,
  sent_seq bigint,
  failing_since timestamp with time zone,
  attempts integer not null default 0,
  not_before timestamp with time zone not null,
  last_status integer,
  last_error text,
  delivered_at timestamp with time zone,
  disabled_at timestamp with time zone,
  created_at timestamp with time zone not null,
  PRIMARY KEY (hub_id, hook_id)
);

create table hubs (
  hub_id bigint not null,
  app_id text not null,
  time_zone text not null,
  epoch bigint not null default 0,
  holder text,
  heartbeat_at timestamp with time zone,
  type_ids jsonb not null default '{}'::jsonb,
  budget jsonb,
  connected_at timestamp with time zone not null,
  desk jsonb not null default '{}'::jsonb,
  health jsonb not null default '{}'::jsonb,
  PRIMARY KEY (hub_id)
);

create table identities (
  hub_id bigint not null,
  identity_id uuid not null,
  issuer text not null default ''::text,
  subject text not null,
  address text,
  proven_at timestamp with time zone not null,
  continues uuid,
  look_at timestamp with time zone,
  UNIQUE (hub_id, issuer, subject),
  PRIMARY KEY (hub_id, identity_id)
);

create table jobs (
  hub_id bigint not null,
  job_id bigint not null generated always as identity,
  kind text not null,
  object text not null,
  cursor text,
  done bigint not null default 0,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  error text,
  expected bigint,
  comparison jsonb,
  PRIMARY KEY (hub_id, job_id),
  CHECK ((kind = ANY (ARRAY['backfill'::text, 'reconcile'::text, 'dry-run'::text])))
);

create table journal (
  hub_id bigint not null,
  seq bigint not null,
  at timestamp with time zone not null,
  kind text not null,
  object text,
  record_id text,
  field text,
  edit_id uuid,
  actor jsonb,
  rule text,
  crm_at timestamp with time zone,
  before text,
  after text,
  salt bytea,
  digest bytea not null,
  detail jsonb,
  hash bytea not null,
  PRIMARY KEY (hub_id, seq)
);

create table lines (
  hub_id bigint not null,
  line_id text not null,
  object text not null,
  record_id text not null,
  PRIMARY KEY (hub_id, line_id, object, record_id)
);

create table links (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  company_id text not null,
  is_primary boolean not null,
  labels text[] not null default '{}'::text[],
  PRIMARY KEY (hub_id, object, record_id, company_id)
);

create table mirror (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  life text not null,
  fields jsonb not null,
  found_seq bigint not null,
  changed_seq bigint not null,
  read_at timestamp with time zone,
  compared_at timestamp with time zone,
  PRIMARY KEY (hub_id, object, record_id)
);

create table orders (
  hub_id bigint not null,
  order_id bigint not null generated always as identity,
  user_id text not null,
  idempotency_key text not null,
  ordered jsonb not null,
  ordered_at timestamp with time zone not null,
  done_at timestamp with time zone,
  outcome jsonb,
  UNIQUE (hub_id, user_id, idempotency_key),
  PRIMARY KEY (hub_id, order_id)
);

create table parents (
  hub_id bigint not null,
  object text not null,
  record_id text not null,
  parent_object text not null,
  parent_id text not null,
  PRIMARY KEY (hub_id, object, record_id, parent_object, parent_id)
);

create table pauses (
  hub_id bigint not null,
  pause_id bigint not null generated always as identity,
  object text,
  field text,
  direction text not null,
  reason text not null,
  user_id text not null,
  begun_at timestamp with time zone not null,
  PRIMARY KEY (hub_id, pause_id),
  CHECK ((direction = ANY (ARRAY['out'::text, 'in'::text, 'both'::text])))
);

create table people (
  hub_id bigint not null,
  token_hash bytea not null,
  contact_id text not null,
  audience text not null,
  created_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  PRIMARY KEY (hub_id, token_hash)
);

create table promises (
  hub_id bigint not null,
  promise_id bigint not null generated always as identity,
  object text not null,
  record_id text not null,
  field text not null,
  value text,
  base jsonb not null,
  edit_ids uuid[] not null,
  person text,
  restores boolean not null,
  owed boolean not null,
  epoch bigint not null,
  promised_at timestamp with time zone not null,
  answered_at timestamp with time zone,
  settled_at timestamp with time zone,
  outcome text,
  watched_from timestamp with time zone,
  PRIMARY KEY (hub_id, promise_id)
);

create table properties (
  hub_id bigint not null,
  object text not null,
  property text not null,
  definition jsonb not null,
  read_at timestamp with time zone not null,
  PRIMARY KEY (hub_id, object, property)
);

create table sessions (
  hub_id bigint not null,
  session_id uuid not null,
  secret_hash bytea not null,
  identity_id uuid not null,
  browser text not null,
  address text not null,
  begun_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  proven_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  UNIQUE (hub_id, secret_hash),
  PRIMARY KEY (hub_id, session_id),
  FOREIGN KEY (hub_id, identity_id) REFERENCES identities(hub_id, identity_id)
);

create table sign_ins (
  hub_id bigint not null,
  secret_hash bytea not null,
  browser_hash bytea not null,
  address text,
  provider text,
  nonce text,
  verifier text,
  max_age_s integer,
  begun_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  PRIMARY KEY (hub_id, secret_hash)
);

create table staff (
  hub_id bigint not null,
  user_id text not null,
  name text not null default ''::text,
  email text not null,
  role text,
  seen_at timestamp with time zone,
  PRIMARY KEY (hub_id, user_id),
  CHECK ((role = ANY (ARRAY['none'::text, 'viewer'::text, 'admin'::text])))
);

create table ties (
  hub_id bigint not null,
  tie_id bigint not null generated always as identity,
  identity_id uuid not null,
  contact_id text not null,
  address text,
  proof text not null,
  contact_email text,
  address_since timestamp with time zone,
  read_at timestamp with time zone,
  claim_id bigint,
  begun_at timestamp with time zone not null,
  begun_by text not null,
  ended_at timestamp with time zone,
  ended_by text,
  ended_why text,
  PRIMARY KEY (hub_id, tie_id),
  FOREIGN KEY (hub_id, identity_id) REFERENCES identities(hub_id, identity_id)
);

create table upload_pieces (
  hub_id bigint not null,
  upload_id uuid not null,
  at_byte bigint not null,
  bytes bytea not null,
  PRIMARY KEY (hub_id, upload_id, at_byte)
);

create table uploads (
  hub_id bigint not null,
  upload_id uuid not null,
  person text not null,
  name text not null,
  size_bytes bigint not null,
  received_bytes bigint not null default 0,
  type text,
  digest text,
  refused text,
  created_at timestamp with time zone not null,
  erased_at timestamp with time zone,
  PRIMARY KEY (hub_id, upload_id)
);

create table warnings (
  hub_id bigint not null,
  code text not null,
  count bigint not null,
  detail jsonb,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  subject text not null default ''::text,
  told_at timestamp with time zone,
  ended_at timestamp with time zone,
  PRIMARY KEY (hub_id, code, subject)
);

create table webhooks_journal (
  hub_id bigint not null,
  read_offset text,
  caught_up_at timestamp with time zone not null,
  PRIMARY KEY (hub_id)
);

CREATE INDEX claims_of_identity ON public.claims USING btree (hub_id, identity_id, claim_id);

CREATE INDEX conflicts_of_record ON public.conflicts USING btree (hub_id, object, record_id, conflict_id);

CREATE INDEX conflicts_open ON public.conflicts USING btree (hub_id, object, record_id) WHERE (settled_at IS NULL);

CREATE INDEX creations_waiting ON public.creations USING btree (hub_id, not_before) WHERE (ended_at IS NULL);

CREATE INDEX deliveries_waiting ON public.deliveries USING btree (hub_id, delivery_id) WHERE (applied_at IS NULL);

CREATE INDEX due_in_order ON public.due USING btree (hub_id, lane, not_before, object, record_id) WHERE (parked_at IS NULL);

CREATE INDEX edit_fields_open ON public.edit_fields USING btree (hub_id, object, record_id) WHERE (state = ANY (ARRAY['accepted'::text, 'written'::text, 'held'::text]));

CREATE INDEX edits_newest ON public.edits USING btree (hub_id, number);

CREATE INDEX edits_of_record ON public.edits USING btree (hub_id, object, record_id, number);

CREATE INDEX held_edits_set ON public.held_edits USING btree (hub_id, set_id);

CREATE INDEX identities_waiting ON public.identities USING btree (hub_id, look_at) WHERE (look_at IS NOT NULL);

CREATE INDEX journal_addresses ON public.journal USING btree (hub_id, md5(before)) WHERE ((object = 'contact'::text) AND (field = 'email'::text) AND (before IS NOT NULL));

CREATE INDEX journal_at ON public.journal USING brin (hub_id, at);

CREATE INDEX journal_of_kind ON public.journal USING btree (hub_id, kind, seq) WHERE (kind <> ALL (ARRAY['changed'::text, 'found'::text, 'ignored'::text]));

CREATE INDEX journal_of_record ON public.journal USING btree (hub_id, object, record_id, seq);

CREATE INDEX lines_of_record ON public.lines USING btree (hub_id, object, record_id);

CREATE INDEX links_of_company ON public.links USING btree (hub_id, company_id, object, record_id);

CREATE INDEX mirror_erased ON public.mirror USING btree (hub_id, object, record_id) WHERE (life = 'erased'::text);

CREATE INDEX orders_waiting ON public.orders USING btree (hub_id, order_id) WHERE (done_at IS NULL);

CREATE INDEX parents_children ON public.parents USING btree (hub_id, parent_object, parent_id);

CREATE INDEX promises_given_up ON public.promises USING btree (hub_id, object, record_id) WHERE (watched_from IS NOT NULL);

CREATE INDEX promises_of_field ON public.promises USING btree (hub_id, object, record_id, field, promise_id);

CREATE INDEX sessions_of_identity ON public.sessions USING btree (hub_id, identity_id);

CREATE INDEX sign_ins_of_address ON public.sign_ins USING btree (hub_id, address, begun_at);

CREATE INDEX ties_of_address ON public.ties USING btree (hub_id, address);

CREATE INDEX ties_of_contact ON public.ties USING btree (hub_id, contact_id);

CREATE INDEX uploads_kept ON public.uploads USING btree (hub_id, person) WHERE (erased_at IS NULL);

CREATE OR REPLACE FUNCTION public.journal_is_append_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
  begin
    if tg_op = 'UPDATE'
      and new.before is null and new.after is null and new.salt is null
      and (new.hub_id, new.seq, new.at, new.kind, new.object, new.record_id, new.field, new.edit_id, new.actor,
           new.rule, new.crm_at, new.digest, new.detail, new.hash)
        is not distinct from
          (old.hub_id, old.seq, old.at, old.kind, old.object, old.record_id, old.field, old.edit_id, old.actor,
           old.rule, old.crm_at, old.digest, old.detail, old.hash)
    then return new;
    end if;
    raise exception 'the journal is append-only: % refused', lower(tg_op);
  end $function$
;

CREATE TRIGGER journal_append_only BEFORE DELETE OR UPDATE ON public.journal FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();

CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON public.journal FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

CREATE UNIQUE INDEX claims_open ON public.claims USING btree (hub_id, identity_id) WHERE (settled_at IS NULL);

CREATE UNIQUE INDEX held_sets_open ON public.held_sets USING btree (hub_id, key) WHERE (closed_at IS NULL);

CREATE UNIQUE INDEX jobs_one_open ON public.jobs USING btree (hub_id, kind, object) WHERE (finished_at IS NULL);

CREATE UNIQUE INDEX promises_open ON public.promises USING btree (hub_id, object, record_id, field) WHERE (settled_at IS NULL);

CREATE UNIQUE INDEX ties_standing ON public.ties USING btree (hub_id, identity_id) WHERE (ended_at IS NULL);

alter table due set (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000);

alter table mirror set (fillfactor=70, toast_tuple_target=8160);
