/** The desk: rulings, staff, orders, pauses. */
export const DESK = [
  /* A ruling is an edit by a member of staff: what they chose, and the conflict it answers. */
  `alter table edits add column ruling jsonb`,
  /* What staff wrote to the customer about this field of the edit. */
  `alter table edit_fields add column note text`,
  `create index conflicts_of_record on conflicts (hub_id, object, record_id, conflict_id)`,

  /* Who works at the desk: colleagues with a role of their own, and everybody who was seen there. */
  `create table staff (
    hub_id bigint not null,
    user_id text not null,
    name text not null default '',
    email text not null,
    role text check (role in ('none', 'viewer', 'admin')),
    seen_at timestamptz,
    primary key (hub_id, user_id)
  )`,
  /* What holds for the whole desk: the role of a colleague without one of their own. */
  `alter table hubs add column desk jsonb not null default '{}'`,
  /* What the worker last found out about its way to the CRM. */
  `alter table hubs add column health jsonb not null default '{}'`,

  /* What staff order the hub's worker to do, once, and what became of it. */
  `create table orders (
    hub_id bigint not null,
    order_id bigint generated always as identity,
    user_id text not null,
    idempotency_key text not null,
    ordered jsonb not null,
    ordered_at timestamptz not null,
    done_at timestamptz,
    outcome jsonb,
    primary key (hub_id, order_id),
    unique (hub_id, user_id, idempotency_key)
  )`,
  `create index orders_waiting on orders (hub_id, order_id) where done_at is null`,

  /* What is paused: an object, or one field of it, or (both null) everything; outwards, inwards or both. */
  `create table pauses (
    hub_id bigint not null,
    pause_id bigint generated always as identity,
    object text,
    field text,
    direction text not null check (direction in ('out', 'in', 'both')),
    reason text not null,
    user_id text not null,
    begun_at timestamptz not null,
    primary key (hub_id, pause_id)
  )`,

  /* Entries are appended in the order of time, so that a few bytes a block find the entries of an hour. */
  `create index journal_at on journal using brin (hub_id, at)`,
  /* What staff look for among all records: everything but the mass of plain changes. */
  `create index journal_of_kind on journal (hub_id, kind, seq) where kind not in ('changed', 'found', 'ignored')`,
  `create index edits_newest on edits (hub_id, number)`,
];
