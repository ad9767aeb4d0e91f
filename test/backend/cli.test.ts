import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Flags } from '../../backend/cli/commands.ts';
import { progressLine } from '../../backend/cli/jobs.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner } from '../harness/postgres.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe('the command line', () => {
  let loop: LoopHarness;
  let contact: string;
  beforeAll(async () => {
    loop = await startLoop();
    contact = loop.sim.world.create('contacts', { email: 'ada@example.com', firstname: 'Ada' }, COLLEAGUE).id;
  });
  afterAll(() => loop.close());

  async function tally(
    words: string[],
    flags: Flags = {},
    env: Record<string, string> = { DATABASE_URL: loop.database.url },
  ) {
    const out: string[] = [];
    const complaints: string[] = [];
    const terminal = {
      env,
      print: (line: string) => out.push(line),
      complain: (line: string) => complaints.push(line),
      rewrite: null,
      now: Date.now,
    };
    const code = await runCommand(words, flags, terminal);
    return { code, out: out.join('\n'), complaints: complaints.join('\n') };
  }

  it('backfills through the hub’s worker, and says how many records it read', async () => {
    const { code, out } = await tally(['backfill', 'contact', 'company']);
    expect(out).toMatch(/Backfill done: 1 records in [\d.]+ s/);
    expect(code).toBe(0);
    expect(await loop.mirrored('contact', contact, 'firstName')).toBe('Ada');
  });

  it('shows how the hub stands', async () => {
    const { code, out } = await tally(['status']);
    expect(code).toBe(0);
    expect(out).toContain(`Hub ${loop.hubId}`);
    expect(out).toContain('mirror     1 contact');
    expect(out).toMatch(/worker {5}test, heard/);
    expect(JSON.parse((await tally(['status'], { json: true })).out)).toMatchObject({
      records: { contact: 1 },
      parked: 0,
    });
  });

  it('explains a value in a plain sentence with the rule, the people and the proof', async () => {
    const edit = await loop.ask({
      object: 'contact',
      id: contact,
      person: contact,
      fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
    });
    await eventually(
      async () => (await loop.fieldState(edit, 'firstName')).state === 'verified',
      'the edit is verified',
    );
    const { code, out } = await tally(['explain', 'contact', contact, 'firstName']);
    expect(code).toBe(0);
    expect(out).toContain(`First name is Augusta because customer ${contact} set it at`);
    expect(out).toContain('owner customer, on a collision: customer');
    expect(out).toContain('asked for “Augusta”');
    expect(out).toContain('the write of “Augusta” is confirmed');
  });

  it('prints the journal, filtered, and walks its chain', async () => {
    const { out } = await tally(['journal'], { object: 'contact', field: 'firstName', kind: 'asked' });
    expect(out.split('\n')).toHaveLength(1);
    expect(out).toContain('“Ada” → “Augusta”');
    const verified = await tally(['verify-journal']);
    expect(verified.out).toMatch(/is whole: \d+ entries, 0 of them erased/);
  });

  it('finds a changed journal', async () => {
    const owner = asOwner(loop.database.url);
    await owner.transaction().execute(async (trx) => {
      const { sql } = await import('kysely');
      await sql`alter table journal disable trigger all`.execute(trx);
      await sql`update journal set after = 'forged' where kind = 'asked'`.execute(trx);
      await sql`alter table journal enable trigger all`.execute(trx);
    });
    await owner.destroy();
    const { code, complaints } = await tally(['verify-journal']);
    expect(code).toBe(1);
    expect(complaints).toMatch(/is broken at entry \d+: a value was changed/);
  });

  it('makes a token for the portal API and keeps only its hash', async () => {
    const { code, out } = await tally(['token', contact, 'direct']);
    expect(code).toBe(0);
    expect(out).toMatch(/^tsp_24710001_[\w-]{32}$/);
    const rows = await loop.db.selectFrom('people').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(out.split('_')[2]);
  });

  it('takes the tokens of a contact back, and says so', async () => {
    await tally(['token', contact, 'direct']);
    expect(await tally(['revoke', contact])).toMatchObject({ code: 0 });
    const rows = await loop.db.selectFrom('people').select('revoked_at').execute();
    expect(rows.every(({ revoked_at: at }) => at !== null)).toBe(true);
    expect(await tally(['revoke', contact])).toMatchObject({ code: 1 });
    expect((await tally(['revoke', 'x'])).complaints).toContain('is not a contact id');
  });

  it.each([
    [[], 'Usage: tally'],
    [['fly'], 'There is no command "fly"'],
    [['explain', 'boat', '1', 'x'], 'There is no object "boat"'],
    [['explain', 'contact', 'one', 'x'], '"one" is not a record id'],
    [['explain', 'contact', '1', '__proto__'], 'contact has no field "__proto__"'],
    [['token', '1', 'king'], 'There is no audience "king"'],
  ])('answers %j with one sentence', async (words, sentence) => {
    const { code, complaints } = await tally(words);
    expect(code).toBe(2);
    expect(complaints).toContain(sentence);
  });

  it('says what to do when no database is known, or it cannot be reached', async () => {
    const empty = await mkdtemp(join(tmpdir(), `tally-${randomBytes(3).toString('hex')}`));
    expect((await tally(['status'], {}, { TALLYSTICK_STATE_DIR: empty })).complaints).toContain(
      'No database is known',
    );
    expect((await tally(['status'], {}, { DATABASE_URL: 'postgres://127.0.0.1:1/x' })).complaints).toContain(
      'Could not do it',
    );
  });

  it('shows progress with rate and remaining time', () => {
    const line = progressLine(
      'Backfill',
      { done: 50, open: 1, begun: true, expected: 200, object: 'contact', error: null },
      5_000,
    );
    expect(line).toBe('[██████░░░░░░░░░░░░░░░░░░] contact: 50 records, 10 a second, about 15 s left');
  });
});
