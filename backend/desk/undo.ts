/** Undo of our own writes: what it would do, doing it, and how far it has come. For the app's page and `tally undo`. */
import type {
  DeskRole,
  UndoAnswer,
  UndoFilter,
  UndoProgress,
  UndoStarted,
} from '@tallystick/shared/deskMessages';
import { STAFF } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import {
  editId,
  isEditId,
  isRecordId,
  isSourceId,
  isStaffId,
  type HubId,
  type PersonId,
  type RecordId,
  type StaffId,
} from '@tallystick/shared/ids';
import { fieldOf, isObject, type AppObject } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import { setById } from '../store/heldSets.ts';
import { keyOf } from '../store/mirror.ts';
import {
  ownWrites,
  storePutBacks,
  undoStates,
  type OwnWriteRow,
  type PutBack,
  type WriteFilter,
} from '../store/ownWrites.ts';
import { definitionsOf, recordsByKey, type RecordRow } from '../store/records.ts';
import { DeskRefused } from './refusals.ts';
import { showValue, type Definitions } from './show.ts';
import { titleIn } from './titles.ts';
import { planUndo, type Left, type Undoing } from './undoPlan.ts';
import { UNDO_LEFT, undoneSentence } from './words.ts';

/** Fields put back at once. */
export const UNDO_MAX = 5_000;
const SAMPLES_MAX = 8;
const LEFT_SAMPLES_MAX = 3;

export interface Undo {
  putBack: Omit<PutBack, 'editId'>[];
  left: Partial<Record<Left, { object: AppObject; recordId: RecordId; field: string }[]>>;
  /** There is more than `UNDO_MAX`. */
  cut: boolean;
  records: ReadonlyMap<string, RecordRow>;
  definitions: Definitions;
  until: number;
}

/** What would be put back now, of what was written until `until`. */
export async function findUndo(db: Db, hubId: HubId, filter: UndoFilter, now: number): Promise<Undo> {
  const wanted = await parsedFilter(db, hubId, filter, now);
  const [rows, definitions, hub] = await Promise.all([
    ownWrites(db, hubId, wanted, UNDO_MAX + 1),
    definitionsOf(db, hubId),
    db.selectFrom('hubs').select('app_id').where('hub_id', '=', hubId).executeTakeFirstOrThrow(),
  ]);
  const places = grouped(rows);
  const cut = places.length > UNDO_MAX;
  const chosen = places.slice(0, UNDO_MAX);
  const records = await recordsByKey(db, hubId, chosen.map(([first]) => first).filter(isHere));
  const undo: Undo = { putBack: [], left: {}, cut, records, definitions, until: wanted.until ?? now };
  for (const writes of chosen) {
    const [first] = writes;
    if (first === undefined) continue;
    const { object, recordId, field } = first;
    const undoing = undoingOf(writes, records.get(keyOf(first)), definitions, hub.app_id);
    if (undoing.do === 'put back') {
      undo.putBack.push({ object, recordId, field, seen: undoing.seen, wanted: undoing.wanted });
    } else {
      (undo.left[undoing.why] ??= []).push({ object, recordId, field });
    }
  }
  return undo;
}

const isHere = (row: OwnWriteRow | undefined): row is OwnWriteRow => row !== undefined;

function undoingOf(
  writes: readonly OwnWriteRow[],
  record: RecordRow | undefined,
  definitions: Definitions,
  appId: string,
): Undoing {
  const [first] = writes;
  const spec = first === undefined ? undefined : fieldOf(first.object, first.field);
  if (first === undefined || spec === undefined) return { do: 'leave', why: 'gone' };
  const held = record?.fields[first.field];
  const definition = definitions.get(`${first.object}:${spec.property}`);
  const property = {
    exists: true,
    readOnly: definition?.readOnly ?? false,
    options: definition?.options?.map(({ value }) => value) ?? null,
  };
  const by = held?.by ?? { via: 'UNKNOWN', id: null, person: null };
  return planUndo(
    {
      ...{ object: first.object, recordId: first.recordId, field: first.field, writes },
      ...{ owner: spec.owner, rule: ruleOf(spec), property, isPresent: record?.life === 'present' },
      ...{ now: { value: held?.value ?? null, by }, isAsked: first.isAsked },
    },
    appId,
  );
}

