/** Conflicts and proposals as staff see them: both values side by side, with who, when and what each saw. */
import type { DeskConflict } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import { fieldOf } from '@tallystick/shared/ownership';
import { equal, type Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import { versionOf } from '../portal/versions.ts';
import type { KeptConflict } from '../store/conflicts.ts';
import type { Db } from '../store/database.ts';
import { keyOf } from '../store/mirror.ts';
import type { RecordRow } from '../store/records.ts';
import type { Names } from './names.ts';
import { optionsOf, showValue, type Definitions } from './show.ts';
import { titleIn } from './titles.ts';

export interface ConflictFacts {
  records: ReadonlyMap<string, RecordRow>;
  names: Names;
  definitions: Definitions;
  facts: ReadonlyMap<string, MoreOfConflict>;
}

interface MoreOfConflict {
  /** When the customer asked, our clock. */
  askedAt: Date;
  /** What the CRM held before the value that stood when it opened; null: not in the journal. */
  before: Value;
  pending: boolean;
  /** What became of the ruling: its edit's state. */
  outcome: string | null;
}

/** What the conflicts' own rows do not tell. */
export async function moreOf(
  db: Db,
  hubId: HubId,
  conflicts: readonly KeptConflict[],
): Promise<Map<string, MoreOfConflict>> {
  if (conflicts.length === 0) return new Map();
  const { rows } = await sql<{
    conflict_id: string;
    asked_at: Date;
    before: Value;
    pending: boolean;
    outcome: string | null;
  }>`
    select c.conflict_id, e.asked_at,
      (select j.before from journal j
        where j.hub_id = c.hub_id and j.object = c.object and j.record_id = c.record_id and j.field = c.field
          and j.kind = 'changed' and j.after is not distinct from c.crm->>'value'
        order by j.seq desc limit 1) as before,
      exists (select from edits r join edit_fields f on f.hub_id = r.hub_id and f.edit_id = r.edit_id
        where r.hub_id = c.hub_id and r.object = c.object and r.record_id = c.record_id
          and r.ruling->>'conflictId' = c.conflict_id::text and f.state in ('accepted', 'written')) as pending,
      (select f.state from edit_fields f
        where f.hub_id = c.hub_id and f.edit_id::text = c.settlement->>'editId' limit 1) as outcome
    from conflicts c join edits e on e.hub_id = c.hub_id and e.edit_id = c.edit_id
    where c.hub_id = ${hubId} and c.conflict_id = any(${conflicts.map((one) => one.conflictId)}::bigint[])`.execute(
    db,
  );
  return new Map(
    rows.map(({ conflict_id: id, asked_at: askedAt, before, pending, outcome }) => [
      id,
      { askedAt, before, pending, outcome },
    ]),
  );
}

export function deskConflict(conflict: KeptConflict, known: ConflictFacts): DeskConflict {
  const { conflictId, kind, object, recordId, field, crm, wanted, seen, settlement } = conflict;
  const { names, definitions } = known;
  const row = known.records.get(keyOf({ object, recordId }));
  const spec = fieldOf(object, field);
  const text = (value: Value): string => showValue(definitions, object, field, value);
  const held = row?.fields[field];
  const now = held?.value ?? null;
  const more = known.facts.get(conflictId);
  const options = optionsOf(definitions, object, field);
  const settled =
    settlement === null || conflict.settledAt === null
      ? null
      : {
          text: settlement.choice === 'keep' ? text(crm.value) : text(settlement.value),
          who: names.person(settlement.by),
          at: iso(conflict.settledAt),
          choice: settlement.choice,
          note: settlement.note,
          outcome: more?.outcome ?? 'accepted',
        };
  return {
    conflictId,
    kind,
    object,
    recordId,
    title: titleIn(known.records, conflict),
    field,
    label: spec?.label ?? field,
    openedAt: iso(conflict.openedAt) ?? '',
    crm: {
      text: text(crm.value),
      who: names.of(crm.by),
      at: iso(crm.at),
      before: more === undefined || more.before === null ? null : text(more.before),
    },
    customer: {
      text: text(wanted),
      who: names.person(conflict.person),
      at: more === undefined ? null : more.askedAt.toISOString(),
      saw: text(seen),
    },
    now: text(now),
    version: versionOf(held?.seq ?? row?.foundSeq ?? 0),
    moved: !equal(spec?.kind ?? 'text', now, crm.value),
    lost: wanted !== null && wanted.length > LOST_MAX_CHARS ? null : wanted,
    pending: more?.pending ?? false,
    settled,
    ...(options === undefined ? {} : { options }),
  };
}

/** A long value is restored from the evidence of its field. */
const LOST_MAX_CHARS = 500;

const iso = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());
