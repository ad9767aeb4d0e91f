/** Why a field holds its value, what happened to a record, and how it was at a chosen moment. */
import type { AsOfAnswer, DeskEntry, HistoryAnswer, WhyAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import { fieldOf, objects, type AppObject } from '@tallystick/shared/ownership';
import { CONFLICT_SENTENCES, OWNER_SENTENCES } from '@tallystick/shared/words';
import { versionOf } from '../portal/versions.ts';
import { HELD_BACK } from '../store/heldSets.ts';
import { entriesOf, seqAt, type EntryFilter, type EntryRow } from '../store/entries.ts';
import type { Db } from '../store/database.ts';
import { definitionsOf, recordsByKey, valuesAsOf, type RecordRow } from '../store/records.ts';
import { signedEdits } from '../store/statements.ts';
import { evidenceOf, explain, type Evidence, type Speech } from './explain.ts';
import { loadNames, type Names } from './names.ts';
import { seenBy } from './people.ts';
import { DeskRefused } from './refusals.ts';
import { cut, showValue, type Definitions } from './show.ts';
import { titleIn, titleOf } from './titles.ts';
import { signedSentence } from './words.ts';

const PAGE_ENTRIES = 25;

/** People by their names, values with the CRM's labels. */
const speechOf = (names: Names, definitions: Definitions, object: AppObject | null): Speech => ({
  who: (source) => names.of(source),
  text: (field, value) => {
    if (value === null) return 'nothing';
    return object === null ? cut(value) : showValue(definitions, object, field, value);
  },
});

export async function whyAnswer(db: Db, hubId: HubId, row: RecordRow, field: string): Promise<WhyAnswer> {
  const { object, recordId } = row;
  const spec = fieldOf(object, field);
  const explained = await explain(db, hubId, object, recordId, field, async (sources) =>
    speechOf(await loadNames(db, hubId, sources), await definitionsOf(db, hubId), object),
  );
  if (spec === undefined || explained === null) throw new DeskRefused('unknown-field');
  const { sentence, rule, asOf, proven, evidence } = explained;
  return {
    label: spec.label,
    sentence,
    owner: OWNER_SENTENCES[spec.owner],
    conflictRule: CONFLICT_SENTENCES[spec.owner === 'both' ? spec.conflict : spec.owner],
    ruleVersion: rule.version,
    asOf,
    proven,
    version: versionOf(row.fields[field]?.seq ?? row.foundSeq),
    evidence: evidence.map((entry) => deskEntry(entry, { object, recordId, field, title: titleOf(row) })),
  };
}

export async function historyAnswer(
  db: Db,
  hubId: HubId,
  filter: Omit<EntryFilter, 'limit'>,
): Promise<HistoryAnswer> {
  const rows = await entriesOf(db, hubId, { ...filter, limit: PAGE_ENTRIES + 1 });
  const page = rows.slice(0, PAGE_ENTRIES);
  const sources = page.map((row) => row.actor);
  const proven = page.flatMap((row) => (row.kind === 'proven' ? (row.edit_id ?? []) : []));
  const places = page.flatMap(({ object, record_id: recordId }) =>
    object === null || recordId === null ? [] : [{ object, recordId }],
  );
  const [names, definitions, signed, records] = await Promise.all([
    loadNames(db, hubId, sources),
    definitionsOf(db, hubId),
    signedEdits(db, hubId, proven),
    recordsByKey(db, hubId, places),
  ]);
  const entries = page.map((row) => {
    const { object, record_id: recordId, field, edit_id: editId } = row;
    const entry = evidenceOf(row, speechOf(names, definitions, object));
    const isSigned = row.kind === 'proven' && editId !== null && signed.has(editId);
    const sentence = isSigned ? `${entry.sentence} ${signedSentence(editId)}` : entry.sentence;
    const title = object === null || recordId === null ? null : titleIn(records, { object, recordId });
    return deskEntry({ ...entry, sentence }, { object, recordId, field, title });
  });
  return { entries, next: rows.length > PAGE_ENTRIES ? (entries.at(-1)?.seq ?? null) : null };
}

function deskEntry(
  entry: Evidence,
  place: { object: AppObject | null; recordId: string | null; field: string | null; title: string | null },
): DeskEntry {
  const { seq, at, kind, who, rule, sentence, lost } = entry;
  const { object, recordId, field, title } = place;
  const label = object === null || field === null ? null : (fieldOf(object, field)?.label ?? field);
  return {
    seq,
    at,
    kind,
    object,
    recordId,
    title,
    field,
    label,
    who,
    rule,
    sentence: cutTwice(sentence),
    lost: short(lost),
  };
}

const cutTwice = (sentence: string): string =>
  sentence.length > 900 ? `${sentence.slice(0, 899)}…` : sentence;
/** A long value is restored from its own page of evidence, not from a list. */
const LOST_MAX_CHARS = 500;
const short = (value: string | null): string | null =>
  value !== null && value.length > LOST_MAX_CHARS ? null : value;

/** Both sides of the record as they were: the CRM's values from the journal, with the edits that were open then. */
export async function asOfAnswer(db: Db, hubId: HubId, row: RecordRow, at: number): Promise<AsOfAnswer> {
  const seq = await seqAt(db, hubId, at);
  const moment = new Date(at).toISOString();
  if (seq < row.foundSeq) return { at: moment, fields: null };
  const names = Object.keys(objects[row.object].fields);
  const [past, definitions, asked] = await Promise.all([
    valuesAsOf(
      db,
      hubId,
      row,
      names.map((field) => ({ field, seq })),
    ),
    definitionsOf(db, hubId),
    entriesOf(db, hubId, {
      object: row.object,
      recordId: row.recordId,
      kinds: ['asked', 'decided', 'proven', 'failed'],
      before: seq + 1,
      limit: OPEN_EDITS_LOOK_BACK,
    }),
  ]);
  const open = openThen(asked);
  const fields = names.map((name) => {
    const text = (value: string | null): string => showValue(definitions, row.object, name, value);
    const value = past.changed.has(name)
      ? (past.changed.get(name) ?? null)
      : (row.fields[name]?.value ?? null);
    const crm = past.erased.includes(name) ? '(erased)' : text(value);
    const portal =
      seenBy(row.object, name).length === 0 ? null : open.has(name) ? text(open.get(name) ?? null) : crm;
    return { name, label: fieldOf(row.object, name)?.label ?? name, crm, portal };
  });
  return { at: moment, fields };
}

/** An edit is over within seconds, or held: this many entries back there is none that was still on its way. */
const OPEN_EDITS_LOOK_BACK = 300;

const STILL_OPEN: readonly unknown[] = ['write', HELD_BACK];

/** The wishes that were on their way to the CRM, by field. */
function openThen(newestFirst: readonly EntryRow[]): Map<string, string | null> {
  const open = new Map<string, { field: string; wanted: string | null }>();
  for (const { kind, field, edit_id: editId, after, detail } of newestFirst.toReversed()) {
    if (editId === null || field === null) continue;
    const key = `${editId}:${field}`;
    if (kind === 'asked') open.set(key, { field, wanted: after });
    else if (kind !== 'decided' || !STILL_OPEN.includes(detail?.outcome)) open.delete(key);
  }
  return new Map([...open.values()].map(({ field, wanted }) => [field, wanted]));
}
