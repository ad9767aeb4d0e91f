/** People who were erased for privacy: that it was done, and how much there was; nothing of them. */
export const ERASURES = [
  `create table erasures (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    done_at timestamptz not null,
    counts jsonb not null,
    primary key (hub_id, object, record_id)
  )`,
  `create index mirror_erased on mirror (hub_id, object, record_id) where life = 'erased'`,
];
