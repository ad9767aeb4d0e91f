/** Many hubs on one database, served by web and worker processes, each with signals of its own. */
import { request, type IncomingMessage } from 'node:http';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordId, type HubId } from '@tallystick/shared/ids';
import { sign } from '../../backend/hubspot/signature.ts';
import type { HubsService } from '../../backend/hubs/serve.ts';
import { eventually } from '../harness/eventually.ts';
import {
  changeCity,
  newKey,
  PUBLIC_URL,
  startHubs,
  webhook,
  type Hubs,
  type OneHub,
} from '../harness/hubs.ts';
import { asOwner } from '../harness/postgres.ts';

let hubs: Hubs;
let web: HubsService;
let first: HubsService;
let second: HubsService;
let one: OneHub;
let two: OneHub;

beforeAll(async () => {
  hubs = await startHubs(4);
  [one, two] = [hubs.hubs[0]!, hubs.hubs[1]!];
  for (const hub of hubs.hubs) expect((await hubs.add(hub)).complaints).toBe('');
  web = await hubs.serve('web');
  first = await hubs.serve('worker');
});
afterAll(() => hubs.close());

const ids = (): HubId[] => hubs.hubs.map(({ hubId }) => hubId);
const mirrored = async ({ db, hubId, company }: OneHub): Promise<string | null | undefined> => {
  const row = await db
    .selectFrom('mirror')
    .select('fields')
    .where('hub_id', '=', hubId)
    .where('object', '=', 'company')
    .where('record_id', '=', recordId(company))
    .executeTakeFirst();
  return row?.fields.city?.[0];
};

interface Asked {
  host?: string;
  token?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}
async function ask(path: string, { host = 'elsewhere.example', token, ...more }: Asked = {}) {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const res = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { host, ...authorization, ...more.headers };
    request(`${web.url}${path}`, { method: more.method ?? 'GET', headers }, resolve)
      .on('error', reject)
      .end(more.body);
  });
  let text = '';
  for await (const chunk of res) text += String(chunk);
  return { status: res.statusCode, headers: res.headers, text };
}

async function openStream({ host, token }: OneHub): Promise<{ text: () => string; close: () => void }> {
  let text = '';
  const req = request(`${web.url}/portal/v1/stream`, { headers: { host, authorization: `Bearer ${token}` } });
  req.on('response', (res: IncomingMessage) => res.on('data', (chunk: Buffer) => (text += chunk.toString())));
  req.on('error', () => undefined).end();
  await eventually(() => text.includes('id:'), 'the stream has its place');
  return { text: () => text, close: () => req.destroy() };
}

