/** Drift: the CRM's schema as it was accepted and as it is, and what of it no longer fits the rules. */
export const DRIFT = [
  `create table crm_schema (
    hub_id bigint primary key,
    accepted jsonb not null,
    found jsonb not null,
    read_at timestamptz not null
  )`,
  /* `stops`: what is held back because of it. Of a field; without one, of the whole object. */
  `create table findings (
    hub_id bigint not null,
    code text not null,
    subject text not null,
    object text,
    field text,
    severity text not null check (severity in ('breaks', 'warns', 'tells')),
    stops text not null check (stops in ('none', 'writing', 'both')),
    bars text[] not null,
    since timestamptz not null,
    finding jsonb not null,
    primary key (hub_id, code, subject)
  )`,
];
