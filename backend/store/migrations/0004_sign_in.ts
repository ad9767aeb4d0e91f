/** Signing in: who proved what, their sessions, the contact each is linked to, and what staff have to decide. */
export const SIGN_IN = [
  /* Somebody as they proved themselves: a mailbox (no issuer; the subject is the address), or a provider's subject. */
  `create table identities (
    hub_id bigint not null,
    identity_id uuid not null,
    issuer text not null default '',
    subject text not null,
    address text,
    proven_at timestamptz not null,
    continues uuid,
    look_at timestamptz,
    primary key (hub_id, identity_id),
    unique (hub_id, issuer, subject)
  )`,
  `create index identities_waiting on identities (hub_id, look_at) where look_at is not null`,

  /* A sign-in that has begun: the mail's link or the provider's state, bound to the browser that asked. */
  `create table sign_ins (
    hub_id bigint not null,
    secret_hash bytea not null,
    browser_hash bytea not null,
    address text,
    provider text,
    nonce text,
    verifier text,
    max_age_s integer,
    begun_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (hub_id, secret_hash)
  )`,
  `create index sign_ins_of_address on sign_ins (hub_id, address, begun_at)`,

  `create table sessions (
    hub_id bigint not null,
    session_id uuid not null,
    secret_hash bytea not null,
    identity_id uuid not null,
    browser text not null,
    address text not null,
    begun_at timestamptz not null,
    seen_at timestamptz not null,
    proven_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (hub_id, session_id),
    unique (hub_id, secret_hash),
    foreign key (hub_id, identity_id) references identities (hub_id, identity_id)
  )`,
  `create index sessions_of_identity on sessions (hub_id, identity_id)`,

  /* Which contact somebody is, and on what evidence. An ended row is history: it is never deleted. */
  `create table ties (
    hub_id bigint not null,
    tie_id bigint generated always as identity,
    identity_id uuid not null,
    contact_id text not null,
    address text,
    proof text not null,
    contact_email text,
    address_since timestamptz,
    read_at timestamptz,
    claim_id bigint,
    begun_at timestamptz not null,
    begun_by text not null,
    ended_at timestamptz,
    ended_by text,
    ended_why text,
    primary key (hub_id, tie_id),
    foreign key (hub_id, identity_id) references identities (hub_id, identity_id)
  )`,
  `create unique index ties_standing on ties (hub_id, identity_id) where ended_at is null`,
  `create index ties_of_contact on ties (hub_id, contact_id)`,
  `create index ties_of_address on ties (hub_id, address)`,

  /* Who somebody is could not be told for certain: staff decide. */
  `create table claims (
    hub_id bigint not null,
    claim_id bigint generated always as identity,
    identity_id uuid not null,
    reason text not null,
    address text,
    candidates text[] not null,
    opened_at timestamptz not null,
    settled_at timestamptz,
    settled_by text,
    contact_id text,
    primary key (hub_id, claim_id),
    foreign key (hub_id, identity_id) references identities (hub_id, identity_id)
  )`,
  `create unique index claims_open on claims (hub_id, identity_id) where settled_at is null`,
  `create index claims_of_identity on claims (hub_id, identity_id, claim_id)`,

  /* Whose an address was before: a digest, because a CRM's value can be too long for an index. */
  `create index journal_addresses on journal (hub_id, md5(before)) where object = 'contact' and field = 'email' and before is not null`,
];
