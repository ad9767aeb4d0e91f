/** Decisions that are bound to what was shown, with the signed statements of them. */
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { StatementEvidence } from '@tallystick/shared/messages';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, KeptGuard } from './database.ts';

export interface Decision {
  editId: EditId;
  object: AppObject;
  recordId: RecordId;
  person: PersonId;
  audience: string;
  action: string;
  askedAt: number;
  guards: KeptGuard[];
  evidence: StatementEvidence | null;
  fields: { field: string; wanted: Value }[];
}

/** Those of these edits that are actions, verified in every field, and not signed yet. */
export async function verifiedDecisions(
  db: Db,
  hubId: HubId,
  editIds: readonly EditId[],
): Promise<Decision[]> {
  const { rows } = await sql<Omit<Decision, 'askedAt'> & { askedAt: Date }>`
    select e.edit_id as "editId", e.object, e.record_id as "recordId", e.person, e.audience, e.action,
      e.asked_at as "askedAt", e.guards, e.evidence,
      json_agg(json_build_object('field', f.field, 'wanted', f.wanted)) as fields
    from edits e join edit_fields f on f.hub_id = e.hub_id and f.edit_id = e.edit_id
    where e.hub_id = ${hubId} and e.edit_id = any(${[...editIds]}::uuid[])
      and e.action is not null and e.evidence is not null and e.statement is null and e.record_id is not null
    group by e.hub_id, e.edit_id having bool_and(f.state = 'verified')`.execute(db);
  return rows.map((row) => ({ ...row, askedAt: row.askedAt.getTime() }));
}

export async function keepStatement(db: Db, hubId: HubId, editId: EditId, statement: string): Promise<void> {
  await db
    .updateTable('edits')
    .set({ statement })
    .where('hub_id', '=', hubId)
    .where('edit_id', '=', editId)
    .where('statement', 'is', null)
    .execute();
}

/** Which of these edits have a signed statement. */
export async function signedEdits(db: Db, hubId: HubId, editIds: readonly EditId[]): Promise<Set<EditId>> {
  if (editIds.length === 0) return new Set();
  const rows = await db
    .selectFrom('edits')
    .select('edit_id')
    .where('hub_id', '=', hubId)
    .where('edit_id', 'in', [...editIds])
    .where('statement', 'is not', null)
    .execute();
  return new Set(rows.map((row) => row.edit_id));
}
