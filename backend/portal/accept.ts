/** Accepting an edit: every value read strictly, every version resolved to what was seen; all of it or nothing. */
import { createHash } from 'node:crypto';
import { unfit, type Property, type Refusal } from '@tallystick/shared/decide';
import { isEditable, ruleOf, type FieldSpec } from '@tallystick/shared/defineOwnership';
import { editId } from '@tallystick/shared/ids';
import { fieldOf, ownership, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import { parse, type Parsed, type Value } from '@tallystick/shared/values';
import { editByKey, storeEdit, type EditRow } from '../store/edits.ts';
import { bindingOf } from '../store/binding.ts';
import type { Definition } from '../store/database.ts';
import { definitionsOf, headOf, loadRecords, valuesAsOf, type RecordRow } from '../store/records.ts';
import { stopOf } from '../store/schema.ts';
import { findRecord, type PortalDeps } from './access.ts';
import { evidenceOf } from './evidence.ts';
import { isInternational, readPhone } from './phone.ts';
import { Refused } from './problem.ts';
import { idsOf, type Session } from './session.ts';
import { seqOf } from './versions.ts';
import { mayEdit, visibleFields } from './visibility.ts';
import { NO_SUCH_FIELD, ONE_VALUE, REFUSALS } from './words.ts';

export type Asked = string | number | boolean | null | string[];

export interface EditRequest {
  /** As asked for: the record may have been merged into another one since. */
  object: string;
  id: string;
  fields: Readonly<Record<string, Asked>>;
  action: { name: string; guards: readonly string[]; binds: string | null; until: string | null } | null;
  /** Versions by field; where a field has none, `ifMatch` counts. */
  seen: Readonly<Record<string, string>>;
  ifMatch: string | undefined;
  idempotencyKey: string | undefined;
}

export const KEY_MAX_CHARS = 200;

/**
 * Stores the edit, or finds that it was stored before under the same key. That is looked for first: a repeated request
 * gets its receipt even when the record, or what may be done with it, is no longer what it was.
 */
export async function acceptEdit(
  deps: PortalDeps,
  session: Session,
  request: EditRequest,
): Promise<{ edit: EditRow; replayed: boolean }> {
  const { db, signals, now } = deps;
  const { person } = session;
  const { action, idempotencyKey: key } = request;
  if (key === undefined || key === '' || key.length > KEY_MAX_CHARS)
    throw new Refused('idempotency-key-required');
  const fingerprint = fingerprintOf(request);
  const finding = findRecord(deps, session, request.object, request.id);
  const defining = definitionsOf(db, person.hubId);
  for (const each of [finding, defining]) each.catch(() => undefined); // awaited only where they matter
  const before = await replayed(deps, session, key, fingerprint);
  if (before !== null) return { edit: before, replayed: true };
  const record = await finding;
  const wanted = readValues(request, record, person.audience, {
    definitions: await defining,
    country: await countryOf(deps, session, record, request.fields),
  });
  refuseUnproven(session, record.object, [...wanted.keys()], now());
  const guards = action?.guards ?? [];
  refuseStopped(record, guards);
  const binds = action?.binds ?? null;
  if (action !== null) refuseTooLate(record, action.until, now());
  const named = [...wanted.keys(), ...guards, ...(binds === null ? [] : [binds])];
  const seen = await seenValues(deps, session, request, record, named);
  if (binds !== null) {
    const shown = guards.map((field) => ({ field, value: seen.get(field) ?? null }));
    wanted.set(binds, bindingOf(record.object, shown)); // A1
  }
  const id = editId(deps.newId());
  const stored = await storeEdit(db, person.hubId, {
    editId: id,
    object: record.object,
    recordId: record.recordId,
    person: person.contactId,
    audience: person.audience,
    askedAt: now(),
    action: action?.name ?? null,
    guards: guards.map((field) => ({ field, seen: seen.get(field) ?? null })),
    idempotencyKey: key,
    fingerprint,
    fields: [...wanted].map(([field, value]) => ({ field, seen: seen.get(field) ?? null, wanted: value })),
    ...(binds === null ? {} : { evidence: await evidenceOf(deps, session) }),
  });
  deps.at?.('edit.stored');
  if (stored) signals.wake(person.hubId);
  const edit = await replayed(deps, session, key, fingerprint);
  if (edit === null) throw new Error('An edit that was just stored is not there.');
  return { edit, replayed: !stored };
}

/** The last day still counts, wherever on earth it ends last. */
const DAY_ENDS_MS = 36 * 3_600_000;

function refuseTooLate(record: RecordRow, until: string | null, now: number): void {
  const day = until === null ? null : (record.fields[until]?.value ?? null);
  if (day !== null && Date.parse(`${day}T00:00:00Z`) + DAY_ENDS_MS < now) throw new Refused('too-late');
}

/** How old the proof of who somebody is may be for a field that wants one. */
export const PROOF_MAX_AGE_MS = 600_000;

/** A browser may be left open: what opens the account to others wants its person, here and now. */
function refuseUnproven({ by }: Session, object: AppObject, names: readonly string[], now: number): void {
  if (by.is !== 'cookie' || now - by.provenAt <= PROOF_MAX_AGE_MS) return;
  const wantsProof = names.some((name) => {
    const spec = fieldOf(object, name);
    return spec !== undefined && isEditable(spec) && spec.proof === true;
  });
  if (wantsProof) throw new Refused('prove-again');
}

export async function replayed(
  deps: PortalDeps,
  { person }: Session,
  key: string,
  fingerprint: string,
): Promise<EditRow | null> {
  const [edit] = await editByKey(deps.db, person.hubId, idsOf(person), key);
  if (edit === undefined) return null;
  if (edit.fingerprint !== fingerprint) throw new Refused('idempotency-key-reused');
  return edit;
}

function fingerprintOf({ object, id, fields, action, seen, ifMatch }: EditRequest): string {
  const sorted = (map: Readonly<Record<string, unknown>>): unknown =>
    Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([
    object,
    id,
    action === null ? sorted(fields) : action.name,
    sorted(seen),
    ifMatch ?? null,
  ]);
  return createHash('sha256').update(text).digest('base64url');
}

/** All values in canonical form, or one message for each field that cannot be taken. */
function readValues(
  { fields, action }: EditRequest,
  record: RecordRow,
  audience: AppAudience,
  known: { definitions: ReadonlyMap<string, Definition>; country: string | null },
): Map<string, Value> {
  const values = new Map<string, Value>();
  const refused = new Map<string, { code: string; message: string }>();
  for (const [name, asked] of Object.entries(fields)) {
    const spec = fieldOf(record.object, name);
    // A field this audience does not see is answered like one that does not exist.
    if (spec === undefined || !visibleFields(record.object, audience).includes(name)) {
      refused.set(name, { code: 'no-such-field', message: NO_SUCH_FIELD });
      continue;
    }
    if (Array.isArray(asked) && spec.kind !== 'choices') {
      refused.set(name, { code: 'one-value-only', message: ONE_VALUE });
      continue;
    }
    const reason = action === null && !mayEdit(record.object, name, audience) ? 'not-yours-to-change' : null;
    const parsed = readValue(spec, asked, known.country);
    const problem =
      reason ??
      stoppedReason(record, name) ??
      (parsed.ok
        ? unfit(ruleOf(spec), propertyOf(record.object, spec, known.definitions), parsed.value)
        : parsed.problem);
    if (problem !== null) refused.set(name, { code: problem, message: REFUSALS[problem] });
    else if (parsed.ok) values.set(name, parsed.value);
  }
  if (refused.size > 0) throw new Refused('fields-refused', { fields: Object.fromEntries(refused) });
  return values;
}

/** The CRM's schema no longer fits the field: what is asked for now would wait for nobody knows how long. */
function stoppedReason({ stopped }: RecordRow, field: string): Refusal | null {
  const stop = stopOf(stopped, field);
  if (stop === null) return null;
  switch (stop.code) {
    case 'property-gone':
      return 'property-gone';
    case 'read-only':
      return 'property-read-only';
    default:
      return 'property-unfit';
  }
}

/** What was shown of a field that is held back is not the CRM's word of now: no decision can rest on it. */
function refuseStopped({ stopped }: RecordRow, guards: readonly string[]): void {
  if (guards.some((guard) => stopOf(stopped, guard)?.stops === 'both')) throw new Refused('cannot-be-made');
}

function readValue(spec: FieldSpec<string>, asked: Asked, country: string | null): Parsed {
  // Joined, one option with a semicolon in it would become two.
  if (Array.isArray(asked) && asked.some((option) => option.includes(';')))
    return { ok: false, problem: 'not-an-option' };
  const text = Array.isArray(asked) ? asked.join(';') : asked === null ? null : String(asked);
  if (spec.kind !== 'phone' || text === null || text.trim() === '') return parse(spec.kind, text);
  return readPhone(text, country);
}

/** Where a national phone number was given: the record's country, or that of its company. */
async function countryOf(
  { db }: PortalDeps,
  { person, reach }: Session,
  record: RecordRow,
  fields: EditRequest['fields'],
): Promise<string | null> {
  const isNational = Object.entries(fields).some(
    ([name, asked]) =>
      fieldOf(record.object, name)?.kind === 'phone' && typeof asked === 'string' && !isInternational(asked),
  );
  if (!isNational) return null;
  const own = record.fields.country?.value ?? null;
  if (own !== null || record.object === 'company') return own;
  const companies = record.companies.filter((company) => reach.has(company));
  const rows = await loadRecords(
    db,
    person.hubId,
    companies.map((recordId) => ({ object: 'company', recordId })),
  );
  const countries = new Set(rows.map((row) => row.fields.country?.value ?? null));
  // Companies in several countries: the number could be of any of them.
  return countries.size === 1 ? ([...countries][0] ?? null) : null;
}

export function propertyOf(
  object: AppObject,
  spec: FieldSpec<string>,
  definitions: ReadonlyMap<string, Definition>,
): Property {
  const definition = definitions.get(`${object}:${spec.property}`);
  return {
    exists: definition?.gone !== true,
    readOnly: definition?.readOnly ?? false,
    options: definition?.options?.map((option) => option.value) ?? null,
    ...(definition?.unfit === true ? { unfit: true as const } : {}),
  };
}

/** What the person saw: by version, as of the journal; the client need not be trusted to say it. */
async function seenValues(
  deps: PortalDeps,
  { person }: Session,
  { seen, ifMatch }: EditRequest,
  record: RecordRow,
  names: readonly string[],
): Promise<Map<string, Value>> {
  const head = await headOf(deps.db, person.hubId);
  const asked = names.map((field) => {
    const version = Object.hasOwn(seen, field) ? seen[field] : ifMatch;
    if (version === undefined) throw new Refused('precondition-required');
    const seq = seqOf(version);
    if (seq === null || seq > head || seq < record.foundSeq) throw new Refused('unknown-version');
    return { field, seq };
  });
  const { changed, erased } = await valuesAsOf(deps.db, person.hubId, record, asked);
  if (erased.length > 0) throw new Refused('version-expired');
  return new Map(
    names.map((field) => [
      field,
      changed.has(field) ? (changed.get(field) ?? null) : (record.fields[field]?.value ?? null),
    ]),
  );
}

/** The action of that name for this object and audience; null when there is none. */
export function actionOf(object: AppObject, name: string, audience: AppAudience) {
  const action = Object.entries(ownership.actions).find(([each]) => each === name)?.[1];
  const mine = action?.object === object && action.audiences.some((each) => each === audience);
  return mine ? action : null;
}
