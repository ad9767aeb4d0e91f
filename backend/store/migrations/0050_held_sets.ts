/** What the breaker holds back: sets of edits like one another, and the records and fields of each. */
export const HELD_SETS = [
  `create table held_sets (
    hub_id bigint not null,
    set_id bigint generated always as identity,
    key text,
    pattern text not null,
    object text,
    field text,
    who text,
    /* How many records the object had; null where that says nothing. */
    records bigint,
    version int not null default 1,
    /* The edits like these that had gone out before. */
    written uuid[] not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_by text,
    outcome text check (outcome in ('released', 'discarded')),
    primary key (hub_id, set_id)
  )`,
  `create unique index held_sets_open on held_sets (hub_id, key) where closed_at is null`,
  `create table held_edits (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    field text not null,
    set_id bigint not null,
    edit_ids uuid[] not null,
    joined_at timestamptz not null,
    primary key (hub_id, object, record_id, field, set_id)
  )`,
  `create index held_edits_set on held_edits (hub_id, set_id)`,
];
