/** Objects, up to a hundred at a time. */
import { z } from 'zod';
import { checkCreation, checkUpdate } from './checks.ts';
import { iso } from './clock.ts';
import { ApiError, objectNotFound, validationError, type ErrorBody } from './errors.ts';
import { bySelf, noContent, ok, param, parseBody, under, type Call, type Reply, type Route } from './http.ts';
import { ownerOfValue, recordsOf, typeOf } from './objectTypes.ts';
import { archiveRecord, createRecord, updateRecord } from './records.ts';
import { newLinks, OBJECT_PATHS, refuseLongHistory, sentLinks, sentProperties } from './routesObjects.ts';
import type { CrmRecord, ObjectType, State } from './state.ts';
import { readTime, viewRecord, viewWritten, type RecordView } from './view.ts';

const BATCH_MAX_RECORDS = 100; // docs: batch endpoints

const id = z.union([z.string(), z.number()]).transform(String);
const trace = z.string().optional();
const reading = z.object({
  inputs: z.array(z.object({ id })),
  properties: z.array(z.string()).optional(),
  propertiesWithHistory: z.array(z.string()).optional(),
  idProperty: z.string().nullish(),
});
const creating = z.object({
  inputs: z.array(
    z.object({ properties: sentProperties, associations: sentLinks, objectWriteTraceId: trace }),
  ),
});
const updating = z.object({
  inputs: z.array(
    z.object({ id, idProperty: z.string().nullish(), properties: sentProperties, objectWriteTraceId: trace }),
  ),
});
const upserting = z.object({
  inputs: z.array(
    z.object({ id, idProperty: z.string().nullish(), properties: sentProperties, objectWriteTraceId: trace }),
  ),
});
const archiving = z.object({ inputs: z.array(z.object({ id })) });

export function batchRoutes(state: State): Route[] {
  const route = (
    what: string,
    name: string,
    access: Route['access'],
    handle: (state: State, type: ObjectType, call: Call) => Reply,
  ): Route => ({
    ...{ method: 'POST', pattern: `/:type/batch/${what}`, name, access, limit: 'burst' },
    handle: (call) => handle(state, typeOf(state, param(call, 'type')), call),
  });
  return under(OBJECT_PATHS, [
    route('read', 'batchRead', 'read', batchRead),
    route('create', 'batchCreate', 'write', batchCreate),
    route('update', 'batchUpdate', 'write', batchUpdate),
    route('upsert', 'batchUpsert', 'write', batchUpsert),
    route('archive', 'batchArchive', 'write', batchArchive),
  ]);
}

function batchRead(state: State, type: ObjectType, call: Call): Reply {
  const body = parseBody(call, reading);
  refuseTooMany(body.inputs.length);
  refuseLongHistory(body.propertiesWithHistory ?? [], body.inputs.length);
  const archived = call.query.get('archived') === 'true';
  const at = readTime(state);
  const wanted = { properties: body.properties, history: body.propertiesWithHistory };
  const results: RecordView[] = [];
  const missing: string[] = [];
  // GUESS: an id named twice is answered once, and merged-away ids are not found (docs say so for batch update).
  for (const each of new Set(body.inputs.map((input) => input.id))) {
    const record = lookUp(state, type, each, body.idProperty);
    if (record === null || (record.archivedAt !== null) !== archived || record.createdAt > at)
      missing.push(each);
    else results.push(viewRecord(state, type, record, wanted, at));
  }
  return answer(state, results, missing.length === 0 ? [] : [notThere(type, missing)]);
}

function batchCreate(state: State, type: ObjectType, call: Call): Reply {
  const { inputs } = parseBody(call, creating);
  refuseTooMany(inputs.length);
  const taken = new Set<string>();
  const rows = inputs.map((input): Row => {
    const options = () => ({ rules: call.rules, links: newLinks(state, type, input.associations ?? []) });
    return {
      traceId: input.objectWriteTraceId,
      check: () => checkCreation(state, type, input.properties, options(), taken),
      write: () => {
        const record = createRecord(state, type, input.properties, bySelf(call), options());
        return viewWritten(state, type, record, Object.keys(input.properties));
      },
    };
  });
  return writeAll(state, rows, { status: 201, partial: true });
}

function batchUpdate(state: State, type: ObjectType, call: Call): Reply {
  const { inputs } = parseBody(call, updating);
  refuseTooMany(inputs.length);
  refuseRepeats(inputs.map((input) => input.id));
  const at = state.clock.now(); // recorded: all rows of a batch get the same modified date
  const rows = inputs.map((input): Row => {
    // Docs: ids that were merged away work for a single PATCH, not here.
    const find = (): CrmRecord => live(lookUp(state, type, input.id, input.idProperty), input.id);
    return {
      traceId: input.objectWriteTraceId,
      check: () => checkUpdate(state, type, find(), input.properties, { rules: call.rules }),
      write: () => {
        const record = find();
        updateRecord(state, type, record, input.properties, bySelf(call), { at, rules: call.rules });
        return viewWritten(state, type, record, Object.keys(input.properties));
      },
    };
  });
  return writeAll(state, rows, { status: 200, partial: true });
}

