/**
 * An hour of the worker's own time: its loops run on the stand-in's clock, which is moved on. What customers ask and
 * colleagues change meanwhile is neither lost nor done twice, and in the end both sides are equal.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { verifyJournal } from '../../backend/store/journal.ts';
import { allEqual, COLLEAGUE, MINUTE_MS, startHub, type Hub } from '../completeness/kit.ts';
import type { Faults } from '../simulator/faults.ts';

const ROUNDS = 12;
const CONVERGED_WITHIN_MS = 10 * MINUTE_MS;

const CASES: readonly { what: string; turn: (api: Faults['api'], isOn: boolean) => void }[] = [
  { what: 'HubSpot is down', turn: (api, isOn) => (api.down = isOn) },
  { what: 'the daily limit is used up', turn: (api, isOn) => (api.forced429 = isOn ? 'daily' : null) },
  { what: 'the token is revoked', turn: (api, isOn) => (api.revoked = isOn) },
];

describe('an hour in which', () => {
  let hub: Hub;
  afterEach(() => hub.loop.close());

  it.each(CASES)(
    '$what: every edit waits and is written once, and then all is equal',
    { timeout: 120_000 },
    async ({ turn }) => {
      hub = await startHub();
      const { sim, db } = hub.loop;
      const [person = ''] = hub.contacts;
      const written: unknown[] = [];
      sim.world.listen((change) => {
        if (change.is === 'changed' && change.property === 'firstname') written.push(change.value);
      });
      turn(sim.faults.api, true);
      const edits = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const id = hub.contacts[round % hub.contacts.length] ?? '';
        sim.world.update('contacts', id, { jobtitle: `Title ${round}` }, COLLEAGUE);
        const seen = sim.world.value('contacts', id, 'firstname');
        const fields = { firstName: { seen, wanted: `Name ${round}` } };
        edits.push(await hub.loop.ask({ object: 'contact', id, person, at: hub.now(), fields }));
        for (let minute = 0; minute < 5; minute += 1) {
          sim.world.clock.advance(MINUTE_MS);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      expect(written).toEqual([]);
      turn(sim.faults.api, false);
      const endedAt = hub.now();
      await hub.until(
        async () => {
          const open = await db
            .selectFrom('edit_fields')
            .select('state')
            .where('state', 'in', ['accepted', 'written'])
            .execute();
          return open.length === 0;
        },
        'every edit has come to its end',
        1_000,
      );
      expect(hub.now() - endedAt).toBeLessThan(CONVERGED_WITHIN_MS);
      const fields = await db.selectFrom('edit_fields').select(['edit_id', 'state']).execute();
      expect(fields).toHaveLength(edits.length);
      expect(fields.every(({ state }) => state === 'verified' || state === 'superseded')).toBe(true);
      expect(new Set(written).size).toBe(written.length);
      await hub.rest(MINUTE_MS);
      expect(allEqual(await hub.compare())).toBe(true);
      expect((await verifyJournal(db, hub.loop.hubId)).broken).toBeNull();
    },
  );
});
