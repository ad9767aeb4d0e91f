/** Reading a request: its parts, parsed once at the border. */
import type { Request } from 'express';
import type { z } from 'zod';
import { Refused } from './problem.ts';

/** RFC 7240: `Prefer: wait=10`; null when nothing is said. */
export function waitOf(req: Request): number | null {
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(req.get('Prefer') ?? '')?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** No body at all is an empty request: an action needs to say nothing. */
export function jsonBody(req: Request): unknown {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && Number(length) === 0) return {};
  if (req.is('application/json') === false) throw new Refused('not-json');
  const body: unknown = req.body;
  return body;
}

export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new Refused('bad-request', { detail: `${where}${issue?.message ?? 'not of the documented form'}` });
}

export function param(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}
