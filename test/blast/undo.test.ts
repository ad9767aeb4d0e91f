import { randomUUID } from 'node:crypto';
import type { UndoAnswer, UndoProgress, UndoStarted } from '@tallystick/shared/deskMessages';
import type { EditId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../backend/cli/commands.ts';
import { entriesOf } from '../../backend/store/entries.ts';
import { NORA, TOMASZ } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { COLLEAGUE, startHub, type Hub } from './kit.ts';

describe('undo of our own writes', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub(14);
  }, 60_000);
  afterAll(() => hub.close());

  const ADA = '810001';
  const verified = (edits: readonly EditId[], field: string) =>
    eventually(async () => (await hub.states(edits, field)).verified === edits.length, 'all are proven');
  const look = async (query: Record<string, string>, user = NORA): Promise<UndoAnswer> => {
    const answer = await hub.desk.ask<UndoAnswer>(user, '/desk/v1/undo', { query });
    if (!answer.ok) throw new Error(answer.sentence);
    return answer;
  };
  const start = (filter: Record<string, string>, shown: number, key: string = randomUUID(), user = NORA) =>
    hub.desk.ask<UndoStarted>(user, '/desk/v1/undo', { body: { key, shown, filter } });
  const finished = (undoId: string): Promise<UndoProgress> =>
    eventually(async () => {
      const query = { undoId };
      const answer = await hub.desk.ask<UndoProgress>(NORA, '/desk/v1/undo/progress', { query });
      return answer.ok && answer.waiting === 0 ? answer : undefined;
    }, 'the undo is carried out');
  const undone = async (filter: Record<string, string>): Promise<UndoProgress & { undoId: string }> => {
    const { fields, until } = await look(filter);
    const started = await start({ ...filter, until }, fields);
    if (!started.ok) throw new Error(started.sentence);
    return { ...(await finished(started.undoId)), undoId: started.undoId };
  };
  const phone = (n: number): string => `+4420794600${10 + n}`;
  const cli = async (...words: string[]) => {
    const lines: string[] = [];
    const flags: Record<string, string | boolean> = {};
    for (let n = 1; n < words.length; n += 1) {
      const name = words[n]!.slice(2);
      const next = words[n + 1];
      flags[name] = next === undefined || next.startsWith('--') ? true : next;
      if (flags[name] !== true) n += 1;
    }
    const print = (line: string): void => void lines.push(line);
    const code = await runCommand(
      [words[0]!],
      { hub: hub.loop.hubId, ...flags },
      {
        env: { DATABASE_URL: hub.loop.database.url },
        ...{ print, complain: print, rewrite: null, now: Date.now },
      },
    );
    return { code, text: lines.join('\n') };
  };

  it('D11: puts back what one person wrote, leaves later human changes alone, and says which', async () => {
    const edits: EditId[] = [];
    for (let n = 0; n < 6; n += 1) edits.push(await hub.ask(n, 'phone', phone(n), `+44207946911${n}`, ADA));
    await verified(edits, 'phone');
    const others = [await hub.ask(6, 'phone', phone(6), '+442079462222')];
    await verified(others, 'phone');
    const { world } = hub.loop.sim;
    world.update('companies', hub.companies[0]!, { phone: '+442079460000' }, COLLEAGUE);
    await hub.loop.deliver([moved(0, 'phone', '+442079460000')]);
    // One was put back by hand already.
    world.update('companies', hub.companies[1]!, { phone: phone(1) }, COLLEAGUE);
    await hub.loop.deliver([moved(1, 'phone', phone(1))]);
    await hub.quiet();

    const shown = await look({ person: ADA }, TOMASZ);
    expect(shown).toMatchObject({ role: 'viewer', fields: 4, records: 4, cut: false });
    expect(shown.samples[0]).toMatchObject({ label: 'Phone' });
    expect(shown.left).toEqual([
      { text: expect.stringMatching(/^1 changed since/) as string, samples: ['Phone of Works 0'] },
      { text: expect.stringMatching(/^1 hold again/) as string, samples: ['Phone of Works 1'] },
    ]);
    const { until } = shown;
    expect(await start({ person: ADA, until }, 4, randomUUID(), TOMASZ)).toMatchObject({
      code: 'admins-only',
    });
    expect(await start({ person: ADA, until }, 3)).toMatchObject({ code: 'undo-grew' });

    // A colleague is faster than our own write at one of them: it is left alone as well.
    world.update('companies', hub.companies[2]!, { phone: '+442079463333' }, COLLEAGUE);
    const key = randomUUID();
    const [first, again] = [
      await start({ person: ADA, until }, 4, key),
      await start({ person: ADA, until }, 4, key),
    ];
    expect([first.ok, again.ok]).toEqual([true, true]);
    expect(await finished(key)).toMatchObject({ done: 3, refused: 1 });
    expect([0, 1, 2, 3, 4, 5, 6].map((n) => hub.inCrm(hub.companies[n]!, 'phone'))).toEqual([
      ...['+442079460000', phone(1), '+442079463333', phone(3), phone(4), phone(5), '+442079462222'],
    ]);
    const entries = await entriesOf(hub.loop.db, hub.loop.hubId, {
      kinds: ['asked'],
      field: 'phone',
      limit: 100,
    });
    const rulings = entries.filter(({ detail }) => detail?.outcome === 'undo');
    expect(rulings.map(({ actor }) => actor?.person)).toEqual(Array(4).fill(`user:${NORA.id}`));

    // Undoing the undo brings the customer’s values again.
    expect(await undone({ undoId: key })).toMatchObject({ done: 3, refused: 0 });
    expect(hub.inCrm(hub.companies[3]!, 'phone')).toBe('+442079469113');
  });

  it('several writes of one field fold to what stood before the first of the unbroken run', async () => {
    const { world } = hub.loop.sim;
    const change = async (n: number, seen: string, wanted: string, person = ADA): Promise<EditId> => {
      const edit = await hub.ask(n, 'city', seen, wanted, person);
      await verified([edit], 'city');
      return edit;
    };
    await change(7, 'Town 7', 'One');
    await change(7, 'One', 'Two');
    const last = await change(7, 'Two', 'Three');
    await change(8, 'Town 8', 'One');
    world.update('companies', hub.companies[8]!, { city: 'Colleague Town' }, COLLEAGUE);
    await hub.loop.deliver([moved(8, 'city', 'Colleague Town')]);
    await hub.quiet();
    await change(8, 'Colleague Town', 'Two');
    await change(9, 'Town 9', 'One', '810002');
    await change(9, 'One', 'Two');
    // By edit: only the last step.
    expect((await look({ editId: last })).samples).toMatchObject([{ now: 'Three', back: 'Two' }]);
    const { samples } = await look({ person: ADA, object: 'company', field: 'city' });
    expect(samples.map(({ title, now, back }) => [title, now, back]).sort()).toEqual([
      ['Works 7', 'Three', 'Town 7'],
      ['Works 8', 'Two', 'Colleague Town'],
      ['Works 9', 'Two', 'One'],
    ]);
    expect(await undone({ object: 'company', field: 'city' })).toMatchObject({ done: 3 });
    expect([7, 8, 9].map((n) => hub.inCrm(hub.companies[n]!, 'city'))).toEqual([
      ...['Town 7', 'Colleague Town', 'Town 9'],
    ]);
  });

  it('of everything is not to be had', async () => {
    const nothing = await hub.desk.ask<UndoAnswer>(NORA, '/desk/v1/undo');
    expect(nothing).toMatchObject({ ok: false, code: 'undo-everything' });
  });

  it('tally undo shows, asks for a yes and a name, does it, and can be repeated', async () => {
    const edit = await hub.ask(11, 'website', null, 'https://eleven.example');
    const other = await hub.ask(12, 'website', null, 'https://twelve.example');
    await verified([edit, other], 'website');
    expect((await cli('undo')).text).toMatch(/Say which writes/);
    expect((await cli('undo', '--field', 'street')).code).toBe(2);
    const dry = await cli('undo', '--field', 'company.website', '--since', '2h', '--dry-run');
    expect(dry.text).toMatch(/^2 values of 2 records would be put back\./);
    expect((await cli('undo', '--edit', edit)).text).toMatch(/Nothing was done/);
    expect((await cli('undo', '--edit', edit, '--yes')).text).toMatch(/Say who you are/);
    const done = await cli('undo', '--field', 'company.website', '--yes', '--by', NORA.email);
    expect(done).toMatchObject({
      code: 0,
      text: expect.stringMatching(/2 put back, and proven in the CRM\./) as string,
    });
    expect(hub.inCrm(hub.companies[11]!, 'website') ?? '').toBe('');
    const again = await cli('undo', '--edit', edit, '--yes', '--by', String(NORA.id));
    expect(again.text).toMatch(/^0 values.*\n1 hold again/);
  });

  const moved = (n: number, propertyName: string, propertyValue: string) => ({
    ...{
      subscriptionType: 'company.propertyChange',
      objectId: Number(hub.companies[n]),
      propertyName,
      propertyValue,
    },
    ...{
      portalId: hub.loop.sim.hubId,
      occurredAt: Date.now(),
      changeSource: 'CRM_UI',
      sourceId: 'userId:51446677',
    },
  });
});
