import type {
  Me,
  Problem,
  Receipt,
  RecordList,
  RecordView,
  SourceView,
  SessionInfo,
  SessionList,
  SignInWays,
  StreamMessage,
} from '@tallystick/shared/messages';
import * as schemas from '@tallystick/shared/schemas';
import type { Router } from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import { ADDRESSES, portalRouter } from '../../backend/portal/router.ts';
import { edit, read, startWorld, type World } from './world.ts';

let world: World;
let document: Document;
beforeAll(async () => {
  world = await startWorld();
  document = (await world.call('GET', '/portal/v1/openapi.json')).body as unknown as Document;
});
afterAll(() => world.close());

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, unknown> };
}

/** The routes of a router, with those mounted in it: "GET /records/{object}". `all` routes only say what is not taken. */
function routesOf(router: Router): string[] {
  return router.stack.flatMap((layer) => {
    const inner = layer.handle as unknown as Partial<Router>;
    if (layer.route === undefined) return inner.stack === undefined ? [] : routesOf(inner as Router);
    const { path, stack } = layer.route as unknown as { path: string; stack: { method?: string }[] };
    return stack.flatMap(({ method }) =>
      method === undefined ? [] : [`${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`],
    );
  });
}

describe('the OpenAPI document', () => {
  test('needs no token and says which version of the specification it is', async () => {
    const answer = await world.call('GET', '/portal/v1/openapi.json');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
  });

  test('names every route of the router with its method, and no other', () => {
    const { db, signals } = world;
    const portal = portalRouter({
      db,
      signals,
      now: Date.now,
      newId: () => '',
      log: pino({ level: 'silent' }),
    });
    portal.close();
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual([...new Set(routesOf(portal.router))].sort());
    const addresses = Object.entries(ADDRESSES).flatMap(([path, methods]) =>
      methods.map((method) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`),
    );
    expect(documented.sort()).toEqual(addresses.sort());
  });

  test('resolves every reference and names every parameter of a path', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1]!,
    );
    expect(refs.length).toBeGreaterThan(10);
    for (const name of refs) expect(document.components.schemas).toHaveProperty(name);
    for (const [path, methods] of Object.entries(document.paths))
      for (const { parameters } of Object.values(methods)) {
        const inPath = parameters
          .filter((parameter) => parameter.in === 'path')
          .map((parameter) => parameter.name);
        expect(inPath.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort());
      }
  });
});

describe('the answers', () => {
  test('are what the schemas say, nothing more and nothing less', async () => {
    const strict = (schema: z.ZodType, body: unknown): void => expect(schema.parse(body)).toEqual(body);
    const get = async (path: string) =>
      (await world.call('GET', `/portal/v1${path}`, { token: world.ann })).body;
    strict(schemas.me, await get('/me'));
    for (const object of ['contact', 'company', 'deal', 'ticket', 'quote', 'site'])
      strict(schemas.recordList, await get(`/records/${object}`));
    const stream = await world.stream(world.ann);
    const { body: receipt } = await edit(world, world.ann, 'ticket/11', { reference: 'B', description: 'x' });
    strict(schemas.receipt, receipt);
    strict(schemas.recordView, (await read(world, world.ann, 'ticket/11')).body);
    await world.crm.moveEdit(receipt.editId, 'refused', {
      field: 'reference',
      rule: 'D2',
      reason: 'not-an-option',
    });
    await world.crm.moveEdit(receipt.editId, 'held', { field: 'description', rule: 'D9', crmValue: 'y' });
    strict(schemas.receipt, await get(`/edits/${receipt.editId}`));
    strict(schemas.receiptList, await get('/edits'));
    strict(schemas.recordView, (await read(world, world.ann, 'ticket/11')).body);
    strict(schemas.problem, await get('/records/ticket/99999'));
    await world.crm.live('ticket', '17', 'archived');
    await stream.until(({ type }) => type === 'gone', 'the archived case is gone');
    await stream.until(({ type }) => type === 'receipt', 'the receipt is told');
    for (const { data } of stream.heard) strict(schemas.streamMessage, data);
  });

  test('have one type: the schemas cannot drift from the messages', () => {
    expectTypeOf<z.infer<typeof schemas.me>>().toEqualTypeOf<Me>();
    expectTypeOf<z.infer<typeof schemas.sourceView>>().toEqualTypeOf<SourceView>();
    expectTypeOf<z.infer<typeof schemas.recordView>>().toEqualTypeOf<RecordView>();
    expectTypeOf<z.infer<typeof schemas.recordList>>().toEqualTypeOf<RecordList>();
    expectTypeOf<z.infer<typeof schemas.receipt>>().toEqualTypeOf<Receipt>();
    expectTypeOf<z.infer<typeof schemas.problem>>().toEqualTypeOf<Problem>();
    expectTypeOf<z.infer<typeof schemas.streamMessage>>().toEqualTypeOf<StreamMessage>();
    expectTypeOf<z.infer<typeof schemas.signInWays>>().toEqualTypeOf<SignInWays>();
    expectTypeOf<z.infer<typeof schemas.sessionInfo>>().toEqualTypeOf<SessionInfo>();
    expectTypeOf<z.infer<typeof schemas.sessionList>>().toEqualTypeOf<SessionList>();
  });
});
