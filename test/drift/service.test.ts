/** Every kind of drift in turn and back, over the whole service: what holds still, what goes on, what people read. */
import { randomUUID } from 'node:crypto';
import { OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, type Flags } from '../../backend/cli/commands.ts';
import { fixesOf } from '../../backend/drift/fixes.ts';
import { deskFinding, schemaAnswer } from '../../backend/desk/schema.ts';
import { healthAnswer, createHours } from '../../backend/desk/health.ts';
import { deskRecord, findRecord } from '../../backend/desk/record.ts';
import { orderJobs, endJobs } from '../../backend/store/jobs.ts';
import { COMMAND_LINE, orderByKey, storeOrder } from '../../backend/store/orders.ts';
import { loadFindings } from '../../backend/store/schema.ts';
import type { Fix, KeptFinding } from '../../backend/store/schemaTables.ts';
import { raisedWarnings } from '../../backend/store/warnings.ts';
import type { Order, OrderOutcome } from '../../backend/store/database.ts';
import { define, type Definition } from '../simulator/defining.ts';
import { PARTNER_LABEL } from '../simulator/seedSchema.ts';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP, startWhole, type Whole } from '../harness/whole.ts';
import type { Body } from '../harness/portal.ts';

let whole: Whole;
let ada: string;
const acme = (): string => whole.ids.acme;

beforeAll(async () => {
  whole = await startWhole({
    prepare: ({ world }) =>
      world.quietly(() => {
        for (const company of world.state.data.records.get('0-2')!.values())
          world.update(
            'companies',
            company.id,
            {
              renewal_date: '2027-01-31',
              support_tier: 'basic',
              delivery_notes: 'Ring twice',
              capabilities: 'install',
            },
            REP,
          );
      }),
  });
  ada = await whole.token(whole.ids.ada, 'direct');
}, 90_000);
afterAll(() => whole.close());

const change = (what: Definition): void => define(whole.sim.world.state, what);
const findings = (): Promise<KeptFinding[]> => loadFindings(whole.db, whole.hubId);
const codes = async (): Promise<string[]> =>
  (await findings()).map(({ finding, subject }) => `${finding.code} ${subject}`).sort();

async function ordered(order: Order): Promise<OrderOutcome> {
  const { db, hubId } = whole;
  const key = randomUUID();
  await storeOrder(db, hubId, { userId: COMMAND_LINE, key, order, now: Date.now() });
  return eventually(
    async () => (await orderByKey(db, hubId, COMMAND_LINE, key)).outcome ?? undefined,
    `the order ${order.do}`,
    20_000,
  );
}
/** Has the schema read now: a fix of nothing. */
const look = (fixes: Fix[] = []): Promise<OrderOutcome> => ordered({ do: 'fix', fixes });

const company = async (token = ada): Promise<Body> =>
  (await whole.call(token, 'GET', `/records/company/${acme()}`, { headers: { prefer: 'wait=0' } })).body;
const edit = async (fields: Record<string, string | null>, object = 'company', id = acme()) => {
  const { body } = await whole.call(ada, 'GET', `/records/${object}/${id}`);
  return whole.call(ada, 'PATCH', `/records/${object}/${id}`, {
    body: { fields },
    headers: { ...freshKey(), 'if-match': `"${body.version}"` },
  });
};
const changedBy = (properties: Record<string, string>, id = acme()): void =>
  void whole.sim.world.update('companies', id, properties, REP);

async function allRead(objects: readonly AppObject[] = OBJECTS): Promise<void> {
  const open = () =>
    whole.db
      .selectFrom('jobs')
      .select('job_id')
      .where('hub_id', '=', whole.hubId)
      .where('object', 'in', [...objects])
      .where('finished_at', 'is', null)
      .execute();
  await eventually(async () => (await open()).length === 0, 'everything is read', 30_000);
}

