/** Outgoing webhooks over the real loop and a real receiver: order, signature, crashes, outages, and what is never told. */
import { recordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatchHooks, waitAfter, type HookDeps } from '../../backend/hooks/dispatch.ts';
import { hookChecks } from '../../backend/desk/hooks.ts';
import { statusLines } from '../../backend/cli/statusLines.ts';
import { hubStatus } from '../../backend/desk/status.ts';
import { markDue } from '../../backend/store/due.ts';
import { hooksOf, hookById } from '../../backend/store/hooks.ts';
import { eventually } from '../harness/eventually.ts';
import { clock, startLoop, type LoopHarness } from '../harness/loop.ts';
import { sourceOf } from '../simulator/acting.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const COLLEAGUE = sourceOf('colleague', 7);

describe('an endpoint', () => {
  let loop: LoopHarness;
  let receivers: Receiver[];
  let skewMs: number;
  let at: (step: string) => void;
  let company: string;
  let contact: string;

  const start = async (...audiences: (string | undefined)[]): Promise<void> => {
    receivers = await Promise.all(audiences.map((audience) => startReceiver(audience)));
    loop = await startLoop({
      prepare: ({ world }) => world.quietly(() => seedDefinitions(world)),
      beside: (facts) => (term) => {
        const deps: HookDeps = {
          ...facts,
          hooks: receivers.map(({ hook }) => hook),
          clock: { ...clock, now: () => Date.now() + skewMs },
          random: () => 0,
          log: pino({ level: 'silent' }),
          at: (step) => at(step),
          timeoutMs: 2_000,
        };
        return dispatchHooks(deps, term);
      },
    });
    const { world } = loop.sim;
    await eventually(
      async () => (await hooksOf(loop.db, loop.hubId)).length === audiences.length,
      'all are known',
    );
    company = world.create(
      'companies',
      { name: 'Acme', internal_risk: 'low', credit_limit: '10' },
      COLLEAGUE,
    ).id;
    contact = world.create(
      'contacts',
      { firstname: 'Ann', lastname: 'Ash', email: 'ann@acme.example' },
      COLLEAGUE,
    ).id;
    world.associate(['contacts', contact], ['companies', company], COLLEAGUE, [
      { category: 'HUBSPOT_DEFINED', typeId: 1 },
    ]);
    await loop.deliver([event('company', company), event('contact', contact)]);
    await readWithLinks('contact', contact);
    await eventually(
      async () => (await loop.db.selectFrom('links').selectAll().execute()).length > 0,
      'the contact is linked',
    );
  };
  beforeEach(() => {
    skewMs = 0;
    at = () => undefined;
  });
  afterEach(async () => {
    at = () => undefined;
    await loop.close();
    for (const receiver of receivers) await receiver.close();
  });

  const event = (type: string, id: string, property?: { name: string; value: string }) => ({
    subscriptionType: property === undefined ? `${type}.creation` : `${type}.propertyChange`,
    objectId: Number(id),
    portalId: loop.sim.hubId,
    occurredAt: Date.now(),
    changeSource: 'CRM_UI',
    sourceId: 'userId:7',
    ...(property === undefined ? {} : { propertyName: property.name, propertyValue: property.value }),
  });
  const change = async (name: string, value: string): Promise<void> => {
    loop.sim.world.update('companies', company, { [name]: value }, COLLEAGUE);
    await loop.deliver([event('company', company, { name, value })]);
  };
  const readWithLinks = async (object: AppObject, id: string): Promise<void> => {
    const record = { object, recordId: recordId(id), links: true };
    await markDue(loop.db, loop.hubId, 'read', [record], { now: Date.now() });
    loop.signals.wake(loop.hubId);
  };
  const hook = async (receiver: Receiver) => (await hookById(loop.db, loop.hubId, receiver.hook.hookId))!;
  /** Everything that happened was told. */
  const caughtUp = (receiver: Receiver) =>
    eventually(async () => {
      const [row, head] = [
        await hook(receiver),
        await loop.db
          .selectFrom('journal')
          .select((eb) => eb.fn.max('seq').as('seq'))
          .where('hub_id', '=', loop.hubId)
          .executeTakeFirstOrThrow(),
      ];
      return row.cursorSeq === Number(head.seq) ? row : undefined;
    }, 'the endpoint was told of everything');
  const ask = () =>
    loop.ask({
      object: 'company',
      id: company,
      person: contact,
      fields: { deliveryNotes: { seen: null, wanted: 'Ring twice.' } },
    });

  it('is told in order what moved, by names alone, signed as the reference verifies it', async () => {
    await start('direct');
    const [receiver] = receivers as [Receiver];
    await receiver.until(({ data }) => data.object === 'company' && data.id === company, 'the new company');
    await caughtUp(receiver);
    await change('city', 'Bergen');
    const told = await receiver.until(
      ({ data }) => data.fields?.includes('city') === true && data.fields.length < 5,
      'the city',
    );
    expect(told).toMatchObject({
      type: 'record.changed',
      data: { object: 'company', id: company, fields: ['city'] },
    });
    expect(told.data.version).toMatch(/^j\d+$/);
    expect(Object.keys(told.data).sort()).toEqual(['fields', 'id', 'object', 'version']);
    expect(told.webhookId).toMatch(new RegExp(`^${loop.hubId}_[0-9a-f]{16}_\\d+$`));
    const editId = await ask();
    await receiver.until(({ data }) => data.editId === editId && data.state === 'verified', 'the receipt');
    expect(JSON.stringify(receiver.heard)).not.toMatch(/Bergen|Ring twice/);
    const seqs = receiver.taken().map(({ webhookId }) => Number(webhookId.split('_')[2]));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  });

  it('is never told of hidden fields, of records its audience cannot see, nor of another audience’s receipts', async () => {
    await start('direct', 'partner', undefined);
    const [direct, partner, anybody] = receivers as [Receiver, Receiver, Receiver];
    await caughtUp(direct);
    await change('internal_risk', 'high');
    await change('credit_limit', '20');
    const ticket = loop.sim.world.create(
      'tickets',
      { subject: 'Of nobody', hs_pipeline: '0', hs_pipeline_stage: '1' },
      COLLEAGUE,
    ).id;
    await loop.deliver([event('ticket', ticket)]);
    const editId = await ask();
    for (const receiver of [direct, anybody])
      await receiver.until(({ data }) => data.editId === editId && data.state === 'verified', 'the receipt');
    for (const receiver of receivers) await caughtUp(receiver);
    for (const { heard } of receivers) {
      expect(JSON.stringify(heard)).not.toMatch(/internalRisk|billingCustomer|internal_risk/);
      expect(heard.some(({ data }) => data.object === 'ticket')).toBe(false);
    }
    expect(direct.heard.some(({ data }) => data.fields?.includes('creditLimit') === true)).toBe(true);
    // No partner reaches the company: to partners it does not exist, and the receipt is none of theirs.
    expect(partner.heard).toEqual([]);
  });

  it('is told that a record is gone, and of one that appears, when the audience stops or begins to see it', async () => {
    await start('direct');
    const [receiver] = receivers as [Receiver];
    const { world } = loop.sim;
    const quote = world.create(
      'quotes',
      { hs_title: 'Boiler', hs_status: 'DRAFT', hs_expiration_date: '2027-01-31' },
      COLLEAGUE,
    ).id;
    world.associate(['quotes', quote], ['companies', company], COLLEAGUE);
    await readWithLinks('quote', quote);
    await eventually(
      async () => (await loop.mirrored('quote', quote, 'status')) === 'DRAFT',
      'the draft is mirrored',
    );
    await caughtUp(receiver);
    expect(receiver.heard.some(({ data }) => data.object === 'quote')).toBe(false);
    const look = async (status: string) => {
      world.update('quotes', quote, { hs_status: status }, COLLEAGUE);
      await loop.deliver([event('quote', quote, { name: 'hs_status', value: status })]);
    };
    await look('APPROVED');
    const shown = await receiver.until(({ data }) => data.object === 'quote', 'the quote appears');
    expect(shown).toMatchObject({ type: 'record.changed' });
    expect(shown.data.fields).toContain('title');
    expect(shown.data.fields).not.toContain('status');
    await look('DRAFT');
    const gone = await receiver.until(({ type }) => type === 'record.gone', 'the quote is gone');
    expect(gone.data).toEqual({ object: 'quote', id: quote });
    await receiver.until(({ data }) => data.object === 'company', 'the company was told of');
    world.archive('companies', company, COLLEAGUE);
    await loop.deliver([{ ...event('company', company), subscriptionType: 'company.deletion' }]);
    await receiver.until(
      ({ type, data }) => type === 'record.gone' && data.object === 'company',
      'the company is gone',
    );
  });

  it('that was told, but whose cursor was not moved by then, is told again under the same id, whatever happened since', async () => {
    await start(undefined);
    const [receiver] = receivers as [Receiver];
    await caughtUp(receiver);
    let crashed: (() => void) | null = null;
    const crash = new Promise<void>((resolve) => (crashed = resolve));
    // The request was answered, and the process dies before it writes that down.
    at = (step) => {
      if (step !== 'hook.answered' || crashed === null) return;
      crashed();
      crashed = null;
      throw new Error('The process died.');
    };
    await change('city', 'Oslo');
    await crash;
    const first = receiver.heard.at(-1)!;
    const stopping = loop.worker.stop();
    await change('zip', '0150');
    await stopping;
    await loop.restart();
    await eventually(
      () => receiver.heard.filter(({ webhookId }) => webhookId === first.webhookId).length === 2,
      'it is told again',
    );
    const again = receiver.heard.filter(({ webhookId }) => webhookId === first.webhookId).at(-1)!;
    expect(again.data.fields).toEqual(first.data.fields);
    const later = await receiver.until(
      ({ data }) => data.fields?.includes('zip') === true && data.fields.length < 5,
      'what happened since',
    );
    expect(later.webhookId).not.toBe(first.webhookId);
    await caughtUp(receiver);
  });

  it('that is down for a while loses nothing, holds up no other, and is shown where people look', async () => {
    await start(undefined, 'direct');
    const [broken, fine] = receivers as [Receiver, Receiver];
    await caughtUp(broken);
    await broken.down();
    for (const city of ['Oslo', 'Bergen', 'Narvik']) await change('city', city);
    await change('zip', '8514');
    await caughtUp(fine);
    const failing = await eventually(async () => {
      const row = await hook(broken);
      return row.attempts >= 2 ? row : undefined;
    }, 'it failed twice');
    expect(failing.failingSince).not.toBeNull();
    expect(failing.notBefore).toBeGreaterThan(Date.now() + skewMs);
    const status = await hubStatus(loop.db, loop.hubId, Date.now());
    expect(statusLines(status, Date.now()).join('\n')).toMatch(
      /Webhook to 127\.0\.0\.1:\d+\/changes: failing for/,
    );
    expect(JSON.stringify(status)).not.toContain('very-secret');
    const checks = hookChecks(status.hooks, status.journalEntries, Date.now());
    expect(checks.map(({ state }) => state)).toEqual(expect.arrayContaining(['wrong', 'ok']));
    expect(checks.find(({ state }) => state === 'wrong')?.advice).toContain('Nothing is lost');
    await broken.up();
    skewMs += 60_000; // the wait is over
    await loop.restart();
    await caughtUp(broken);
    const names = broken.taken().flatMap(({ data }) => data.fields ?? []);
    expect(names).toContain('city');
    expect(names).toContain('zip');
    expect((await hook(broken)).failingSince).toBeNull();
  });

  it('that answers anything but 2xx is asked again later, also where it redirects; 410 switches it off', async () => {
    await start(undefined);
    const [receiver] = receivers as [Receiver];
    await caughtUp(receiver);
    const answers: ((res: Parameters<Receiver['answer']>[0]) => void)[] = [
      (res) => void res.writeHead(302, { location: `${receiver.url}&followed=1` }).end(),
      (res) => void res.writeHead(500).end('x'.repeat(1_000_000)),
      (res) => void res.writeHead(410).end(),
    ];
    const told: string[] = [];
    receiver.answer = (res, { webhookId, headers }) => {
      told.push(`${webhookId} ${String(headers.followed)}`);
      skewMs += 10_000; // no wait is ever long
      const next = answers.shift();
      if (next === undefined) res.writeHead(204).end();
      else next(res);
    };
    await change('city', 'Oslo');
    const off = await eventually(
      async () => {
        const row = await hook(receiver);
        return row.disabledAt === null ? undefined : row;
      },
      'it is switched off',
      20_000,
    );
    expect(off).toMatchObject({ lastStatus: 410, attempts: 3 });
    expect(told).toHaveLength(3);
    expect(new Set(told).size).toBe(1);
    await change('city', 'Bergen');
    await eventually(
      async () => (await loop.mirrored('company', company, 'city')) === 'Bergen',
      'the loop goes on',
    );
    expect(told).toHaveLength(3);
  });

  it('that never answers does not slow the sync: edits are written and proven meanwhile', async () => {
    await start(undefined);
    const [receiver] = receivers as [Receiver];
    await caughtUp(receiver);
    receiver.answer = () => undefined;
    const before = receiver.heard.length;
    await change('city', 'Oslo');
    await eventually(() => receiver.heard.length > before, 'it hangs');
    const begun = Date.now();
    const editId = await ask();
    await eventually(
      async () => (await loop.fieldState(editId, 'deliveryNotes')).state === 'verified',
      'the edit is proven',
    );
    expect(Date.now() - begun).toBeLessThan(1_500);
    const stopping = Date.now();
    await loop.worker.stop();
    expect(Date.now() - stopping).toBeLessThan(1_500);
    await loop.restart();
  });
});

describe('an endpoint that fails', () => {
  it('is waited for longer each time, up to hours, spread a little, and as long as it asks for', () => {
    const failed = { is: 'failed', reason: '' } as const;
    expect([0, 1, 2, 10].map((n) => waitAfter(n, failed, 0))).toEqual([1_000, 2_000, 4_000, 1_024_000]);
    expect(waitAfter(400, failed, 0)).toBe(6 * 3_600_000);
    expect(waitAfter(2, failed, 1)).toBe(3_000);
    expect(waitAfter(0, { is: 'answered', status: 503, retryAfterMs: 60_000 }, 0)).toBe(60_000);
  });
});
