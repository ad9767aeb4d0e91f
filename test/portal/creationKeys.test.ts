/** What makes a creation happen once is a key that is unique in the CRM: where it is not, nothing is made at all. */
import { randomUUID } from 'node:crypto';
import { editId, recordId, staffId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusLines } from '../../backend/cli/statusLines.ts';
import { createHours, healthAnswer } from '../../backend/desk/health.ts';
import { settingsAnswer } from '../../backend/desk/settings.ts';
import { hubStatus } from '../../backend/desk/status.ts';
import { storeCreation } from '../../backend/store/creations.ts';
import { definitionsOf } from '../../backend/store/records.ts';
import { eventually } from '../harness/eventually.ts';
import { freshKey, startWhole, type Whole } from '../harness/whole.ts';

const TICKETS = '0-5';
const KEY = 'portal_request_key';

describe('a creation whose key may be there twice', () => {
  let whole: Whole;
  let ada: string;
  const tickets = (): number => whole.sim.world.state.data.records.get(TICKETS)?.size ?? 0;

  beforeAll(async () => {
    whole = await startWhole({
      prepare: ({ world: { state } }) => {
        const property = state.data.properties.get(TICKETS)?.get(KEY);
        if (property === undefined) throw new Error('The key of tickets is not seeded.');
        property.hasUniqueValue = false;
        state.data.unique.delete(`${TICKETS}/${KEY}`);
      },
    });
    ada = await whole.token(whole.ids.ada, 'direct');
    await eventually(
      async () => (await definitionsOf(whole.db, whole.hubId)).get(`ticket:${KEY}`)?.unique === false,
      'the definitions are read',
    );
  });
  afterAll(() => whole.close());

  it('is refused when it is asked for, and nothing is stored; others are made', async () => {
    const ask = (name: string, body: object) =>
      whole.call(ada, 'POST', `/creations/${name}`, { body, headers: freshKey() });
    const before = tickets();
    const refused = await ask('raiseCase', { fields: { subject: 'Cold', description: 'Very' } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'cannot-be-made' } });
    expect(await whole.db.selectFrom('creations').select('edit_id').execute()).toEqual([]);
    const comment = await ask('comment', {
      fields: { text: 'Hello' },
      on: { object: 'ticket', id: whole.ids.ticket },
    });
    expect(comment.status).toBe(202);
    expect(await whole.settled(ada, comment.body.editId)).toMatchObject({ state: 'verified' });
    expect(tickets()).toBe(before);
  });

  it('is refused by the worker too, where it was accepted before that was known, without a call', async () => {
    const before = tickets();
    const id = editId(randomUUID());
    await storeCreation(whole.db, whole.hubId, {
      ...{ editId: id, name: 'raiseCase', object: 'ticket', person: recordId(whole.ids.ada) },
      ...{ audience: 'direct', askedAt: Date.now(), idempotencyKey: id, fingerprint: id, uploadId: null },
      fields: [
        { field: 'subject', wanted: 'Cold' },
        { field: 'description', wanted: 'Very' },
      ],
      on: { object: 'company', recordId: recordId(whole.ids.acme) },
      companies: [recordId(whole.ids.acme)],
    });
    expect(await whole.settled(ada, id)).toMatchObject({ state: 'refused', id: null });
    expect(tickets()).toBe(before);
    const row = await whole.db
      .selectFrom('creations')
      .select(['error', 'ended_at'])
      .where('edit_id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row.ended_at).not.toBeNull();
    expect(row.error?.message).toContain('not unique');
  });

  it('is told to staff in words: in health, in the settings, on the command line', async () => {
    const { db, hubId } = whole;
    const now = Date.now();
    const said = `“Raise a request” is refused: the property ${KEY} of Cases is not unique in the CRM`;
    const health = await healthAnswer(db, hubId, 'admin', createHours(), now);
    expect(health).toMatchObject({ well: false, sentence: expect.stringContaining(said) as string });
    expect(health.channels.filter(({ ok, text }) => !ok && text.includes(said))).toHaveLength(1);
    const user = { hubId, userId: '1', staffId: staffId('1'), email: 'x@y.example', role: 'admin' as const };
    const { checks } = await settingsAnswer(db, user, [], now);
    const wrong = checks.filter(({ text }) => text.includes(said));
    expect(wrong).toMatchObject([
      { state: 'wrong', advice: expect.stringContaining('unique values') as string },
    ]);
    expect(statusLines(await hubStatus(db, hubId, now), now).join('\n')).toContain(said);
  });
});
