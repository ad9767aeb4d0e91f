/** What else happens in a world: staff who decide and pause, approvals, things raised, a second layer, a CRM in bad health. */
import { recordId as toRecordId, staffId, type RecordId } from '@tallystick/shared/ids';
import { ownership } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { bindingOf } from '../../backend/store/binding.ts';
import { sourceOf } from '../simulator/acting.ts';
import type { Random } from '../simulator/random.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { World } from '../simulator/world.ts';
import { isLive, worked, type Ids, type Scene } from './history.ts';
import type { SimulatedService } from './service.ts';

const STAFF = ['7', '8'] as const;
const APPROVE = ownership.actions.approveQuote!;

export function moreActs(random: Random, scene: Scene): [weight: number, act: () => unknown][] {
  const { service, sim, tell } = scene;
  const { api } = sim.faults;
  return [
    [5, () => ruling(random, scene)],
    [3, () => approval(random, scene)],
    [2, () => repChangesQuote(random, scene)],
    [2, () => raised(random, scene)],
    [6, () => worked(scene, () => service.make(), 'make')],
    [4, () => worked(scene, () => service.orders(), 'orders')],
    [3, () => worked(scene, () => service.journal(), 'journal')],
    [1.5, () => pause(random, scene)],
    [1.5, () => resume(random, scene)],
    [
      1,
      () => {
        sim.faults.journalDown = !sim.faults.journalDown;
        tell(`journal-down ${String(sim.faults.journalDown)}`);
      },
    ],
    [
      0.7,
      () => {
        api.revoked = !api.revoked;
        tell(`revoked ${String(api.revoked)}`);
      },
    ],
    [
      1.5,
      () => {
        api.forced429 = api.forced429 === null ? random.pick(['burst', 'daily']) : null;
        tell(`limit-${api.forced429 ?? 'over'}`);
      },
    ],
    [
      1.5,
      () => {
        const isOn = api.error500Rate + api.error502AfterApplyRate > 0;
        api.error500Rate = isOn ? 0 : random.pick([0, 0.3]);
        api.error502AfterApplyRate = isOn ? 0 : 0.3;
        tell(`errors ${String(!isOn)}`);
      },
    ],
  ];
}

export function calmDown({ faults }: Simulator): void {
  Object.assign(faults.api, { down: false, revoked: false, locked423Rate: 0, forced429: null });
  Object.assign(faults.api, { error500Rate: 0, error502AfterApplyRate: 0 });
  faults.journalDown = false;
  faults.readLagMs = 0;
}

/** Whatever staff paused goes on. */
export async function resumeAll(service: SimulatedService): Promise<void> {
  while (await service.orders()); // a pause may have been ordered and not yet begun
  for (const { pauseId } of service.ctx().pauses) await service.command(STAFF[0], { do: 'resume', pauseId });
  while (await service.orders());
}

export function seedQuote(world: World, ids: Ids): RecordId {
  const by = sourceOf('colleague');
  const words = { hs_title: 'Engine', hs_terms: 'Net 30', hs_currency: 'EUR' };
  const properties = { ...words, hs_status: 'APPROVED', hs_expiration_date: '2030-01-31' };
  const { id } = world.create('quotes', { ...properties, customer_decision: 'open' }, by);
  world.associate(['quotes', id], ['companies', ids.company[0] ?? ''], by);
  return toRecordId(id);
}

type Shown = Readonly<Record<string, Value>>;

/** What the mirror shows of a record; null where there is none. */
async function shown(
  { db, hubId }: SimulatedService,
  object: string,
  recordId: string,
): Promise<Shown | null> {
  const row = await db
    .selectFrom('mirror')
    .select(['fields', 'life'])
    .where('hub_id', '=', hubId)
    .where('object', '=', object as never)
    .where('record_id', '=', recordId as never)
    .executeTakeFirst();
  if (row?.life !== 'present') return null;
  return Object.fromEntries(Object.entries(row.fields).map(([name, kept]) => [name, kept[0]]));
}

