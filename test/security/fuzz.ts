/**
 * Every route of the OpenAPI document, asked wrongly: ids, sizes and types that do not belong, in the path, the query,
 * the headers and the body. Seeded. What must hold of every answer is judged here; callers only count.
 */
import { createRandom, type Random } from '../simulator/random.ts';
import { HOSTILE_NAMES, HOSTILE_VALUES, WRONG_TYPES } from './hostile.ts';
import { PORTAL_URL, type Answer, type Sending } from './kit.ts';

interface Parameter {
  name: string;
  in: string;
  schema: { enum?: string[] };
}
interface Operation {
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: { $ref?: string } }> };
}
interface Schema {
  properties?: Record<string, unknown>;
}
export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export interface Fuzzed {
  asked: number;
  statuses: Record<string, number>;
  routes: Set<string>;
  wrong: string[];
}

interface Facts {
  seed: number;
  document: OpenApi;
  tokens: readonly string[];
  /** Ids that are there, of the person and of others. */
  ids: readonly string[];
  /** Stands in everything that is not theirs. */
  foreign: string;
  raw: (path: string, sending?: Sending) => Promise<Answer>;
}

const WHOLE_BODY = 0.15;
const NEAR = 0.35;
const OF_THE_INSIDE =
  /node_modules|\bat \S+ \(|\/backend\/|select .* from|insert into|ECONN|Kysely|postgres/i;
/** What may be away is away: these are said in a problem document too. */
const AWAY = [503];

export async function fuzz(facts: Facts, goesOn: (asked: number) => boolean): Promise<Fuzzed> {
  const random = createRandom(facts.seed, 'fuzz');
  const operations = Object.entries(facts.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const done: Fuzzed = { asked: 0, statuses: {}, routes: new Set(), wrong: [] };
  while (goesOn(done.asked)) {
    const { path, method, operation } = operations[done.asked % operations.length]!;
    // Nearly right, so that more than the first hurdle is met.
    const isNear = random.chance(NEAR);
    const asked = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (isNear && name === 'object') return 'company';
      if (isNear && name === 'id') return facts.ids[0] ?? '';
      const known = operation.parameters.find((each) => each.name === name)?.schema.enum ?? facts.ids;
      return encodeURIComponent(
        wellFormed(random.chance(0.6) ? random.pick(known) : random.pick(HOSTILE_NAMES)),
      );
    });
    const sending = {
      method,
      headers: headersOf(random, facts),
      ...bodyOf(random, facts, operation, isNear),
    };
    if (isNear) sending.headers.authorization = `Bearer ${facts.tokens[0] ?? ''}`;
    // A stream that is let in does not end: that road has tests of its own.
    if (path === '/stream') sending.headers.authorization = 'Bearer nobody';
    const full = `/portal/v1${asked}${queryOf(random, operation)}`;
    const answer = await facts.raw(full, sending).catch((error: unknown) => String(error));
    done.asked += 1;
    done.routes.add(`${method} ${path}`);
    const status = typeof answer === 'string' ? 'none' : String(answer.status);
    done.statuses[status] = (done.statuses[status] ?? 0) + 1;
    const wrong = judged(answer, facts.foreign);
    if (wrong !== null)
      done.wrong.push(`${wrong}: ${method} ${full.slice(0, 200)} ${JSON.stringify(sending).slice(0, 400)}`);
  }
  return done;
}

/** What is wrong with an answer; null: nothing. */
function judged(answer: Answer | string, foreign: string): string | null {
  if (typeof answer === 'string') return `no answer (${answer})`;
  const { status, headers, text, json } = answer;
  if (status >= 500 && !AWAY.includes(status)) return `${status} ${text.slice(0, 200)}`;
  if (text.includes(foreign)) return 'another’s data';
  if (headers['cache-control'] === undefined) return 'may be kept by a cache';
  if (Reflect.get({}, 'polluted') !== undefined) return 'a prototype was reached';
  if (status < 400) return null;
  if (headers['content-type']?.includes('application/problem+json') !== true && text !== '')
    return `no problem document (${status})`;
  if (text !== '' && (json.status !== status || typeof json.code !== 'string'))
    return 'a problem without its code';
  return OF_THE_INSIDE.test(text) ? `tells of the inside: ${text.slice(0, 200)}` : null;
}

