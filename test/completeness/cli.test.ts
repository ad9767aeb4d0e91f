import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Flags } from '../../backend/cli/commands.ts';
import { COLLEAGUE, startHub, USED, type Hub } from './kit.ts';

describe('tally, of completeness', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(() => hub.loop.close());

  async function tally(words: string[], flags: Flags = {}) {
    const out: string[] = [];
    const complaints: string[] = [];
    const running = runCommand(words, flags, {
      env: { DATABASE_URL: hub.loop.database.url },
      print: (line) => void out.push(line),
      complain: (line) => void complaints.push(line),
      rewrite: null,
      now: hub.now,
    });
    let over = false;
    void running.finally(() => (over = true));
    await hub.until(() => over, 'the command has ended', 1_000);
    return { code: await running, out, complaints };
  }

  it('verify prints a certificate and ends with 0 where both sides are equal', async () => {
    const { code, out } = await tally(['verify', ...USED]);
    expect(code).toBe(0);
    const text = out.join('\n');
    expect(text).toMatch(/contact +5 records, 50 fields, 5 associations: equal/);
    const [, mirror, crm] = /mirror +([0-9a-f]{64})\n +CRM +([0-9a-f]{64})/.exec(text)!;
    expect(mirror).toBe(crm);
    const kept = await hub.loop.db.selectFrom('journal').selectAll().where('kind', '=', 'compared').execute();
    expect(kept).toHaveLength(3);
    expect(kept[0]?.detail).toMatchObject({ differences: 0 });
  });

  it('verify names what differs and ends with 1; reconcile puts it right; then it is 0 again', async () => {
    await sql`update mirror set fields = jsonb_set(fields, '{city,0}', '"Bath"') where object = 'company' and record_id = ${hub.companies[1]!}`.execute(
      hub.loop.db,
    );
    const found = await tally(['verify', 'company'], { json: true });
    expect(found.code).toBe(1);
    expect(found.out).toHaveLength(1);
    expect(JSON.parse(found.out[0]!)).toMatchObject({
      equal: false,
      objects: [
        { object: 'company', differences: 1, named: [{ recordId: hub.companies[1], field: 'city' }] },
      ],
    });
    await hub.rest();
    expect((await tally(['reconcile', 'company'])).out.at(-1)).toMatch(/^0 differences/);
    expect((await tally(['verify', 'company'])).code).toBe(0);
  });

  it('backfill --dry-run counts, shows samples and changes nothing', async () => {
    const { world } = hub.loop.sim;
    let made = '';
    // Quietly: the webhooks journal would bring it before it is counted.
    world.quietly(() => (made = world.create('contacts', { email: 'new@example.com' }, COLLEAGUE).id));
    const { code, out } = await tally(['backfill', 'contact'], { 'dry-run': true });
    expect(code).toBe(0);
    expect(out).toContain('contact: 6 records; 1 would be added, 0 changed, 0 found gone');
    expect(out).toContain(`  contact ${made} $life`);
  });

  it('status says how the journal stands, what was compared and what was raised', async () => {
    const { out } = await tally(['status']);
    const text = out.join('\n');
    expect(text).toMatch(/webhooks journal: read to its end .* ago/);
    expect(text).toMatch(/compared +3 objects, the first .* ago: equal/);
    expect(text).toMatch(/warning +1 records found to differ and repaired/);
  });
});
