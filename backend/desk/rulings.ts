/** What staff decide: taken in once by its key, held against what they saw, handed to the hub's worker. */
import { createHash } from 'node:crypto';
import type { BulkAnswer, Choice, RulingAnswer } from '@tallystick/shared/deskMessages';
import { STAFF, unfit } from '@tallystick/shared/decide';
import { ruleOf, type FieldSpec } from '@tallystick/shared/defineOwnership';
import { editId as toEditId, type HubId } from '@tallystick/shared/ids';
import { fieldOf } from '@tallystick/shared/ownership';
import { equal, parse, type Value } from '@tallystick/shared/values';
import { readPhone } from '../portal/phone.ts';
import { seqOf } from '../portal/versions.ts';
import { until } from '../portal/waiting.ts';
import { REFUSALS } from '../portal/words.ts';
import type { Signals } from '../signals.ts';
import { conflictById } from '../store/conflicts.ts';
import type { Db } from '../store/database.ts';
import { editByKey, editById, storeEdit, type EditRow } from '../store/edits.ts';
import { definitionsOf, valuesAsOf, type RecordRow } from '../store/records.ts';
import type { DeskUser } from './gate.ts';
import { deskRecord, findRecord, placeOf } from './record.ts';
import { DeskRefused } from './refusals.ts';

export interface RulingDeps {
  db: Db;
  signals: Signals;
  now: () => number;
  newId: () => string;
}

export interface RulingRequest {
  objectType: string;
  recordId: string;
  /** Null: a value that is restored or set by itself. */
  conflictId: string | null;
  field: string;
  choice: Choice;
  /** The version of the field that was shown. */
  version: string;
  /** With `write`. */
  value: Value;
  note: string | null;
  /** Made once for each click; HubSpot repeats a request whose answer got lost. */
  key: string;
}

/** A click is answered when its write is in the CRM, or after this long with "on its way". */
const ANSWER_WITHIN_MS = 4_000;

export async function rule(deps: RulingDeps, user: DeskUser, request: RulingRequest): Promise<RulingAnswer> {
  const { db } = deps;
  const edit = await stored(deps, user, request);
  const done = await until(deps, user.hubId, ANSWER_WITHIN_MS, async () => {
    const [row] = await editById(db, user.hubId, edit.editId);
    const state = row?.fields[0]?.state;
    return { done: state !== 'accepted' && state !== 'written', value: row ?? edit };
  });
  const [field] = done.fields;
  const fresh = await deskRecord(db, user.hubId, await placeOf(db, user.hubId, request));
  switch (field?.state) {
    case 'refused':
      throw new DeskRefused(codeOf(field.reason), {
        fresh,
        ...(field.reason === 'crm-refused'
          ? { sentence: 'The CRM refused this value; nothing was changed.' }
          : {}),
      });
    case 'superseded':
      return { outcome: 'done', sentence: 'It was written, and then somebody changed it again.', fresh };
    case 'verified':
      return { outcome: 'done', sentence: SENTENCES[request.choice], fresh };
    default:
      return {
        outcome: 'on its way',
        sentence: 'Your decision is kept and on its way to the CRM; the card shows when it is proven.',
        fresh,
      };
  }
}

const SENTENCES: Readonly<Record<Choice, string>> = {
  keep: 'Done: the CRM’s value stands, and the customer is told.',
  take: 'Done: the customer’s value is in the CRM, and proven from its history.',
  write: 'Done: your value is in the CRM, and proven from its history.',
};

function codeOf(reason: string | null): 'moved' | 'settled-before' | 'record-gone' | 'value-refused' {
  if (reason === 'settled-before') return 'settled-before';
  if (reason === 'record-gone' || reason === 'record-merged') return 'record-gone';
  return reason === 'changed-while-looking' ? 'moved' : 'value-refused';
}