/** A member of staff decides about an open conflict, over what the record shows. */
async function ruling(random: Random, { service, tell }: Scene): Promise<void> {
  const open = await service.db
    .selectFrom('conflicts')
    .select(['conflict_id', 'object', 'record_id', 'field', 'wanted'])
    .where('hub_id', '=', service.hubId)
    .where('settled_at', 'is', null)
    .orderBy('conflict_id')
    .execute();
  if (open.length === 0) return;
  const { conflict_id: conflictId, object, record_id: recordId, field, wanted } = random.pick(open);
  const record = await shown(service, object, recordId);
  if (record === null) return;
  const choice = random.pick(['keep', 'take', 'write'] as const);
  const seen = record[field] ?? null;
  const value = { keep: seen, take: wanted, write: `by staff ${random.int(3)}` }[choice];
  tell(`ruling-${choice} ${object} ${recordId} ${field}`);
  await service.ask({
    ...{
      object,
      recordId,
      person: staffId(Number(random.pick(STAFF))),
      fields: { [field]: { seen, wanted: value } },
    },
    as: { audience: 'staff', guards: [{ field, seen }], ruling: { choice, conflictId, note: null } },
  });
}

/** A customer decides on a quote as it is shown, or was a while ago (A1). */
async function approval(random: Random, { service, ids, tell }: Scene): Promise<void> {
  const recordId = random.pick(ids.quote);
  const record = await shown(service, 'quote', recordId);
  if (record === null) return;
  const isStale = random.chance(0.15);
  const guards = APPROVE.guards.map((field) => ({
    field,
    seen: isStale && field === 'terms' ? 'Net 10' : (record[field] ?? null),
  }));
  const decided = random.pick(['approved', 'declined']);
  const digest = bindingOf(
    'quote',
    guards.map(({ field, seen }) => ({ field, value: seen })),
  );
  tell(`approval ${recordId} ${decided}`);
  await service.ask({
    ...{ object: 'quote', recordId, person: random.pick(ids.contact) },
    fields: {
      decision: { seen: record.decision ?? null, wanted: decided },
      decisionOf: { seen: record.decisionOf ?? null, wanted: digest },
    },
    as: { action: decided === 'approved' ? 'approveQuote' : 'declineQuote', guards },
  });
}

function repChangesQuote(random: Random, { sim, ids, tell }: Scene): void {
  const id = random.pick(ids.quote);
  tell(`rep ${id}`);
  const properties = random.chance(0.8)
    ? { hs_terms: random.pick(['Net 10', 'Net 30', 'Net 60']) }
    : { customer_decision: random.pick(['open', 'declined']) };
  sim.world.update('quotes', id, properties, sourceOf('colleague'));
}

/** One at a time: several are made at once, and then nobody knows in which order. */
async function raised(random: Random, { service, sim, ids, tell }: Scene): Promise<void> {
  const open = await service.db
    .selectFrom('creations')
    .select('edit_id')
    .where('hub_id', '=', service.hubId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (open !== undefined) return;
  const company = random.pick(ids.company);
  const person = random.pick(ids.contact);
  if (!isLive(sim, 'contact', person)) return;
  tell(`raised ${company}`);
  await service.raise({
    ...{ name: 'raiseCase', object: 'ticket', person },
    fields: [
      { field: 'subject', wanted: `Broken ${random.int(100)}` },
      { field: 'description', wanted: 'It does not turn.' },
    ],
    on: { object: 'company', recordId: company },
    companies: [company],
  });
}

async function pause(random: Random, { service, tell }: Scene): Promise<void> {
  if (service.ctx().pauses.length > 0) return;
  const direction = random.pick(['in', 'out', 'both'] as const);
  const object = random.pick(['contact', 'company', null] as const);
  tell(`pause-${direction} ${object ?? 'everything'}`);
  await service.command(random.pick(STAFF), {
    do: 'pause',
    object,
    field: null,
    direction,
    reason: 'An import.',
  });
}

async function resume(random: Random, { service, tell }: Scene): Promise<void> {
  const [first] = service.ctx().pauses;
  if (first === undefined) return;
  tell(`resume ${first.direction} ${first.object ?? 'everything'}`);
  await service.command(random.pick(STAFF), { do: 'resume', pauseId: first.pauseId });
}
