/**
 * A source over SQL: views of another system's Postgres, read with a role that can do nothing else.
 *
 * Two belts: every session is read-only, and before anything is read (and again every `PROOF_MAX_AGE_MS`) the catalogue
 * is asked what the role may do. A role that may write anything is not used. Every value comes as text that Postgres'
 * own JSON makes, so that neither the driver's number nor the machine's time zone has a say in it.
 */
import type { SourceItem } from '@tallystick/shared/messages';
import type { AppAudience, AppObject } from '@tallystick/shared/ownership';
import type { SourceListSpec, SourceSpec } from '@tallystick/shared/sourceSpec';
import { canonical, type Value } from '@tallystick/shared/values';
import { Kysely, PostgresDialect, sql, type RawBuilder } from 'kysely';
import pg from 'pg';
import { mayWrite } from './privileges.ts';
import {
  KEYS_MAX,
  ownedFields,
  type Source,
  type SourceAnswer,
  type SourceFailure,
  type SourceLists,
  type SourceValues,
} from './source.ts';
import { FAILURES } from './words.ts';

const POOL_MAX_CONNECTIONS = 3;
const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 5_000;
/** A host that vanished never answers at all: then we stop waiting ourselves. */
const QUERY_TIMEOUT_MS = 6_000;
const CONNECTION_MAX_LIFE_S = 600;
const PROOF_MAX_AGE_MS = 600_000;
const LIST_MAX_ROWS = 200;
const VALUE_MAX_CHARS = 65_537;
const CELL_MAX_CHARS = 2_000;
const REASON_MAX_CHARS = 200;

const SESSION = `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c timezone=UTC -c idle_in_transaction_session_timeout=10s`;

type Db = Kysely<unknown>;

export interface SqlSourceOptions {
  name: string;
  spec: SourceSpec<AppAudience, AppObject>;
  url: string;
  now: () => number;
  /** Hears of connections that die while idle. */
  onError: (error: Error) => void;
}

export function openSqlSource({ name, spec, url, now, onError }: SqlSourceOptions): Source {
  const db = openPool(url, onError);
  let provenAt = -Infinity;
  const prove = async (): Promise<SourceAnswer<null>> => {
    const answer = await attempt(() => mayWrite(db));
    if (!answer.ok) return answer;
    if (answer.value.length > 0) {
      const message = `${FAILURES['may-write']}: it ${answer.value.join(', ')}.`;
      return { ok: false, failure: { is: 'may-write', message } };
    }
    provenAt = now();
    return { ok: true, value: null };
  };
  const proven = async <T>(work: () => Promise<T>): Promise<SourceAnswer<T>> => {
    if (now() - provenAt > PROOF_MAX_AGE_MS) {
      const proof = await prove();
      if (!proof.ok) return proof;
    }
    return attempt(work);
  };
  return {
    name,
    spec,
    prove,
    readValues: async (keys) => {
      if (keys.length > KEYS_MAX) throw new Error(`At most ${KEYS_MAX} keys can be asked for at once.`);
      return proven(() => readValues(db, name, spec.view, keys));
    },
    readLists: (key) => proven(() => readLists(db, spec, key)),
    close: () => db.destroy(),
  };
}

function openPool(url: string, onError: (error: Error) => void): Db {
  const pool = new pg.Pool({
    connectionString: url,
    options: SESSION,
    max: POOL_MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    maxLifetimeSeconds: CONNECTION_MAX_LIFE_S,
    keepAlive: true,
    allowExitOnIdle: true,
  });
  pool.on('error', onError);
  // A connection whose query failed may still be busy with it: it is closed, and never lent again.
  const connect = async () => {
    const client = await pool.connect();
    const broken = (error: Error): void => onError(error);
    client.on('error', broken);
    let failed = false;
    const query = client.query.bind(client);
    return {
      query: new Proxy(query, {
        apply: (target, _self, args: [string, unknown[]]) =>
          target(...args).catch((error: unknown) => {
            failed = true;
            throw error;
          }),
      }),
      release: () => {
        client.off('error', broken);
        client.release(failed);
      },
    };
  };
  return new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end() } }),
  });
}

async function readValues(
  db: Db,
  name: string,
  view: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, SourceValues>> {
  const owned = ownedFields(name);
  if (keys.length === 0 || owned.length === 0) return new Map();
  const { rows } = await sql<Record<string, string | null>>`
    select customer as key, ${sql.join(owned.map(({ column }, index) => cell(column, VALUE_MAX_CHARS, `c${index}`)))}
    from ${sql.table(view)} where customer = any(${[...keys]}::text[]) limit ${2 * KEYS_MAX}`.execute(db);
  // The names of cells are numbers: a field may be called like a column.
  const found = new Map<string, SourceValues>();
  for (const row of rows) {
    const key = row.key ?? '';
    const values = owned.map(({ field, kind }, index): [string, Value] => [
      field,
      canonical(kind, row[`c${index}`]),
    ]);
    found.set(key, found.has(key) ? 'twice' : Object.fromEntries(values));
  }
  return found;
}

async function readLists(db: Db, spec: SourceSpec<AppAudience>, key: string): Promise<SourceLists> {
  const lists: Record<string, SourceItem[]> = {};
  const cut: string[] = [];
  for (const [name, list] of Object.entries(spec.lists)) {
    const items = await readList(db, list, key);
    lists[name] = items.slice(0, LIST_MAX_ROWS);
    if (items.length > LIST_MAX_ROWS) cut.push(name);
  }
  return { lists, cut };
}

async function readList(db: Db, list: SourceListSpec<AppAudience>, key: string): Promise<SourceItem[]> {
  const fields = Object.entries(list.fields);
  const newest = list.fields[list.newestBy]?.column ?? 'id';
  const cells = fields.map(([, { column }], index) => cell(column, CELL_MAX_CHARS, `c${index}`));
  const { rows } = await sql<Record<string, string | null>>`
    select v.id::text as id, ${sql.join(cells)} from ${sql.table(list.view)} v
    where v.customer = ${key} order by v.${sql.ref(newest)} desc nulls last, v.id limit ${LIST_MAX_ROWS + 1}`.execute(
    db,
  );
  return rows.map((row) => ({
    id: row.id ?? '',
    fields: Object.fromEntries(
      fields.map(([field, { kind }], index) => [field, canonical(kind, row[`c${index}`])]),
    ),
  }));
}

/** The value as JSON writes it: ISO dates, every digit of a number. */
function cell(column: string, maxChars: number, as: string): RawBuilder<unknown> {
  return sql`left(to_jsonb(${sql.ref(column)}) #>> '{}', ${maxChars}::int) as ${sql.ref(as)}`;
}

async function attempt<T>(work: () => Promise<T>): Promise<SourceAnswer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** By Postgres' error classes (docs: appendix A); what carries none did not reach it. */
function failureOf(error: unknown): SourceFailure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // Up to the colon behind which Postgres quotes a value.
  const [said = ''] = error instanceof Error ? error.message.split(': ') : [];
  const reason = said.slice(0, REASON_MAX_CHARS);
  const isTimeout = code === '57014' || /timeout/i.test(reason);
  if (isTimeout) return { is: 'too-slow', message: FAILURES['too-slow'] };
  if (code === '42501' || code.startsWith('28'))
    return { is: 'barred', message: `${FAILURES.barred}: ${reason}.` };
  if (code.startsWith('42') || code === '3D000' || code.startsWith('22'))
    return { is: 'misfit', message: `${FAILURES.misfit}: ${reason}.` };
  return { is: 'unreachable', message: FAILURES.unreachable };
}
