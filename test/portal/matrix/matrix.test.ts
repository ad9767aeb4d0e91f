/**
 * Who may see what, asked of every route by every kind of person with every kind of id in every position: nothing of
 * somebody else's is in any answer, and what is somebody else's cannot be told from what was never there.
 */
import { Agent, request } from 'node:http';
import { objects, OBJECTS } from '@tallystick/shared/ownership';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { viewAsAnswer } from '../../../backend/desk/viewAs.ts';
import { ADDRESSES } from '../../../backend/portal/router.ts';
import { loadRecords } from '../../../backend/store/records.ts';
import { HUB, OTHER_HUB } from '../../harness/portal.ts';
import { positionsFor, type Ask, type Position } from './positions.ts';
import { idOf, NOBODY, OUT_OF_REACH, startMatrix, type Caller, type Matrix } from './seed.ts';

const AT_ONCE = 8;
/** Of the transport, of this moment, or of how often was asked. */
const NOT_COMPARED = new Set(['date', 'connection', 'keep-alive', 'ratelimit', 'ratelimit-policy']);

interface Face {
  status: number;
  headers: string[];
  body: string;
}

/** As `seed.ts` numbers what is out of reach. */
const HIDDEN_ID = /\b[1-7]050[1-8]\b/g;

let matrix: Matrix;
let asked = 0;
const agent = new Agent({ keepAlive: true, maxSockets: 2 * AT_ONCE });
beforeAll(async () => {
  matrix = await startMatrix();
});
afterAll(async () => {
  agent.destroy();
  await matrix.close();
});

/** Sends the path as it is: `fetch` would tidy it up. A stream is read until it has said where it is. */
function send(ask: Ask, credentials: Record<string, string>): Promise<Face> {
  asked += 1;
  const body = ask.bytes ?? (typeof ask.body === 'string' ? ask.body : ask.body && JSON.stringify(ask.body));
  const type = ask.bytes === undefined ? 'application/json' : 'application/octet-stream';
  const headers = {
    ...credentials,
    ...ask.headers,
    ...(typeof body === 'string' ? { 'content-type': type, 'content-length': Buffer.byteLength(body) } : {}),
  };
  return new Promise((resolve, reject) => {
    const url = new URL(matrix.url);
    const options = { host: url.hostname, port: url.port, method: ask.method, path: `/portal/v1${ask.path}` };
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
    const req = request({ ...options, agent, headers: given }, (res) => {
      const chunks: Buffer[] = [];
      const done = (): void => {
        const shown = Object.entries(res.headers).filter(([name]) => !NOT_COMPARED.has(name));
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: res.statusCode ?? 0,
          headers: shown.map(([name, value]) => `${name}: ${String(value)}`),
          body: text,
        });
      };
      res.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (!/event-stream/.test(res.headers['content-type'] ?? '')) return;
        if (!/(^|\n\n)id: \d+\n\n/.test(Buffer.concat(chunks).toString('utf8'))) return;
        done();
        req.destroy();
      });
      res.on('end', done);
    });
    req.on('error', reject);
    req.end(body);
  });
}

const bearer = ({ token }: Caller): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** What stands in an answer and is for others; null: nothing. */
function leakOf({ headers, body }: Face, audience: string): string | null {
  for (const [mark, who] of `${headers.join('\n')}\n${body}`.matchAll(/SEE:([\w+]*);/g))
    if (!(who ?? '').split('+').includes(audience)) return mark;
  return null;
}

/** An answer without the id that the request itself brought, and without ids made for it. */
function compared({ status, headers, body }: Face, named: string): Face {
  const without = (text: string): string =>
    text
      .replaceAll(named, '‹named›')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '‹new›')
      .replace(/"acceptedAt":"[^"]*"/g, '"acceptedAt":"‹now›"');
  const ordered = body.startsWith('id: ') ? body.split('\n\n').sort().join('\n\n') : body;
  const lengthless = headers.filter((line) => !body.includes(named) || !line.startsWith('content-length'));
  return {
    status,
    headers: lengthless.map(without).filter((line) => !line.startsWith('etag')),
    body: without(ordered),
  };
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

