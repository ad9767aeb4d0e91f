/**
 * One HTTP call to HubSpot: sent, timed out, its limits read, its answer parsed or its failure classified.
 */
import type { Client } from '@hubspot/api-client';
import type { z } from 'zod';
import { failureOf, failureOfError, type Failure } from './failure.ts';

/** Paths are dated: v1 to v4 end in 2027. */
export const API_DATE = '2026-09';

/** What the answer's headers say of the limits; absent where HubSpot does not say. */
export interface LimitHeaders {
  windowLimit: number | null;
  windowRemaining: number | null;
  dailyLimit: number | null;
  dailyRemaining: number | null;
}

export type Answer<T> = { limits: LimitHeaders } & ({ ok: true; value: T } | { ok: false; failure: Failure });

export interface Request {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** In place of a JSON body. */
  form?: FormData | URLSearchParams;
}

export async function send<S extends z.ZodType>(
  client: Client,
  timeoutMs: number,
  request: Request,
  shape: S,
): Promise<Answer<z.infer<S>>> {
  let limits: LimitHeaders = {
    windowLimit: null,
    windowRemaining: null,
    dailyLimit: null,
    dailyRemaining: null,
  };
  try {
    const { status, text, headers } = await within(timeoutMs, async () => {
      const response = await client.apiRequest({
        method: request.method,
        path: request.path,
        ...(request.query === undefined ? {} : { qs: request.query }),
        ...(request.form === undefined ? {} : { body: request.form, defaultJson: false }),
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    });
    limits = limitsOf(headers);
    if (status < 200 || status > 299) return { ok: false, failure: failureOf(status, text), limits };
    const parsed = shape.safeParse(text === '' ? null : JSON.parse(text)); // 204 has no body
    if (parsed.success) return { ok: true, value: parsed.data, limits };
    const message = `HubSpot's answer to ${request.method} ${request.path} has another shape than documented: ${parsed.error.issues[0]?.message ?? ''}`;
    return { ok: false, failure: { is: 'unexpected', message }, limits };
  } catch (error) {
    return { ok: false, failure: failureOfError(error), limits };
  }
}

/** The official client cannot be told to give up, so the wait is given up; the answer, if one comes, is ignored. */
async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work(), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same answer with its value made into something else. */
export function mapped<A, B>(answer: Answer<A>, map: (value: A) => B): Answer<B> {
  return answer.ok ? { ok: true, value: map(answer.value), limits: answer.limits } : answer;
}

function limitsOf(headers: Headers): LimitHeaders {
  const number = (name: string): number | null => {
    const text = headers.get(name);
    return text === null || !/^\d+$/.test(text) ? null : Number(text);
  };
  return {
    windowLimit: number('x-hubspot-ratelimit-max'),
    windowRemaining: number('x-hubspot-ratelimit-remaining'),
    dailyLimit: number('x-hubspot-ratelimit-daily'),
    dailyRemaining: number('x-hubspot-ratelimit-daily-remaining'),
  };
}
