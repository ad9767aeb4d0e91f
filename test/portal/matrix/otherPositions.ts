/** The positions that name no record: versions, keys, edits, uploads, sessions; and the routes that name nothing. */
import { randomUUID } from 'node:crypto';
import { ANY, key, type Ask, type Position } from './positions.ts';
import { idOf, MALFORMED, SHARED_KEY, type Caller, type Matrix } from './seed.ts';

/** Journal numbers are the hub’s: one that is about a foreign record says nothing else than any other. */
export function byVersion({ foreignSeq, ...matrix }: Matrix): Position[] {
  const head = { 'if-match': matrix.head };
  const path = `/records/ticket/${idOf('ticket', 'own')}`;
  const [unknown, foreign] = [`j${foreignSeq - 1}`, `j${foreignSeq}`];
  const beyond = ['j0', 'j1', 'j99999999', 'j999999999999999999', '"', 'x', 'W/"j1"'];
  return [
    {
      ...{
        route: 'PATCH /records/:object/:id',
        at: 'If-Match',
        unknown,
        others: [foreign],
        own: null,
        malformed: beyond,
      },
      ask: (version) => ({
        ...{
          method: 'PATCH',
          path,
          headers: { 'if-match': version, ...key() },
          body: { fields: { subject: 'x' } },
        },
      }),
    },
    {
      ...{
        route: 'PATCH /records/:object/:id',
        at: 'seen',
        unknown,
        others: [foreign],
        own: null,
        malformed: beyond,
      },
      ask: (version) => ({
        ...{
          method: 'PATCH',
          path,
          headers: key(),
          body: { fields: { subject: 'x' }, seen: { subject: version } },
        },
      }),
    },
    {
      ...{
        route: 'PATCH /records/:object/:id',
        at: 'Idempotency-Key',
        unknown: randomUUID(),
        others: [SHARED_KEY],
        own: null,
      },
      ask: (used) => ({
        ...{
          method: 'PATCH',
          path,
          headers: { 'idempotency-key': used, ...head },
          body: { fields: { subject: 'x' } },
        },
      }),
    },
    {
      ...{
        route: 'GET /stream',
        at: 'Last-Event-ID',
        unknown: String(foreignSeq - 1),
        others: [String(foreignSeq)],
        own: null,
      },
      malformed: ['0', '-1', '99999999', 'x', '1;2'],
      ask: (id) => ({ method: 'GET', path: '/stream', headers: { 'last-event-id': id } }),
    },
  ];
}

export function byEditAndUpload({ edits, uploads }: Matrix, { contactId }: Caller): Position[] {
  const unknown = '00000000-0000-4000-8000-000000000000';
  const malformed = [...MALFORMED, unknown.slice(1), `${unknown}0`, unknown.toUpperCase()];
  const isFirst = contactId === '10001';
  const of = (all: Matrix['edits']) => ({
    ...{ unknown, malformed, own: isFirst ? all.own : null },
    others: [all.colleague, all.foreign, all['other hub’s'], ...(isFirst ? [] : [all.own])],
  });
  return [
    {
      ...{ route: 'GET /edits/:editId', at: 'editId', ...of(edits) },
      ask: (id) => ({ method: 'GET', path: `/edits/${id}` }),
    },
    {
      ...{ route: 'HEAD /uploads/:uploadId', at: 'uploadId', ...of(uploads) },
      ask: (id) => ({ method: 'HEAD', path: `/uploads/${id}` }),
    },
    {
      ...{ route: 'PATCH /uploads/:uploadId', at: 'uploadId', ...of(uploads) },
      ask: (id) => ({
        method: 'PATCH',
        path: `/uploads/${id}`,
        headers: { 'upload-offset': '4' },
        bytes: '',
      }),
    },
    {
      ...{ route: 'POST /creations/:name', at: 'uploadId', ...of(uploads) },
      ask: (uploadId) => ({
        ...{ method: 'POST', path: '/creations/uploadDocument', headers: key() },
        body: { fields: {}, on: { object: 'ticket', id: idOf('ticket', 'own') }, uploadId },
      }),
    },
  ];
}

/** With a cookie: who signed in ends sessions, and only their own. */
export function bySession({ sessions, cookies }: Matrix): Position[] {
  const unknown = '00000000-0000-4000-8000-000000000000';
  const headers = { cookie: cookies.living, authorization: '', 'sec-fetch-site': 'same-origin' };
  return [
    {
      ...{ route: 'DELETE /sessions/:sessionId', at: 'sessionId', unknown, own: null, malformed: MALFORMED },
      others: [sessions.colleague, sessions.foreign, sessions['other hub’s']],
      ask: (id) => ({ method: 'DELETE', path: `/sessions/${id}`, headers }),
    },
    ...['GET /sessions', 'GET /session', 'GET /me'].map((route): Position => ({
      ...{ route, at: 'the cookie', unknown: '1', others: [], own: '2' },
      ask: () => ({ method: 'GET', path: route.slice('GET '.length), headers }),
    })),
  ];
}

/** What names nothing: only looked through for leaks. */
export function withoutNames(): Position[] {
  const rows: [route: string, body?: unknown][] = [
    ['GET /me'],
    ['GET /edits'],
    ['POST /uploads', { name: 'a.txt', size: 1 }],
    ['GET /openapi.json'],
    ['GET /keys'],
    ['GET /sign-in'],
    ['POST /sign-in/mail', { email: 'nobody@x.example' }],
    ['POST /sign-in/mail/confirm', { token: 'x' }],
    ['GET /sign-in/with/:name'],
    ['GET /sign-in/with/:name/callback'],
    ['GET /session'],
    ['POST /sign-out'],
    ['GET /sessions'],
  ];
  return rows.map(([route, body]) => {
    const [method = '', path = ''] = route.split(' ');
    const headers = { 'sec-fetch-site': 'same-origin' };
    const ask = (name: string): Ask => ({
      ...{ method, path: path.replace(':name', name), headers },
      ...(body === undefined ? {} : { body }),
    });
    return { route, at: 'nothing', unknown: 'nobody', others: ANY.slice(0, 3), own: null, ask };
  });
}
