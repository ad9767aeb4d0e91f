/** A small dose of histories over the real worker, a real Postgres and the stand-in; `npm run simulate` has more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { live, type Outcome } from './history.ts';

const DOSE = 12;
/** Seeds that found something in their time. */
const REGRESSIONS: readonly number[] = [23, 25, 58, 77, 201_131, 201_492];
/** What has to occur even in the dose; `npm run simulate` demands the rest of a few hundred histories. */
const MET = [
  ...['customer', 'colleague', 'import', 'meanwhile', 'privacy', 'life', 'approval', 'rep', 'raised', 'make'],
  ...[
    'webhook',
    'webhook-dropped',
    'webhook-doubled',
    'never-delivered',
    'journal',
    'journal-down',
    'label',
    'late',
    'revoked',
  ],
  ...['lost', 'answer-lost', 'errors', 'crashed', 'restart', 'orders', 'pause-in'],
  ...['D1', 'D2', 'D3', 'D5', 'D6', 'D7', 'D8', 'D10', 'D11', 'S1', 'S3'].map((rule) => `rule:${rule}`),
];

describe('the simulated world', () => {
  let database: TestDatabase;
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each([...REGRESSIONS, ...Array.from({ length: DOSE }, (_, index) => index + 1)])(
    'history %i ends with every invariant holding',
    async (seed) => {
      const outcome = await live(seed, database.url);
      outcomes.push(outcome);
      expect(outcome.broken, outcome.story.slice(-40).join('\n')).toEqual([]);
    },
  );

  it('met every kind of fault and event in this dose', () => {
    const met = new Set(outcomes.flatMap(({ counts }) => Object.keys(counts)));
    expect(MET.filter((what) => !met.has(what))).toEqual([]);
  });

  it('lives the same history from the same seed, to the last entry of the journal', async () => {
    const again = await createTestDatabase();
    try {
      const second = await live(1, again.url);
      expect(second.story).toEqual(outcomes.find(({ seed }) => seed === 1)?.story);
      expect(second.trace).toBe(outcomes.find(({ seed }) => seed === 1)?.trace);
    } finally {
      await again.drop();
    }
  });
});
