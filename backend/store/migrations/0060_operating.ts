/** What each channel was told of each warning, and the newest round trip of the canary. */
export const OPERATING = [
  `create table alerts (
    hub_id bigint not null,
    code text not null,
    subject text not null,
    channel text not null,
    stage text not null default 'none',
    told_at timestamptz,
    begun_at timestamptz,
    number integer not null default 0,
    attempts integer not null default 0,
    not_before timestamptz not null,
    error text,
    message jsonb,
    task_id text,
    primary key (hub_id, code, subject, channel)
  )`,
  `create table canaries (
    hub_id bigint not null primary key,
    edit_id uuid,
    value text,
    asked_at timestamptz,
    proven_at timestamptz,
    told_at timestamptz,
    told_by text,
    out_ms integer,
    in_ms integer,
    problem text
  )`,
];
