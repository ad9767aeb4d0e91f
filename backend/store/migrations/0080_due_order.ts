/**
 * What is due at one instant is claimed in the order of its records: without them in the index, all of it is sorted for each
 * claim. The old index, two-step: unused since 0080, because the new one begins with its columns.
 */
export const DUE_ORDER = [
  'create index due_in_order on due (hub_id, lane, not_before, object, record_id) where parked_at is null',
  'drop index due_next',
];
