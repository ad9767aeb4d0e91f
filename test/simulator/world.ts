/**
 * The CRM itself, without HTTP: what the routes call, and what a test in the same process may call.
 *
 * State is plain data (state.ts); the functions that change it live in one file a subject and take it first.
 */
import { associate, dissociate, linked, removeTypes } from './associations.ts';
import { standardProperties } from './catalog.ts';
import type { Sent, WriteOptions } from './checks.ts';
import { createClock, type Clock } from './clock.ts';
import { noFaults, type Faults } from './faults.ts';
import { currentValue } from './history.ts';
import { emptyJournal } from './journal.ts';
import { standardLinkTypes } from './linkTypes.ts';
import { mergeRecords, privacyDelete } from './merge.ts';
import { findRecord, standardTypes, typeOf } from './objectTypes.ts';
import { refreshStageOptions, standardPipelines } from './pipelines.ts';
import { createRandom } from './random.ts';
import { archiveRecord, createRecord, restoreRecord, updateRecord } from './records.ts';
import type { Change, CrmRecord, Data, LinkSpec, LinkType, ObjectType, Source, State } from './state.ts';

export interface WorldOptions {
  seed: number;
  hubId: number;
  appId: number;
  now?: (() => number) | undefined;
  offsetMs?: number | undefined;
  data?: Data | undefined;
}

/** Types are given by name or id, as in a path; every change needs to say by whom. */
export interface World {
  state: State;
  clock: Clock;
  faults: Faults;
  type(name: string): ObjectType;
  create(type: string, properties: Sent, by: Source, options?: WriteOptions): CrmRecord;
  update(type: string, id: string, properties: Sent, by: Source, options?: WriteOptions): CrmRecord;
  archive(type: string, id: string, by: Source): void;
  restore(type: string, id: string, by: Source): void;
  merge(type: string, primaryId: string, otherId: string, by: Source): CrmRecord;
  privacyDelete(type: string, id: string, by: Source): void;
  associate(
    from: [type: string, id: string],
    to: [type: string, id: string],
    by: Source,
    specs?: readonly LinkSpec[],
  ): void;
  dissociate(
    from: [type: string, id: string],
    to: [type: string, id: string],
    by: Source,
    specs?: readonly LinkSpec[],
  ): void;
  get(type: string, id: string): CrmRecord;
  value(type: string, id: string, property: string): string | null;
  linked(type: string, id: string, toType: string): { id: string; types: LinkType[] }[];
  /** Hears every change, in order, until the returned function is called. */
  listen(listener: (change: Change) => void): () => void;
  /** Does something that nobody is told of: how a seed makes a past. */
  quietly(work: () => void): void;
  close(): void;
}

export function openWorld(options: WorldOptions): World {
  const clock = createClock(options.now, options.offsetMs);
  const state: State = {
    hubId: options.hubId,
    appId: options.appId,
    timeZone: 'Europe/Berlin',
    clock,
    faults: noFaults(),
    random: createRandom(options.seed, 'crm'),
    data: { ...emptyData(), ...options.data },
    listeners: [],
  };
  refreshStageOptions(state);
  const find = (type: string, id: string): [ObjectType, CrmRecord] => {
    const found = typeOf(state, type);
    return [found, findRecord(state, found, id)];
  };
  const end = ([type, id]: [string, string]) => ({ type: typeOf(state, type), id });
  return {
    state,
    clock,
    faults: state.faults,
    type: (name) => typeOf(state, name),
    create: (type, properties, by, writing) =>
      createRecord(state, typeOf(state, type), properties, by, writing),
    update: (type, id, properties, by, writing) => {
      const [found, record] = find(type, id);
      updateRecord(state, found, record, properties, by, writing);
      return record;
    },
    archive: (type, id, by) => archiveRecord(state, ...find(type, id), by),
    restore: (type, id, by) => {
      const found = typeOf(state, type);
      const record = state.data.records.get(found.typeId)?.get(id);
      if (record !== undefined) restoreRecord(state, found, record, by);
    },
    merge: (type, primaryId, otherId, by) => mergeRecords(state, typeOf(state, type), primaryId, otherId, by),
    privacyDelete: (type, id, by) => privacyDelete(state, ...find(type, id), by),
    associate: (from, to, by, specs = []) => void associate(state, end(from), end(to), specs, by),
    dissociate: (from, to, by, specs = []) =>
      specs.length === 0
        ? dissociate(state, end(from), end(to), by)
        : removeTypes(state, end(from), end(to), specs, by),
    get: (type, id) => find(type, id)[1],
    value: (type, id, property) => currentValue(find(type, id)[1], property),
    linked: (type, id, toType) => {
      const [found, record] = find(type, id);
      return linked(state, found.typeId, record.id, typeOf(state, toType).typeId);
    },
    listen: (listener) => {
      state.listeners.push(listener);
      return () => void state.listeners.splice(state.listeners.indexOf(listener), 1);
    },
    quietly: (work) => {
      const listeners = state.listeners.splice(0);
      try {
        work();
      } finally {
        state.listeners.push(...listeners);
      }
    },
    close: () => clock.close(),
  };
}

function emptyData(): Data {
  const types = standardTypes();
  const properties = new Map([...types.values()].map((type) => [type.typeId, standardProperties(type.name)]));
  const unique = [...properties].flatMap(([typeId, all]) =>
    [...all.values()]
      .filter((property) => property.hasUniqueValue && property.name !== 'hs_object_id')
      .map((property): [string, Map<string, string>] => [
        `${typeId}/${property.name}`,
        new Map<string, string>(),
      ]),
  );
  return {
    types,
    properties,
    records: new Map(),
    mergedInto: new Map(),
    unique: new Map(unique),
    links: new Map(),
    linkTypes: standardLinkTypes(types),
    pipelines: standardPipelines(),
    groups: new Map(),
    owners: [],
    rules: [],
    counters: new Map(),
    files: new Map(),
    importTasks: new Map(),
    journal: emptyJournal(),
  };
}
