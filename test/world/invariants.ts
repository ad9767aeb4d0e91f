/**
 * What must hold after every history, whatever happened in it; named as in the list of invariants. I17, the same trace
 * from the same seed, is `world.test.ts`; I10, isolation, is proven across hubs by test/structure and the access matrix
 * of test/portal, and here by the walls of the connection that every history uses.
 */
import { READ_LAG_MS } from '@tallystick/shared/observe';
import { fieldOf, objects, ownership, type AppObject } from '@tallystick/shared/ownership';
import { canonical, equal, type Value } from '@tallystick/shared/values';
import { bindingOf } from '../../backend/store/binding.ts';
import { unpackOne, type Packed } from '../../backend/store/kept.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import type { CrmRecord } from '../simulator/state.ts';
import type { History } from './history.ts';

const WATCHED: readonly AppObject[] = ['contact', 'company', 'ticket', 'quote'];
const FINAL = ['verified', 'refused', 'held', 'superseded'];

export async function brokenInvariants(history: History): Promise<string[]> {
  const checks: [string, (history: History) => Promise<string[]>][] = [
    ['I1 the mirror is the CRM', mirrorIsCrm],
    ['I2, I15 nothing that was acknowledged still waits', nothingWaits],
    ['I3 every creation was made once, and no promise is carried out by two workers', onceOnly],
    ['I4 every edit came to its end, and what was proven is in the CRM’s history', editsEnded],
    ['I5, I6 we write only what is ours to write, and no more often than promised', ownWrites],
    ['I7 no value comes back that did not come back in the CRM', noFlipFlop],
    ['I8 what was erased or merged away stays so', noResurrection],
    ['I9, I11 the journal is whole and says who', journalIsWhole],
    ['I12 the CRM never had to slow us down', neverThrottled],
    ['I10 nothing here is another hub’s', isolated],
    ['I13 every record says when it was read, and no later than now', staleness],
    ['I13 every value was the CRM’s when it is said to have been', falseAges],
    ['I16 nothing is left of who was erased', erased],
    ['A1, A3 no decision stands over content it does not name', decisionsStand],
    ['R what was held was settled by staff or waits for them', conflictsSettled],
    ['I14 all is quiet: comparing everything once more writes nothing', quiet],
  ];
  const broken: string[] = [];
  for (const [name, check] of checks) for (const why of await check(history)) broken.push(`${name}: ${why}`);
  return broken;
}

/**
 * I13, while everything goes on: what is proven as of an instant was the CRM's value then or since (a read takes its time
 * after it has begun), or as long before as a read may lag: nothing is older than it is said to be.
 */
export async function falseAges(history: History): Promise<string[]> {
  const skewMs = history.sim.world.clock.now() - history.time.now();
  const rows = await mirrorRows(history);
  return [...rows.values()].flatMap(({ object, record_id: id, life, fields }) => {
    const record = WATCHED.includes(object) ? recordsOf(history, object).get(id) : undefined;
    if (record === undefined || life !== 'present' || history.merged.has(id)) return [];
    return Object.entries(objects[object].fields).flatMap(([name, { property, kind }]) => {
      const packed = fields[name];
      if (packed === undefined) return [];
      const held = unpackOne(packed);
      if (kind === 'lines' || held.how !== 'read' || held.asOf !== held.begunAt) return [];
      const from = held.asOf - READ_LAG_MS + skewMs;
      const past = record.cells.get(property) ?? []; // newest first
      const before = past.findIndex(({ at }) => at <= from);
      const since = before === -1 ? past : past.slice(0, before + 1);
      const values: Value[] = since.map(({ value }) => canonical(kind, value));
      if (before === -1) values.push(null);
      return values.some((value) => equal(kind, value, held.value))
        ? []
        : [
            `${object} ${id} ${name} is “${held.value}” as of ${held.asOf}, in the CRM it was ${values.join(' or ')}`,
          ];
    });
  });
}

type Row = { object: AppObject; record_id: string; life: string; fields: Record<string, Packed> };

