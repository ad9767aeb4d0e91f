/** What hangs on other records than companies, and what customers have made. */
export const CREATIONS = [
  /* The record of another object that this one hangs on: the case of a comment. */
  `create table parents (
    hub_id bigint not null,
    object text not null,
    record_id text not null,
    parent_object text not null,
    parent_id text not null,
    primary key (hub_id, object, record_id, parent_object, parent_id)
  )`,
  `create index parents_children on parents (hub_id, parent_object, parent_id)`,

  /* The quote that a line item stands on: its events name the line alone. */
  `create table lines (
    hub_id bigint not null,
    line_id text not null,
    object text not null,
    record_id text not null,
    primary key (hub_id, line_id, object, record_id)
  )`,
  `create index lines_of_record on lines (hub_id, object, record_id)`,

  /* An edit may ask for a record that is not there yet. */
  `alter table edits alter column record_id drop not null`,
  `alter table edit_fields alter column record_id drop not null`,
  `alter table edits add column creation text`,

  /* How far the making of a record is: what it hangs on, and when the call went out last. */
  `create table creations (
    hub_id bigint not null,
    edit_id uuid not null,
    on_object text not null,
    on_id text not null,
    companies text[] not null,
    upload_id uuid,
    file_id text,
    sent_at timestamptz,
    not_before timestamptz not null,
    attempts smallint not null default 0,
    error jsonb,
    ended_at timestamptz,
    primary key (hub_id, edit_id),
    foreign key (hub_id, edit_id) references edits (hub_id, edit_id)
  )`,
  `create index creations_waiting on creations (hub_id, not_before) where ended_at is null`,
];