function grouped(rows: readonly OwnWriteRow[]): OwnWriteRow[][] {
  const groups = new Map<string, OwnWriteRow[]>();
  for (const row of rows) {
    const key = `${keyOf(row)}:${row.field}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

async function parsedFilter(db: Db, hubId: HubId, filter: UndoFilter, now: number): Promise<WriteFilter> {
  const { editId: edit, person, object, field, since, until, setId, undoId } = filter;
  if ([edit, person, object, since, setId, undoId].every((each) => each === undefined))
    throw new DeskRefused('undo-everything');
  if (edit !== undefined && !isEditId(edit)) throw refused('An edit is named by its receipt’s id.');
  if (person !== undefined && !isPerson(person))
    throw refused('A person is a contact id, “user:” and a user id, or “source:” and a name.');
  if (object !== undefined && !isObject(object)) throw new DeskRefused('unknown-object');
  if (field !== undefined && (object === undefined || fieldOf(object, field) === undefined))
    throw new DeskRefused('unknown-field');
  const set = setId === undefined ? null : await setById(db, hubId, setId);
  if (setId !== undefined && set === null) throw refused('There is no such set.');
  return {
    ...(edit === undefined ? {} : { editIds: [editId(edit)] }),
    ...(set === null ? {} : { editIds: set.written }),
    ...(person === undefined ? {} : { person }),
    ...(object === undefined ? {} : { object }),
    ...(field === undefined ? {} : { field }),
    ...(undoId === undefined ? {} : { undoId }),
    ...(since === undefined ? {} : { since: instant(since) }),
    until: until === undefined ? now : instant(until),
  };
}

const isPerson = (text: string): text is PersonId => isRecordId(text) || isStaffId(text) || isSourceId(text);
const refused = (sentence: string): DeskRefused => new DeskRefused('bad-request', { sentence });

function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw refused(`“${text.slice(0, 40)}” is not a moment such as 2026-11-28T09:00:00Z.`);
  return at;
}

export async function undoAnswer(
  db: Db,
  hubId: HubId,
  role: DeskRole,
  filter: UndoFilter,
  now: number,
): Promise<UndoAnswer> {
  const { putBack, left, cut, records, definitions, until } = await findUndo(db, hubId, filter, now);
  const label = (at: { object: AppObject; field: string }): string =>
    fieldOf(at.object, at.field)?.label ?? at.field;
  return {
    role,
    fields: putBack.length,
    records: new Set(putBack.map((one) => keyOf(one))).size,
    until: new Date(until).toISOString(),
    samples: putBack.slice(0, SAMPLES_MAX).map((one) => ({
      ...{ object: one.object, recordId: one.recordId, title: titleIn(records, one), label: label(one) },
      now: showValue(definitions, one.object, one.field, one.seen),
      back: showValue(definitions, one.object, one.field, one.wanted),
    })),
    left: LEFT.flatMap((why) => {
      const of = left[why] ?? [];
      const samples = of.slice(0, LEFT_SAMPLES_MAX).map((one) => `${label(one)} of ${titleIn(records, one)}`);
      return of.length === 0 ? [] : [{ text: `${of.length} ${UNDO_LEFT[why]}`, samples }];
    }),
    cut,
  };
}

const LEFT: readonly Left[] = ['changed', 'already', 'underway', 'source', 'action', 'gone', 'unfit'];

export interface UndoRequest {
  filter: UndoFilter;
  /** How many fields were shown to be put back. */
  shown: number;
  /** Made once for what the person decided: repeated, nothing is done twice. */
  key: string;
}

/** Stores the rulings that put everything back. */
export async function startUndo(
  deps: { db: Db; now: () => number; newId: () => string },
  hubId: HubId,
  person: StaffId,
  { filter, shown, key }: UndoRequest,
): Promise<UndoStarted> {
  const now = deps.now();
  const states = await undoStates(deps.db, hubId, person, key);
  const isRepeated = Object.keys(states).length > 0;
  const { putBack, cut } = await findUndo(deps.db, hubId, filter, now);
  if (cut) throw new DeskRefused('undo-too-much');
  if (putBack.length > shown) throw new DeskRefused('undo-grew');
  if (putBack.length === 0 && !isRepeated) throw new DeskRefused('nothing-there');
  const all = putBack.map((one) => ({ ...one, editId: editId(deps.newId()) }));
  await storePutBacks(deps.db, hubId, { person, audience: STAFF, undoId: key, now }, all);
  return { undoId: key, ...progressed(await undoStates(deps.db, hubId, person, key)) };
}

export async function undoProgress(
  db: Db,
  hubId: HubId,
  person: StaffId,
  undoId: string,
): Promise<UndoProgress> {
  return progressed(await undoStates(db, hubId, person, undoId));
}

function progressed(states: Record<string, number>): UndoProgress {
  const of = (...names: string[]): number => names.reduce((sum, name) => sum + (states[name] ?? 0), 0);
  const counts = {
    waiting: of('accepted', 'written', 'held'),
    done: of('verified'),
    refused: of('refused', 'superseded'),
  };
  return { ...counts, sentence: undoneSentence(counts) };
}
