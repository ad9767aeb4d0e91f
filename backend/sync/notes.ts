/** What a visit tells the journal. */
import { STAFF, type Decision, type Standing } from '@tallystick/shared/decide';
import type { EditId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import type { Entry, Settlement } from '@tallystick/shared/settle';
import { isSourceAudience } from '@tallystick/shared/sourceSpec';
import type { Value } from '@tallystick/shared/values';
import type { HeldEdit } from '../store/visits.ts';
import type { OpenEdit, OpenPromise } from './situation.ts';

/** A journal entry without its place; the writer adds the record and the number. */
export interface Note {
  kind: 'asked' | 'decided' | 'sent' | 'proven';
  field: string;
  editId: EditId | null;
  actor: Source | null;
  rule: string | null;
  crmAt: number | null;
  before: Value;
  after: Value;
  outcome: string | null;
}

/** The edit puts back what stood before a write of ours. */
export const UNDO = 'undo';

export function asked(edit: OpenEdit): Note {
  const { field, editId, seen, wanted } = edit;
  return {
    kind: 'asked',
    field,
    editId,
    actor: asker(edit),
    rule: null,
    crmAt: null,
    before: seen,
    after: wanted,
    outcome: edit.ruling?.undo === undefined ? (edit.ruling?.choice ?? null) : UNDO,
  };
}

export function decided(edit: OpenEdit, decision: Decision, crm: Standing): Note {
  const after = decision.do === 'write' ? decision.value : edit.wanted;
  const { field, editId } = edit;
  const outcome = decision.do === 'refuse' ? `refuse: ${decision.reason}` : decision.do;
  return {
    kind: 'decided',
    field,
    editId,
    actor: crm.by,
    rule: decision.rule,
    crmAt: crm.at,
    before: crm.value,
    after,
    outcome,
  };
}

export function sent(field: string, editIds: readonly EditId[], base: Standing, value: Value): Note {
  const editId = editIds.at(-1) ?? null;
  return {
    kind: 'sent',
    field,
    editId,
    actor: null,
    rule: null,
    crmAt: base.at,
    before: base.value,
    after: value,
    outcome: null,
  };
}

/** One entry for the outcome; a foreign value that the write met stands in `before`, attributed. */
export function proven(promise: OpenPromise, settlement: Settlement): Note[] {
  const { field, value } = promise;
  const base = {
    kind: 'proven',
    field,
    editId: promise.editIds.at(-1) ?? null,
    rule: settlement.rule,
    after: value,
    outcome: settlement.is,
  } as const;
  switch (settlement.is) {
    case 'confirmed':
      return [{ ...base, actor: null, crmAt: settlement.at, before: null }];
    case 'overtaken':
      return [
        {
          ...base,
          actor: settlement.theirs.by,
          crmAt: settlement.theirs.at,
          before: settlement.theirs.value,
        },
      ];
    case 'superseded': {
      const { by, theirs } = settlement;
      const onTop: Note = { ...base, actor: by.by, crmAt: by.at, before: by.value };
      // Between our read and our write there was another one, now lost under both: keep it too.
      return theirs === null
        ? [onTop]
        : [
            { ...base, actor: theirs.by, crmAt: theirs.at, before: theirs.value, outcome: 'overtaken' },
            onTop,
          ];
    }
    case 'missing':
      return [{ ...base, actor: null, crmAt: null, before: promise.base.value }];
    default:
      return settlement satisfies never;
  }
}

/** What writes of ours covered besides what the settlement itself names: a late one knew nothing of it (S6). */
export function lost(
  promise: OpenPromise,
  settlement: Settlement,
  covered: readonly { theirs: Entry; by: Entry }[],
): Note[] {
  const named = 'theirs' in settlement ? settlement.theirs : null;
  return covered
    .filter(({ theirs }) => theirs !== named)
    .map((one) => covering('S6', promise.field, promise.editIds.at(-1) ?? null, one));
}

/** A foreign value that a late write of ours covered: while a promise was open (S6), or when nobody waited any more (S7). */
export function covering(
  rule: 'S6' | 'S7',
  field: string,
  editId: EditId | null,
  { theirs, by }: { theirs: Entry; by: Entry },
): Note {
  return {
    ...{ kind: 'proven' as const, field, editId, actor: theirs.by, rule, crmAt: theirs.at },
    ...{ before: theirs.value, after: by.value, outcome: 'overtaken' },
  };
}

/** A3: the decision no longer counts, because what it names is no longer what the CRM holds. */
export function voided(field: string, crm: Standing, value: Value): Note {
  return {
    ...{ kind: 'decided' as const, field, editId: null, actor: crm.by, rule: 'A3', crmAt: crm.at },
    ...{ before: crm.value, after: value, outcome: 'void' },
  };
}

/** What nobody asked for, we did ourselves: the end of a void decision (A3). Every entry says who. */
export function byUs(note: Note, appId: string): Note {
  if (note.actor !== null || note.editId !== null) return note;
  return { ...note, actor: { via: 'INTEGRATION', id: appId, person: null } };
}

/** What a ruling meant for the held edit it answers. */
export function ruled(ruling: OpenEdit, held: HeldEdit, crm: Standing): Note {
  const choice = ruling.ruling?.choice ?? 'keep';
  const RULES = { keep: 'R2', take: 'R3', write: 'R4' } as const;
  return {
    kind: 'decided',
    field: ruling.field,
    editId: held.editId,
    actor: asker(ruling),
    rule: RULES[choice],
    crmAt: crm.at,
    before: crm.value,
    after: held.wanted,
    outcome: choice,
  };
}

function asker({ actor, person }: OpenEdit): Source {
  const { audience } = actor;
  const via = audience === STAFF ? 'STAFF' : isSourceAudience(audience) ? 'SOURCE' : 'CUSTOMER';
  return { via, id: audience, person };
}