describe('the access matrix', () => {
  test('has a row for every route of the portal, and for no other', () => {
    const routes = Object.entries(ADDRESSES).flatMap(([path, methods]) =>
      methods.map((method) => `${method} ${path}`),
    );
    const rows = matrix.callers.flatMap((caller) => positionsFor(matrix, caller).map(({ route }) => route));
    expect([...new Set(rows)].sort()).toEqual(routes.sort());
  });

  test('tells nobody of what is not theirs: foreign is answered like absent, in every position', async () => {
    const wrong: string[] = [];
    const groups = matrix.callers.flatMap((caller) =>
      positionsFor(matrix, caller).map((position) => ({ caller, position })),
    );
    const ask = async ({ caller, position }: (typeof groups)[number]): Promise<void> => {
      const baseline = await send(position.ask(position.unknown), bearer(caller));
      const expected = compared(baseline, position.unknown);
      const where = (named: string): string =>
        `${caller.audience}: ${position.route}, ${position.at} = ${named}`;
      const look = (face: Face, named: string): void => {
        const leak = leakOf(face, caller.audience);
        if (leak !== null) wrong.push(`${where(named)} shows ${leak}`);
        // On the stream a record that was in reach may be said to be gone.
        const ids = position.route === 'GET /stream' ? [] : [...face.body.matchAll(HIDDEN_ID)];
        for (const [id] of ids) if (id !== named) wrong.push(`${where(named)} names ${id}`);
        if (face.status >= 500) wrong.push(`${where(named)}: ${face.status}`);
      };
      look(baseline, position.unknown);
      for (const named of position.others) {
        const face = await send(position.ask(named), bearer(caller));
        look(face, named);
        const seen = compared(face, named);
        if (JSON.stringify(seen) !== JSON.stringify(expected))
          wrong.push(
            `${where(named)} is told apart: ${JSON.stringify(seen)} from ${JSON.stringify(expected)}`,
          );
      }
      for (const named of position.malformed ?? [])
        look(await send(position.ask(named), bearer(caller)), named);
    };
    // The list of one's own receipts grows by what the others ask for: it is compared before them.
    const isOfReceipts = ({ position }: (typeof groups)[number]): boolean => position.route === 'GET /edits';
    await inTurns(groups.filter(isOfReceipts), ask);
    await inTurns(
      groups.filter((group) => !isOfReceipts(group)),
      ask,
    );
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(2_500);
  }, 60_000);

  test('left nothing behind at records out of reach: no edit, no work, no order', async () => {
    const within = OBJECTS.flatMap((object) => [idOf(object, 'own'), idOf(object, 'later')]);
    const own = [...within, '10001', '10002', '10003', ...Object.values(matrix.edits)];
    for (const hub of [HUB, OTHER_HUB]) {
      const db = matrix.reaching(hub);
      const [edits, due, orders, creations] = await Promise.all([
        db.selectFrom('edits').select(['record_id', 'edit_id']).execute(),
        db.selectFrom('due').select(['record_id']).execute(),
        db.selectFrom('orders').select(['ordered']).execute(),
        db.selectFrom('creations').select(['on_id']).execute(),
      ]);
      const touched = [
        ...edits.map(({ record_id, edit_id }) => (own.includes(edit_id) ? '10001' : (record_id ?? '10001'))),
        ...due.map(({ record_id }) => record_id),
        ...orders.map(({ ordered }) => ('recordId' in ordered ? ordered.recordId : '')),
        ...creations.map(({ on_id }) => on_id),
      ];
      // The seed's own edit of a foreign record made that one due.
      const foreign = idOf('ticket', 'foreign');
      expect(touched.filter((id) => !own.includes(id) && id !== foreign)).toEqual([]);
      expect(edits.filter(({ record_id }) => record_id === foreign).length).toBeLessThanOrEqual(1);
    }
  });

  test('is not empty: in the same positions everybody reaches what is their own', async () => {
    const refused: string[] = [];
    const reached = new Set<string>();
    for (const caller of matrix.callers)
      for (const position of positionsFor(matrix, caller)) {
        const { own, route, at } = position;
        if (own === null) continue;
        const face = await send(position.ask(own), bearer(caller));
        const leak = leakOf(face, caller.audience);
        if (face.status >= 300 || leak !== null)
          refused.push(`${caller.audience}: ${route}, ${at} = ${own}: ${face.status} ${leak ?? face.body}`);
        else reached.add(route);
      }
    expect(refused).toEqual([]);
    expect(reached.size).toBeGreaterThan(11);
  });

  test('takes every bad credential alike, whatever is named', async () => {
    const token = matrix.stranger.token;
    const other = await matrix.token({ contactId: '10001', hubId: OTHER_HUB });
    const revoked = await matrix.token({ contactId: '10001' });
    await matrix.revoke(revoked);
    const bad: Record<string, Record<string, string>> = {
      none: {},
      unknown: { authorization: `Bearer ${token.slice(0, -4)}AAAA` },
      revoked: { authorization: `Bearer ${revoked}` },
      'of another hub': { authorization: `Bearer ${other}` },
      'of another hub’s number': { authorization: `Bearer ${token.replace(`_${HUB}_`, `_${OTHER_HUB}_`)}` },
      malformed: { authorization: 'Bearer x' },
      basic: { authorization: 'Basic eDp5' },
      'an expired session': { cookie: matrix.cookies.expired },
      'an idle session': { cookie: matrix.cookies.idle },
      'an ended session': { cookie: matrix.cookies.ended },
      'an unknown session': { cookie: `__Host-portal_session=${'A'.repeat(43)}` },
      'two sessions': { cookie: `${matrix.cookies.living}; ${matrix.cookies.living}` },
    };
    const [caller] = matrix.callers;
    const rows = positionsFor(matrix, caller!);
    const gated = rows.filter(({ route }) => !OPEN.has(route));
    const faces = new Map<string, string>();
    const wrong: string[] = [];
    await inTurns(onePerRoute(gated), async (position) => {
      for (const [what, credentials] of Object.entries(bad))
        for (const named of [position.own ?? position.unknown, position.others[0] ?? position.unknown]) {
          const ask = position.ask(named);
          const { cookie: _cookie, authorization: _authorization, ...headers } = ask.headers ?? {};
          const sent = { ...credentials, 'sec-fetch-site': 'same-origin' };
          const face = await send({ ...ask, headers }, sent);
          const seen = JSON.stringify(compared(face, named));
          const group = `${position.route.startsWith('HEAD') ? 'HEAD' : ''}${position.route.includes('/session') ? 'session' : ''}`;
          const first = faces.get(group) ?? seen;
          faces.set(group, first);
          if (face.status !== 401 || seen !== first) wrong.push(`${what}: ${position.route}: ${seen}`);
        }
    });
    expect(wrong).toEqual([]);
  });

  test('is what staff are shown as the customer’s view: the same records, the same fields', async () => {
    const wrong: string[] = [];
    for (const caller of [...matrix.callers, matrix.colleague, matrix.stranger])
      for (const object of OBJECTS)
        for (const kind of [...OUT_OF_REACH, 'own', 'later'] as const) {
          const id = idOf(object, kind);
          const [row] = await loadRecords(matrix.db, HUB, [{ object, recordId: recordId(id) }]);
          if (row === undefined || row.life.startsWith('merged:')) continue;
          const shown = await viewAsAnswer(matrix.db, HUB, row, caller.contactId, matrix.now());
          const face = await send(
            { method: 'GET', path: `/records/${object}/${id}`, headers: { prefer: 'wait=0' } },
            bearer(caller),
          );
          const portal = face.status === 200 ? (JSON.parse(face.body) as { fields: object }) : null;
          const names = (view: { fields: object } | null): string =>
            view === null ? 'nothing' : Object.keys(view.fields).join();
          if (names(shown.record) !== names(portal)) wrong.push(`${caller.contactId} ${object} ${id}`);
        }
    expect(wrong).toEqual([]);
  });

  test('holds on the live stream: what moves out of reach is told to nobody', async () => {
    const streams = await Promise.all(
      matrix.callers.map(async (caller) => ({ caller, stream: await matrix.stream(caller.token) })),
    );
    await Promise.all(streams.map(({ stream }) => stream.untilPlaced()));
    const foreign: string[] = [];
    for (const object of OBJECTS) {
      const [field = ''] = Object.keys(await fieldsOf(object));
      // What was archived in the own company was in reach before: that it is gone is theirs to know.
      const hidden = objects[object].shownWhen === undefined ? [] : (['hidden'] as const);
      const person = object === 'contact' || object === 'note' ? (['colleague'] as const) : [];
      for (const kind of ['foreign', 'foreign, archived', ...hidden, ...person] as const) {
        await matrix.crm.change(object, idOf(object, kind), { [field]: `${NOBODY}moved` });
        foreign.push(idOf(object, kind));
      }
      await matrix.crm.live(object, idOf(object, 'foreign'), 'archived');
      await matrix.crm.live(object, idOf(object, 'foreign'), 'present');
    }
    await matrix.crm.change('company', idOf('company', 'own'), {
      internalRisk: 'SEE:;',
      creditLimit: 'SEE:direct;moved',
    });
    await matrix.crm.moveEdit(matrix.edits.foreign, 'verified', { rule: 'S1' });
    await matrix.crm.moveEdit(matrix.edits.colleague, 'verified', { rule: 'S1' });
    const last = await matrix.crm.change('ticket', idOf('ticket', 'own'), {
      subject: 'SEE:direct+member+partner;end',
    });
    for (const { caller, stream } of streams) {
      await stream.until(({ id }) => id !== null && id >= last, 'the last change');
      const body = JSON.stringify(stream.heard);
      expect(leakOf({ status: 200, headers: [], body }, caller.audience), caller.audience).toBeNull();
      const named = foreign.filter((id) => body.includes(`"${id}"`));
      expect(named, caller.audience).toEqual([]);
      stream.close();
    }
  });

  const fieldsOf = async (object: (typeof OBJECTS)[number]): Promise<object> => {
    const [row] = await loadRecords(matrix.db, HUB, [
      { object, recordId: recordId(idOf(object, 'foreign')) },
    ]);
    return row?.fields ?? {};
  };
});

/** Answered to everybody: what signs in, and what describes the API. */
const OPEN = new Set(
  Object.entries(ADDRESSES)
    .flatMap(([path, methods]) => methods.map((method) => `${method} ${path}`))
    .filter((route) => / \/(openapi\.json|keys|sign-in|sign-out|session$)/.test(route)),
);

const onePerRoute = (positions: readonly Position[]): Position[] => [
  ...new Map(positions.map((position) => [position.route, position])).values(),
];
