/** Whatever a record holds, an answer to a card stays below 50 kB: HubSpot carries it, and a card has to draw it. */
import { randomUUID } from 'node:crypto';
import { editId, recordId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConflicts } from '../../backend/store/conflicts.ts';
import type { Kept } from '../../backend/store/database.ts';
import { append, chain, draft, readHead, SALT_BYTES } from '../../backend/store/journal.ts';
import { saveLinks, saveMirror } from '../../backend/store/mirror.ts';
import { addPerson } from '../../backend/store/people.ts';
import { NORA, startDesk, type DeskHarness } from '../harness/desk.ts';

const MAX_BYTES = 50_000;
const HUGE = 'ß'.repeat(60_000);
const COMPANY = recordId(1_000);
const BY = { via: 'CRM_UI', id: 'userId:51446677', person: null };

describe('answers about a record full of long values', () => {
  let desk: DeskHarness;

  beforeAll(async () => {
    desk = await startDesk();
    const { db, hubId } = desk.loop;
    const now = Date.now();
    const kept = (value: string): Kept => ({
      value,
      at: now,
      by: BY,
      how: 'read',
      begunAt: now,
      learnedAt: now,
      asOf: now,
      seq: 1,
    });
    const names = Object.keys(objects.company.fields);
    const fields = Object.fromEntries(names.map((name) => [name, kept(HUGE)]));
    const row = { life: 'present', foundSeq: 1, changedSeq: 1, readAt: now };
    await saveMirror(db, hubId, [{ object: 'company', recordId: COMPANY, fields, ...row }]);
    const people = Array.from({ length: 25 }, (_, index) => recordId(2_000 + index));
    for (const person of people) {
      const name = { firstName: kept(HUGE), lastName: kept(HUGE) };
      await saveMirror(db, hubId, [{ object: 'contact', recordId: person, fields: name, ...row }]);
      await saveLinks(db, hubId, [
        { object: 'contact', recordId: person, links: [{ companyId: COMPANY, isPrimary: true, labels: [] }] },
      ]);
      await addPerson(db, { hubId, contactId: person, audience: 'direct', secret: randomUUID(), now });
    }
    const crm = { value: HUGE, at: now, by: BY };
    for (const field of names) {
      const id = await desk.loop.ask({
        object: 'contact',
        id: people[0]!,
        person: people[0]!,
        fields: { firstName: { seen: HUGE, wanted: HUGE } },
      });
      const what = { seen: HUGE, wanted: `${HUGE}!`, crm, person: people[0]!, editId: editId(id) };
      await openConflicts(
        db,
        hubId,
        [{ kind: 'conflict', object: 'company', recordId: COMPANY, field, ...what }],
        now,
      );
    }
    const drafts = Array.from({ length: 60 }, (_, index) =>
      draft({
        kind: index % 2 === 0 ? 'changed' : 'decided',
        object: 'company',
        recordId: COMPANY,
        field: 'deliveryNotes',
        actor: BY,
        before: HUGE,
        after: HUGE,
        ...(index % 2 === 0 ? {} : { rule: 'D9', detail: { outcome: 'hold' } }),
      }),
    );
    await desk.loop.worker.stop();
    const head = await readHead(db, hubId);
    await append(db, hubId, chain(hubId, head, now, drafts, Buffer.alloc(drafts.length * SALT_BYTES)));
  });
  afterAll(() => desk.close());

  const place = { objectType: 'company', recordId: COMPANY };
  it.each<[string, Record<string, string>]>([
    ['record', place],
    ['why', { ...place, field: 'deliveryNotes' }],
    ['history', place],
    ['as-of', { ...place, at: new Date(Date.now() + 60_000).toISOString() }],
    ['view-as', { ...place, contactId: '2000' }],
    ['conflicts', {}],
    ['parked', {}],
    ['activity', {}],
    ['health', {}],
    ['rules', {}],
    ['settings', {}],
  ])('%s', async (path, query) => {
    const answer = await desk.raw(NORA, `/desk/v1/${path}`, { query });
    const body = Buffer.from(await answer.arrayBuffer());
    expect(JSON.parse(body.toString('utf8'))).toMatchObject({ ok: true });
    expect(body.length).toBeLessThan(MAX_BYTES);
  });
});
