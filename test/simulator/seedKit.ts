/** What the seeds share: the making, and random values that look like a CRM's. */
import { sourceOf } from './acting.ts';
import type { Random } from './random.ts';
import type { LinkSpec, Source } from './state.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;

export interface Making {
  world: World;
  random: Random;
  companies: { id: string; domain: string; contacts: string[] }[];
}

/** How many of the demo's companies have an account in billing; the last ones do not. */
export const BILLING_CUSTOMERS = 36;
export const billingCustomer = (index: number): string => `K-${10_001 + index}`;

export const PRIMARY_COMPANY: LinkSpec = { category: 'HUBSPOT_DEFINED', typeId: 1 };

export const byColleague = (random: Random): Source => sourceOf('colleague', 51_446_676 + random.int(5));

export function past(making: Making, days: number): number {
  return making.world.clock.now() - (1 + making.random.int(days)) * DAY_MS - making.random.int(DAY_MS);
}
export function day(making: Making, from: number, spread: number): string {
  return new Date(making.world.clock.now() + (from + making.random.int(spread)) * DAY_MS)
    .toISOString()
    .slice(0, 10);
}
export function instant(making: Making, days: number): string {
  return new Date(past(making, days)).toISOString();
}
export const some = (random: Random, from: readonly string[]): string =>
  from.filter(() => random.chance(0.5)).join(';');
export const money = (random: Random, below: number): string => String((1 + random.int(below)) * 250);
export const phone = (random: Random, country: string): string =>
  `+${country}${200_000_000 + random.int(700_000_000)}`;
