/** Which hubs a worker process takes and hands over, as a pure function; and any number of processes that use it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubId, type HubId } from '@tallystick/shared/ids';
import { share, type Seen } from '../../backend/hubs/share.ts';

const ids = (...numbers: number[]): HubId[] => numbers.map(hubId);
const many = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const asIs = (hubs: HubId[]): HubId[] => hubs;
const seen = (some: Partial<Seen>): Seen => ({
  ...{ hubs: ids(1, 2, 3, 4, 5), own: new Set(), leaving: new Set(), held: new Set(), avoided: new Set() },
  ...{ workers: 1, rank: 0, starting: 0 },
  ...some,
});

describe('a worker’s share', () => {
  it.each([
    ['all of them, where it is alone', {}, ids(1, 2, 3, 4, 5), []],
    ['the odd one too, where it comes first of two', { workers: 2 }, ids(1, 2, 3), []],
    ['the smaller part, where it comes second', { workers: 2, rank: 1 }, ids(1, 2), []],
    ['none that another holds', { held: new Set(ids(1, 2)) }, ids(3, 4, 5), []],
    ['none that it has just failed with', { avoided: new Set(ids(1)) }, ids(2, 3, 4, 5), []],
    ['no more than twelve that do not work yet', { starting: 9 }, ids(1, 2, 3), []],
    ['none twice', { own: new Set(ids(1, 2)), held: new Set(ids(1)) }, ids(3, 4, 5), []],
    [
      'less than it holds: the rest is handed over',
      { own: new Set(ids(1, 2, 3, 4)), workers: 2 },
      [],
      ids(4),
    ],
    [
      'without what it lets go already',
      { own: new Set(ids(1, 2, 3, 4)), leaving: new Set(ids(4)), workers: 2 },
      [],
      [],
    ],
    ['a dozen at once, and the rest at the next look', { hubs: ids(...many(40)) }, ids(...many(12)), []],
    ['without a hub that is not served any more', { own: new Set(ids(1, 9)) }, ids(2, 3, 4, 5), ids(9)],
  ])('is %s', (_, some, take, handOver) => {
    expect(share(seen(some), asIs)).toEqual({ take, handOver });
  });

  it('comes to rest for any number of hubs and of processes that come and go: every hub is held once, shares differ by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        (count, phases) => {
          const hubs = Array.from({ length: count }, (_, i) => hubId(i + 1));
          let workers: Set<HubId>[] = [];
          for (const size of phases) {
            workers = Array.from({ length: size }, (_, i) => workers[i] ?? new Set()); // the others died
            for (let round = 0; round < 30; round += 1)
              for (const [rank, own] of workers.entries()) {
                const held = new Set(workers.flatMap((each) => [...each]));
                const { take, handOver } = share(seen({ hubs, own, held, workers: size, rank }), asIs);
                expect(take.filter((hub) => held.has(hub))).toEqual([]);
                for (const hub of handOver) own.delete(hub);
                for (const hub of take) own.add(hub);
              }
            expect(workers.flatMap((each) => [...each]).sort()).toEqual([...hubs].sort());
            const sizes = workers.map((each) => each.size);
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