describe('a property that is removed', () => {
  it('is noticed by the first read that leaves it out; its value stays, with its age, and everything else goes on (P1, P7)', async () => {
    const before = await company();
    expect(before.fields.renewalDate).toMatchObject({ value: '2027-01-31', state: 'confirmed' });
    change({ do: 'removeProperty', objectType: 'companies', name: 'renewal_date' });
    change({ do: 'removeProperty', objectType: 'companies', name: 'delivery_notes' });
    // Something else of the record changes: its read leaves the removed ones out, and nobody has looked at the schema.
    changedBy({ city: 'Lyon' });
    await eventually(async () => (await codes()).length === 2, 'both removals are found', 20_000);
    expect(await codes()).toEqual([
      'property-gone company.delivery_notes',
      'property-gone company.renewal_date',
    ]);
    const after = await eventually(async () => {
      const body = await company();
      return body.fields.city.value === 'Lyon' && body.fields.city.state === 'confirmed' ? body : undefined;
    }, 'the other field is confirmed');
    expect(after.fields.renewalDate).toMatchObject({ value: '2027-01-31', state: 'unkept', editable: false });
    expect(after.fields.deliveryNotes).toMatchObject({
      value: 'Ring twice',
      state: 'unkept',
      editable: false,
    });
    expect(Date.parse(after.fields.renewalDate.unkeptSince ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(after.fields.renewalDate.asOf).not.toBeNull();
    expect(after.stale).toBe(false);
  });

  it('is told: page, health, card, warning, journal, each with what it touches', async () => {
    const { db, hubId } = whole;
    const page = await schemaAnswer(db, hubId, 'admin');
    const found = page.findings.find(({ subject }) => subject === 'company.renewal_date')!;
    expect(found).toMatchObject({ severity: 'breaks', acceptable: false });
    expect(found.sentence).toContain('“Renewal date”) was removed');
    expect(found.impact.join(' ')).toContain('Seen by Customer, Customer’s colleague and Partner');
    const health = await healthAnswer(db, hubId, 'admin', createHours(), Date.now());
    expect(health.well).toBe(false);
    expect(health.channels.find(({ label }) => label === 'Schema of the CRM')).toMatchObject({ ok: false });
    const row = await findRecord(db, hubId, { objectType: 'company', recordId: acme() });
    const field = (await deskRecord(db, hubId, row)).fields.find(({ name }) => name === 'renewalDate');
    expect(field).toMatchObject({ state: 'unkept' });
    expect(field?.note).toContain('Not kept in agreement since');
    const warned = (await raisedWarnings(db, hubId)).filter(({ code }) => code === 'schema-drift');
    expect(warned.map(({ subject }) => subject)).toContain('property-gone company.renewal_date');
    const entries = await db
      .selectFrom('journal')
      .select(['field', 'detail'])
      .where('hub_id', '=', hubId)
      .where('kind', '=', 'drift')
      .execute();
    expect(entries).toContainEqual({
      field: 'renewalDate',
      detail: expect.objectContaining({ outcome: 'found', code: 'property-gone' }) as unknown,
    });
  });

  it('refuses an edit of it by name, and writes the others', async () => {
    const refused = await edit({ deliveryNotes: 'Ring once' });
    expect(refused).toMatchObject({
      status: 422,
      body: { fields: { deliveryNotes: { code: 'property-gone' } } },
    });
    const other = await edit({ billingEmail: 'pay@acme.example' });
    const receipt = await whole.settled(ada, other.body.editId);
    expect(receipt.state).toBe('verified');
    expect(whole.sim.world.value('companies', acme(), 'billing_email')).toBe('pay@acme.example');
    // The record was read for it, more than once, and each answer left the removed property out.
    expect((await company()).fields.renewalDate).toMatchObject({ value: '2027-01-31', state: 'unkept' });
  });

  it('leaves the certificate equal, which says what it left out', async () => {
    await allRead();
    const { db, hubId } = whole;
    await endJobs(db, hubId, ['company'], Date.now(), 'reconcile');
    const [job = ''] = await orderJobs(db, hubId, 'reconcile', ['company'], Date.now());
    const comparison = await eventually(
      async () => {
        const row = await db
          .selectFrom('jobs')
          .select(['comparison', 'finished_at'])
          .where('hub_id', '=', hubId)
          .where('job_id', '=', job)
          .executeTakeFirstOrThrow();
        return row.finished_at === null ? undefined : row.comparison!;
      },
      'the comparison ends',
      20_000,
    );
    expect(comparison.differences).toBe(0);
    expect(comparison.mirror).toBe(comparison.crm);
    expect([...comparison.paused].sort()).toEqual(['deliveryNotes', 'renewalDate']);
  });

  it('is read anew when it is back: with its values, or, made anew, without them, because the CRM’s word counts', async () => {
    change({ do: 'restoreProperty', objectType: 'companies', name: 'renewal_date' });
    change({ do: 'restoreProperty', objectType: 'companies', name: 'delivery_notes' });
    change({ do: 'forgetValues', objectType: 'companies', name: 'delivery_notes' });
    await look();
    expect(await codes()).toEqual([]);
    const after = await eventually(async () => {
      const body = await company();
      return body.fields.deliveryNotes.value === null && body.fields.renewalDate.state === 'confirmed'
        ? body
        : undefined;
    }, 'both are read anew');
    expect(after.fields.renewalDate).toMatchObject({ value: '2027-01-31' });
    expect(after.fields.deliveryNotes).toMatchObject({ value: null, editable: true });
    expect(
      (await raisedWarnings(whole.db, whole.hubId)).filter(({ code }) => code === 'schema-drift'),
    ).toEqual([]);
  });
});

describe('an edit that meets the drift at HubSpot', () => {
  it('loses the one field that is refused, by name, and the other one of the same record is written; the schema is read at once', async () => {
    change({ do: 'changeProperty', objectType: 'companies', name: 'vat_number', readOnly: true });
    change({ do: 'removeProperty', objectType: 'companies', name: 'delivery_notes' });
    const { body } = await edit({ deliveryNotes: 'At the back', billingEmail: 'office@acme.example' });
    const receipt = await whole.settled(ada, body.editId);
    expect(receipt.fields.deliveryNotes).toMatchObject({ state: 'refused', reason: 'property-gone' });
    expect(receipt.fields.billingEmail).toMatchObject({ state: 'verified' });
    expect(whole.sim.world.value('companies', acme(), 'billing_email')).toBe('office@acme.example');
    await eventually(
      async () => (await codes()).includes('property-gone company.delivery_notes'),
      'the schema was read because of the refusal',
      20_000,
    );
    expect(await codes()).toEqual(['property-gone company.delivery_notes', 'read-only company.vat_number']);
    // Read-only: the CRM's value is still kept, only the way out is closed.
    changedBy({ city: 'Paris' });
    const shown = await eventually(async () => {
      const record = await company();
      return record.fields.city.value === 'Paris' ? record : undefined;
    }, 'the change arrives');
    expect(shown.fields.vatNumber).toMatchObject({ state: 'confirmed', editable: false });
    const refused = await edit({ vatNumber: 'DE1' });
    expect(refused.body.fields.vatNumber.code).toBe('property-read-only');
    change({ do: 'changeProperty', objectType: 'companies', name: 'vat_number', readOnly: false });
    change({ do: 'restoreProperty', objectType: 'companies', name: 'delivery_notes' });
    await look();
    expect(await codes()).toEqual([]);
  });

  it('waits while the CRM holds an option that nobody knows yet, and is then decided: the field, not the record', async () => {
    const option = { value: 'inspect', label: 'Inspection' };
    change({ do: 'changeProperty', objectType: 'companies', name: 'capabilities', option });
    changedBy({ capabilities: 'install;inspect' });
    const shown = await eventually(async () => {
      const record = await company();
      return record.fields.capabilities.value?.includes('inspect') ? record : undefined;
    }, 'the value is kept and shown (V5)');
    const asked = await whole.call(ada, 'PATCH', `/records/company/${acme()}`, {
      body: { fields: { capabilities: ['install', 'inspect', 'repair'], website: 'https://acme.example' } },
      headers: { ...freshKey(), 'if-match': `"${shown.version}"` },
    });
    if (asked.status === 422) {
      // The portal was asked before the schema was read: the field says so, and nothing else is lost.
      expect(Object.keys(asked.body.fields)).toEqual(['capabilities']);
    }
    await eventually(
      async () => (await codes()).includes('option-added company.capabilities.inspect'),
      'it is found',
      20_000,
    );
    const again = await edit({ website: 'https://acme.example' });
    expect((await whole.settled(ada, again.body.editId)).state).toBe('verified');
  });
});

describe('a harmless change', () => {
  it('ends when a person accepts it as it was shown, and not when it has changed meanwhile', async () => {
    change({ do: 'changeProperty', objectType: 'companies', name: 'support_tier', label: 'Level' });
    await look();
    const shown = (await findings()).find(({ finding }) => finding.code === 'property-renamed')!;
    const { code, subject, shown: seen } = deskFinding(shown);
    change({ do: 'changeProperty', objectType: 'companies', name: 'support_tier', label: 'Class' });
    await look();
    expect(await ordered({ do: 'accept', code, subject, shown: seen })).toMatchObject({
      code: 'finding-moved',
    });
    for (const kept of await findings()) {
      const now = deskFinding(kept);
      expect(now.acceptable).toBe(true);
      expect(
        await ordered({ do: 'accept', code: now.code, subject: now.subject, shown: now.shown }),
      ).toMatchObject({ ok: true });
    }
    expect(await codes()).toEqual([]);
    await look();
    expect(await codes()).toEqual([]);
  });
});

describe('everything else that drifts, and back', () => {
  const none = { removed: 'closedwon' };
  const rows: [what: string, there: () => void, found: string[], back: () => void][] = [
    [
      'a type that no longer fits',
      () =>
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'credit_limit',
          type: 'string',
          fieldType: 'text',
        }),
      ['type-unfit company.credit_limit'],
      () =>
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'credit_limit',
          type: 'number',
          fieldType: 'number',
        }),
    ],
    [
      'an option hidden, and one removed',
      () => {
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'order_status',
          option: { value: 'shipped', hidden: true },
        });
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'support_tier',
          option: { value: 'premium', remove: true },
        });
      },
      ['option-hidden company.order_status.shipped', 'option-removed company.support_tier.premium'],
      () => {
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'order_status',
          option: { value: 'shipped', hidden: false },
        });
        change({
          do: 'changeProperty',
          objectType: 'companies',
          name: 'support_tier',
          option: { value: 'premium', label: 'Premium' },
        });
      },
    ],
    [
      'a stage renamed, and one removed',
      () => {
        change({
          do: 'changeStage',
          objectType: 'deals',
          pipeline: 'default',
          stage: none.removed,
          archived: true,
        });
        change({ do: 'changeStage', objectType: 'tickets', pipeline: '0', stage: '2', label: 'With you' });
      },
      ['stage-removed deal.default.closedwon', 'stage-renamed ticket.0.2'],
      () => {
        change({
          do: 'changeStage',
          objectType: 'deals',
          pipeline: 'default',
          stage: none.removed,
          archived: false,
        });
        change({
          do: 'changeStage',
          objectType: 'tickets',
          pipeline: '0',
          stage: '2',
          label: 'Waiting on contact',
        });
      },
    ],
    [
      'a property made required',
      () => change({ do: 'requireProperty', objectType: 'companies', name: 'vat_number', required: true }),
      ['made-required company.vat_number'],
      () => change({ do: 'requireProperty', objectType: 'companies', name: 'vat_number', required: false }),
    ],
    [
      'the label of an audience renamed',
      () => change({ do: 'renameLabel', label: PARTNER_LABEL, to: 'Reseller' }),
      [`label-renamed ${PARTNER_LABEL}`],
      () => change({ do: 'renameLabel', label: 'Reseller', to: PARTNER_LABEL }),
    ],
    [
      'a custom object gone',
      () => change({ do: 'removeSchema', objectType: 'installed_site' }),
      ['object-gone site'],
      () => change({ do: 'restoreSchema', objectType: 'installed_site' }),
    ],
  ];
  it('is found and named, all of it at once, and ends when the CRM goes back', async () => {
    for (const [, there] of rows) there();
    await look();
    expect(await codes()).toEqual(rows.flatMap(([, , found]) => found).sort());
    for (const [, , , back] of rows) back();
    await look();
    expect(await codes()).toEqual([]);
  });

  it('the label of an audience removed is named with the audience that sees nothing', async () => {
    const { linkTypes } = whole.sim.world.state.data;
    change({ do: 'removeLabel', label: PARTNER_LABEL });
    await look();
    const [found] = await findings();
    expect(deskFinding(found!)).toMatchObject({
      ...{ code: 'label-gone', severity: 'breaks' },
      impact: expect.arrayContaining(['Nobody of the audience Partner sees anything.']) as unknown,
    });
    whole.sim.world.state.data.linkTypes = linkTypes;
    await look();
    expect(await codes()).toEqual([]);
  });
});

