/** What is due at one instant is claimed in the order of its records: without them in the index, all of it is sorted for each claim. */
export const DUE_ORDER = [
  'drop index due_next',
  'create index due_next on due (hub_id, lane, not_before, object, record_id) where parked_at is null',
];
