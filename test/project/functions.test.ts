/**
 * The committed bundles, run by HubSpot's own local executor against the stand-in. The executor alone: the dev server
 * around it reports errors to HubSpot over the network.
 */
import { createServer, type Server } from 'node:http';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { translate } from '@hubspot/project-parsing-lib/translate';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type {
  CheckedEdit,
  CheckRecordAnswer,
  FunctionAnswer,
  NudgeAnswer,
  RecordStatusAnswer,
} from '@tallystick/shared/functionAnswers';
import { hubId as toHubId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import { buildServiceConfiguration } from '../../node_modules/@hubspot/ui-extensions-dev-server/dist/lib/serverless/config.js';
import { executeFunction } from '../../node_modules/@hubspot/ui-extensions-dev-server/dist/lib/serverless/executor.js';
import type { JsonValue } from '../../node_modules/@hubspot/ui-extensions-dev-server/dist/lib/serverless/types.js';
import { freshBundles } from '../../hubspot-project/functions/build.ts';
import { namedRecord } from '../../hubspot-project/functions/parameters.ts';
import { nudgeRouter } from '../../backend/desk/nudge.ts';
import { verifyWebhook, webhookKey } from '../../backend/standardWebhook.ts';
import { createApp } from '../../backend/server.ts';
import { createSignals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import { createTestDatabase } from '../harness/postgres.ts';
import { sourceOf } from '../simulator/acting.ts';
import { noFaults, turn } from '../simulator/faults.ts';
import { seedDemo, type Seeded } from '../simulator/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { ROOT } from './copy.ts';

const SRC = join(ROOT, 'hubspot-project/src');
const ACCOUNT = 24_710_001;
const APP = 31_337_001;
const SECRET = `whsec_${Buffer.alloc(32, 'nudge').toString('base64')}`;
const functionConfig = z.object({ entrypoint: z.string(), secretKeys: z.array(z.string()).default([]) });
const LOGGER = { debug: silent, info: silent, warn: silent, error: silent };
function silent(): void {
  // The executor tells a developer what the tests look at themselves.
}

type Functions = Record<string, { resolvedPath: string; secrets: string[]; componentRoot: string }>;

let sim: Simulator;
let made: Seeded;
let root: string;
let functions: Functions;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  sim = await startSimulator({ seed: 1 });
  made = seedDemo(sim.world, { seed: 1 });
  root = await mkdtemp(join(tmpdir(), 'tallystick-functions-'));
  const { intermediateRepresentation } = await translate(
    { projectSourceDir: SRC, platformVersion: '2026.09', accountId: ACCOUNT },
    { skipValidation: true, profile: 'demo' },
  );
  const nodes = Object.values(intermediateRepresentation.intermediateNodesIndexedByUid).filter(
    ({ componentType }) => componentType === 'APP_FUNCTION',
  );
  functions = Object.fromEntries(
    nodes.map(({ uid, config }) => {
      const { entrypoint, secretKeys } = functionConfig.parse(config);
      return [uid, { resolvedPath: join(SRC, entrypoint), secrets: secretKeys, componentRoot: root }];
    }),
  );
});
beforeEach(async () => {
  environment = { ...process.env };
  await secrets({ PRIVATE_APP_ACCESS_TOKEN: sim.accessToken, HUBSPOT_API_BASE: sim.url });
});
afterEach(() => {
  process.env = environment;
  turn(sim.faults, noFaults());
});
afterAll(async () => {
  await sim.close();
  await rm(root, { recursive: true });
});

/** As a developer gives them to the local runtime. */
async function secrets(values: Record<string, string>): Promise<void> {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  await writeFile(join(root, '.env'), `${lines.join('\n')}\n`);
}

/** Parameters go over the wire as JSON, so they may be given as the text of it. */
async function run<T>(uid: string, parameters: unknown): Promise<FunctionAnswer<T>> {
  const text = typeof parameters === 'string' ? parameters : JSON.stringify(parameters);
  const config = buildServiceConfiguration(join(SRC, 'app'), {
    accountId: ACCOUNT,
    platformVersion: '2026.09',
    hubspotApiOrigin: sim.url,
    hubspotWebsiteOrigin: sim.url,
    logger: LOGGER,
    appFunctions: functions,
  });
  return new Promise((resolve, reject) => {
    executeFunction(
      config,
      uid,
      { appId: APP, parameters: JSON.parse(text) as JsonValue },
      // The executor promises JSON; what it holds is what the tests are about.
      (answer) => resolve(answer as FunctionAnswer<T>),
    ).catch(reject);
  });
}