async function mirrorRows({ service: { db, hubId } }: History): Promise<Map<string, Row>> {
  const rows = await db
    .selectFrom('mirror')
    .select(['object', 'record_id', 'life', 'fields'])
    .where('hub_id', '=', hubId)
    .execute();
  return new Map(rows.map((row) => [`${row.object}:${row.record_id}`, row as unknown as Row]));
}

function recordsOf({ sim }: History, object: AppObject): Map<string, CrmRecord> {
  const { typeId } = sim.world.type(objects[object].crm);
  return sim.world.state.data.records.get(typeId) ?? new Map<string, CrmRecord>();
}

async function mirrorIsCrm(history: History): Promise<string[]> {
  const broken: string[] = [];
  const mirror = await mirrorRows(history);
  for (const object of WATCHED) {
    for (const [id, record] of recordsOf(history, object)) {
      const row = mirror.get(`${object}:${id}`);
      const life = record.archivedAt === null ? 'present' : 'archived';
      if (row === undefined && life === 'archived') continue;
      if (row?.life !== life)
        broken.push(`${object} ${id} is ${life}, the mirror says ${row?.life ?? 'nothing'}`);
      if (row === undefined || life !== 'present') continue;
      for (const [name, { property, kind }] of Object.entries(objects[object].fields)) {
        if (kind === 'lines') continue; // no property of the quote
        const crm = canonical(kind, history.sim.world.value(objects[object].crm, id, property));
        const ours = row.fields[name]?.[0] ?? null;
        if (!equal(kind, crm, ours)) broken.push(`${object} ${id} ${name}: CRM “${crm}”, mirror “${ours}”`);
      }
      if (object !== 'company') broken.push(...(await linksDiffer(history, object, id)));
    }
  }
  return broken;
}

async function linksDiffer({ sim, service }: History, object: AppObject, id: string): Promise<string[]> {
  const rows = await service.db
    .selectFrom('links')
    .select(['company_id', 'is_primary', 'labels'])
    .where('hub_id', '=', service.hubId)
    .where('object', '=', object)
    .where('record_id', '=', id as never)
    .execute();
  const text = (companyId: string, isPrimary: boolean, labels: readonly string[]): string =>
    [companyId, ...(isPrimary ? ['primary'] : []), ...[...labels].sort()].join(' ');
  const ours = rows
    .map(({ company_id, is_primary, labels }) => text(company_id, is_primary, labels))
    .sort()
    .join();
  const crm = sim.world
    .linked(objects[object].crm, id, 'companies')
    .map(({ id: companyId, types }) =>
      text(
        companyId,
        types.some((type) => type.primary),
        types.flatMap((type) => (type.label === null ? [] : [type.label])),
      ),
    )
    .sort()
    .join();
  return ours === crm ? [] : [`${object} ${id} hangs on ${crm}, the mirror says ${ours}`];
}

async function nothingWaits({ service: { db, hubId } }: History): Promise<string[]> {
  const due = await db.selectFrom('due').selectAll().where('hub_id', '=', hubId).execute();
  const waiting = await db
    .selectFrom('deliveries')
    .select('delivery_id')
    .where('hub_id', '=', hubId)
    .where('applied_at', 'is', null)
    .execute();
  const promises = await db
    .selectFrom('promises')
    .select(['object', 'record_id', 'field'])
    .where('hub_id', '=', hubId)
    .where('settled_at', 'is', null)
    .execute();
  return [
    ...due.map((row) => `${row.object} ${row.record_id} is due: ${JSON.stringify(row.error)}`),
    ...waiting.map(({ delivery_id }) => `delivery ${delivery_id} was not applied`),
    ...promises.map((row) => `the promise of ${row.object} ${row.record_id} ${row.field} is open`),
  ];
}