describe('a creation that the schema does not allow', () => {
  it('is refused by the portal, waits where it was accepted before, and is made when the stage is back', async () => {
    // No ticket may stand in the stage that is archived.
    for (const id of [whole.ids.ticket, whole.ids.foreign])
      whole.sim.world.update('tickets', id, { hs_pipeline_stage: '2' }, REP);
    change({ do: 'changeStage', objectType: 'tickets', pipeline: '0', stage: '1', archived: true });
    const raise = () =>
      whole.call(ada, 'POST', '/creations/raiseCase', {
        body: { fields: { subject: 'No heat', description: 'Since Monday' } },
        headers: freshKey(),
      });
    const before = await raise();
    expect(before.status).toBe(202);
    await eventually(
      async () => (await codes()).includes('option-missing ticket.hs_pipeline_stage.1'),
      'the refusal has the schema read',
      20_000,
    );
    expect(await raise()).toMatchObject({ status: 503, body: { code: 'cannot-be-made' } });
    change({ do: 'changeStage', objectType: 'tickets', pipeline: '0', stage: '1', archived: false });
    await look();
    expect(await codes()).toEqual([]);
    expect((await whole.settled(ada, before.body.editId)).state).toBe('verified');
    const made = await raise();
    expect((await whole.settled(ada, made.body.editId)).state).toBe('verified');
  });
});

