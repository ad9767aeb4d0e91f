/** What the lanes are called where people read of them. */
import type { Lane } from '../store/lanes.ts';

export const LANE_SENTENCES: Readonly<Record<Lane, string>> = {
  edit: 'customers’ edits to write',
  read: 'pages waiting for a fresh value',
  settle: 'writes to prove',
  observe: 'changes to confirm',
  reconcile: 'records to compare',
  backfill: 'records to load',
};