async function editsEnded(history: History): Promise<string[]> {
  const { db, hubId } = history.service;
  const fields = await db.selectFrom('edit_fields').selectAll().where('hub_id', '=', hubId).execute();
  const made = await db.selectFrom('creations').select('edit_id').where('hub_id', '=', hubId).execute();
  const madeBy = new Set<string>(made.map(({ edit_id }) => edit_id));
  return fields.flatMap(({ edit_id, object, record_id, field, state, wanted }) => {
    if (!FINAL.includes(state)) return [`edit ${edit_id} of ${field} is still ${state}`];
    const spec = fieldOf(object, field);
    const record = recordsOf(history, object).get(record_id ?? '');
    if (state !== 'verified' || spec === undefined || record === undefined || wanted === null) return [];
    if (madeBy.has(edit_id)) return []; // a creation: I3
    const values = (record.cells.get(spec.property) ?? []).map(({ value }) => canonical(spec.kind, value));
    // What several people chose together is a union of what each wanted.
    const isThere =
      ('conflict' in spec && spec.conflict === 'union') ||
      values.some((value) => equal(spec.kind, value, wanted)) ||
      history.merged.has(record.id);
    return isThere ? [] : [`edit ${edit_id}: “${wanted}” was never in the CRM`];
  });
}

async function ownWrites(history: History): Promise<string[]> {
  const { db, hubId } = history.service;
  const promises = await db
    .selectFrom('promises')
    .select(['object', 'record_id', 'field'])
    .where('hub_id', '=', hubId)
    .execute();
  const broken: string[] = [];
  for (const object of WATCHED)
    for (const [id, { cells }] of recordsOf(history, object))
      for (const [name, { property, owner }] of Object.entries(objects[object].fields)) {
        if (cells.has('portal_request_key')) continue; // made by us, and proven by I3
        const ours = (cells.get(property) ?? []).filter(({ by }) => by.sourceType === 'INTEGRATION').length;
        const promised = promises.filter(
          (each) => each.object === object && each.record_id === id && each.field === name,
        ).length;
        if (owner === 'crm' && ours > 0) broken.push(`${object} ${id} ${name} is the CRM’s, and we wrote it`);
        if (ours > promised && !history.merged.has(id))
          broken.push(`${object} ${id} ${name}: written ${ours} times, promised ${promised} times`);
      }
  return broken;
}

/** The values of the journal, in its order, are some of the CRM's values in theirs. */
async function noFlipFlop(history: History): Promise<string[]> {
  const { db, hubId } = history.service;
  const rows = await db
    .selectFrom('journal')
    .select(['object', 'record_id', 'field', 'before', 'after'])
    .where('hub_id', '=', hubId)
    .where('kind', '=', 'changed')
    .where('salt', 'is not', null)
    .orderBy('seq')
    .execute();
  const shown = new Map<string, Value[]>();
  for (const { object, record_id, field, before, after } of rows) {
    const key = `${object}:${record_id}:${field}`;
    shown.set(key, [...(shown.get(key) ?? [before]), after]);
  }
  return [...shown].flatMap(([key, values]) => {
    const [object = '', id = '', field = ''] = key.split(':');
    const spec = fieldOf(object as AppObject, field);
    const record = recordsOf(history, object as AppObject).get(id);
    if (spec === undefined || record === undefined || history.merged.has(id)) return [];
    const past = (record.cells.get(spec.property) ?? []).toReversed(); // kept newest first
    const crm = [
      { value: null as Value, at: 0 },
      ...past.map(({ value, at }) => ({ value: canonical(spec.kind, value), at })),
    ];
    let from = 0;
    for (const value of values) {
      const found = crm.findIndex((entry, index) => index >= from && equal(spec.kind, entry.value, value));
      const text = crm.map((entry) => entry.value).join(' → ');
      if (found < 0) return [`${key}: shown ${values.join(' → ')}, in the CRM ${text}`];
      // Nobody can tell the order of what happened in one instant (O4).
      from = crm.findIndex((entry) => entry.at === crm[found]?.at);
    }
    return [];
  });
}

