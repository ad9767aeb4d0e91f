/**
 * What the contract is tried on: the stand-in always, and a real test account when the environment names one.
 *
 *   TALLYSTICK_CRM_URL=https://api.hubapi.com TALLYSTICK_CRM_TOKEN=pat-… npx vitest run test/crm
 *
 * On a real account only what is safe runs: it makes records of its own and archives them afterwards.
 */
import { Client } from '@hubspot/api-client';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator/simulator.ts';

const REAL_URL = process.env['TALLYSTICK_CRM_URL'];
const REAL_TOKEN = process.env['TALLYSTICK_CRM_TOKEN'];
const NOT_SET = 'TALLYSTICK_CRM_URL and TALLYSTICK_CRM_TOKEN are not set';

export interface Target {
  url: string;
  token: string;
  real: boolean;
  client: Client;
  /** Plain HTTP with the token; the body as JSON. */
  http: (method: string, path: string, body?: unknown) => Promise<Answer>;
  /** Has a record archived when the contract ends. */
  tidy: (type: string, id: string) => string;
  /** A text that no other run uses. */
  unique: (stem: string) => string;
}
export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}
export interface HistoryEntry {
  value: string;
  timestamp: string;
  sourceType: string;
  sourceId: string;
}
interface ErrorDetail {
  message: string;
  code: string;
  category: string;
  subCategory: string;
  context: Record<string, string[]>;
}
/** Every member of an answer that some test looks at; which of them an answer has is what the tests are about. */
export interface Body {
  id: string;
  name: string;
  status: string;
  message: string;
  category: string;
  subCategory: string;
  policyName: string;
  correlationId: string;
  properties: Record<string, string | null>;
  propertiesWithHistory: Record<string, HistoryEntry[]>;
  history: Record<string, HistoryEntry[]>;
  results: Body[];
  errors: ErrorDetail[];
  numErrors: number;
  total: number;
  objectWriteTraceId: string;
  /** Numbers in some samples of the docs. */
  from: { id: string | number };
  to: { toObjectId: string | number }[];
  modificationMetadata: { readOnlyValue: boolean };
  propertyValidationRules: { ruleType: string }[];
  portalId: number | string;
  timeZone: string;
  url: string;
  currentOffset: string;
  holdId: string;
  holds: { waiting: object[] }[];
  calls: { operation: string; status: number; ids: number }[];
  counters: { total: number };
  maxInAnyTenSeconds: number;
  accessToken: string;
  code: string;
}

/** A part of the contract. `unsafe`: why it must not run on a real account. */
export function contract(
  name: string,
  body: (at: () => Target) => void,
  options: { unsafe?: string } = {},
): void {
  describe(`${name} (stand-in)`, () => {
    let simulator: Simulator;
    let target: Target;
    beforeAll(async () => {
      simulator = await startSimulator({ limits: { perTenSeconds: 100_000, searchPerSecond: 1_000 } });
      // The contract reads what it wrote; staleness has tests of its own.
      simulator.faults.searchLagMs = 0;
      target = openTarget(simulator.url, simulator.accessToken, false);
    });
    afterAll(() => simulator.close());
    body(() => target);
  });
  const why = REAL_TOKEN === undefined || REAL_URL === undefined ? NOT_SET : options.unsafe;
  if (why !== undefined) {
    test.skip(`${name} (real account): skipped, ${why}`, () => undefined);
    return;
  }
  describe(`${name} (real account)`, () => {
    const made: [string, string][] = [];
    let target: Target;
    beforeAll(() => {
      target = openTarget(REAL_URL!, REAL_TOKEN!, true, made);
    });
    afterAll(async () => {
      for (const [type, id] of made) await target.http('DELETE', `/crm/v3/objects/${type}/${id}`);
    });
    body(() => target);
  });
}

export function openTarget(url: string, token: string, real: boolean, made: [string, string][] = []): Target {
  const run = Math.random().toString(36).slice(2, 8);
  let count = 0;
  return {
    url,
    token,
    real,
    // Its retries and limiter are process-wide: off.
    client: new Client({ accessToken: token, basePath: url, numberOfApiCallRetries: 0 }),
    http: async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return {
        status: response.status,
        headers: response.headers,
        body: isJson ? (JSON.parse(text) as Body) : ({} as Body),
        text,
      };
    },
    tidy: (type, id) => {
      made.push([type, id]);
      return id;
    },
    unique: (stem) => `${stem}-${run}-${++count}`,
  };
}

export interface Stage extends Target {
  sim: Simulator;
  /** `/_sim/…` */
  control: (method: string, path: string, body?: unknown) => Promise<Body>;
}

/** A stand-in of a test's own, for what a real account cannot be told to do. */
export async function stage(options: SimulatorOptions = {}): Promise<Stage> {
  const sim = await startSimulator({ limits: { perTenSeconds: 100_000 }, ...options });
  const target = openTarget(sim.url, sim.accessToken, false);
  return {
    ...target,
    sim,
    control: async (method, path, body) => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const response = await fetch(`${sim.url}/_sim/${path}`, init);
      const answer = (await response.json()) as Body;
      if (response.status !== 200)
        throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
      return answer;
    },
  };
}

/** Waits for a condition, and fails with words when it does not come about. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 5_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What the official client threw: it throws for every status but the documented one. */
export async function thrown(work: Promise<unknown>): Promise<{ code: number; body: Body }> {
  try {
    await work;
  } catch (error) {
    return error as { code: number; body: Body };
  }
  throw new Error('no error was thrown');
}
