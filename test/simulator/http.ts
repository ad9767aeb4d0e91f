/** What a route is: a method, a pattern, what it does to whom, and a function from a call to a reply. */
import type { z } from 'zod';
import { invalidJson, validationError } from './errors.ts';
import type { Policy } from './limits.ts';
import type { Source } from './state.ts';

export interface Caller {
  appId: number;
  oauth: boolean;
  scopes: readonly string[] | 'all';
}

export interface Call {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
  raw: Buffer;
  contentType: string;
  caller: Caller;
  /** Own address, for links in answers. */
  origin: string;
  /** Whether admins' validation rules hold: dated paths since 2026-09 (changelog). */
  rules: boolean;
}

export interface Reply {
  status: number;
  body?: unknown;
  /** In place of a JSON body. */
  raw?: Buffer | string;
  headers?: Record<string, string>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/crm/v3/objects/:type/:id` */
  pattern: string;
  /** As in the call log: `batchRead`. */
  name: string;
  access: 'read' | 'write';
  limit: Policy;
  /** Scopes of which the token needs one; from the path's object type when not given. */
  scopes?: readonly string[];
  open?: true;
  handle(call: Call): Reply;
}

/** A route that counts against the burst limit, as nearly all do. */
export function route(
  method: Route['method'],
  pattern: string,
  name: string,
  handle: (call: Call) => Reply,
  access: Route['access'] = method === 'GET' ? 'read' : 'write',
): Route {
  return { method, pattern, name, access, limit: 'burst', handle };
}

export const ok = (body: unknown, status = 200): Reply => ({ status, body });
export const noContent: Reply = { status: 204 };

export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}

/** The official client repeats a parameter, docs and curl use commas: both are taken. */
export function list(call: Call, name: string): string[] {
  return call.query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
}

export function parseBody<S extends z.ZodType>(call: Call, schema: S): z.infer<S> {
  const parsed = schema.safeParse(call.body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  // Recorded: "Cannot build …, some of required attributes are not set […]".
  throw invalidJson(
    `Cannot build request, some of required attributes are not set [${where}]: ${issue?.message ?? ''}`,
  );
}

export function pageLimit(call: Call, fallback: number, max: number): number {
  const limit = Number(call.query.get('limit') ?? fallback);
  // GUESS at the words.
  if (!Number.isInteger(limit) || limit < 1 || limit > max)
    throw validationError(`limit must be between 1 and ${max}`);
  return limit;
}

/** The source of a change made through the API (recorded: INTEGRATION with the id of the app that owns the token). */
export const bySelf = (call: Call): Source => ({
  sourceType: 'INTEGRATION',
  sourceId: String(call.caller.appId),
});

/** Every path under which an area is served: numbered and dated (spec; the newest dated one is 2026-09). */
export const DATES = ['2026-03', '2026-09'] as const;
export function prefixes(numbered: readonly string[], dated: (date: string) => string): string[] {
  return [...numbered, ...DATES.map(dated)];
}
export function under(paths: readonly string[], routes: readonly Route[]): Route[] {
  return paths.flatMap((path) => routes.map((route) => ({ ...route, pattern: `${path}${route.pattern}` })));
}