function headersOf(random: Random, facts: Facts): Record<string, string> {
  const odd = (): string =>
    random
      .pick(HOSTILE_NAMES)
      .replace(/[^\x20-\x7e]/g, '')
      .trim()
      .slice(0, 300);
  const maybe = (name: string, good: string): Record<string, string> =>
    random.chance(0.2) ? {} : { [name]: random.chance(0.7) ? good : odd() };
  return {
    ...(random.chance(0.9)
      ? { authorization: `Bearer ${random.pick(facts.tokens)}` }
      : maybe('authorization', odd())),
    ...maybe('content-type', 'application/json'),
    ...(random.chance(0.7) ? { origin: PORTAL_URL, 'sec-fetch-site': 'same-origin' } : {}),
    ...maybe('idempotency-key', random.uuid()),
    ...maybe('if-match', `"j${random.int(40)}"`),
    ...maybe('prefer', 'wait=0'),
    ...maybe('upload-offset', '0'),
    ...(random.chance(0.1) ? { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } : {}),
    ...(random.chance(0.05) ? { 'content-encoding': 'gzip' } : {}),
    ...(random.chance(0.1) ? { range: 'bytes=0-', 'last-event-id': odd(), 'x-forwarded-for': odd() } : {}),
  };
}

function queryOf(random: Random, { parameters }: Operation): string {
  const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const pairs = [...names, ...(random.chance(0.2) ? [random.pick(HOSTILE_NAMES)] : [])].flatMap((name) => {
    const one = (): string =>
      `${encodeURIComponent(wellFormed(name))}=${encodeURIComponent(wellFormed(random.pick(HOSTILE_NAMES)))}`.slice(
        0,
        900,
      );
    if (random.chance(0.5)) return [];
    return random.chance(0.3) ? [one(), one()] : [one()];
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function bodyOf(
  random: Random,
  facts: Facts,
  { requestBody }: Operation,
  isNear: boolean,
): { body?: string } {
  if (requestBody === undefined) return random.chance(0.05) ? { body: '{}' } : {};
  const name = requestBody.content['application/json']?.schema.$ref?.split('/').at(-1) ?? '';
  const text = random.pick(HOSTILE_VALUES);
  if (isNear && name === 'EditRequest') return { body: JSON.stringify({ fields: { deliveryNotes: text } }) };
  if (isNear && name === 'CreationRequest')
    return { body: JSON.stringify({ fields: { subject: text, description: text, text } }) };
  const members = Object.keys(facts.document.components.schemas[name]?.properties ?? {});
  if (random.chance(WHOLE_BODY)) return { body: JSON.stringify(random.pick(WRONG_TYPES)) };
  const body: [string, unknown][] = members.map((member) => [member, valueOf(random, facts, 0)]);
  if (random.chance(0.3)) body.push([random.pick(HOSTILE_NAMES), valueOf(random, facts, 0)]);
  // By hand: an object cannot be given a member `__proto__`, or one twice, by its literal.
  const written = body.map(([member, value]) => `${JSON.stringify(member)}:${JSON.stringify(value)}`);
  if (random.chance(0.1) && written[0] !== undefined) written.push(written[0]);
  return { body: `{${written.join(',')}}` };
}

function valueOf(random: Random, facts: Facts, depth: number): unknown {
  const roll = random.next();
  if (roll < 0.25) return random.pick(WRONG_TYPES);
  if (roll < 0.5) return random.pick(HOSTILE_VALUES);
  if (roll < 0.6) return random.pick(facts.ids);
  if (depth > 2) return random.pick(HOSTILE_NAMES);
  const names = [
    'city',
    'street',
    'email',
    'phone',
    'object',
    'id',
    'record',
    'subject',
    'website',
    'capabilities',
  ];
  const keys = [random.pick(names), random.pick(names), random.pick(HOSTILE_NAMES)];
  return Object.fromEntries(keys.map((key) => [key, valueOf(random, facts, depth + 1)]));
}

const wellFormed = (text: string): string => text.toWellFormed().slice(0, 2_000);
