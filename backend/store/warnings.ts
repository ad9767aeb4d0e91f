/**
 * Warnings: what whoever runs the service should hear of. One row a problem: raised again while it stands, it is
 * counted; raised after its end, it begins anew. Whoever tells people of them reads this table.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { WarningDetail } from './layerTables.ts';

export type WarningCode =
  'missed-by-webhooks' | 'missed-by-journal' | 'journal-horizon' | 'mirror-differs' | 'schema-drift';

export interface Warning {
  code: WarningCode;
  /** What of several it is about, a field say; absent: there is only one. */
  subject?: string;
  count: number;
  /** Never personal data. */
  detail: WarningDetail | null;
}

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
        first_at = case when w.ended_at is null then w.first_at else excluded.first_at end,
        told_at = case when w.ended_at is null then w.told_at end,
        detail = excluded.detail, last_at = excluded.last_at, ended_at = null`.execute(db);
  }
}

/** The problem is over. */
export async function endWarning(
  db: Db,
  hubId: HubId,
  { code, subject = '' }: Pick<Warning, 'code' | 'subject'>,
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
