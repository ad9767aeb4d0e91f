/** The CRM's schema as it was just read, held against the rules: what is found is stored, told, and has its effects. */
import { OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import { accepting, adopted, isAcceptable, NOTHING_KNOWN, shownAs } from '../drift/accepting.ts';
import { findDrift, subjectOf } from '../drift/findings.ts';
import type { Db, Definition, Order, OrderOutcome } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import { endJobs, orderJobs } from '../store/jobs.ts';
import { draft, type Draft } from '../store/journal.ts';
import { recordsWithWaitingEdits } from '../store/orders.ts';
import { saveFindings, saveSchema, type KeptSchema, type Stopped } from '../store/schema.ts';
import type { CrmSchema, KeptFinding } from '../store/schemaTables.ts';
import { endWarning, raise } from '../store/warnings.ts';
import { storing, type Context } from './context.ts';
import { standing } from './drift.ts';

/** Stores what was read and what follows from it, in one transaction. */
export async function storeSchema(
  ctx: Context,
  found: CrmSchema,
  definitions: ReadonlyMap<string, Definition>,
  readAt: number,
): Promise<void> {
  const known = ctx.drift.schema?.accepted ?? NOTHING_KNOWN;
  const refused = [...ctx.drift.refusedScopes.keys()];
  const accepted = adopted({ ...known, scopes: withRefused(known.scopes, refused) }, found);
  const schema: KeptSchema = { accepted, found, readAt };
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    await saveDefinitions(ctx, trx, definitions, readAt);
    await keep(ctx, trx, schema, journal);
    return next;
  });
  ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits: [] });
  ctx.signals.wake(ctx.hubId);
}

/** What HubSpot names when it refuses a call was needed, whether it had been listed or not. */
const withRefused = (scopes: string[] | null, refused: readonly string[]): string[] | null =>
  refused.length === 0 ? scopes : [...new Set([...(scopes ?? []), ...refused])];

/** A person says that one change is right: it counts only for what they were shown. */
export async function acceptFinding(
  ctx: Context,
  trx: Db,
  journal: (drafts: readonly Draft[]) => Promise<void>,
  { code, subject, shown }: Extract<Order, { do: 'accept' }>,
): Promise<OrderOutcome> {
  const { schema, findings } = ctx.drift;
  const kept = findings.find((each) => each.finding.code === code && each.subject === subject);
  if (kept === undefined || schema === null) return { ok: false, code: 'nothing-there' };
  if (shownAs(kept.finding) !== shown) return { ok: false, code: 'finding-moved' };
  if (!isAcceptable(kept.finding)) return { ok: false, code: 'not-acceptable' };
  const accepted = accepting(schema.accepted, schema.found, kept.finding);
  await keep(ctx, trx, { ...schema, accepted }, journal);
  return { ok: true, code: 'done' };
}

async function keep(
  ctx: Context,
  trx: Db,
  schema: KeptSchema,
  journal: (drafts: readonly Draft[]) => Promise<void>,
): Promise<void> {
  const now = ctx.clock.now();
  const before = new Map(ctx.drift.findings.map((kept) => [nameOf(kept), kept]));
  const findings = findDrift(ownership, schema.accepted, schema.found).map((finding): KeptFinding => {
    const kept = { finding, subject: subjectOf(finding), since: now };
    return { ...kept, since: before.get(nameOf(kept))?.since ?? now };
  });
  const names = new Set(findings.map(nameOf));
  const begun = findings.filter((kept) => !before.has(nameOf(kept)));
  const ended = ctx.drift.findings.filter((kept) => !names.has(nameOf(kept)));
  const fresh = { schema, ...standing(findings) };
  await saveSchema(trx, ctx.hubId, schema);
  if (begun.length + ended.length > 0 || JSON.stringify(findings) !== JSON.stringify(ctx.drift.findings))
    await saveFindings(trx, ctx.hubId, findings);
  await journal([
    ...begun.map((kept) => entryOf(kept, 'found')),
    ...ended.map((kept) => entryOf(kept, 'ended')),
  ]);
  await warn(ctx, trx, begun, ended, now);
  await release(ctx, trx, ctx.drift.stopped, fresh.stopped, now);
  Object.assign(ctx.drift, fresh);
}

const nameOf = ({ finding, subject }: KeptFinding): string => `${finding.code} ${subject}`;

function entryOf({ finding, subject }: KeptFinding, outcome: 'found' | 'ended'): Draft {
  const object = 'object' in finding ? (OBJECTS.find((name) => name === finding.object) ?? null) : null;
  const field = 'field' in finding ? finding.field : null;
  const { code, severity } = finding;
  return draft({ kind: 'drift', object, field, detail: { outcome, code, severity, subject } });
}

async function warn(
  ctx: Context,
  trx: Db,
  begun: readonly KeptFinding[],
  ended: readonly KeptFinding[],
  now: number,
): Promise<void> {
  const warnings = begun
    .filter(({ finding }) => finding.severity !== 'tells')
    .map((kept) => ({
      ...{ code: 'schema-drift' as const, subject: nameOf(kept), count: 1 },
      detail: { code: kept.finding.code, subject: kept.subject, severity: kept.finding.severity },
    }));
  await raise(trx, ctx.hubId, warnings, now);
  for (const kept of ended)
    await endWarning(trx, ctx.hubId, { code: 'schema-drift', subject: nameOf(kept) }, now);
}

/** What is not held back any more is read anew, because the CRM's word counts, and its edits are due. */
async function release(
  ctx: Context,
  trx: Db,
  before: readonly Stopped[],
  now: readonly Stopped[],
  at: number,
): Promise<void> {
  const isOver = (stop: Stopped, stops: readonly Stopped['stops'][]): boolean =>
    !now.some(
      (each) => each.object === stop.object && each.field === stop.field && stops.includes(each.stops),
    );
  const unread = objectsOf(before.filter((stop) => stop.stops === 'both' && isOver(stop, ['both'])));
  const unwritten = objectsOf(before.filter((stop) => isOver(stop, ['both', 'writing'])));
  if (unread.length > 0) {
    await endJobs(trx, ctx.hubId, unread, at);
    await orderJobs(trx, ctx.hubId, 'backfill', unread, at);
  }
  if (unwritten.length > 0)
    await markDue(trx, ctx.hubId, 'edit', await recordsWithWaitingEdits(trx, ctx.hubId, unwritten), {
      now: at,
    });
}

const objectsOf = (stops: readonly Stopped[]): AppObject[] => [...new Set(stops.map(({ object }) => object))];

async function saveDefinitions(
  ctx: Context,
  trx: Db,
  definitions: ReadonlyMap<string, Definition>,
  readAt: number,
): Promise<void> {
  if (definitions.size === 0) return;
  const rows = [...definitions].flatMap(([key, definition]) => {
    const [object, property = ''] = key.split(':');
    const name = OBJECTS.find((each) => each === object);
    if (name === undefined) return [];
    const read = { definition: JSON.stringify(definition), read_at: new Date(readAt) };
    return [{ hub_id: ctx.hubId, object: name, property, ...read }];
  });
  await trx
    .insertInto('properties')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['hub_id', 'object', 'property']).doUpdateSet((eb) => ({
        definition: eb.ref('excluded.definition'),
        read_at: eb.ref('excluded.read_at'),
      })),
    )
    .execute();
}