async function noResurrection({ service: { db, hubId } }: History): Promise<string[]> {
  const rows = await db
    .selectFrom('journal')
    .select(['object', 'record_id', 'after', 'salt'])
    .where('hub_id', '=', hubId)
    .where('kind', '=', 'life')
    .orderBy('seq')
    .execute();
  const ended = new Map<string, string>();
  const broken: string[] = [];
  for (const { object, record_id, after } of rows) {
    const key = `${object} ${record_id}`;
    const was = ended.get(key);
    const isNext = after?.startsWith('merged:') === true || after === 'erased';
    if (was !== undefined && after !== was && (was === 'erased' || !isNext))
      broken.push(`${key} was ${was}, then ${after}`);
    if (after === 'erased' || after?.startsWith('merged:') === true) ended.set(key, after);
  }
  return broken;
}

async function journalIsWhole({ service: { db, hubId } }: History): Promise<string[]> {
  const { broken } = await verifyJournal(db, hubId);
  const nameless = await db
    .selectFrom('journal')
    .select('seq')
    .where('hub_id', '=', hubId)
    .where('kind', 'in', ['changed', 'asked', 'decided', 'sent', 'proven'])
    .where('actor', 'is', null)
    .where('edit_id', 'is', null)
    .execute();
  return [
    ...(broken === null ? [] : [`the chain is broken: ${JSON.stringify(broken)}`]),
    ...nameless.map(({ seq }) => `entry ${seq} does not say who`),
  ];
}

/** Counted by the stand-in itself, by its own clock; what it refuses by order of the history is no window of ours. */
async function neverThrottled({ sim }: History): Promise<string[]> {
  const audit = (await (await fetch(`${sim.url}/_sim/audit`)).json()) as {
    maxInAnyTenSeconds: number;
    limits: { perTenSeconds: number };
  };
  const { maxInAnyTenSeconds: most, limits } = audit;
  return most <= limits.perTenSeconds
    ? []
    : [`${most} calls in ten seconds, ${limits.perTenSeconds} are allowed`];
}

async function onceOnly({ sim, service: { db, hubId } }: History): Promise<string[]> {
  const made = await db.selectFrom('creations').select('edit_id').where('hub_id', '=', hubId).execute();
  const tickets = [...(sim.world.state.data.records.get('0-5')?.values() ?? [])];
  const keyed = (key: string): number =>
    tickets.filter(({ cells }) => cells.get('portal_request_key')?.[0]?.value === key).length;
  const verified = await db
    .selectFrom('edit_fields')
    .select(['edit_id', 'state'])
    .where('hub_id', '=', hubId)
    .where('field', '=', 'subject')
    .execute();
  const broken = made.flatMap(({ edit_id }) => {
    const state = verified.find((row) => row.edit_id === edit_id)?.state;
    const times = keyed(edit_id);
    if (times > 1) return [`${edit_id} was made ${times} times`];
    return state === 'verified' && times === 0 ? [`${edit_id} is verified and was never made`] : [];
  });
  const open = await db
    .selectFrom('promises')
    .select(['object', 'record_id', 'field'])
    .select((eb) => eb.fn.countAll().as('n'))
    .where('hub_id', '=', hubId)
    .where('settled_at', 'is', null)
    .groupBy(['object', 'record_id', 'field'])
    .execute();
  return [
    ...broken,
    ...open
      .filter(({ n }) => Number(n) > 1)
      .map((row) => `${String(row.n)} promises are open for ${row.object} ${row.record_id} ${row.field}`),
  ];
}

/** Asked over the hub's own connection, which the walls hold: no statement here names a hub. */
async function isolated({ service: { db, hubId } }: History): Promise<string[]> {
  const tables = ['mirror', 'journal', 'edits', 'deliveries', 'due', 'promises', 'conflicts'] as const;
  const seen = await Promise.all(
    tables.map((table) => db.selectFrom(table).select('hub_id').distinct().execute()),
  );
  return seen.flatMap((rows, i) =>
    rows
      .filter((row) => String(row.hub_id) !== String(hubId))
      .map(() => `${tables[i]} shows another hub's rows`),
  );
}

