/** After a restore: what was open in the backup is looked at by people before it is decided over what is newer. */
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { runCommand, type Flags } from '../../backend/cli/commands.ts';
import { storeOrder } from '../../backend/store/orders.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { eventually } from '../harness/eventually.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
/** More than the worker takes at once, so that whoever only looks for orders beside its work is late. */
const ORDERS_BEFORE = 45;

describe('a service on a restored database', () => {
  let loop: LoopHarness;
  let contact: string;
  beforeAll(async () => {
    loop = await startLoop();
    contact = loop.sim.world.create('contacts', { email: 'ada@example.com', firstname: 'Ada' }, COLLEAGUE).id;
    await orderJobs(loop.db, loop.hubId, 'backfill', ['contact'], Date.now());
    await eventually(
      async () => (await loop.mirrored('contact', contact, 'firstName')) === 'Ada',
      'mirrored',
    );
  });
  afterAll(() => loop.close());

  async function tally(words: string[], flags: Flags = {}) {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    // Nobody waits in vain for as long as a person would.
    let asked = 0;
    const now = (): number => Date.now() + 500 * (asked += 1);
    const env = { DATABASE_URL: loop.database.url };
    const code = await runCommand(words, flags, { env, print: say, complain: say, rewrite: null, now });
    return { code, said: said.join('\n') };
  }
  const ask = (firstName: string, seen: string) =>
    loop.ask({
      ...{ object: 'contact', id: contact, person: contact },
      fields: { firstName: { seen, wanted: firstName } },
    });
  const inCrm = (): string | null => loop.sim.world.value('contacts', contact, 'firstname');

  it('that was paused before it started decides nothing; an older wish is found beside the newer one, and discarded', async () => {
    await loop.worker.stop();
    const older = await ask('Older wish', 'Ada');
    // What the backup does not know: the same customer's newer wish, written by us.
    const app = { sourceType: 'INTEGRATION', sourceId: String(loop.sim.appId) };
    loop.sim.world.update('contacts', contact, { firstname: 'Newer wish' }, app);
    for (let n = 0; n < ORDERS_BEFORE; n += 1)
      await storeOrder(loop.db, loop.hubId, {
        ...{ userId: '7', key: randomUUID(), now: Date.now() },
        order: { do: 'look', object: 'contact', recordId: recordId(contact) },
      });
    const paused = await tally(['pause', 'restored', 'from', 'Monday']);
    expect(paused).toMatchObject({ code: 0, said: expect.stringContaining('whoever does next') as string });

    await loop.restart();
    await eventually(
      async () => (await loop.mirrored('contact', contact, 'firstName')) === 'Newer wish',
      'the mirror has followed the CRM',
    );
    expect(inCrm()).toBe('Newer wish');
    const { said } = await tally(['edits']);
    expect(said).toContain(`${older}  contact ${contact}  asked by Ada`.slice(0, 60));
    expect(said).toMatch(
      /firstName \(accepted\): “Ada” → “Older wish”; the CRM has held “Newer wish” since 20.*, by Tallystick$/m,
    );
    const [asJson] = (await tally(['edits'], { json: true })).said.split('\n');
    expect(JSON.parse(asJson!)).toMatchObject({ editId: older, fields: [{ hasMoved: true }] });

    const wanted = await ask('Newest wish', 'Newer wish');
    expect(await tally(['discard', older])).toMatchObject({ code: 0 });
    expect(await tally(['discard', older])).toMatchObject({ code: 1 });
    expect(await loop.fieldState(older, 'firstName')).toMatchObject({ state: 'refused', reason: 'declined' });
    expect(await loop.fieldState(wanted, 'firstName')).toMatchObject({ state: 'accepted' });
    expect((await tally(['journal'], { kind: 'decided' })).said).toContain('Older wish');

    expect(await tally(['resume'])).toMatchObject({
      code: 0,
      said: 'Running again: “restored from Monday” is over.',
    });
    await eventually(
      async () => (await loop.fieldState(wanted, 'firstName')).state === 'verified',
      'what was asked for meanwhile is written',
    );
    expect(inCrm()).toBe('Newest wish');
    expect((await tally(['edits'])).said).toBe('No edit is open.');
    expect(await tally(['resume'])).toMatchObject({ code: 1 });
  });

  it.each([
    [['pause'], 'Say why'],
    [['discard', 'x'], '"x" is not the id of an edit'],
  ])('answers %j with one sentence', async (words, sentence) => {
    expect(await tally(words)).toMatchObject({ code: 2, said: expect.stringContaining(sentence) as string });
  });
});
