/**
 * Warnings: what whoever runs the service should hear of. One row a problem: raised again while it stands, it is
 * counted; raised after its end, it begins anew. Whoever tells people of them reads this table.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { WarningDetail } from './layerTables.ts';

export type WarningCode =
  | 'missed-by-webhooks'
  | 'missed-by-journal'
  | 'journal-horizon'
  | 'mirror-differs'
  | 'schema-drift'
  /** Many changes like one another came in from the CRM. */
  | 'mass-change'
  /** Edits wait because many like one another were to go out. */
  | 'held-set'
  /** Somebody wanted to see where warnings go. */
  | 'test';

export interface Warning {
  code: WarningCode;
  /** What of several it is about, a field say; absent: there is only one. */
  subject?: string;
  count: number;
  /** Never personal data. */
  detail: WarningDetail | null;
}

/** Of a warning that is there already: raised after its end, it begins anew. */
const STANDS_NOW = sql`
  first_at = case when w.ended_at is null then w.first_at else excluded.first_at end,
  told_at = case when w.ended_at is null then w.told_at end,
  detail = excluded.detail, last_at = excluded.last_at, ended_at = null`;

/** The one place where warnings are raised. */
export async function raise(db: Db, hubId: HubId, warnings: readonly Warning[], now: number): Promise<void> {
  const at = new Date(now);
  for (const { code, subject = '', count, detail } of warnings) {
    const stored = detail === null ? null : JSON.stringify(detail);
    await sql`
      insert into warnings as w (hub_id, code, subject, count, detail, first_at, last_at)
      values (${hubId}, ${code}, ${subject}, ${count}, ${stored}::jsonb, ${at}, ${at})
      on conflict (hub_id, code, subject) do update set
        count = case when w.ended_at is null then w.count else 0 end + excluded.count,
        ${STANDS_NOW}`.execute(db);
  }
}

/** The problem is over. */
export async function endWarning(
  db: Db,
  hubId: HubId,
  { code, subject = '' }: { code: string; subject?: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('warnings')
    .set({ ended_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('code', '=', code)
    .where('subject', '=', subject)
    .where('ended_at', 'is', null)
    .execute();
}

export interface RaisedWarning {
  code: string;
  subject: string;
  count: number;
  lastAt: number;
}

/** What stands. */
export async function raisedWarnings(db: Db, hubId: HubId): Promise<RaisedWarning[]> {
  const rows = await db
    .selectFrom('warnings')
    .select(['code', 'subject', 'count', 'last_at'])
    .where('hub_id', '=', hubId)
    .where('ended_at', 'is', null)
    .orderBy('code')
    .orderBy('subject')
    .execute();
  return rows.map(({ count, last_at, ...row }) => ({
    ...row,
    count: Number(count),
    lastAt: last_at.getTime(),
  }));
}

export interface KnownWarning {
  code: string;
  subject: string;
  count: number;
  detail: WarningDetail | null;
  firstAt: number;
  lastAt: number;
  endedAt: number | null;
}

/** What stands, and what ended and is still kept. */
export async function knownWarnings(db: Db, hubId: HubId): Promise<KnownWarning[]> {
  const rows = await db
    .selectFrom('warnings')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('first_at')
    .orderBy('code')
    .orderBy('subject')
    .execute();
  return rows.map((row) => ({
    code: row.code,
    subject: row.subject,
    count: Number(row.count),
    detail: row.detail,
    firstAt: row.first_at.getTime(),
    lastAt: row.last_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
  }));
}

/** Of warnings that are a state and not an event: it stands now, and is counted once however often it is looked at. */
export async function keepStanding(
  db: Db,
  hubId: HubId,
  standing: readonly { code: string; subject: string; detail: WarningDetail | null }[],
  now: number,
): Promise<void> {
  const at = new Date(now);
  for (const { code, subject, detail } of standing) {
    const stored = detail === null ? null : JSON.stringify(detail);
    await sql`
      insert into warnings as w (hub_id, code, subject, count, detail, first_at, last_at)
      values (${hubId}, ${code}, ${subject}, 1, ${stored}::jsonb, ${at}, ${at})
      on conflict (hub_id, code, subject) do update set
        ${STANDS_NOW}`.execute(db);
  }
}

/** What ended long ago, and what channels were told of it. */
export async function forgetWarnings(db: Db, hubId: HubId, endedBefore: number): Promise<void> {
  await sql`
    with gone as (
      delete from warnings where hub_id = ${hubId} and ended_at < ${new Date(endedBefore)} returning code, subject)
    delete from alerts a using gone where a.hub_id = ${hubId} and a.code = gone.code and a.subject = gone.subject`.execute(
    db,
  );
}
