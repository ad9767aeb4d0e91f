/** The road to a record: loaded, held against `sees`, refreshed when it is older than its bounds. */
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import { isObject, type AppObject } from '@tallystick/shared/ownership';
import type { Signals } from '../signals.ts';
import type { Db } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import { loadRecords, type RecordRow } from '../store/records.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Refused } from './problem.ts';
import type { HubSources } from './sources.ts';
import { MERGES_MAX, survivorOf, type Session } from './session.ts';
import type { SignInSettings } from './signIn/settings.ts';
import { isStale } from './views.ts';
import { sees } from './visibility.ts';
import type { Scan } from './uploads.ts';
import { until } from './waiting.ts';

export interface PortalDeps {
  db: Db;
  signals: Signals;
  now: () => number;
  newId: () => string;
  limits?: Partial<Limits>;
  /** The public keys of signed statements, as a JWK Set has them. */
  keys?: readonly object[];
  /** Absent: no virus scanner is there. */
  scan?: Scan;
  /** Other systems that own something customers look at; absent: there is none. */
  sources?: HubSources;
  /** Absent: only bearer tokens open a session. */
  signIn?: SignInSettings;
  /** Named steps of the loop. Does nothing in production; tests kill the process there. */
  at?: (step: string) => void;
}

export const limitsOf = (deps: PortalDeps): Limits => ({ ...LIMITS, ...deps.limits });

/** The record, or the same `not-found` whether it is foreign, hidden, gone or was never there. */
export async function findRecord(
  deps: PortalDeps,
  session: Session,
  object: string,
  id: string,
): Promise<RecordRow> {
  const notFound = new Refused('not-found');
  if (!isObject(object) || !isRecordId(id)) throw notFound;
  let row = await loadOne(deps, session, object, id);
  for (let merges = 0; merges < MERGES_MAX; merges += 1) {
    const survivor = row === null ? null : survivorOf(row.life);
    if (survivor === null) break;
    row = await loadOne(deps, session, object, survivor);
  }
  if (row === null || !sees(session.person, session.reach, row)) throw notFound;
  return row;
}

async function loadOne(
  { db }: PortalDeps,
  { person }: Session,
  object: AppObject,
  recordId: RecordId,
): Promise<RecordRow | null> {
  const [row] = await loadRecords(db, person.hubId, [{ object, recordId }]);
  return row ?? null;
}

/** Asks the worker for what is stale and waits a little; answers with the rows as they then are, in the same order. */
export async function refreshed(
  deps: PortalDeps,
  session: Session,
  rows: readonly RecordRow[],
  mayWait: boolean,
): Promise<RecordRow[]> {
  const { db, signals, now } = deps;
  const { hubId } = session.person;
  const stale = rows.filter((row) => isStale(session.person, row, now()));
  if (stale.length === 0) return [...rows];
  await markDue(db, hubId, 'read', stale, { now: now() });
  signals.wake(hubId);
  if (!mayWait) return [...rows];
  const fresh = await until(deps, hubId, limitsOf(deps).freshWaitMs, async () => {
    const loaded = await loadRecords(db, hubId, rows);
    return { done: !loaded.some((row) => isStale(session.person, row, now())), value: loaded };
  });
  return rows.flatMap((row) => {
    const found = fresh.find((each) => each.object === row.object && each.recordId === row.recordId) ?? row;
    return sees(session.person, session.reach, found) ? [found] : [];
  });
}