/** Stores the ruling, or finds that it was stored before under the same key: that one is answered again. */
async function stored(deps: RulingDeps, user: DeskUser, request: RulingRequest): Promise<EditRow> {
  const { db, signals, now } = deps;
  const { key, field, choice, conflictId, note } = request;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify({ ...request }))
    .digest('base64url');
  const before = await replay(deps, user, key, fingerprint);
  if (before !== null) return before;
  const row = await findRecord(db, user.hubId, request);
  const { object, recordId } = row;
  const spec = fieldOf(object, field);
  if (spec === undefined) throw new DeskRefused('unknown-field');
  if (spec.owner === 'source') throw new DeskRefused('owned-elsewhere');
  const fresh = () => deskRecord(db, user.hubId, row);
  if (row.life !== 'present') throw new DeskRefused('record-gone', { fresh: await fresh() });
  const conflict = conflictId === null ? null : await conflictById(db, user.hubId, conflictId);
  const isOf = conflict?.object === object && conflict.recordId === recordId && conflict.field === field;
  if (conflictId !== null && !isOf) throw new DeskRefused('unknown-conflict');
  if (conflict !== null && conflict.settledAt !== null)
    throw new DeskRefused('settled-before', { fresh: await fresh() });
  if (!(await isAsShown(db, user.hubId, row, request)))
    throw new DeskRefused('moved', { fresh: await fresh() });
  const seen = row.fields[field]?.value ?? null;
  const wanted = await wantedOf(deps, user, row, spec, request, seen, conflict?.wanted ?? null);
  const edit = {
    editId: toEditId(deps.newId()),
    object,
    recordId,
    person: user.staffId,
    audience: STAFF,
    askedAt: now(),
    action: null,
    guards: [{ field, seen }],
    idempotencyKey: key,
    fingerprint,
    fields: [{ field, seen, wanted }],
    ruling: { choice, conflictId, note },
  };
  await storeEdit(db, user.hubId, edit);
  signals.wake(user.hubId);
  const after = await replay(deps, user, key, fingerprint);
  if (after === null) throw new Error('A ruling that was just stored is not there.');
  return after;
}

/** The field holds what was shown: still, or again. */
async function isAsShown(
  db: Db,
  hubId: HubId,
  row: RecordRow,
  { field, version }: RulingRequest,
): Promise<boolean> {
  const shown = seqOf(version);
  const held = row.fields[field];
  const current = held?.seq ?? row.foundSeq;
  if (shown === null || shown > current || shown < row.foundSeq) return false;
  if (shown === current) return true;
  const { changed, erased } = await valuesAsOf(db, hubId, row, [{ field, seq: shown }]);
  const kind = fieldOf(row.object, field)?.kind ?? 'text';
  return erased.length === 0 && equal(kind, changed.get(field) ?? null, held?.value ?? null);
}

async function replay(
  { db }: RulingDeps,
  user: DeskUser,
  key: string,
  fingerprint: string,
): Promise<EditRow | null> {
  const [edit] = await editByKey(db, user.hubId, [user.staffId], key);
  if (edit === undefined) return null;
  if (edit.fingerprint !== fingerprint) throw new DeskRefused('key-reused');
  return edit;
}

async function wantedOf(
  { db }: RulingDeps,
  user: DeskUser,
  row: RecordRow,
  spec: FieldSpec<string>,
  { choice, value }: RulingRequest,
  seen: Value,
  asked: Value,
): Promise<Value> {
  if (choice === 'keep') return seen;
  if (choice === 'take') return asked;
  const parsed = spec.kind === 'phone' && value !== null ? readPhone(value, null) : parse(spec.kind, value);
  const definition = (await definitionsOf(db, user.hubId)).get(`${row.object}:${spec.property}`);
  const property = {
    exists: true,
    readOnly: definition?.readOnly ?? false,
    options: definition?.options?.map((option) => option.value) ?? null,
  };
  const problem = parsed.ok ? unfit(ruleOf(spec), property, parsed.value) : parsed.problem;
  if (problem !== null) throw new DeskRefused('value-refused', { sentence: REFUSALS[problem] });
  return parsed.ok ? parsed.value : null;
}

/** The same decision for several conflicts: each stands alone, and each says what became of it. */
export async function ruleMany(
  deps: RulingDeps,
  user: DeskUser,
  requests: readonly RulingRequest[],
): Promise<BulkAnswer> {
  const results = await Promise.all(
    requests.map(async (request) => {
      const conflictId = request.conflictId ?? '';
      try {
        const { sentence } = await rule(deps, user, request);
        return { conflictId, ok: true, sentence };
      } catch (error) {
        if (!(error instanceof DeskRefused)) throw error;
        return { conflictId, ok: false, sentence: error.answer.sentence };
      }
    }),
  );
  return { results };
}