function batchUpsert(state: State, type: ObjectType, call: Call): Reply {
  const { inputs } = parseBody(call, upserting);
  refuseTooMany(inputs.length);
  refuseRepeats(inputs.map((input) => input.id));
  const options = { rules: call.rules };
  const taken = new Set<string>();
  const rows = inputs.map((input): Row => {
    const idProperty = input.idProperty ?? 'hs_object_id';
    const find = (): CrmRecord | null => {
      const record = lookUp(state, type, input.id, idProperty);
      return idProperty === 'hs_object_id'
        ? live(record, input.id)
        : record?.archivedAt === null
          ? record
          : null;
    };
    const sent = { ...input.properties, [idProperty]: input.id };
    return {
      traceId: input.objectWriteTraceId,
      check: () => {
        const record = find();
        if (record === null) checkCreation(state, type, sent, options, taken);
        else checkUpdate(state, type, record, input.properties, options);
      },
      write: () => {
        const before = find();
        if (before !== null) updateRecord(state, type, before, input.properties, bySelf(call), options);
        const record = before ?? createRecord(state, type, sent, bySelf(call), options);
        return { ...viewWritten(state, type, record, Object.keys(sent)), new: before === null };
      },
    };
  });
  // Docs: a partial upsert by e-mail is not supported.
  return writeAll(state, rows, {
    status: 200,
    partial: !inputs.some((input) => input.idProperty === 'email'),
  });
}

/** Docs: 204 whatever the state. */
function batchArchive(state: State, type: ObjectType, call: Call): Reply {
  const { inputs } = parseBody(call, archiving);
  refuseTooMany(inputs.length);
  for (const input of inputs) {
    const record = recordsOf(state, type).get(input.id);
    if (record !== undefined) archiveRecord(state, type, record, bySelf(call));
  }
  return noContent;
}

interface Row {
  traceId: string | undefined;
  /** Throws what is wrong with the row, and changes nothing. */
  check(): void;
  write(): RecordView;
}

/**
 * Docs: a batch fails in part (207) only when every input has a trace id of its own; else one bad row refuses all.
 * GUESS: update and upsert follow the rule that is documented for create; rows that are not found never refuse all.
 */
function writeAll(state: State, rows: readonly Row[], options: { status: number; partial: boolean }): Reply {
  const traces = rows.map((row) => row.traceId);
  const traced =
    traces.every((one) => one !== undefined && one !== '') && new Set(traces).size === traces.length;
  const errors: ErrorBody[] = [];
  const good: Row[] = [];
  for (const row of rows) {
    try {
      row.check();
      good.push(row);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== 404 && !(traced && options.partial)) throw error;
      const context = row.traceId === undefined ? error.body.context : { objectWriteTraceId: [row.traceId] };
      errors.push({ ...error.body, ...(context === undefined ? {} : { context }) });
    }
  }
  const results = good.map((row) => ({
    ...row.write(),
    ...(row.traceId === undefined ? {} : { objectWriteTraceId: row.traceId }),
  }));
  return answer(state, results, errors, options.status);
}

function live(record: CrmRecord | null, id: string): CrmRecord {
  if (record === null || record.archivedAt !== null) throw objectNotFound(id);
  return record;
}

function answer(state: State, results: RecordView[], errors: ErrorBody[], status = 200): Reply {
  const at = iso(state.clock.now());
  const frame = { status: 'COMPLETE', results, startedAt: at, completedAt: at };
  return errors.length === 0 ? ok(frame, status) : ok({ ...frame, numErrors: errors.length, errors }, 207);
}

function lookUp(
  state: State,
  type: ObjectType,
  id: string,
  idProperty: string | null | undefined,
): CrmRecord | null {
  const byId = idProperty == null || idProperty === 'hs_object_id';
  const found = byId ? id : ownerOfValue(state, type, idProperty, id);
  return found === null ? null : (recordsOf(state, type).get(found) ?? null);
}

/** From practice. */
function notThere(type: ObjectType, ids: string[]): ErrorBody {
  return {
    status: 'error',
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${type.constant} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids },
  };
}

/** GUESS at the words. */
function refuseTooMany(count: number): void {
  if (count > BATCH_MAX_RECORDS)
    throw validationError(
      `The maximum number of inputs supported in a batch request is ${BATCH_MAX_RECORDS}`,
    );
}

/** GUESS: docs are silent; in practice "Duplicate IDs found in batch input". */
function refuseRepeats(ids: readonly string[]): void {
  const repeated = ids.filter((one, index) => ids.indexOf(one) !== index);
  if (repeated.length > 0)
    throw validationError(
      `Duplicate IDs found in batch input: [${[...new Set(repeated)].join(', ')}]. IDs must be unique`,
    );
}
