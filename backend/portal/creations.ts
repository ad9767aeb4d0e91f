/** Accepting what a customer makes: a request, a comment, a document. All of it or nothing, once for each key. */
import { createHash } from 'node:crypto';
import { unfit, type Property } from '@tallystick/shared/decide';
import type { CreationSpec } from '@tallystick/shared/defineOwnership';
import { editId, isRecordId, type RecordId } from '@tallystick/shared/ids';
import type { CreationRequest } from '@tallystick/shared/messages';
import { creations, fieldOf, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import { parse, type Value } from '@tallystick/shared/values';
import { keyStateOf } from '../store/creationKeys.ts';
import { storeCreation } from '../store/creations.ts';
import type { Definition } from '../store/database.ts';
import type { EditRow } from '../store/edits.ts';
import { definitionsOf } from '../store/records.ts';
import { barredByDrift } from '../store/schema.ts';
import { propertyOf, replayed, KEY_MAX_CHARS } from './accept.ts';
import { findRecord, type PortalDeps } from './access.ts';
import { Refused } from './problem.ts';
import type { Session } from './session.ts';
import { completeUpload } from './uploads.ts';
import { NO_SUCH_FIELD, ONE_VALUE, REFUSALS } from './words.ts';

type Spec = CreationSpec<AppAudience, AppObject, string, AppObject>;

export async function acceptCreation(
  deps: PortalDeps,
  session: Session,
  name: string,
  request: CreationRequest,
  key: string | undefined,
): Promise<{ edit: EditRow; replayed: boolean }> {
  const { db, signals, now } = deps;
  const { person } = session;
  const spec = Object.hasOwn(creations, name) ? creations[name] : undefined;
  if (spec?.audiences.includes(person.audience) !== true) throw new Refused('not-found');
  if (key === undefined || key === '' || key.length > KEY_MAX_CHARS)
    throw new Refused('idempotency-key-required');
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([name, sorted(request.fields), request.on ?? null, request.uploadId ?? null]))
    .digest('base64url');
  const before = await replayed(deps, session, key, fingerprint);
  if (before !== null) return { edit: before, replayed: true };
  const on = await placeOf(deps, session, spec, request.on);
  const definitions = await definitionsOf(db, person.hubId);
  const isBarred = (await barredByDrift(db, person.hubId)).has(name);
  if (isBarred || keyStateOf(name, definitions) === 'repeatable') throw new Refused('cannot-be-made');
  const fields = readFields(definitions, spec, request.fields);
  const upload = await completeUpload(
    deps,
    session,
    spec.document === undefined ? undefined : (request.uploadId ?? ''),
  );
  const named =
    spec.document !== undefined && upload !== null
      ? [{ field: spec.document.name, wanted: upload.name }]
      : [];
  const stored = await storeCreation(db, person.hubId, {
    ...{ editId: editId(deps.newId()), name, object: spec.object },
    ...{ person: person.contactId, audience: person.audience, askedAt: now() },
    ...{ idempotencyKey: key, fingerprint, uploadId: upload?.uploadId ?? null },
    ...{ fields: [...fields, ...named], on: on.record, companies: on.companies },
  });
  deps.at?.('creation.stored');
  if (stored) signals.wake(person.hubId);
  const edit = await replayed(deps, session, key, fingerprint);
  if (edit === null) throw new Error('A creation that was just stored is not there.');
  return { edit, replayed: !stored };
}

const sorted = (fields: CreationRequest['fields']): unknown =>
  Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));

interface Place {
  record: { object: AppObject; recordId: RecordId };
  companies: RecordId[];
}

/** What it hangs on: a record the person sees, or one of their companies. Foreign is answered like absent. */
async function placeOf(
  deps: PortalDeps,
  session: Session,
  spec: Spec,
  on: CreationRequest['on'],
): Promise<Place> {
  const allowed: readonly AppObject[] = spec.on.length === 0 ? ['company'] : spec.on;
  const [only, ...more] = [...session.reach];
  const given =
    on ??
    (allowed.includes('company') && only !== undefined && more.length === 0
      ? { object: 'company', id: only }
      : undefined);
  if (given === undefined) throw new Refused('which-company');
  if (!allowed.some((object) => object === given.object) || !isRecordId(given.id))
    throw new Refused('not-found');
  const row = await findRecord(deps, session, given.object, given.id);
  const record = { object: row.object, recordId: row.recordId };
  if (row.object === 'company') return { record, companies: [row.recordId] };
  return { record, companies: row.companies.filter((company) => session.reach.has(company)) };
}

function readFields(
  definitions: ReadonlyMap<string, Definition>,
  spec: Spec,
  asked: CreationRequest['fields'],
): { field: string; wanted: Value }[] {
  const refused: Record<string, { code: string; message: string }> = {};
  const refuse = (field: string, code: string, message: string): void =>
    void (refused[field] = { code, message });
  const fields: { field: string; wanted: Value }[] = [];
  for (const field of Object.keys(asked)) {
    if (!Object.hasOwn(spec.takes, field)) refuse(field, 'no-such-field', NO_SUCH_FIELD);
  }
  for (const [field, need] of Object.entries(spec.takes)) {
    const fieldSpec = fieldOf(spec.object, field);
    const given = Object.hasOwn(asked, field) ? asked[field] : null;
    if (fieldSpec === undefined || need === undefined) continue;
    if (Array.isArray(given) && fieldSpec.kind !== 'choices') {
      refuse(field, 'one-value-only', ONE_VALUE);
      continue;
    }
    const text = Array.isArray(given) ? given.join(';') : given == null ? null : String(given);
    const parsed = parse(fieldSpec.kind, text);
    const property: Property = propertyOf(spec.object, fieldSpec, definitions);
    const rule = { kind: fieldSpec.kind, required: need === 'required' };
    const problem = parsed.ok ? unfit(rule, property, parsed.value) : parsed.problem;
    if (problem !== null) refuse(field, problem, REFUSALS[problem]);
    else if (parsed.ok && parsed.value !== null) fields.push({ field, wanted: parsed.value });
  }
  if (Object.keys(refused).length > 0) throw new Refused('fields-refused', { fields: refused });
  return fields;
}