describe('a scope that is lost', () => {
  it('holds up its object alone: edits of it wait, others are written, and all of it ends by itself', async () => {
    const { world } = whole.sim;
    world.faults.api.missingScopes = ['tickets'];
    const asked = await edit({ reference: 'PO 7' }, 'ticket', whole.ids.ticket);
    expect(asked.status).toBe(202);
    await eventually(
      async () => (await codes()).includes('scope-lost ticket.tickets'),
      'the refused call has the schema read',
      20_000,
    );
    const other = await edit({ billingEmail: 'new@acme.example' });
    expect((await whole.settled(ada, other.body.editId)).state).toBe('verified');
    const late = await edit({ reference: 'PO 8' }, 'ticket', whole.ids.ticket);
    expect(late.body.fields.reference.code).toBe('property-unfit');
    const waiting = await whole.call(ada, 'GET', `/edits/${asked.body.editId}`);
    expect(waiting.body.state).toBe('accepted');
    world.faults.api.missingScopes = [];
    await look();
    expect((await whole.settled(ada, asked.body.editId)).state).toBe('verified');
    expect(world.value('tickets', whole.ids.ticket, 'customer_reference')).toBe('PO 7');
    expect(await codes()).toEqual([]);
  }, 60_000);
});

describe('what cannot be read', () => {
  it('ends a comparison of everything: it is named with a code and the reason, and nowhere called equal', async () => {
    await allRead();
    const { world } = whole.sim;
    const site = world.type('installed_site');
    const { types } = world.state.data;
    // Nobody has noticed either of them before the comparison does.
    types.delete(site.typeId);
    world.faults.api.missingScopes = ['tickets'];
    const verified = await tally(['verify', 'company', 'site', 'ticket']);
    expect(verified.code).toBe(1);
    expect(verified.said).toMatch(/company +\d+ records.*: equal/);
    expect(verified.said).toMatch(/site +not compared \(object-gone\): The CRM has no object type for Sites/);
    expect(verified.said).toMatch(
      /ticket +not compared \(scope-lost\): HubSpot refuses .* the scope tickets/,
    );
    expect(verified.said).toContain('What was compared is equal');
    expect(verified.said).not.toMatch(/^Equal,|(site|ticket) .*: equal/m);
    expect(await codes()).toEqual(['object-gone site', 'scope-lost ticket.tickets']);

    const { code, said } = await tally(['verify', 'site', 'contact'], { json: true });
    expect(code).toBe(1);
    expect(JSON.parse(said)).toMatchObject({
      equal: false,
      objects: [{ object: 'contact', differences: 0 }],
      notCompared: [{ object: 'site', code: 'object-gone', scope: null }],
    });
    for (const words of [['reconcile'], ['backfill', '--dry-run'], ['backfill']]) {
      const asked = await tally([words[0]!, 'site'], { 'dry-run': words.length > 1 });
      expect(asked, words.join(' ')).toMatchObject({ code: 1 });
      expect(asked.said, words.join(' ')).toContain('object-gone');
    }
    // What waits to be read is not lost, and a sweep does not ask for what cannot be read.
    types.set(site.typeId, site);
    world.faults.api.missingScopes = [];
    await look();
    expect(await codes()).toEqual([]);
    await allRead();
    expect(await tally(['verify', 'site', 'ticket'])).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^Equal, by/m) as string,
    });
  }, 90_000);

  it('ends the comparison of what hangs on it too: contacts, where companies may not be read', async () => {
    const { world } = whole.sim;
    world.faults.api.missingScopes = ['crm.objects.companies.read'];
    const { code, said } = await tally(['verify', 'contact']);
    expect(code).toBe(1);
    expect(said).toContain('crm.objects.companies.read');
    world.faults.api.missingScopes = [];
    await look();
    expect(await codes()).toEqual([]);
  }, 60_000);
});

