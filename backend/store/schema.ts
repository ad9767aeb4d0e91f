/** The CRM's schema and what was found in it: written by the hub's worker, read by everybody. */
import type { HubId } from '@tallystick/shared/ids';
import { isObject, type AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { Unreadable } from './layerTables.ts';
import type { CrmSchema, FindingCode, KeptFinding, Stops } from './schemaTables.ts';

export interface KeptSchema {
  accepted: CrmSchema;
  found: CrmSchema;
  readAt: number;
}

/** Null: the CRM was never asked. */
export async function loadSchema(db: Db, hubId: HubId): Promise<KeptSchema | null> {
  const row = await db.selectFrom('crm_schema').selectAll().where('hub_id', '=', hubId).executeTakeFirst();
  return row === undefined ? null : { ...row, readAt: row.read_at.getTime() };
}

/** When the CRM's schema was last read; null: never. */
export async function schemaReadAt(db: Db, hubId: HubId): Promise<number | null> {
  const row = await db
    .selectFrom('crm_schema')
    .select('read_at')
    .where('hub_id', '=', hubId)
    .executeTakeFirst();
  return row?.read_at.getTime() ?? null;
}

export async function saveSchema(
  db: Db,
  hubId: HubId,
  { accepted, found, readAt }: KeptSchema,
): Promise<void> {
  const row = {
    accepted: JSON.stringify(accepted),
    found: JSON.stringify(found),
    read_at: new Date(readAt),
  };
  await db
    .insertInto('crm_schema')
    .values({ hub_id: hubId, ...row })
    .onConflict((conflict) => conflict.column('hub_id').doUpdateSet(row))
    .execute();
}

/** What stands, the worst first, then the oldest. */
export async function loadFindings(db: Db, hubId: HubId): Promise<KeptFinding[]> {
  const rows = await db
    .selectFrom('findings')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy(sql`array_position(array['breaks', 'warns', 'tells'], severity)`)
    .orderBy('since')
    .orderBy('code')
    .orderBy('subject')
    .execute();
  return rows.map(({ since, finding, subject }) => ({ finding, subject, since: since.getTime() }));
}

/** Replaces what stands. */
export async function saveFindings(db: Db, hubId: HubId, kept: readonly KeptFinding[]): Promise<void> {
  await db.deleteFrom('findings').where('hub_id', '=', hubId).execute();
  if (kept.length === 0) return;
  const rows = kept.map((one) => {
    const { finding, subject, since } = one;
    const { code, severity, bars } = finding;
    const stop = stoppedBy(one);
    const object = 'object' in finding && isObject(finding.object) ? finding.object : null;
    return {
      ...{ hub_id: hubId, code, subject, object, field: stop?.field ?? null, severity, bars },
      ...{ stops: stop?.stops ?? 'none', since: new Date(since), finding: JSON.stringify(finding) },
    };
  });
  await db.insertInto('findings').values(rows).execute();
}

/** What cannot be made at the moment, by the creation's name. */
export async function barredByDrift(db: Db, hubId: HubId): Promise<Set<string>> {
  const rows = await db
    .selectFrom('findings')
    .select('bars')
    .where('hub_id', '=', hubId)
    .where(sql<boolean>`cardinality(bars) > 0`)
    .execute();
  return new Set(rows.flatMap(({ bars }) => bars));
}

/** A field, or with none a whole object, that is held back. */
export interface Stopped {
  code: FindingCode;
  object: AppObject;
  field: string | null;
  stops: Stops;
  since: number;
}

/** What the finding holds back; null: nothing. A property that no field maps holds back no field, nor the object. */
export function stoppedBy({ finding, since }: Omit<KeptFinding, 'subject'>): Stopped | null {
  const { code, stops } = finding;
  if (stops === 'none' || !('object' in finding) || !isObject(finding.object)) return null;
  if (!('field' in finding)) return { code, object: finding.object, field: null, stops, since };
  const { object, field } = finding;
  return field === null ? null : { code, object, field, stops, since };
}

/** Why nothing of the object can be read; null: it can. */
export function unreadableIn(findings: readonly KeptFinding[], object: AppObject): Unreadable | null {
  const found = findings.find((kept) => {
    const stop = stoppedBy(kept);
    return stop?.object === object && stop.field === null && stop.stops === 'both';
  })?.finding;
  if (found === undefined) return null;
  return found.code === 'scope-lost'
    ? { code: 'scope-lost', object, scope: found.scope }
    : { code: 'object-gone', object, scope: null };
}

/** What holds the field back; where several do, the one that holds back more. */
export function stopOf<S extends Pick<Stopped, 'field' | 'stops'>>(
  stopped: readonly S[],
  field: string,
): S | null {
  const covering = stopped.filter((each) => each.field === null || each.field === field);
  return covering.find(({ stops }) => stops === 'both') ?? covering[0] ?? null;
}
