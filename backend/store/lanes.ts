/** Lanes of waiting work, in their order: people before machines. */
export const LANES = ['edit', 'read', 'settle', 'observe', 'reconcile', 'backfill'] as const;
export type Lane = (typeof LANES)[number];
export const laneNumber = (lane: Lane): number => LANES.indexOf(lane);
