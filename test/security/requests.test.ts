/** One service, and what a stranger or a customer can send to it over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../backend/log.ts';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP } from '../harness/whole.ts';
import { fuzz, type OpenApi } from './fuzz.ts';
import { HOSTILE_NAMES, HOSTILE_VALUES } from './hostile.ts';
import { say, startTarget, type Answer, type Sending, type Target } from './kit.ts';

const SEED = Number(process.env.TALLYSTICK_SECURITY_SEED ?? 1);
const FUZZED = Number(process.env.TALLYSTICK_SECURITY_FUZZED ?? 300);
const FOREIGN = 'FOREIGNMARK';

let target: Target;
let token: string;
let lines = '';
beforeAll(async () => {
  target = await startTarget({
    overrides: {
      log: openLog('warn', { write: (line) => void (lines += line) }),
      server: { strikesPerMinute: 1e6 },
      limits: { requestsPerMinute: 1e6, writesPerMinute: 1e6, signInsPerMinute: 1e6, freshWaitMs: 20 },
    },
  });
  const { whole } = target;
  token = await whole.token(whole.ids.ada, 'direct');
  whole.sim.world.update('companies', whole.ids.beta, { name: FOREIGN }, REP);
  whole.sim.world.update('tickets', whole.ids.foreign, { subject: FOREIGN }, REP);
  const other = await whole.token(whole.ids.cleo, 'direct');
  await eventually(async () => {
    const { body } = await whole.call(other, 'GET', `/records/ticket/${whole.ids.foreign}`);
    return JSON.stringify(body).includes(FOREIGN);
  }, 'what is others’ is marked');
});
afterAll(() => target.close());

const asked = (path: string, sending: Sending = {}): Promise<Answer> =>
  target.raw(`/portal/v1${path}`, {
    ...sending,
    headers: { authorization: `Bearer ${token}`, ...sending.headers },
  });
const json = { 'content-type': 'application/json' };
const change = (body: string | Uint8Array, headers: Sending['headers'] = {}): Promise<Answer> =>
  asked(`/records/company/${target.whole.ids.acme}`, {
    ...{ method: 'PATCH', body },
    headers: { ...json, ...freshKey(), 'if-match': 'j1', ...headers },
  });
const expectProblem = (answer: Answer, status: number, code: string): void => {
  expect(answer).toMatchObject({ status, json: { status, code } });
  expect(answer.headers['content-type']).toContain('application/problem+json');
};

describe('hostile names', () => {
  it('as a field, an object, a parameter, an action, a creation are told to be unknown, and reach no prototype', async () => {
    const wrong: string[] = [];
    const look = (what: string, { status, text }: Answer): void => {
      if (status < 400 || status >= 500 || !text.includes('"code"'))
        wrong.push(`${what}: ${status} ${text.slice(0, 80)}`);
    };
    const attack = async (name: string): Promise<void> => {
      const key = JSON.stringify(name);
      const path = encodeURIComponent(name.toWellFormed()).slice(0, 3_000);
      const made = { ...json, ...freshKey() };
      const act = `/records/quote/1/actions/${path}`;
      const [field, member, object, id, action, creation, source, provider, query] = await Promise.all([
        change(`{"fields":{${key}:"x"}}`),
        change(`{"fields":{"city":"x"},${key}:{"polluted":1}}`),
        asked(`/records/${path}/1`),
        asked(`/records/company/${path}`),
        asked(act, { method: 'POST', headers: freshKey() }),
        asked(`/creations/${path}`, { method: 'POST', body: '{}', headers: made }),
        asked(`/sources/${path}`),
        asked(`/sign-in/with/${path === '' ? 'x' : path}/callback`),
        asked(`/records/company?${path}=1&${path}=2`),
      ]);
      const each = { field, member, object, id, action, creation, source, provider };
      for (const [what, answer] of Object.entries(each)) look(`${what} ${key}`, answer);
      if (query.status >= 500 || query.text.includes(FOREIGN))
        wrong.push(`parameter ${key}: ${query.status}`);
    };
    for (const name of HOSTILE_NAMES) await attack(name);
    // An empty name is an address of its own.
    expect(wrong.filter((line) => !/^(object|id|creation|source) ""/.test(line))).toEqual([]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    for (const twice of [
      'limit=5&limit=6',
      'after=1&after=2',
      'on=ticket:1&on=ticket:2',
      'limit[]=5',
      'limit[__proto__]=5',
    ])
      expect((await asked(`/records/company?${twice}`)).status).toBeLessThan(500);
    expectProblem(await asked('/records/company?limit=5&limit=6'), 400, 'bad-request');
  }, 60_000);

  it('as values of the CRM’s records, of its title and of a field, do no harm and are shown as they are', async () => {
    const { sim, ids } = target.whole;
    sim.world.update('companies', ids.acme, { name: '__proto__', city: 'constructor' }, REP);
    await eventually(
      async () =>
        JSON.stringify((await asked(`/records/company/${ids.acme}`)).json).includes('"constructor"'),
      'told',
    );
    const { json: body } = await asked('/records/company');
    expect(JSON.stringify(body)).toContain('"title":"__proto__"');
  });

  it('at the desk are refused with a sentence', async () => {
    for (const name of HOSTILE_NAMES.slice(0, 24)) {
      const answer = await target.desk('/desk/v1/record', {
        query: { objectType: name.toWellFormed(), recordId: name.toWellFormed() },
      });
      expect(answer).toMatchObject({
        status: 200,
        json: { ok: false, sentence: expect.any(String) as string },
      });
      const why = await target.desk('/desk/v1/why', {
        query: { objectType: '0-2', recordId: target.whole.ids.acme, field: name.toWellFormed() },
      });
      expect(why).toMatchObject({ status: 200, json: { ok: false } });
    }
  });
});

describe('hostile values of the CRM', () => {
  it('go through the portal’s API as data: as JSON, never sniffed, byte for byte what the CRM’s mirror holds', async () => {
    const { sim, ids } = target.whole;
    for (const value of HOSTILE_VALUES) {
      sim.world.update('companies', ids.acme, { delivery_notes: `${value}§` }, REP);
      const shown = `${value}§`
        .toWellFormed()
        .replaceAll('\0', '')
        .normalize('NFC')
        .replace(/\r+\n/g, '\n')
        .trim();
      const answer = await eventually(
        async () => {
          const one = await asked(`/records/company/${ids.acme}`);
          const { fields } = one.json as { fields: Record<string, { value: string }> };
          return fields.deliveryNotes?.value === shown ? one : undefined;
        },
        `it is shown: ${value.slice(0, 40)}`,
      );
      expect(answer.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-content-type-options': 'nosniff',
      });
    }
  }, 60_000);

  it('in the name and the type of a document cannot split or bend the headers of its download', async () => {
    const { sim } = target.whole;
    const file = await uploaded('harmless.txt', 'harmless text');
    for (const [index, [name, type]] of [
      ['a\r\nSet-Cookie: owned=1\r\n\r\n<script>.html', 'text/html\r\nX-Owned: 1'],
      ['x"; filename="evil.html', 'text/html; charset=utf-7'],
      ['\u202egpj.exe%0d%0a', 'Ä/\u0000'],
      [`../../${'ä'.repeat(2_000)}.txt`, 'image/svg+xml'],
    ].entries()) {
      sim.world.update('notes', file, { portal_file_name: `${index}n${name}`, portal_file_type: type }, REP);
      await eventually(async () => {
        const one = await asked(`/records/note/${file}`);
        return JSON.stringify(one.json).includes(`"${index}n`);
      }, 'the name is told');
      const answer = await asked(`/records/note/${file}/file`);
      expect(answer.status).toBe(200);
      expect(answer.text).toBe('harmless text');
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['x-owned']).toBeUndefined();
      expect(answer.headers['content-disposition']).toMatch(
        /^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.%~!#$&+^`|-]*$/,
      );
      expect(answer.headers).toMatchObject({
        'content-security-policy': "default-src 'none'; sandbox",
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      expect(answer.headers['content-type']).not.toMatch(/html|svg|xml|script/);
    }
  });

  /** The id of the note that holds the document. */
  async function uploaded(name: string, text: string): Promise<string> {
    const { whole } = target;
    const made = await whole.call(token, 'POST', '/uploads', { body: { name, size: text.length } });
    const { uploadId } = made.body as unknown as { uploadId: string };
    await whole.call(token, 'PATCH', `/uploads/${uploadId}`, {
      bytes: Buffer.from(text),
      headers: { 'upload-offset': '0' },
    });
    const body = { fields: {}, on: { object: 'ticket', id: whole.ids.ticket }, uploadId };
    const asked = await whole.call(token, 'POST', '/creations/uploadDocument', { body, headers: freshKey() });
    const receipt = await whole.settled(token, asked.body.editId);
    expect(receipt.state).toBe('verified');
    return receipt.id ?? '';
  }
});

describe('the routes of the OpenAPI document', () => {
  it('asked wrongly in every place never fail, never tell of others or of the inside, and say what is wrong', async () => {
    const document = (await asked('/openapi.json')).json as unknown as OpenApi;
    const { ids } = target.whole;
    const tokens = [
      token,
      await target.whole.token(ids.pia, 'partner'),
      await target.whole.token(ids.bob, 'direct'),
    ];
    const facts = { seed: SEED, document, tokens, ids: Object.values(ids).flat(), foreign: FOREIGN };
    const done = await fuzz({ ...facts, raw: target.raw }, (count) => count < FUZZED);
    const answers = JSON.stringify(done.statuses);
    say(
      `Seed ${SEED}: ${done.asked} wrong requests over ${done.routes.size} routes, ${done.wrong.length} wrongly answered: ${answers}.`,
    );
    expect(done.wrong.slice(0, 5)).toEqual([]);
    expect(done.routes.size).toBe(Object.values(document.paths).flatMap(Object.keys).length);
    // The generator does not only meet the first hurdle.
    for (const status of ['200', '202', '400', '401', '404', '422'])
      expect(done.statuses).toHaveProperty(status);
    expect(lines).not.toContain('A request failed.');
  }, 60_000);
});
