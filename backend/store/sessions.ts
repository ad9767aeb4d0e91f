/** Who is signed in, in which browser. A session's secret is kept nowhere: only its hash is. */
import { createHash } from 'node:crypto';
import type { HubId, IdentityId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface SessionRow {
  sessionId: string;
  identityId: IdentityId;
  /** The address that was proven; null: none was. */
  proven: string | null;
  browser: string;
  /** Where the request came from. */
  address: string;
  begunAt: number;
  seenAt: number;
  provenAt: number;
  /** Whatever happens. */
  expiresAt: number;
}

/** A session counts while neither time is over. */
export interface Ages {
  now: number;
  idleMs: number;
}

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

export async function beginSession(
  db: Db,
  hubId: HubId,
  session: Omit<SessionRow, 'proven' | 'seenAt'> & { secret: string },
): Promise<void> {
  const { sessionId, identityId, browser, address, begunAt, provenAt, expiresAt, secret } = session;
  await db
    .insertInto('sessions')
    .values({
      hub_id: hubId,
      session_id: sessionId,
      secret_hash: hashOf(secret),
      identity_id: identityId,
      browser,
      address,
      begun_at: new Date(begunAt),
      seen_at: new Date(begunAt),
      proven_at: new Date(provenAt),
      expires_at: new Date(expiresAt),
    })
    .execute();
}

/** Null: unknown, ended, or too old. */
export async function sessionBySecret(
  db: Db,
  hubId: HubId,
  secret: string,
  ages: Ages,
): Promise<SessionRow | null> {
  const row = await living(db, hubId, ages).where('s.secret_hash', '=', hashOf(secret)).executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

/** A person's own sessions, the newest first. */
export async function sessionsOf(
  db: Db,
  hubId: HubId,
  identityId: IdentityId,
  ages: Ages,
): Promise<SessionRow[]> {
  const rows = await living(db, hubId, ages)
    .where('s.identity_id', '=', identityId)
    .orderBy('s.begun_at', 'desc')
    .execute();
  return rows.map(rowOf);
}

/** Which of these sessions still count. */
export async function livingSessions(
  db: Db,
  hubId: HubId,
  sessionIds: readonly string[],
  ages: Ages,
): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set();
  const rows = await living(db, hubId, ages)
    .where(sql<boolean>`s.session_id = any(${[...sessionIds]}::uuid[])`)
    .execute();
  return new Set(rows.map((row) => row.session_id));
}

export async function touchSession(db: Db, hubId: HubId, sessionId: string, now: number): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ seen_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('session_id', '=', sessionId)
    .execute();
}

/** One session of this person, or (null) all of them; false: there was none. */
export async function endSessions(
  db: Db,
  hubId: HubId,
  identityId: IdentityId,
  sessionId: string | null,
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('hub_id', '=', hubId)
    .where('identity_id', '=', identityId)
    .$if(sessionId !== null, (query) => query.where('session_id', '=', sessionId ?? ''))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** What is over is of no use to anybody, and says where people were. */
export async function dropOldSessions(db: Db, hubId: HubId, { now, idleMs }: Ages): Promise<void> {
  await db
    .deleteFrom('sessions')
    .where('hub_id', '=', hubId)
    .where((eb) =>
      eb.or([eb('expires_at', '<=', new Date(now)), eb('seen_at', '<=', new Date(now - idleMs))]),
    )
    .execute();
}

function living(db: Db, hubId: HubId, { now, idleMs }: Ages) {
  return db
    .selectFrom('sessions as s')
    .innerJoin('identities as i', (join) =>
      join.onRef('i.hub_id', '=', 's.hub_id').onRef('i.identity_id', '=', 's.identity_id'),
    )
    .select(['s.session_id', 's.identity_id', 's.browser', 's.address', 's.begun_at', 's.seen_at'])
    .select(['s.proven_at', 's.expires_at', 'i.address as proven'])
    .where('s.hub_id', '=', hubId)
    .where('s.expires_at', '>', new Date(now))
    .where('s.seen_at', '>', new Date(now - idleMs));
}

function rowOf(row: {
  session_id: string;
  identity_id: IdentityId;
  proven: string | null;
  browser: string;
  address: string;
  begun_at: Date;
  seen_at: Date;
  proven_at: Date;
  expires_at: Date;
}): SessionRow {
  return {
    sessionId: row.session_id,
    identityId: row.identity_id,
    proven: row.proven,
    browser: row.browser,
    address: row.address,
    begunAt: row.begun_at.getTime(),
    seenAt: row.seen_at.getTime(),
    provenAt: row.proven_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}