async function well<T>(uid: string, parameters: unknown): Promise<T> {
  const answer = await run<T>(uid, parameters);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.sentence}`);
  return answer;
}

const status = (parameters: unknown) => well<RecordStatusAnswer>('record_status', parameters);
const check = (parameters: unknown) => well<CheckRecordAnswer>('check_record', parameters);

const firm = (): { objectTypeId: string; objectId: string } => ({
  objectTypeId: '0-2',
  objectId: made.companies[0]!,
});
const quoted = (text: string): string => JSON.stringify(text);

describe('the bundles', () => {
  it('are what a fresh build makes of the sources', async () => {
    const dist = join(SRC, 'app/functions/dist');
    const fresh = await freshBundles();
    expect((await readdir(dist)).sort()).toEqual([...fresh.keys()].sort());
    for (const [name, text] of fresh)
      expect(await readFile(join(dist, name), 'utf8'), `npm run functions: ${name} is out of date`).toBe(
        text,
      );
  });

  it('are all declared to HubSpot, and bring everything they need', async () => {
    const fresh = await freshBundles();
    expect(Object.keys(functions).sort()).toEqual(['check_record', 'nudge', 'record_status']);
    for (const { resolvedPath } of Object.values(functions))
      expect(await readFile(resolvedPath, 'utf8')).not.toMatch(/\brequire\(|\bimport\(|node_modules/);
    expect(fresh.size).toBe(3);
  });
});

describe('recordStatus', () => {
  it('tells for every mapped field whose word counts, and who last changed it and when', async () => {
    sim.world.update(
      'companies',
      made.companies[0]!,
      { website: 'https://new.example', credit_limit: '15000' },
      sourceOf('colleague', 51_446_677),
    );
    const answer = await status(firm());
    expect(answer).toMatchObject({ ok: true, reduced: true, object: 'company', label: 'Company' });
    expect(answer.recordId).toBe(made.companies[0]);
    expect(answer.sentence).toContain('cannot be reached');
    expect(answer.fields.map(({ name }) => name)).toEqual(Object.keys(objects.company.fields));
    const field = (name: string) => answer.fields.find((each) => each.name === name);
    expect(field('website')).toMatchObject({
      label: 'Website',
      owner: 'both',
      ownerSentence: 'Both sides may change it.',
      text: 'https://new.example',
      who: 'a colleague (CRM user 51446677)',
      at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    expect(field('creditLimit')).toMatchObject({ owner: 'crm', text: '15,000' });
    expect(field('billingEmail')?.owner).toBe('customer');
    expect(answer.title).toBe(field('name')?.text);
  });

  it('says nothing of who and when where the CRM does not', async () => {
    const { fields } = await status({ object: 'quote', objectId: made.quotes[0]! });
    expect(fields.find(({ name }) => name === 'decisionNote')).toMatchObject({
      text: '—',
      who: '',
      at: null,
    });
  });

  it('shows a value of which the CRM keeps no history', async () => {
    const strange = await listen((_req, res) => res.end('{"id":"1","properties":{"name":"Firm"}}'));
    await secrets({ PRIVATE_APP_ACCESS_TOKEN: 'x', HUBSPOT_API_BASE: strange.url });
    const { title, fields } = await status(firm());
    expect(title).toBe('Firm');
    expect(fields[0]).toMatchObject({ name: 'name', text: 'Firm', who: '', at: null });
    await strange.close();
  });

  it('cuts long texts, and so keeps below what a card may be sent', async () => {
    const longest = 'x'.repeat(60_000);
    sim.world.update('companies', made.companies[2]!, { delivery_notes: longest }, sourceOf('import'));
    const answer = await status({ object: 'company', objectId: Number(made.companies[2]) });
    const text = answer.fields.find(({ name }) => name === 'deliveryNotes')?.text ?? '';
    expect(text).toHaveLength(300);
    expect(text.endsWith('…')).toBe(true);
  });

  it.each([
    ['our name', 'site'],
    ['HubSpot’s name', 'installed_site'],
    ['the type id of this account', ''],
  ])('finds a custom object by %s', async (_what, called) => {
    const typeId = sim.world.type('installed_site').typeId;
    const answer = await status({ object: called === '' ? typeId : called, objectId: made.sites[0]! });
    expect(answer).toMatchObject({ object: 'site', recordId: made.sites[0] });
    expect(called !== '' || /^2-\d+$/.test(typeId)).toBe(true);
  });

  it('names the record that a merged one became', async () => {
    const [gone, stays] = [made.contacts[7]!, made.contacts[8]!];
    const merged = sim.world.merge('contacts', stays, gone, sourceOf('colleague'));
    expect((await status({ objectTypeId: '0-1', objectId: gone })).recordId).toBe(merged.id);
  });

  it('reads only parameters that are there by themselves', () => {
    const inherited: unknown = Object.create({ objectTypeId: '0-2', objectId: '1' });
    expect(namedRecord(inherited)).toMatchObject({ ok: false, code: 'bad-request' });
    expect(namedRecord({ objectTypeId: '0-2', objectId: '1' })).toMatchObject({ ok: true });
  });

  it('uses no identity it is given', async () => {
    const plain = await status(firm());
    const named = await status({ ...firm(), userId: 1, user: { id: 1 }, portalId: 2, accountId: 2 });
    expect({ ...named, readAt: '' }).toEqual({ ...plain, readAt: '' });
  });
});

/** What both functions that read the CRM refuse alike. */
describe.each(['record_status', 'check_record'])('%s refuses', (uid) => {
  it.each<[string, unknown, string]>([
    ['no parameters', null, 'bad-request'],
    ['a list of parameters', [], 'bad-request'],
    ['no object', { objectId: '1' }, 'bad-request'],
    ['no record', { objectTypeId: '0-2' }, 'bad-request'],
    ['an object that is a way out of the path', { objectTypeId: '../0-2', objectId: '1' }, 'bad-request'],
    ['a record that is one', { objectTypeId: '0-2', objectId: '1/../2' }, 'bad-request'],
    ['a record that is a list', { objectTypeId: '0-2', objectId: ['1'] }, 'bad-request'],
    ['a number that is no id', { objectTypeId: '0-2', objectId: 1.5 }, 'bad-request'],
    ['a negative number', { objectTypeId: '0-2', objectId: -1 }, 'bad-request'],
    ['a type without rules', { objectTypeId: '0-7', objectId: '1' }, 'unknown-object'],
    ['a custom type that is not there', { objectTypeId: '2-999', objectId: '1' }, 'unknown-object'],
    ['__proto__ as an object', { objectTypeId: '__proto__', objectId: '1' }, 'unknown-object'],
    ['constructor as an object', { objectTypeId: 'constructor', objectId: '1' }, 'unknown-object'],
    ['an unknown record', { objectTypeId: '0-2', objectId: '999999999999' }, 'unknown-record'],
    ['parameters of a prototype', '{"__proto__":{"objectTypeId":"0-2","objectId":"1"}}', 'bad-request'],
  ])('%s', async (_what, parameters, code) => {
    expect(await run(uid, parameters)).toEqual({
      ok: false,
      code,
      sentence: expect.stringMatching(/^[A-Z].*\.$/) as string,
    });
  });

  it('an archived record', async () => {
    const id = made.contacts[uid === 'check_record' ? 10 : 11]!;
    sim.world.archive('contacts', id, sourceOf('colleague'));
    expect(await run(uid, { objectTypeId: '0-1', objectId: id })).toMatchObject({ code: 'unknown-record' });
  });

  it.each<[string, Parameters<typeof turn>[1], string, RegExp]>([
    ['while HubSpot is down', { api: { down: true } }, 'no-answer', /could not be reached/],
    ['while its gateways fail', { api: { error502Rate: 1 } }, 'no-answer', /502/],
    ['while it fails', { api: { error500Rate: 1 } }, 'no-answer', /500/],
    ['while the limit is used up', { api: { forced429: 'burst' } }, 'too-many-calls', /no room/],
    ['once the token is revoked', { api: { revoked: true } }, 'not-configured', /does not accept/],
    [
      'without the scope',
      { api: { missingScopes: ['crm.objects.companies.read', 'crm.schemas.companies.read'] } },
      'not-configured',
      /scope/,
    ],
  ])('%s', async (_what, faults, code, words) => {
    turn(sim.faults, faults);
    const answer = await run(uid, firm());
    expect(answer).toMatchObject({ ok: false, code });
    if (!answer.ok) expect(answer.sentence).toMatch(words);
  });

  it('without a token', async () => {
    await secrets({ HUBSPOT_API_BASE: sim.url });
    expect(await run(uid, firm())).toEqual({
      ...{ ok: false, code: 'not-configured' },
      sentence: 'The function has no access token of the app.',
    });
  });

  it.each(['<html>', '[]', 'null', '{}', '{"id":"1","propertiesWithHistory":{"name":"x"}}'])(
    'an answer of another shape: %s',
    async (text) => {
      const strange = await listen((_req, res) => res.end(text));
      await secrets({ PRIVATE_APP_ACCESS_TOKEN: 'x', HUBSPOT_API_BASE: strange.url });
      expect(await run(uid, firm())).toMatchObject({ ok: false, code: 'unexpected' });
      await strange.close();
    },
  );

  it('to take the token elsewhere', async () => {
    let reached = 0;
    const other = await listen((_req, res) => {
      reached += 1;
      res.end('{}');
    });
    const moved = await listen((_req, res) => res.writeHead(307, { location: other.url }).end());
    await secrets({ PRIVATE_APP_ACCESS_TOKEN: 'x', HUBSPOT_API_BASE: moved.url });
    expect(await run(uid, firm())).toMatchObject({ ok: false, code: 'no-answer' });
    expect(reached).toBe(0);
    await Promise.all([moved.close(), other.close()]);
  });
});

describe('when nobody answers', () => {
  it('every function gives up in time to say so', async () => {
    turn(sim.faults, { api: { latencyMs: 60_000 } });
    const silentService = await listen(silent);
    await secrets({
      PRIVATE_APP_ACCESS_TOKEN: sim.accessToken,
      HUBSPOT_API_BASE: sim.url,
      TALLYSTICK_NUDGE_SECRET: SECRET,
      TALLYSTICK_BACKEND_URL: silentService.url,
    });
    const began = performance.now();
    const answers = await Promise.all([
      run('record_status', { object: 'site', objectId: made.sites[0]! }),
      run('check_record', firm()),
      run('nudge', firm()),
    ]);
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.code))).toEqual(Array(3).fill('no-answer'));
    await silentService.close();
  });
});

describe('checkRecord', () => {
  const site = 'https://before.example';
  beforeAll(() => {
    sim.world.update(
      'companies',
      made.companies[0]!,
      {
        ...{ website: site, vat_number: 'DE1', billing_email: 'pay@firm.example', phone: '+442079460018' },
        ...{ capabilities: 'install;repair', numberofemployees: '12', support_tier: 'basic' },
        ...{ city: 'Oslo', delivery_notes: 'Ring twice', credit_limit: '100', paperless_billing: 'true' },
      },
      sourceOf('colleague'),
    );
  });

  async function edit(
    field: string,
    wanted: unknown,
    more: Record<string, unknown> = {},
  ): Promise<CheckedEdit> {
    const { edits } = await check(
      `{"objectTypeId":"0-2","objectId":${quoted(made.companies[0]!)},"edits":{${quoted(field)}:${JSON.stringify(wanted)}}${Object.entries(
        more,
      )
        .map(([name, value]) => `,${quoted(name)}:${JSON.stringify(value)}`)
        .join('')}}`,
    );
    expect(edits).toHaveLength(1);
    return edits[0]!;
  }

  it('finds that a record fits the rules', async () => {
    const answer = await check(firm());
    expect(answer).toMatchObject({ object: 'company', audience: 'direct', fits: true, edits: [] });
    expect(answer.fields.map(({ name }) => name)).toEqual(Object.keys(objects.company.fields));
    expect(answer.fields.every(({ problem, sentence }) => problem === null && sentence === 'It fits.')).toBe(
      true,
    );
  });

  it('finds values that do not fit their kind', async () => {
    const answer = await check({ objectTypeId: '0-1', objectId: made.contacts[5]! });
    expect(answer.fits).toBe(false);
    expect(answer.fields.filter((field) => !field.fits)).toMatchObject([
      { name: 'mobile', problem: 'not-a-phone', sentence: 'It does not fit: this is not a phone number.' },
    ]);
  });

  it('finds a value that is no longer an option, one that is missing, and a property that is gone', async () => {
    const call = (method: string, path: string, body?: unknown) =>
      fetch(`${sim.url}/crm/properties/2026-09/companies/${path}`, {
        method,
        headers: { authorization: `Bearer ${sim.accessToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const id = made.companies[3]!;
    sim.world.update('companies', id, { billing_email: '', order_status: 'shipped' }, sourceOf('import'));
    const options = ['none', 'processing'].map((value) => ({ value, label: value }));
    expect((await call('PATCH', 'order_status', { options })).status).toBe(200);
    expect((await call('DELETE', 'internal_risk')).status).toBe(204);
    const answer = await check({ object: 'company', objectId: id });
    const problem = (name: string) => answer.fields.find((field) => field.name === name)?.problem;
    expect(problem('orderStatus')).toBe('not-an-option');
    expect(problem('billingEmail')).toBe('required');
    expect(problem('internalRisk')).toBe('property-gone');
    expect(answer.fits).toBe(false);
  });

  it.each<[string, unknown, Partial<CheckedEdit>, RegExp]>([
    [
      'website',
      'https://after.example',
      { decision: 'write', rule: 'D3' },
      /^If both .* the CRM’s value stands/,
    ],
    ['phone', '+44 20 7946 0019', { decision: 'write', wanted: '+442079460019' }, /the later change counts/],
    ['phone', '0044 20 7946 0019', { decision: 'write', wanted: '+442079460019' }, /the later change counts/],
    ['city', 'Bergen', { decision: 'write' }, /a colleague decides/],
    [
      'billingEmail',
      'New@Firm.example',
      { decision: 'write', wanted: 'new@firm.example' },
      /customer’s value/,
    ],
    ['capabilities', ['repair', 'audit'], { decision: 'write', wanted: 'audit;repair' }, /put together/],
    ['employees', 13, { decision: 'write', wanted: '13' }, /the CRM’s value stands/],
    ['paperlessBilling', false, { decision: 'write', wanted: 'false' }, /customer’s value/],
    ['deliveryNotes', null, { decision: 'write', wanted: null }, /customer’s value/],
    ['vatNumber', 'DE2', { decision: 'propose', rule: 'D10' }, /Whatever the CRM holds by then/],
  ])('would take %s %j', async (field, wanted, decided, collision) => {
    const answer = await edit(field, wanted);
    expect(answer).toMatchObject({ field, reason: null, ...decided });
    expect(answer.collision).toMatch(collision);
    expect(answer.sentence).toMatch(decided.decision === 'propose' ? /approval/ : /would be written/);
  });

  it.each<[string, unknown]>([
    ['website', 'HTTPS://Before.example/'],
    ['capabilities', ['repair', 'install', 'repair']],
    ['vatNumber', 'DE1'],
    ['phone', '442079460018'],
  ])('finds that %s is %j already', async (field, wanted) => {
    expect(await edit(field, wanted)).toMatchObject({ decision: 'already', rule: 'D1', collision: null });
  });

  it.each<[string, unknown, string, string | null]>([
    ['creditLimit', '200', 'not-yours-to-change', 'D2'],
    ['billingEmail', '', 'required', 'D2'],
    ['billingEmail', 'nobody', 'not-an-email', null],
    ['capabilities', ['repair', 'flying'], 'not-an-option', 'D2'],
    ['capabilities', ['repair;audit'], 'not-an-option', null],
    ['employees', 'a dozen', 'not-a-number', null],
    ['website', ['https://a.example'], 'one-value-only', null],
    ['phone', '+44 20 7946 0018 ext. 5', 'not-a-phone', null],
    ['internalRisk', 'low', 'no-such-field', null],
    ['credit_limit', '200', 'no-such-field', null],
    ['__proto__', 'x', 'no-such-field', null],
    ['constructor', 'x', 'no-such-field', null],
    ['toString', null, 'no-such-field', null],
  ])('would refuse %s %j: %s', async (field, wanted, reason, rule) => {
    expect(await edit(field, wanted)).toMatchObject({
      ...{ field, decision: 'refuse', reason, rule, collision: null },
      sentence: expect.stringMatching(/^It would be refused: .*\.$/) as string,
    });
  });

  it('would refuse what the CRM lets nobody write', async () => {
    const property = sim.world.state.data.properties.get('0-2')!.get('city')!;
    property.readOnlyValue = true;
    expect(await edit('city', 'Bergen')).toMatchObject({ decision: 'refuse', reason: 'property-read-only' });
    // What nobody may write may well stand there.
    expect((await check(firm())).fields.find(({ name }) => name === 'city')).toMatchObject({ fits: true });
    property.readOnlyValue = false;
  });

  it('judges an edit by the audience it is asked for', async () => {
    const partner = { audience: 'partner' };
    expect(await edit('deliveryNotes', 'Knock', partner)).toMatchObject({ decision: 'write' });
    expect(await edit('website', 'not an address', partner)).toMatchObject({ reason: 'not-yours-to-change' });
    expect(await edit('billingEmail', 'a@b.example', partner)).toMatchObject({ reason: 'no-such-field' });
    const deal = { object: 'deal', objectId: made.deals[0]!, edits: { poNumber: 'PO 1' } };
    expect((await check(deal)).edits).toMatchObject([{ decision: 'write' }]);
    expect((await check({ ...deal, ...partner })).edits).toMatchObject([{ reason: 'no-such-field' }]);
  });

  it('knows what only an action may set', async () => {
    const quote = { object: 'quote', objectId: made.quotes[0]!, edits: { decision: 'approved' } };
    expect((await check(quote)).edits).toMatchObject([{ decision: 'refuse', reason: 'not-yours-to-change' }]);
  });

  it('says that a phone number without its country was taken as it stands', async () => {
    expect((await edit('phone', '0171 5551234')).sentence).toContain('as it stands');
    expect((await edit('phone', '+49 171 5551234')).sentence).not.toContain('as it stands');
  });

  it('writes nothing', async () => {
    const before = sim.calls.since(0).length;
    await edit('website', 'https://after.example');
    const methods = sim.calls
      .since(0)
      .slice(before)
      .map((call) => call.method);
    expect(methods).toEqual(['GET', 'GET']);
  });

  it.each<[string, unknown]>([
    ['edits that are a list', { edits: ['website'] }],
    ['an edit that is an object', { edits: { website: { a: 1 } } }],
    ['an edit that is a list of numbers', { edits: { capabilities: [1] } }],
    ['too many edits', { edits: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`f${n}`, 1])) }],
    ['an unknown audience', { audience: 'competitor' }],
    ['staff, who are no audience', { audience: 'staff' }],
    ['__proto__ as an audience', { audience: '__proto__' }],
    ['an audience that is a number', { audience: 1 }],
  ])('refuses %s', async (_what, more) => {
    expect(await run('check_record', { ...firm(), ...(more as object) })).toMatchObject({
      ok: false,
      code: 'bad-request',
    });
  });
});

