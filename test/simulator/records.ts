/** Creating, changing, archiving and restoring records: one road for the API, a colleague, an import and a workflow. */
import { associate } from './associations.ts';
import { checkCreation, checkUpdate, FIRST_RECORD_ID, type Sent, type WriteOptions } from './checks.ts';
import { iso } from './clock.ts';
import { currentValue, indexValues, setValue, touch } from './history.ts';
import { recordsOf } from './objectTypes.ts';
import { announce, nextId, type CrmRecord, type ObjectType, type Source, type State } from './state.ts';

/** Recorded 2022: the modified date moved by itself 2.7 to 21.7 s after six creations of six. */
const BUMP_MIN_MS = 2_700;
const BUMP_SPREAD_MS = 19_000;

export function createRecord(
  state: State,
  type: ObjectType,
  sent: Sent,
  by: Source,
  options: WriteOptions = {},
): CrmRecord {
  const at = options.at ?? state.clock.now();
  const values = checkCreation(state, type, sent, options);
  const id = nextId(state, `record:${type.typeId}`, FIRST_RECORD_ID);
  const record: CrmRecord = {
    typeId: type.typeId,
    id,
    createdAt: at,
    updatedAt: at,
    archivedAt: null,
    cells: new Map(),
  };
  recordsOf(state, type).set(id, record);
  stamp(state, type, record, at, by);
  announce(state, { is: 'created', typeId: type.typeId, id, at, by });
  apply(state, record, values, at, by);
  derive(state, type, record, [...values.keys()], at);
  for (const link of options.links ?? []) associate(state, { type, id }, link.to, link.specs, by);
  autoAssociate(state, type, record);
  if (options.at === undefined) bumpLater(state, type, record);
  return record;
}

export function updateRecord(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  sent: Sent,
  by: Source,
  options: WriteOptions = {},
): string[] {
  const at = options.at ?? state.clock.now();
  const values = checkUpdate(state, type, record, sent, options);
  const changed = apply(state, record, values, at, by);
  derive(state, type, record, changed, at);
  if (changed.length > 0) touch(state, record, type.modifiedProperty, at, by, iso(at));
  return changed;
}

export function archiveRecord(state: State, type: ObjectType, record: CrmRecord, by: Source): void {
  if (record.archivedAt !== null) return;
  const at = state.clock.now();
  record.archivedAt = at;
  indexValues(state, record, false);
  announce(state, { is: 'archived', typeId: type.typeId, id: record.id, at, by });
}

export function restoreRecord(state: State, type: ObjectType, record: CrmRecord, by: Source): void {
  if (record.archivedAt === null) return;
  const at = state.clock.now();
  record.archivedAt = null;
  indexValues(state, record, true);
  touch(state, record, type.modifiedProperty, at, by, iso(at));
  announce(state, { is: 'restored', typeId: type.typeId, id: record.id, at, by });
}

/** Writes checked values and announces those that changed. */
function apply(
  state: State,
  record: CrmRecord,
  values: ReadonlyMap<string, string>,
  at: number,
  by: Source,
): string[] {
  const changed: string[] = [];
  for (const [name, value] of values) {
    const before = currentValue(record, name);
    if (!setValue(state, record, { name, value, at, by })) continue;
    changed.push(name);
    announce(state, {
      is: 'changed',
      typeId: record.typeId,
      id: record.id,
      property: name,
      value,
      before,
      at,
      by,
    });
  }
  return changed;
}

/** The system properties of a new record (recorded 2026). */
function stamp(state: State, type: ObjectType, record: CrmRecord, at: number, by: Source): void {
  const set = (name: string, value: string): void => {
    setValue(state, record, { name, value, at, by });
  };
  set('hs_object_id', record.id);
  set(type.createdProperty, iso(at));
  set('hs_object_source', by.sourceType);
  set('hs_object_source_label', by.sourceType);
  set('hs_object_source_id', by.sourceId ?? '');
  touch(state, record, type.modifiedProperty, at, by, iso(at));
}

/** What the CRM writes itself after a change of these properties. */
function derive(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  changed: readonly string[],
  at: number,
): void {
  const value = (name: string): string => currentValue(record, name) ?? '';
  const set = (name: string, derived: string, sourceId: string | null): void =>
    void apply(state, record, new Map([[name, derived]]), at, { sourceType: 'CALCULATED', sourceId });
  // Recorded: a company's website is derived from its domain. GUESS: only when it has none, as CALCULATED.
  if (
    type.typeId === '0-2' &&
    changed.includes('domain') &&
    value('domain') !== '' &&
    value('website') === ''
  )
    set('website', value('domain'), null);
  // Docs (line items v1): 50 at 9.50 are 475.00. GUESS: anew with each change of the two, without discounts and taxes.
  if (type.typeId === '0-8' && (changed.includes('price') || changed.includes('quantity')))
    set(
      'amount',
      (Number(value('price')) * Number(value('quantity'))).toFixed(2),
      'LineItemAmountCalculator',
    );
}

/** Docs: a setting of the account; the link and its source appear unasked. */
function autoAssociate(state: State, type: ObjectType, record: CrmRecord): void {
  const domain = currentValue(record, 'email')?.split('@')[1];
  if (!state.faults.autoAssociateByDomain || type.typeId !== '0-1' || domain === undefined) return;
  const companies = state.data.types.get('0-2')!;
  for (const company of recordsOf(state, companies).values()) {
    if (company.archivedAt !== null || currentValue(company, 'domain') !== domain) continue;
    const by = { sourceType: 'AUTO_ASSOCIATE_BY_DOMAIN', sourceId: null };
    associate(
      state,
      { type, id: record.id },
      { type: companies, id: company.id },
      [{ category: 'HUBSPOT_DEFINED', typeId: 1 }],
      by,
    );
    return;
  }
}

function bumpLater(state: State, type: ObjectType, record: CrmRecord): void {
  if (!state.faults.lastmodifiedBump) return;
  const dueAt = state.clock.now() + BUMP_MIN_MS + state.random.int(BUMP_SPREAD_MS);
  state.clock.at(dueAt, () => {
    if (record.archivedAt !== null || record.updatedAt >= dueAt) return;
    touch(
      state,
      record,
      type.modifiedProperty,
      state.clock.now(),
      { sourceType: 'INTERNAL_PROCESSING', sourceId: null },
      iso(state.clock.now()),
    );
  });
}
