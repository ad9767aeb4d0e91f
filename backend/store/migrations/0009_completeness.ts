/** Three layers of completeness: the place in the webhooks journal, who told of what, and what was compared. */
export const COMPLETENESS = [
  `create table webhooks_journal (
    hub_id bigint primary key,
    read_offset text,
    caught_up_at timestamptz not null
  )`,
  `create table warnings (
    hub_id bigint not null,
    code text not null,
    count bigint not null,
    detail jsonb,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (hub_id, code)
  )`,
  `alter table deliveries add column layer text not null default 'webhooks' check (layer in ('webhooks', 'journal'))`,
  /* The number of the first layer that told of it (layers.ts); 2: nobody did. */
  `alter table due add column told smallint not null default 2`,
  `alter table mirror add column compared_at timestamptz`,
  `alter table jobs drop constraint jobs_kind_check`,
  `alter table jobs add constraint jobs_kind_check check (kind in ('backfill', 'reconcile', 'dry-run'))`,
  `alter table jobs add column expected bigint`,
  `alter table jobs add column comparison jsonb`,
];
