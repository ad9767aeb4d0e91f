/** Decisions that are proven to others: what they were made on, and the signed statement of them. */
export const STATEMENTS = [
  // Who decided and how they had proven who they are, as of then; only of actions that are bound to what was shown.
  `alter table edits add column evidence jsonb`,
  // A JWS; null until the decision is verified in the CRM.
  `alter table edits add column statement text`,
];
