/**
 * Other systems' word on its way into the CRM: what a source says is compared with the mirror, and where they differ an
 * ordinary edit of the source is stored. Everything then takes the one road: decided, promised, written, proven.
 *
 * Every `SOURCE_LOOK_MS` everything is looked at; between, the records whose mirror moved. The loop ends with the term
 * and never ends it: a source that is away, or a look that fails, holds up nothing else.
 */
import { createHash } from 'node:crypto';
import { editId, sourceId, type EditId, type RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sourceAudience } from '@tallystick/shared/sourceSpec';
import { KEYS_MAX, ownedFields, type OwnedField, type Source, type SourceAnswer } from '../sources/source.ts';
import type { SourceValues } from '../sources/source.ts';
import type { SourceHealth } from '../store/sourceHealth.ts';
import { storeEdit } from '../store/edits.ts';
import { ownedRecords, type OwnedRow } from '../store/owned.ts';
import { Bell, isAborted } from '../bell.ts';
import type { Context } from './context.ts';
import { planPush, type OwnedRecord, type Push } from './push.ts';

export const SOURCE_LOOK_MS = 30_000;
const PAGE_ROWS = KEYS_MAX;
/** A record that somebody keeps changing back is put right this often within the time, then waits for the next look. */
const REVERTS_MAX = 3;
const REVERTS_WITHIN_MS = 30_000;
/** A refused value is asked for again after this long, should the CRM take it by then. */
const REFUSED_AGAIN_MS = 3_600_000;

export async function sourceLoop(
  ctx: Context,
  sources: readonly Source[],
  lookMs: number,
  term: AbortSignal,
): Promise<void> {
  const owning = sources.filter(({ name }) => ownedFields(name).length > 0);
  await Promise.all(owning.map((source) => follow(lookOf(ctx, source), lookMs, term)));
}

interface Look {
  ctx: Context;
  source: Source;
  object: AppObject;
  keyField: string;
  fields: readonly OwnedField[];
  /** How each record stood when it was last looked at: one that did not move since is not looked at again. */
  known: Map<RecordId, string>;
  /** When each record was last pushed. */
  pushed: Map<RecordId, number[]>;
}

function lookOf(ctx: Context, source: Source): Look {
  const { object, field: keyField } = source.spec.key;
  return {
    ctx,
    source,
    object,
    keyField,
    fields: ownedFields(source.name),
    known: new Map(),
    pushed: new Map(),
  };
}

async function follow(look: Look, lookMs: number, term: AbortSignal): Promise<void> {
  const { ctx, source, object } = look;
  const bell = new Bell(ctx.clock, term);
  const moved = new Set<RecordId>();
  const off = ctx.signals.onChange(({ hubId, records }) => {
    if (hubId !== ctx.hubId) return;
    const before = moved.size;
    for (const record of records) if (record.object === object) moved.add(record.recordId);
    if (moved.size > before) bell.ring();
  });
  let wholeAt = -Infinity;
  try {
    while (!term.aborted) {
      const { rings } = bell;
      try {
        if (ctx.clock.now() - wholeAt >= lookMs) {
          wholeAt = ctx.clock.now();
          moved.clear();
          await lookAtAll(look, term);
        } else if (moved.size > 0) {
          const some = [...moved].slice(0, KEYS_MAX);
          for (const id of some) moved.delete(id);
          await lookAtSome(look, some);
        }
      } catch (error) {
        if (!isAborted(term))
          ctx.log.error({ err: error, source: source.name }, 'A look at another system failed.');
      }
      const waitMs = moved.size > 0 ? 0 : Math.max(1, wholeAt + lookMs - ctx.clock.now());
      await bell.after(rings, waitMs);
    }
  } finally {
    off();
  }
}

async function lookAtAll(look: Look, term: AbortSignal): Promise<void> {
  const { ctx, source, fields } = look;
  const { records, answer } = await readAll(look, term);
  if (term.aborted) return;
  const said = answer.ok ? answer.value : null;
  const plan = planPush({ fields, records, said, whole: true });
  const keys = records.flatMap(({ key }) => key ?? []);
  const unique = new Set(keys);
  const { withheld } = plan;
  ctx.health.sources[source.name] = {
    lookedAt: new Date(ctx.clock.now()).toISOString(),
    failure: answer.ok ? null : { code: answer.failure.is, message: answer.failure.message },
    withheld:
      withheld === null ? null : `Its answer would empty ${withheld.taken} of ${withheld.held} records.`,
    keys: unique.size,
    found: said?.size ?? 0,
    shared: keys.length - unique.size,
    unfit: plan.unfit,
  } satisfies SourceHealth;
  if (!answer.ok) ctx.log.warn({ source: source.name, code: answer.failure.is }, answer.failure.message);
  if (withheld !== null)
    ctx.log.error({ source: source.name, ...withheld }, 'An implausible answer was not passed on.');
  look.pushed.clear();
  await storePushes(look, plan.pushes, term);
}