async function staleness({ service: { db, hubId }, time }: History): Promise<string[]> {
  const rows = await db
    .selectFrom('mirror')
    .select(['object', 'record_id', 'read_at', 'life'])
    .where('hub_id', '=', hubId)
    .where('life', '=', 'present')
    .execute();
  return rows.flatMap(({ object, record_id, read_at }) =>
    read_at === null || read_at.getTime() > time.now()
      ? [`${object} ${record_id} was read ${String(read_at)}`]
      : [],
  );
}

/** The names in the first line of what the CRM erased, looked for in everything that is stored of the record. */
async function erased({ service: { db, hubId } }: History): Promise<string[]> {
  const gone = await db
    .selectFrom('mirror')
    .select(['object', 'record_id', 'fields'])
    .where('hub_id', '=', hubId)
    .where('life', '=', 'erased')
    .execute();
  const broken: string[] = [];
  for (const { object, record_id, fields } of gone) {
    if (Object.keys(fields).some((name) => !name.startsWith('$')))
      broken.push(`the mirror of ${object} ${record_id} still holds ${Object.keys(fields).join()}`);
    const edits = await db
      .selectFrom('edit_fields')
      .select(['edit_id', 'wanted', 'seen'])
      .where('hub_id', '=', hubId)
      .where('object', '=', object)
      .where('record_id', '=', record_id)
      .execute();
    for (const { edit_id, wanted, seen } of edits)
      if (wanted !== null || seen !== null) broken.push(`edit ${edit_id} still says ${wanted ?? seen}`);
    const told = await db
      .selectFrom('journal')
      .select('seq')
      .where('hub_id', '=', hubId)
      .where('object', '=', object)
      .where('record_id', '=', record_id)
      .where((eb) => eb.or([eb('before', 'is not', null), eb('after', 'is not', null)]))
      .where('kind', 'not in', ['life', 'links'])
      .execute();
    if (told.length > 0) broken.push(`${told.length} journal entries of ${object} ${record_id} hold values`);
  }
  return broken;
}

async function decisionsStand(history: History): Promise<string[]> {
  const mirror = await mirrorRows(history);
  const { guards } = ownership.actions.approveQuote!;
  return [...recordsOf(history, 'quote')].flatMap(([id, { cells }]) => {
    const top = cells.get('customer_decision')?.[0];
    const named = canonical('text', cells.get('customer_decision_of')?.[0]?.value ?? null);
    const decides = top !== undefined && ['approved', 'declined'].includes(top.value);
    if (!decides || top.by.sourceType !== 'INTEGRATION' || named === null) return [];
    const fields = mirror.get(`quote:${id}`)?.fields ?? {};
    const now = guards.map((field) => ({ field, value: fields[field]?.[0] ?? null }));
    return bindingOf('quote', now) === named ? [] : [`quote ${id} is ${top.value} over something else`];
  });
}

async function conflictsSettled({ service: { db, hubId } }: History): Promise<string[]> {
  const rows = await db
    .selectFrom('conflicts as c')
    .innerJoin('edit_fields as f', (join) =>
      join
        .onRef('f.hub_id', '=', 'c.hub_id')
        .onRef('f.edit_id', '=', 'c.edit_id')
        .onRef('f.field', '=', 'c.field'),
    )
    .select(['c.conflict_id', 'c.settled_at', 'f.state'])
    .where('c.hub_id', '=', hubId)
    .execute();
  return rows.flatMap(({ conflict_id, settled_at, state }) =>
    settled_at !== null && state === 'held'
      ? [`conflict ${conflict_id} is settled, its edit still held`]
      : [],
  );
}

async function quiet(history: History): Promise<string[]> {
  const writes = (): number =>
    Object.entries(history.sim.calls.counters().byOperation)
      .filter(([operation]) => /update|create/i.test(operation))
      .reduce((sum, [, count]) => sum + count, 0);
  const before = writes();
  await history.calm();
  return writes() === before ? [] : [`${writes() - before} more writes`];
}
