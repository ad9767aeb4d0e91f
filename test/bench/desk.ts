/** How long the desk takes to answer a card, signature and all, with a million entries in the journal. */
import { randomUUID } from 'node:crypto';
import { recordId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Kept } from '../../backend/store/database.ts';
import { saveLinks, saveMirror } from '../../backend/store/mirror.ts';
import { addPerson } from '../../backend/store/people.ts';
import { NORA, startDesk, type DeskHarness } from '../harness/desk.ts';
import { startLoop } from '../harness/loop.ts';
import { asOwner } from '../harness/postgres.ts';
import { benchDatabase, percentile } from './report.ts';

const ENTRIES = 1_000_000;
const RECORDS = 10_000;
const ASKS = 200;
const COMPANY = recordId(1);
const PERSON = recordId(900_001);

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const loop = await startLoop({ database });
  const desk = await startDesk(loop);
  await desk.loop.worker.stop();
  await fill(desk);
  const owner = asOwner(database.url);
  await sql`analyze`.execute(owner); // as autovacuum does; the service's role may not
  await owner.destroy();
  const place = { objectType: 'company', recordId: COMPANY };
  const questions: [string, Record<string, string>][] = [
    ['record', place],
    ['why', { ...place, field: 'street' }],
    ['history', place],
    ['history', { ...place, kind: 'decided' }],
    ['as-of', { ...place, at: new Date(Date.now() - 6 * 3_600_000).toISOString() }],
    ['view-as', { ...place, contactId: PERSON }],
    ['conflicts', {}],
    ['activity', {}],
    ['activity', { kind: 'failed' }],
    ['activity', { object: 'company', field: 'city' }],
    ['health', {}],
    ['settings', {}],
  ];
  for (const [index, [path, query]] of questions.entries()) {
    const colleague = { ...NORA, id: NORA.id + index }; // one may not ask as much as all of this
    const took: number[] = [];
    let bytes = 0;
    for (let i = 0; i < ASKS; i += 1) {
      const startedAt = performance.now();
      const answer = await desk.raw(colleague, `/desk/v1/${path}`, { query });
      const text = await answer.text();
      if (!text.startsWith('{"ok":true')) throw new Error(`${path}: ${text}`);
      bytes = Buffer.byteLength(text);
      if (i > 0) took.push(performance.now() - startedAt);
      else if (path === 'health')
        console.log(`  health, first: ${Math.round(performance.now() - startedAt)} ms`);
    }
    took.sort((a, b) => a - b);
    const name = [
      path,
      ...Object.entries(query)
        .filter(([key]) => !(key in place))
        .map(([key, value]) => `${key}=${value}`),
    ];
    console.log(
      `  ${name.join(' ').slice(0, 60).padEnd(60)} p50 ${percentile(took, 0.5).toFixed(1)} ms, p95 ${percentile(took, 0.95).toFixed(1)} ms, ${bytes} bytes`,
    );
  }
  await desk.close();
  await loop.close();
}

/** A year of a busy hub: the chain's hashes are not the point here, so they are not computed. */
async function fill({ loop: { db, hubId } }: DeskHarness): Promise<void> {
  const now = Date.now();
  const by = { via: 'CRM_UI', id: 'userId:51446677', person: null };
  const kept = (value: string): Kept => ({
    value,
    at: now,
    by,
    how: 'read',
    begunAt: now,
    learnedAt: now,
    asOf: now,
    seq: 1,
  });
  const fields = Object.fromEntries(
    Object.keys(objects.company.fields).map((name) => [name, kept(`A ${name}`)]),
  );
  const row = { life: 'present', foundSeq: 1, changedSeq: 1, readAt: now };
  await saveMirror(db, hubId, [
    { object: 'company', recordId: COMPANY, fields, ...row },
    { object: 'contact', recordId: PERSON, fields: { firstName: kept('Ada') }, ...row },
  ]);
  await saveLinks(db, hubId, [
    { object: 'contact', recordId: PERSON, links: [{ companyId: COMPANY, isPrimary: true, labels: [] }] },
  ]);
  await addPerson(db, { hubId, contactId: PERSON, audience: 'direct', secret: randomUUID(), now });
  const head = await db
    .selectFrom('journal')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  const first = Number(head?.seq ?? 0);
  await sql`
    insert into journal (hub_id, seq, at, kind, object, record_id, field, actor, rule, before, after, salt, digest, hash)
    select ${hubId}::bigint, ${first}::bigint + n, now() - (${ENTRIES}::bigint - n) * interval '0.15 s',
      case when n % 1000 = 0 then 'failed' when n % 50 = 0 then 'decided' when n % 25 = 0 then 'asked' else 'changed' end,
      'company', case when n % 200 = 0 then ${COMPANY} else (n % ${RECORDS} + 2)::text end,
      (array['street', 'city', 'phone', 'website'])[n % 4 + 1], ${JSON.stringify(by)}::jsonb,
      case when n % 50 = 0 then 'D3' end, 'before ' || n, 'after ' || n, '\\x00', '\\x00', '\\x00'
    from generate_series(1, ${ENTRIES}::bigint) as n`.execute(db);
}