async function tally(words: string[], flags: Flags = {}): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const env = { DATABASE_URL: whole.service.databaseUrl };
  const terminal = { env, print: say, complain: say, rewrite: null, now: Date.now };
  return { code: await runCommand(words, flags, terminal), said: lines.join('\n') };
}

describe('what is missing', () => {
  const doctor = (flags: Flags): Promise<{ code: number; said: string }> => tally(['doctor'], flags);

  it('is explained by tally doctor, and made by the worker with type, options and group, where the token may; never twice', async () => {
    const { world } = whole.sim;
    const type = world.type('quotes');
    const properties = world.state.data.properties.get(type.typeId)!;
    expect(await doctor({ fresh: true })).toMatchObject({
      code: 0,
      said: expect.stringContaining('Everything fits.') as string,
    });
    properties.delete('customer_decision');
    properties.delete('customer_decision_note');
    world.faults.api.missingScopes = ['crm.schemas.quotes.write'];
    const sick = await doctor({ fresh: true });
    expect(sick.code).toBe(1);
    for (const text of ['customer_decision of Quotes', 'Approve', 'would:', 'of this checkout'])
      expect(sick.said).toContain(text);
    expect((await doctor({ fix: true })).code).toBe(2); // nobody can be asked
    expect((await doctor({ fix: true, 'dry-run': true })).code).toBe(1);
    const barred = await doctor({ fix: true, yes: true });
    expect(barred).toMatchObject({
      code: 2,
      said: expect.stringContaining('crm.schemas.quotes.write') as string,
    });
    expect(properties.has('customer_decision')).toBe(false);
    world.faults.api.missingScopes = [];
    expect(await doctor({ fix: true, yes: true })).toMatchObject({ code: 0 });
    expect(properties.get('customer_decision')).toMatchObject({
      type: 'enumeration',
      groupName: 'tallystick',
    });
    expect(properties.get('customer_decision_note')).toMatchObject({ fieldType: 'textarea' });
    const fixes = fixesOf(ownership, [
      {
        code: 'property-gone',
        object: 'quote',
        property: 'customer_decision',
        field: 'decision',
        was: null,
        severity: 'breaks',
        stops: 'both',
        bars: [],
      },
    ]);
    expect(await look(fixes)).toMatchObject({ ok: true }); // it is there: not made again
    expect(await codes()).toEqual([]);
  }, 90_000);
});
