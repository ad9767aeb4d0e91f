/** HubSpot's webhooks journal as a port: its token, its files, its subscriptions, over real HTTP. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  neededJournalSubscriptions,
  subscriptionChanges,
} from '../../backend/hubspot/journalSubscriptions.ts';
import { BATCH_FILES, openWebhooksJournal } from '../../backend/hubspot/webhooksJournal.ts';

const TOKEN_LIFE_S = 1_800;
const BATCH_MAX_FILES = 100; // docs
const PUBLISHED = Date.UTC(2026, 10, 28, 10);
const TOO_MANY_BYTES = 100_000_001;

type Reply = [status: number, body?: unknown];

describe('the webhooks journal as a port', () => {
  let server: Server;
  let url: string;
  let at: number;
  /** Method and path with what was sent besides: the secret, or the token. */
  let asked: string[];
  let tokens: (secret: string) => Reply;
  let answer: (path: string, token: string | undefined, sent: string) => Reply;
  let file: (req: IncomingMessage, res: ServerResponse) => void;

  beforeAll(async () => {
    server = createServer((req, res) => {
      const { method = '', url: path = '', headers } = req;
      if (path.startsWith('/file')) return file(req, res);
      void text(req).then((sent) => {
        const isToken = path.endsWith('/token');
        const by = isToken ? (new URLSearchParams(sent).get('client_secret') ?? '') : headers.authorization;
        asked.push(`${method} ${path} ${by ?? ''}`);
        const [status, body] = isToken ? tokens(by ?? '') : answer(path, by, sent);
        res.writeHead(status).end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    at = 1_000_000;
    asked = [];
    let made = 0;
    tokens = () => [200, { access_token: `t${(made += 1)}`, expires_in: TOKEN_LIFE_S }];
    answer = () => [204];
  });

  const open = (clientSecrets: string[] = ['new']) =>
    openWebhooksJournal({ baseUrl: url, clientId: 'id', clientSecrets, now: () => at });
  const tokensMade = (): string[] =>
    asked.flatMap((line) => (line.includes('/token ') ? (line.split(' ')[2] ?? '') : []));

  it('reads from the earliest file, then after an offset as it was told; 204 is nothing new', async () => {
    const journal = open();
    answer = (path) =>
      path.includes('earliest') ? [200, { results: [{ url: `${url}/file`, currentOffset: 'a/b' }] }] : [204];
    expect(await journal.filesAfter(null)).toMatchObject({
      value: [{ url: `${url}/file`, offset: 'a/b' }],
    });
    expect(await journal.filesAfter('a/b')).toMatchObject({ ok: true, value: [] });
    const batch = '/webhooks-journal/journal/2026-09/batch';
    expect(asked.slice(1)).toEqual([
      `GET ${batch}/earliest/${BATCH_FILES} Bearer t1`,
      `GET ${batch}/a%2Fb/next/${BATCH_FILES} Bearer t1`,
    ]);
    expect(BATCH_FILES).toBeLessThanOrEqual(BATCH_MAX_FILES);
  });

  it('makes its token anew a minute before its end, and not for each call', async () => {
    const journal = open();
    for (const afterMs of [0, (TOKEN_LIFE_S - 61) * 1_000, 1_000, 1_000]) {
      at += afterMs;
      await journal.filesAfter(null);
    }
    expect(asked.map((line) => line.split(' ').at(-1))).toEqual(['new', 't1', 't1', 'new', 't2', 't2']);
  });

  it('makes a token anew that is not taken any more, once, and none for want of a scope', async () => {
    const journal = open();
    answer = (_, token) => [token === 'Bearer t1' ? 401 : 204];
    expect(await journal.filesAfter(null)).toMatchObject({ failure: { is: 'barred', code: 'token' } });
    expect(tokensMade()).toHaveLength(1); // a fresh one that is refused will not be better a second time
    expect(await journal.filesAfter(null)).toMatchObject({ ok: true, value: [] });
    answer = () => [401];
    expect(await journal.filesAfter(null)).toMatchObject({ failure: { is: 'barred', code: 'token' } });
    expect(tokensMade()).toHaveLength(3);
    tokens = () => [503];
    expect(await journal.filesAfter(null)).toMatchObject({ failure: { is: 'ambiguous' } });
    answer = () => [403];
    expect(await journal.filesAfter(null)).toMatchObject({ failure: { is: 'barred', code: 'scope' } });
    expect(tokensMade()).toHaveLength(4);
  });

  it.each<[string, Record<string, number>, string[], object]>([
    ['the older secret where the newer is refused', { new: 400, old: 200 }, ['new', 'old'], { ok: true }],
    ['no other secret where there were too many calls', { new: 429, old: 200 }, ['new'], { ok: false }],
    ['no other secret where nobody answered', { new: 503, old: 200 }, ['new'], { ok: false }],
    [
      'every secret, and says what came of the last',
      { new: 400, old: 401 },
      ['new', 'old'],
      { failure: { is: 'barred' } },
    ],
  ])('tries %s', async (_, statuses, tried, came) => {
    tokens = (secret) => [statuses[secret] ?? 500, { access_token: 't1', expires_in: TOKEN_LIFE_S }];
    expect(await open(['new', 'old']).filesAfter(null)).toMatchObject(came);
    expect(tokensMade()).toEqual(tried);
  });

  it('reads a file by its address alone, with the time at which it was published', async () => {
    const events = [{ type: 'crmObject' }];
    const read = async (publishedAt: unknown) => {
      file = ({ headers }, res) => {
        expect(headers.authorization).toBeUndefined();
        res.end(JSON.stringify({ publishedAt, journalEvents: events }));
      };
      return open().readFile({ url: `${url}/file`, offset: 'a' });
    };
    for (const publishedAt of [PUBLISHED, new Date(PUBLISHED).toISOString()])
      expect(await read(publishedAt)).toMatchObject({ value: { publishedAt: PUBLISHED, events } });
    for (const publishedAt of [undefined, 'soon'])
      expect(await read(publishedAt)).toMatchObject({ value: { publishedAt: null, events } });
    expect(asked).toEqual([]);
  });

  it('takes no file for read that is gone, of another shape, broken off or endless', async () => {
    const read = async (reply: typeof file) => {
      file = reply;
      const came = await open().readFile({ url: `${url}/file`, offset: 'a' });
      return came.ok ? came.value : came.failure.is;
    };
    expect(await read((_, res) => res.writeHead(404).end('{"journalEvents":[]}'))).toBe('gone');
    expect(await read((_, res) => res.writeHead(403).end('{"journalEvents":[]}'))).toBe('barred');
    expect(await read((_, res) => res.writeHead(503).end())).toBe('ambiguous');
    expect(await read((_, res) => res.end('{"events":[]}'))).toBe('unexpected');
    expect(await read((_, res) => res.end('{"journalEvents":[{"type":'))).toBe('ambiguous');
    const half = (res: ServerResponse): void =>
      void res.writeHead(200, { 'content-length': '100' }).write('{"journalEvents":[]}', () => res.destroy());
    expect(await read((_, res) => half(res))).toBe('ambiguous');
    const piece = Buffer.alloc(1_000_000, ' ');
    const endless = (res: ServerResponse, sent: number): void => {
      if (sent >= TOO_MANY_BYTES) res.end('{"journalEvents":[]}');
      else res.write(piece, (error) => (error ? undefined : endless(res, sent + piece.length)));
    };
    expect(await read((_, res) => endless(res, 0))).toBe('unexpected');
  });

  it('knows its subscriptions in either shape of a list, and orders them for the hub', async () => {
    const one = { id: 7, portalId: 42, subscriptionType: 'OBJECT', objectTypeId: '0-1', actions: null };
    const known = { ...one, id: '7', portalId: '42' };
    for (const list of [[one], { results: [one] }]) {
      answer = () => [200, list];
      expect(await open().subscriptions()).toMatchObject({ value: [known] });
    }
    answer = () => [204];
    expect(await open().subscriptions()).toMatchObject({ value: [] });
    const bodies: unknown[] = [];
    answer = (_, __, sent) => {
      bodies.push(JSON.parse(sent));
      return [200, {}];
    };
    expect(await open().subscribe('42', { subscriptionType: 'OBJECT', objectTypeId: '0-1' })).toMatchObject({
      ok: true,
    });
    expect(bodies).toEqual([{ subscriptionType: 'OBJECT', objectTypeId: '0-1', portalId: 42 }]);
    answer = (path) => [path.endsWith('/7') ? 404 : 204];
    expect(await open().unsubscribe('7')).toMatchObject({ failure: { is: 'gone' } });
    expect(asked.at(-1)).toMatch(/^DELETE /);
  });
});

describe('what the webhooks journal has to tell', () => {
  const SITE = '2-77001';
  const wanted = neededJournalSubscriptions({ installed_site: SITE });
  const of = (type: string, objectTypeId: string) =>
    wanted.filter((one) => one.subscriptionType === type && one.objectTypeId === objectTypeId);

  it('is every action and property of every object, of line items too, their associations, and erasures', () => {
    const types = ['0-1', '0-2', '0-3', '0-5', '0-14', SITE, '0-46', '0-8'];
    expect(wanted.flatMap((one) => (one.subscriptionType === 'OBJECT' ? one.objectTypeId : []))).toEqual(
      types,
    );
    for (const type of types)
      expect(of('OBJECT', type)[0]?.actions).toEqual(['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE']);
    expect(of('OBJECT', '0-1')[0]?.properties).toContain('jobtitle');
    expect(of('OBJECT', '0-8')[0]?.properties).toContain('hs_position_on_quote');
    expect(of('OBJECT', '0-14')[0]?.properties).not.toContain('line_items');
    const linked = wanted.flatMap((one) =>
      one.subscriptionType === 'ASSOCIATION'
        ? `${one.objectTypeId} to ${one.associatedObjectTypeIds?.join(', ') ?? ''}`
        : [],
    );
    expect(linked).toEqual([
      '0-1 to 0-2',
      '0-3 to 0-2',
      '0-5 to 0-2',
      '0-14 to 0-2, 0-8',
      `${SITE} to 0-2`,
      '0-46 to 0-2, 0-5, 0-3',
    ]);
    expect(of('GDPR_PRIVACY_DELETION', '0-1')).toHaveLength(1);
    expect(neededJournalSubscriptions({}).map((one) => one.objectTypeId)).not.toContain(SITE);
  });

  it('is ordered or cancelled where it is not what the hub has, whatever other hubs have', () => {
    const kept = wanted.map((one, id) => ({ ...one, id: String(id), portalId: '1' }));
    const changed = (change: object, index = 0) => {
      const all = kept.map((one, i) => (i === index ? { ...one, ...change } : one));
      const { cancel, order } = subscriptionChanges('1', wanted, all);
      return [cancel.map(({ id }) => id), order.map((one) => one.subscriptionType)];
    };
    const [same, other] = [
      [[], []],
      [['0'], ['OBJECT']],
    ];
    for (const change of [
      {},
      {
        actions: [...(kept[0]?.actions ?? [])].reverse(),
        properties: [...(kept[0]?.properties ?? [])].reverse(),
      },
      { actions: null, properties: undefined, objectTypeId: null }, // what is not repeated is as it was asked
    ])
      expect(changed(change)).toEqual(same);
    for (const change of [
      { actions: ['CREATE'] },
      { actions: [] },
      { properties: kept[0]?.properties?.slice(1) },
      { objectTypeId: '0-7' },
      { subscriptionType: 'LIST_MEMBERSHIP' },
    ])
      expect(changed(change)).toEqual(other);
    expect(changed({ associatedObjectTypeIds: ['0-3'] }, 1)).toEqual([['1'], ['ASSOCIATION']]);
    expect(changed({ portalId: '2' })).toEqual([[], ['OBJECT']]);
    expect(subscriptionChanges('1', [], kept).cancel).toHaveLength(kept.length);
    expect(subscriptionChanges('2', [], kept).cancel).toEqual([]);
  });
});
