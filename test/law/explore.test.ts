import { describe, expect, it } from 'vitest';
import { FAULTS, isFault } from './explore/faults.ts';
import { search } from './explore/search.ts';
import { SMALL } from './explore/worlds.ts';

/** Every interleaving of the small worlds; `npm run explore` sees the large ones too. */
describe('every interleaving of a small world', () => {
  it.each(SMALL)('holds: $name', (plan) => {
    const found = search(plan, 'none');
    expect(found.wrong).toBeNull();
    expect(found.terminals).toBeGreaterThan(50);
    expect(found.states).toBeGreaterThan(2_000);
  });

  it.each(Object.keys(FAULTS).filter((name) => name !== 'none'))('shows the planted fault %s', (name) => {
    if (!isFault(name)) throw new Error(`There is no fault ${name}.`);
    const found = SMALL.some((plan) => search(plan, name).wrong !== null);
    expect(found).toBe(true);
  });
});
