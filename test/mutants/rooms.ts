/** The rooms of the house, with the faults planted in each. */
import { DESK } from './desk.ts';
import { HUBS } from './hubs.ts';
import { HUBSPOT } from './hubspot.ts';
import { INTAKE } from './intake.ts';
import { LAW } from './law.ts';
import type { Room } from './mutant.ts';
import { OPERATE } from './operate.ts';
import { PORTAL } from './portal.ts';
import { STORE } from './store.ts';
import { SYNC } from './sync.ts';

export const ROOMS: readonly Room[] = [LAW, SYNC, INTAKE, STORE, DESK, PORTAL, HUBSPOT, OPERATE, HUBS];