describe('nudge', () => {
  it('has the service’s own route make the record due', async () => {
    const database = await createTestDatabase();
    const hubId = toHubId(ACCOUNT);
    const db = openDatabase(database.url, hubId, () => undefined);
    await db
      .insertInto('hubs')
      .values({
        ...{ hub_id: hubId, app_id: '1', time_zone: 'UTC', connected_at: new Date() },
        type_ids: JSON.stringify({ installed_site: '2-77' }),
      })
      .execute();
    const router = nudgeRouter({ db, signals: createSignals(), now: Date.now, hubId, secrets: [SECRET] });
    const log = pino({ level: 'silent' });
    const app = createApp({ routers: [router], log, ready: () => Promise.resolve(true) });
    const service = await listen((req, res) => void app(req, res));
    await secrets({ TALLYSTICK_NUDGE_SECRET: SECRET, TALLYSTICK_BACKEND_URL: `${service.url}/` });
    expect(await run<NudgeAnswer>('nudge', { objectTypeId: '0-2', objectId: 41, hubId: ACCOUNT })).toEqual({
      ...{ ok: true, queued: true },
      sentence: 'Tallystick looks at the record now.',
    });
    expect(await run('nudge', { object: '2-77', objectId: '5' })).toMatchObject({ ok: true });
    const due = await db.selectFrom('due').select(['object', 'record_id']).orderBy('object').execute();
    expect(due).toEqual([
      { object: 'company', record_id: '41' },
      { object: 'site', record_id: '5' },
    ]);
    expect(await run('nudge', { object: '2-78', objectId: '5' })).toMatchObject({ code: 'unknown-object' });
    expect(await run('nudge', { ...firm(), hubId: 8 })).toMatchObject({ code: 'not-configured' });
    const other = `whsec_${Buffer.alloc(32).toString('base64')}`;
    await secrets({ TALLYSTICK_NUDGE_SECRET: other, TALLYSTICK_BACKEND_URL: service.url });
    expect(await run('nudge', firm())).toMatchObject({ ok: false, code: 'not-configured' });
    await service.close();
    await db.destroy();
    await database.drop();
  });

  it('signs each request anew, and sends nothing but what to look at', async () => {
    const sent: { headers: NodeJS.Dict<string | string[]>; body: Buffer }[] = [];
    const service = await listen((req, res) => {
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        sent.push({ headers: req.headers, body: Buffer.concat(parts) });
        res.writeHead(202).end();
      });
    });
    await secrets({
      ...{ TALLYSTICK_NUDGE_SECRET: SECRET, TALLYSTICK_BACKEND_URL: service.url },
      PRIVATE_APP_ACCESS_TOKEN: 'the-token',
    });
    for (let n = 0; n < 2; n += 1)
      await well('nudge', { object: 'contacts', objectId: '5', userId: 3, userEmail: 'a@b.example' });
    expect(sent.map(({ body }) => body.toString())).toEqual(
      Array(2).fill('{"object":"contact","recordId":"5"}'),
    );
    expect(JSON.stringify(sent)).not.toContain('the-token');
    for (const { headers, body } of sent) {
      const [id, timestamp] = [headers['webhook-id'], headers['webhook-timestamp']];
      const signed = { id, timestamp, signature: headers['webhook-signature'], body };
      expect(verifyWebhook(signed, [webhookKey(SECRET)], Date.now())).toEqual({ ok: true });
    }
    expect(sent[0]?.headers['webhook-id']).not.toBe(sent[1]?.headers['webhook-id']);
    await service.close();
  });

  it.each([
    [404, 'not-configured'],
    [429, 'too-many-calls'],
    [503, 'no-answer'],
    [200, 'unexpected'],
    [307, 'no-answer'],
  ])('answers a typed refusal where the service answers %i', async (code, refusal) => {
    const service = await listen((_req, res) => res.writeHead(code, { location: sim.url }).end());
    await secrets({ TALLYSTICK_NUDGE_SECRET: SECRET, TALLYSTICK_BACKEND_URL: service.url });
    expect(await run('nudge', firm())).toMatchObject({ ok: false, code: refusal });
    await service.close();
  });

  it.each<[string, Record<string, string>]>([
    ['no settings', {}],
    ['no secret', { TALLYSTICK_BACKEND_URL: 'https://sync.example.com' }],
    ['no address', { TALLYSTICK_NUDGE_SECRET: SECRET }],
    [
      'a secret of another form',
      { TALLYSTICK_BACKEND_URL: 'https://a.example', TALLYSTICK_NUDGE_SECRET: 'x' },
    ],
    [
      'a secret cut short',
      { TALLYSTICK_BACKEND_URL: 'https://a.example', TALLYSTICK_NUDGE_SECRET: 'whsec_A' },
    ],
    [
      'an address of another kind',
      { TALLYSTICK_BACKEND_URL: 'file:///etc', TALLYSTICK_NUDGE_SECRET: SECRET },
    ],
  ])('says so where it has %s', async (_what, values) => {
    await secrets(values);
    expect(await run('nudge', firm())).toMatchObject({ ok: false, code: 'not-configured' });
  });

  it.each<[string, unknown, string]>([
    ['no record', { object: 'contact' }, 'bad-request'],
    ['a hub that is none', { ...{ object: 'contact', objectId: '1' }, hubId: 'x' }, 'bad-request'],
    ['a type without rules', { object: '0-7', objectId: '1' }, 'unknown-object'],
    ['__proto__ as an object', { object: '__proto__', objectId: '1' }, 'unknown-object'],
  ])('refuses %s', async (_what, parameters, code) => {
    await secrets({ TALLYSTICK_NUDGE_SECRET: SECRET, TALLYSTICK_BACKEND_URL: 'http://127.0.0.1:1' });
    expect(await run('nudge', parameters)).toMatchObject({ ok: false, code });
  });

  it('says when the service cannot be reached', async () => {
    await secrets({ TALLYSTICK_NUDGE_SECRET: SECRET, TALLYSTICK_BACKEND_URL: 'http://127.0.0.1:1' });
    expect(await run('nudge', firm())).toMatchObject({ ok: false, code: 'no-answer' });
  });
});

async function listen(
  answer: Parameters<typeof createServer>[1],
): Promise<{ url: string; close: () => Promise<void> }> {
  const server: Server = createServer(answer ?? silent);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