describe('hubs of the directory', () => {
  it('are read from nothing by the one worker there is; a web process answers only how it is, and for no hub calls HubSpot', async () => {
    await eventually(() => first.speaksFor().length === 4, 'the worker speaks for every hub');
    for (const hub of hubs.hubs)
      await eventually(async () => (await mirrored(hub)) === 'Ulm', 'mirrored', 20_000);
    expect(web.speaksFor()).toEqual([]);
    for (const { url } of [web, first]) {
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    }
    expect((await fetch(`${first.url}/portal/v1/me`)).status).toBe(404);
    expect((await fetch(`${first.url}/webhooks/hubspot`, { method: 'POST' })).status).toBe(404);
  });

  it('are shared when another worker joins, and taken within a second when one is gone', async () => {
    second = await hubs.serve('worker');
    const spoken = (): number[] => [first, second].map((worker) => worker.speaksFor().length);
    await eventually(() => spoken().join() === '2,2', 'each holds its share');
    expect([...first.speaksFor(), ...second.speaksFor()].sort()).toEqual(ids().sort());
    const lost = second.speaksFor();
    await second.close();
    const at = Date.now();
    await eventually(() => lost.every((hub) => first.speaksFor().includes(hub)), 'the other one took them');
    expect(Date.now() - at).toBeLessThan(1_500);
    second = await hubs.serve('worker');
    await eventually(() => spoken().join() === '2,2', 'each holds its share again');
  });

  it('hear across processes at once: a webhook to a web process is applied by a worker, and told to a stream of the web process', async () => {
    const took: number[] = [];
    for (const hub of [one, two]) {
      const stream = await openStream(hub);
      for (const n of [1, 2, 3]) {
        const value = `Heard ${hub.hubId} ${n}`;
        const at = Date.now();
        expect((await changeCity(web, hub, value)).status).toBe(200);
        await eventually(() => stream.text().includes(value), 'the stream tells it');
        took.push(Date.now() - at);
        expect(await mirrored(hub)).toBe(value);
      }
      stream.close();
    }
    // Two seconds pass until a worker looks by itself, one until a stream does: half a second, three times, is no chance.
    expect(took.filter((ms) => ms < 500).length, String(took)).toBeGreaterThanOrEqual(3);
  });

  it('have an edit in a web process written at once by a worker elsewhere, and its receipt proven', async () => {
    const read = await ask(`/portal/v1/records/contact/${one.contact}`, { host: one.host, token: one.token });
    const answer = await ask(`/portal/v1/records/contact/${one.contact}`, {
      ...{ host: one.host, token: one.token, method: 'PATCH', body: '{"fields":{"firstName":"Augusta"}}' },
      headers: {
        'content-type': 'application/json',
        'idempotency-key': 'across-processes',
        'if-match': (JSON.parse(read.text) as { version: string }).version,
        prefer: 'wait=10',
      },
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(JSON.parse(answer.text)).toMatchObject({ state: 'verified' });
    expect(one.sim.world.value('contacts', one.contact, 'firstname')).toBe('Augusta');
  });

  it('are chosen by the portal’s address, or by the token where no portal has it; a foreign token opens nothing', async () => {
    const me = (asked: Asked) => ask('/portal/v1/me', asked);
    expect((await me({ host: one.host, token: one.token })).status).toBe(200);
    expect((await me({ token: two.token })).status).toBe(200);
    expect((await me({ host: two.host.toUpperCase(), token: two.token })).status).toBe(200);
    for (const host of [two.host, two.host.toUpperCase()])
      expect((await me({ host, token: one.token })).status).toBe(401);
    const nobody = await me({ token: one.token.replace(/_\d+_/, '_999_') });
    const wrong = await me({ host: one.host, token: `${one.token}x` });
    const said = ({ text }: { text: string }) => text.replace(/urn:uuid:[^"]*/, '');
    expect([nobody.status, said(nobody)]).toEqual([401, said(wrong)]);
    expect((await ask('/', { headers: { accept: 'text/html' } })).status).toBe(404);
  });

  it('tell nothing of hubs that are not there: the desk, a nudge and the intake answer alike for an unknown hub and a wrong secret', async () => {
    const desk = (portalId: string, secret: string) => {
      const query = `portalId=${portalId}&userId=7&userEmail=a%40b.example&appId=${one.sim.appId}`;
      const path = `/desk/v1/health?${query}`;
      const at = Date.now();
      const signature = sign(secret, 'GET', `${PUBLIC_URL}${path}`, Buffer.alloc(0), at);
      return ask(path, {
        headers: { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(at) },
      });
    };
    const { hubId, sim } = one;
    expect(await desk(hubId, sim.clientSecret)).toMatchObject({ status: 200 });
    const refused = await Promise.all([
      desk('999', sim.clientSecret),
      desk(hubId, 'x'),
      desk(two.hubId, sim.clientSecret),
    ]);
    for (const { status, text } of refused) expect([status, text]).toEqual([401, refused[1].text]);

    const nudge = (named: string) =>
      ask('/desk/v1/nudge', {
        method: 'POST',
        body: JSON.stringify({ hubId: named, object: 'contact', recordId: one.contact }),
        headers: {
          'content-type': 'application/json',
          ...{ 'webhook-id': 'm', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) },
          'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
        },
      });
    const [unknown, known] = [await nudge('999'), await nudge(hubId)];
    expect([unknown.status, unknown.text]).toEqual([401, known.text]);

    const texts = await Promise.all(
      [
        webhook(web, one, 'x', { secret: 'x' }),
        webhook(web, one, 'x', { portalIds: [999] }),
        webhook(web, one, 'x', { secret: two.sim.clientSecret }),
        // An app may not speak of another app's hub, not even beside its own.
        webhook(web, one, 'x', { portalIds: [sim.hubId, two.sim.hubId] }),
      ].map(async (answer) => `${(await answer).status} ${await (await answer).text()}`),
    );
    expect(texts[0]).toContain('401');
    expect(new Set(texts).size).toBe(1);
  });

  it('are not spoken for with a token that is another hub’s, however it came into the directory', async () => {
    const hub = hubs.hubs[3]!;
    const before = await mirrored(hub);
    await hubs.add(hub, { HUBSPOT_ACCESS_TOKEN: two.sim.accessToken, HUBSPOT_BASE_URL: two.sim.url });
    await eventually(() => [...first.speaksFor(), ...second.speaksFor()].length === 3, 'it was let go');
    two.sim.world.update(
      'companies',
      two.company,
      { city: 'Elsewhere' },
      { sourceType: 'CRM_UI', sourceId: 'userId:7' },
    );
    await changeCity(web, hub, 'Stored meanwhile');
    expect(await mirrored(hub)).toBe(before);
    await hubs.add(hub);
    await eventually(async () => (await mirrored(hub)) === 'Stored meanwhile', 'it is spoken for again');
  });

  it('are served and not served any more without a restart', async () => {
    const hub = hubs.hubs[2]!;
    const me = () => ask('/portal/v1/me', { host: hub.host, token: hub.token });
    expect((await hubs.tally(['hub', 'remove', hub.hubId])).code).toBe(0);
    await eventually(async () => (await me()).status === 401, 'its portal is closed');
    const spoken = (): HubId[] => [...first.speaksFor(), ...second.speaksFor()];
    await eventually(() => !spoken().includes(hub.hubId), 'nobody speaks for it');
    await hubs.add(hub);
    await eventually(async () => (await me()).status === 200, 'its portal is open');
    await eventually(() => spoken().includes(hub.hubId), 'somebody speaks for it');
  });

  it('share connections: their number does not grow with the hubs, and none is left bound to another’s rows', async () => {
    const owner = asOwner(hubs.database.url);
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(owner);
    // Three processes: a pool of at most 16 and 4 of their own each; a lease a hub; the test's own.
    expect(rows[0]!.count).toBeLessThan(3 * 20 + 4 + 12);
    await owner.destroy();
  });
});

describe('the directory’s secrets', () => {
  it('lie sealed in the database, bound to their place, and nobody at the door can read them', async () => {
    const owner = asOwner(hubs.database.url);
    const { rows } = await sql<Record<string, string>>`select * from directory order by hub_id`.execute(
      owner,
    );
    const text = JSON.stringify(rows);
    expect(text).not.toMatch(/pat-of-hub|client-secret-of-hub/);
    expect(rows[0]!.access_token).toMatch(/^k1\.[\w-]{40,}$/);
    expect((await hubs.tally(['hub', 'list'])).out).toContain(`${one.hubId}  app ${one.sim.appId}`);
    const door = owner.transaction().execute(async (trx) => {
      await sql`set local role tallystick_door`.execute(trx);
      await sql`select hub_id, portal_url from directory`.execute(trx);
      await sql`select access_token from directory`.execute(trx);
    });
    await expect(door).rejects.toThrow('permission denied');
    // Moved to another hub's row a sealed value does not open, and that hub is not served.
    await sql`update directory set client_secrets = ${rows[1]!.client_secrets}, version = version + 1
      where hub_id = ${one.hubId}::bigint`.execute(owner);
    const me = () => ask('/portal/v1/me', { host: one.host, token: one.token });
    await eventually(async () => (await me()).status === 401, 'it is not served');
    await hubs.add(one);
    await eventually(async () => (await me()).status === 200, 'it is served again');
    await owner.destroy();
  });

  it('are sealed anew by `tally hub rotate`, while they are served; then the old key opens nothing and is not needed', async () => {
    const both = `k2:${newKey()},${hubs.env.TALLYSTICK_KEYS!}`;
    const rotated = await hubs.tally(['hub', 'rotate'], { env: { TALLYSTICK_KEYS: both } });
    expect(rotated).toMatchObject({ code: 0, complaints: '' });
    expect(rotated.out).toContain('4 hubs anew');
    const { out } = await hubs.tally(['hub', 'list', '--json']);
    expect(out.split('\n').map((line) => (JSON.parse(line) as { keys: string[] }).keys)).toEqual(
      Array(4).fill(['k2']),
    );
    expect((await hubs.tally(['hub', 'rotate'])).complaints).toContain(
      'key "k2", which TALLYSTICK_KEYS does not hold',
    );
    expect((await ask('/portal/v1/me', { host: one.host, token: one.token })).status).toBe(200);
    hubs.env.TALLYSTICK_KEYS = both.split(',')[0]!;
    const later = await hubs.serve('all');
    await eventually(() => later.speaksFor().length > 0, 'a process with the new key alone takes its share');
    await later.close();
  });

  it.each([
    [['hub', 'add', '24710001', 'pat-secret'], {}, 'secrets come from the environment or --stdin'],
    [['hub', 'add', 'mine'], {}, '"mine" is not a hub id'],
    [['hub', 'add', '24710001'], {}, 'HUBSPOT_ACCESS_TOKEN is missing; HUBSPOT_CLIENT_SECRET is missing'],
    [['hub', 'add', '--stdin', '24710001'], { input: 'pat-secret' }, 'Line 1 is not NAME=value'],
    [['hub', 'list'], { env: { TALLYSTICK_KEYS: 'k1:short' } }, ''],
    [['hub', 'rotate'], { env: { TALLYSTICK_KEYS: 'k1:short' } }, 'TALLYSTICK_KEYS is not a list of'],
    [['hub', 'fly'], {}, 'Usage: tally hub'],
  ])('answer %j %j with one sentence and no secret', async (words, more, sentence) => {
    const { complaints } = await hubs.tally(words, more);
    expect(complaints).toContain(sentence);
    expect(complaints).not.toContain('pat-secret');
  });

  it('refuse two hubs at one portal address', async () => {
    const { complaints } = await hubs.add({ ...two, host: one.host });
    expect(complaints).toContain(`is the portal of hub ${one.hubId} already`);
  });
});
