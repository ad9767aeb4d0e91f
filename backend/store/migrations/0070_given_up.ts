/** A write that was given up may yet be applied: since when the CRM's history was looked through for it. */
export const GIVEN_UP = [
  'alter table promises add column watched_from timestamptz',
  'create index promises_given_up on promises (hub_id, object, record_id) where watched_from is not null',
];
