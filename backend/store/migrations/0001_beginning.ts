/** The tables of the sync: hubs, mirror, links, due, edits, promises, conflicts, journal, tokens, jobs. */
export const BEGINNING = [
  /* A HubSpot account we keep in agreement. `epoch` grows with every lease and fences a worker that was asleep. */
  `create table hubs (
    hub_id bigint primary key,
    app_id text not null,
    time_zone text not null,
    epoch bigint not null default 0,
    holder text,
    heartbeat_at timestamptz,
    type_ids jsonb not null default '{}',
    budget jsonb,
    connected_at timestamptz not null
  )`,

  /* The CRM's property definitions as they were last read. */
  `create table properties (
    hub_id bigint not null,
    object text not null,
    property text not null,
    definition jsonb not null,
    read_at timestamptz not null,
    primary key (hub_id, object, property)
  )`,

  /* What came in by webhook, one row a request and hub: durable before the answer, applied once by the hub's worker.
     Rows hold the events as text: nothing reads inside them in SQL, and text is the cheapest to write. */
  `create table deliveries (
    hub_id bigint not null,
    delivery_id bigint generated always as identity (cache 50),
    received_at timestamptz not null,
    events text not null,
    applied_at timestamptz,
    primary key (hub_id, delivery_id)
  )`,
  /* Compressing what is written once and read once costs more than the space. */
  `alter table deliveries alter column events set storage external`,
  `create index deliveries_waiting on deliveries (hub_id, delivery_id) where applied_at is null`,

  /* What the CRM told us, a row a record. Only the hub's worker writes here, and only from observations. */
  `create table mirror (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    life text not null,
    fields jsonb not null,
    found_seq bigint not null,
    changed_seq bigint not null,
    read_at timestamptz,
    primary key (hub_id, object, record_id)
  ) with (fillfactor = 70, toast_tuple_target = 8160)`,

  /* Which company a record belongs to: what visibility is computed from. */
  `create table links (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    company_id text not null,
    is_primary boolean not null,
    labels text[] not null default '{}',
    primary key (hub_id, object, record_id, company_id)
  )`,
  `create index links_of_company on links (hub_id, company_id, object, record_id)`,

  /* One row a record with work waiting, however many reasons it has. Deleted when done; \`version\` tells whether
     something new came meanwhile. */
  `create table due (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    lane smallint not null,
    not_before timestamptz not null,
    since timestamptz not null,
    links boolean not null default false,
    version integer not null default 1,
    attempts smallint not null default 0,
    parked_at timestamptz,
    error jsonb,
    primary key (hub_id, object, record_id)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`,
  `create index due_next on due (hub_id, lane, not_before) where parked_at is null`,

  /* What customers asked for. */
  `create table edits (
    hub_id bigint not null,
    edit_id uuid not null,
    number bigint generated always as identity,
    object text not null,
    record_id text not null,
    person text not null,
    audience text not null,
    asked_at timestamptz not null,
    action text,
    guards jsonb not null default '[]',
    idempotency_key text not null,
    fingerprint text not null,
    primary key (hub_id, edit_id),
    unique (hub_id, person, idempotency_key)
  )`,
  `create index edits_of_record on edits (hub_id, object, record_id, number)`,
  `create table edit_fields (
    hub_id bigint not null,
    edit_id uuid not null,
    field text not null,
    object text not null,
    record_id text not null,
    seen text,
    wanted text,
    state text not null check (state in ('accepted', 'written', 'verified', 'refused', 'held', 'superseded')),
    rule text,
    reason text,
    crm_value text,
    crm_by jsonb,
    journaled boolean not null default false,
    changed_at timestamptz not null,
    primary key (hub_id, edit_id, field),
    foreign key (hub_id, edit_id) references edits (hub_id, edit_id)
  )`,
  `create index edit_fields_open on edit_fields (hub_id, object, record_id)
    where state in ('accepted', 'written', 'held')`,

  /* What we said we would write, recorded before the call and settled from history after it. */
  `create table promises (
    hub_id bigint not null,
    promise_id bigint generated always as identity,
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
    promised_at timestamptz not null,
    answered_at timestamptz,
    settled_at timestamptz,
    outcome text,
    primary key (hub_id, promise_id)
  )`,
  `create unique index promises_open on promises (hub_id, object, record_id, field) where settled_at is null`,
  `create index promises_of_field on promises (hub_id, object, record_id, field, promise_id)`,

  /* What a person must decide: a collision under the rule \`ask\`, or a change that wants approval. */
  `create table conflicts (
    hub_id bigint not null,
    conflict_id bigint generated always as identity,
    kind text not null check (kind in ('conflict', 'proposal')),
    object text not null,
    record_id text not null,
    field text not null,
    edit_id uuid not null,
    person text not null,
    seen text,
    wanted text,
    crm jsonb not null,
    opened_at timestamptz not null,
    settled_at timestamptz,
    settlement jsonb,
    primary key (hub_id, conflict_id),
    unique (hub_id, edit_id, field)
  )`,
  `create index conflicts_open on conflicts (hub_id, object, record_id) where settled_at is null`,

  /* The append-only account. \`before\`, \`after\` and \`salt\` can be erased later; the chain is built over a digest of
     them, so it still verifies. The primary key is the fence: two workers cannot both write the next number. */
  `create table journal (
    hub_id bigint not null,
    seq bigint not null,
    at timestamptz not null,
    kind text not null,
    object text,
    record_id text,
    field text,
    edit_id uuid,
    actor jsonb,
    rule text,
    crm_at timestamptz,
    before text,
    after text,
    salt bytea,
    digest bytea not null,
    detail jsonb,
    hash bytea not null,
    primary key (hub_id, seq)
  )`,
  `create index journal_of_record on journal (hub_id, object, record_id, seq)`,
  `create function journal_is_append_only() returns trigger language plpgsql as $$
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
  end $$`,
  `create trigger journal_append_only before update or delete on journal
    for each row execute function journal_is_append_only()`,
  `create trigger journal_no_truncate before truncate on journal
    for each statement execute function journal_is_append_only()`,

  /* Who may call the portal API: a bearer token bound to a contact. Only its hash is kept. */
  `create table people (
    hub_id bigint not null,
    token_hash bytea not null,
    contact_id text not null,
    audience text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    primary key (hub_id, token_hash)
  )`,

  /* Long work of the hub's worker, resumable at its cursor. */
  `create table jobs (
    hub_id bigint not null,
    job_id bigint generated always as identity,
    kind text not null check (kind in ('backfill')),
    object text not null,
    cursor text,
    done bigint not null default 0,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    error text,
    primary key (hub_id, job_id)
  )`,
  `create unique index jobs_one_open on jobs (hub_id, kind, object) where finished_at is null`,
];
