/** What the app pages show: conflicts of all records, parked work, and the rules in force. */
import type { ConflictsAnswer, DeskRole, ParkedAnswer, RulesAnswer } from '@tallystick/shared/deskMessages';
import { isEditable, type FieldSpec } from '@tallystick/shared/defineOwnership';
import type { HubId } from '@tallystick/shared/ids';
import { objects, OBJECTS, ownership, sources, type AppAudience } from '@tallystick/shared/ownership';
import { CONFLICT_SENTENCES } from '@tallystick/shared/words';
import { listConflicts, type ConflictFilter } from '../store/conflicts.ts';
import type { Db } from '../store/database.ts';
import { listParked } from '../store/parked.ts';
import { definitionsOf, recordsByKey } from '../store/records.ts';
import { deskConflict, moreOf } from './conflicts.ts';
import { loadNames } from './names.ts';
import { deskParked } from './parked.ts';
import { titleIn } from './titles.ts';

const PAGE_CONFLICTS = 15;
const PARKED_MAX = 60;

export async function conflictsAnswer(
  db: Db,
  hubId: HubId,
  role: DeskRole,
  filter: Omit<ConflictFilter, 'limit'>,
): Promise<ConflictsAnswer> {
  const rows = await listConflicts(db, hubId, { ...filter, limit: PAGE_CONFLICTS + 1 });
  const page = rows.slice(0, PAGE_CONFLICTS);
  const [records, definitions, facts, names] = await Promise.all([
    recordsByKey(db, hubId, page),
    definitionsOf(db, hubId),
    moreOf(db, hubId, page),
    loadNames(
      db,
      hubId,
      page.map(({ crm }) => crm.by),
      page.map(({ person }) => person),
    ),
  ]);
  const known = { records, names, definitions, facts };
  return {
    role,
    conflicts: page.map((conflict) => deskConflict(conflict, known)),
    next: rows.length > PAGE_CONFLICTS ? (page.at(-1)?.conflictId ?? null) : null,
  };
}

export async function parkedAnswer(db: Db, hubId: HubId, role: DeskRole): Promise<ParkedAnswer> {
  const rows = await listParked(db, hubId, PARKED_MAX);
  const records = await recordsByKey(db, hubId, rows);
  return {
    role,
    parked: rows.map((row) => deskParked(row, titleIn(records, row))),
  };
}

/** The ownership table as it is in force. */
export function rulesAnswer(): RulesAnswer {
  return {
    version: ownership.version,
    objects: OBJECTS.map((name) => ({
      name,
      label: objects[name].label.many,
      fields: Object.values(objects[name].fields).map(ruleInWords),
    })),
  };
}

function ruleInWords(spec: FieldSpec<AppAudience>): RulesAnswer['objects'][number]['fields'][number] {
  const { label, property } = spec;
  const called = (audiences: readonly AppAudience[]): string =>
    audiences.length === 0
      ? 'nobody'
      : audiences.map((audience) => ownership.audiences[audience].label).join(', ');
  const approval = isEditable(spec) && spec.approval === true ? ' Every change wants approval.' : '';
  const conflict =
    spec.owner === 'crm'
      ? ''
      : `${CONFLICT_SENTENCES[spec.owner === 'both' ? spec.conflict : spec.owner]}${approval}`;
  return {
    label,
    property,
    owner:
      spec.owner === 'source'
        ? (sources[spec.source]?.label ?? spec.source)
        : { crm: 'CRM', customer: 'Customer', both: 'Both' }[spec.owner],
    conflict,
    seenBy: called(spec.see),
    editedBy: isEditable(spec) ? called(spec.edit) : 'nobody',
  };
}