/** Every record, and what the source says of all of them; one page without an answer, and there is none. */
async function readAll(
  look: Look,
  term: AbortSignal,
): Promise<{ records: OwnedRecord[]; answer: SourceAnswer<ReadonlyMap<string, SourceValues>> }> {
  const records: OwnedRecord[] = [];
  const said = new Map<string, SourceValues>();
  look.known.clear();
  let after: RecordId | null = null;
  for (;;) {
    const rows: OwnedRow[] = await rowsOf(look, { after, limit: PAGE_ROWS });
    const page = rows.map((row) => recordOf(look, row));
    records.push(...page);
    const answer = await ask(look.source, page);
    if (!answer.ok) return { records, answer };
    for (const [key, values] of answer.value) said.set(key, values);
    after = rows.at(-1)?.recordId ?? null;
    if (rows.length < PAGE_ROWS || term.aborted) return { records, answer: { ok: true, value: said } };
  }
}

async function lookAtSome(look: Look, ids: readonly RecordId[]): Promise<void> {
  const { source, fields } = look;
  const rows = await rowsOf(look, { ids });
  const moved = rows.filter((row) => {
    const before = look.known.get(row.recordId);
    const after = standingOf(row);
    return before !== after && mayPush(look, row.recordId);
  });
  const records = moved.map((row) => recordOf(look, row));
  if (records.length === 0) return;
  const answer = await ask(source, records);
  if (!answer.ok) {
    for (const { recordId } of records) look.known.delete(recordId);
    return; // B4: the next look over everything finds what is to be done
  }
  const plan = planPush({ fields, records, said: answer.value, whole: false });
  await storePushes(look, plan.pushes, null);
}

async function ask(source: Source, records: readonly OwnedRecord[]) {
  const keys = [...new Set(records.flatMap(({ key }) => key ?? []))];
  // Also with no key at all: whether the source answers is worth knowing.
  return source.readValues(keys);
}

function rowsOf({ ctx, source, object, keyField, fields }: Look, which: Parameters<typeof ownedRecords>[5]) {
  const names = [keyField, ...fields.map(({ field }) => field)];
  return ownedRecords(ctx.db, ctx.hubId, object, names, sourceId(source.name), which);
}

function recordOf(look: Look, row: OwnedRow): OwnedRecord {
  const { ctx, source, keyField, known } = look;
  known.set(row.recordId, standingOf(row));
  const person = sourceId(source.name);
  const held = Object.entries(row.fields).flatMap(([field, { value, seq, by }]) => {
    const ours = by.person === person || (by.via === 'INTEGRATION' && by.id === ctx.appId);
    return field === keyField ? [] : [[field, { value, seq, ours }] as const];
  });
  return {
    recordId: row.recordId,
    key: row.fields[keyField]?.value ?? null,
    held: Object.fromEntries(held),
    asking: row.asking,
  };
}

const standingOf = ({ fields }: OwnedRow): string =>
  Object.entries(fields)
    .map(([field, { seq }]) => `${field}:${seq}`)
    .sort()
    .join(' ');

function mayPush({ ctx, pushed }: Look, recordId: RecordId): boolean {
  const since = ctx.clock.now() - REVERTS_WITHIN_MS;
  return (pushed.get(recordId) ?? []).filter((at) => at > since).length < REVERTS_MAX;
}

/** An edit a field, so that one the CRM refuses holds up no other. */
async function storePushes(look: Look, pushes: readonly Push[], term: AbortSignal | null): Promise<void> {
  const { ctx, source, object, pushed } = look;
  const person = sourceId(source.name);
  const audience = sourceAudience(source.name);
  for (const { recordId, fields } of pushes) {
    const now = ctx.clock.now();
    pushed.set(recordId, [...(pushed.get(recordId) ?? []), now].slice(-REVERTS_MAX));
    for (const { seq, ...asked } of fields) {
      if (term?.aborted === true) return;
      const key = keyOf([object, recordId, asked.field, seq, asked.wanted], now);
      const edit = { editId: newEditId(ctx), object, recordId, person, audience, askedAt: now };
      // By the connection of the lease: who has lost the hub asks for nothing any more.
      await ctx.lease.exclusive((db) =>
        storeEdit(db, ctx.hubId, {
          ...edit,
          action: null,
          guards: [],
          idempotencyKey: key,
          fingerprint: key,
          fields: [asked],
          lane: 'observe',
        }),
      );
    }
  }
  if (pushes.length > 0) ctx.signals.wake(ctx.hubId);
}

/** P5: one edit for one value over one version of the mirror, however often it is looked at. */
function keyOf(what: readonly unknown[], now: number): string {
  const text = JSON.stringify([...what, Math.floor(now / REFUSED_AGAIN_MS)]);
  return createHash('sha256').update(text).digest('base64url');
}

/** A random UUID (RFC 9562, version 4). */
function newEditId(ctx: Context): EditId {
  const bytes = ctx.randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return editId([8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-'));
}
