/** Associations in batches, v4 and dated. */
import { z } from 'zod';
import { associate, dissociate, linked, removeTypes, type End } from './associations.ts';
import { ApiError, validationError, type ErrorBody } from './errors.ts';
import {
  bySelf,
  DATES,
  noContent,
  ok,
  param,
  parseBody,
  route,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { typeOf } from './objectTypes.ts';
import {
  defaultPair,
  frame,
  PAGE_MAX_LINKS,
  sentSpecs,
  specsOf,
  viewLink,
  viewPair,
} from './routesAssociations.ts';
import type { State } from './state.ts';

// Docs: associations v4.
const READ_MAX_RECORDS = 1_000;
const CREATE_MAX_PAIRS = 2_000;
const ARCHIVE_MAX_RECORDS = 100;

const id = z.union([z.string(), z.number()]).transform(String);
const ref = z.object({ id });
const reading = z.object({ inputs: z.array(z.object({ id, after: z.string().optional() })) });
const pairs = z.object({ inputs: z.array(z.object({ from: ref, to: ref, types: sentSpecs.default([]) })) });
const archiving = z.object({ inputs: z.array(z.object({ from: ref, to: z.array(ref) })) });

export function associationBatchRoutes(state: State): Route[] {
  return under(
    ['/crm/v4/associations', ...DATES.map((date) => `/crm/associations/${date}`)],
    [
      route('POST', '/:type/:toType/batch/read', 'batchLinks', (call) => batchRead(state, call), 'read'),
      route('POST', '/:type/:toType/batch/create', 'batchAssociate', (call) => batchCreate(state, call)),
      route('POST', '/:type/:toType/batch/associate/default', 'batchAssociateDefault', (call) =>
        batchDefault(state, call),
      ),
      route('POST', '/:type/:toType/batch/archive', 'batchDissociate', (call) => batchArchive(state, call)),
      route('POST', '/:type/:toType/batch/labels/archive', 'batchUnlabel', (call) =>
        batchUnlabel(state, call),
      ),
    ],
  );
}

function batchRead(state: State, call: Call): Reply {
  const { inputs } = parseBody(call, reading);
  refuseTooMany(inputs.length, READ_MAX_RECORDS);
  const [from, to] = [typeOf(state, param(call, 'type')), typeOf(state, param(call, 'toType'))];
  const found = inputs.map((input) => ({
    id: input.id,
    links: linked(state, from.typeId, input.id, to.typeId),
  }));
  const results = found
    .filter(({ links }) => links.length > 0)
    .map(({ id, links }) => ({
      from: { id },
      to: links.slice(0, PAGE_MAX_LINKS).map(viewLink),
      ...(links.length > PAGE_MAX_LINKS ? { paging: { next: { after: String(PAGE_MAX_LINKS) } } } : {}),
    }));
  // From practice: a record without associations is an error of the batch.
  const errors = found
    .filter(({ links }) => links.length === 0)
    .map(({ id }): ErrorBody => ({
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
      message: `No ${to.name} is associated with ${from.name} ${id}.`,
      context: { fromObjectId: [id], fromObjectType: [from.name], toObjectType: [to.name] },
    }));
  return answer(state, results, errors, 200);
}

function batchCreate(state: State, call: Call): Reply {
  const { inputs } = parseBody(call, pairs);
  refuseTooMany(inputs.length, CREATE_MAX_PAIRS);
  return eachPair(state, call, inputs, 201, (from, to, input) => [
    viewPair(from, to, associate(state, from, to, specsOf(input.types), bySelf(call))),
  ]);
}

function batchDefault(state: State, call: Call): Reply {
  const { inputs } = parseBody(call, pairs);
  refuseTooMany(inputs.length, CREATE_MAX_PAIRS);
  return eachPair(state, call, inputs, 200, (from, to) => defaultPair(state, from, to, call));
}

type Pair = z.infer<typeof pairs>['inputs'][number];

/** GUESS: one bad pair does not refuse the others. */
function eachPair(
  state: State,
  call: Call,
  inputs: Pair[],
  status: number,
  write: (from: End, to: End, input: Pair) => object[],
): Reply {
  const [fromType, toType] = [typeOf(state, param(call, 'type')), typeOf(state, param(call, 'toType'))];
  const results: object[] = [];
  const errors: ErrorBody[] = [];
  for (const input of inputs) {
    try {
      results.push(...write({ type: fromType, id: input.from.id }, { type: toType, id: input.to.id }, input));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      errors.push(error.body);
    }
  }
  return answer(state, results, errors, status);
}

function batchArchive(state: State, call: Call): Reply {
  const { inputs } = parseBody(call, archiving);
  refuseTooMany(inputs.length, ARCHIVE_MAX_RECORDS);
  const [fromType, toType] = [typeOf(state, param(call, 'type')), typeOf(state, param(call, 'toType'))];
  for (const { from, to } of inputs)
    for (const other of to)
      dissociate(state, { type: fromType, id: from.id }, { type: toType, id: other.id }, bySelf(call));
  return noContent; // 204 in v4; the 2026-03 spec says 200: a client must take both
}

function batchUnlabel(state: State, call: Call): Reply {
  const { inputs } = parseBody(call, pairs);
  const [fromType, toType] = [typeOf(state, param(call, 'type')), typeOf(state, param(call, 'toType'))];
  for (const { from, to, types } of inputs)
    removeTypes(
      state,
      { type: fromType, id: from.id },
      { type: toType, id: to.id },
      specsOf(types),
      bySelf(call),
    );
  return noContent;
}

function answer(state: State, results: object[], errors: ErrorBody[], status: number): Reply {
  if (errors.length === 0) return ok(frame(state, results), status);
  return ok({ ...frame(state, results), numErrors: errors.length, errors }, 207);
}

function refuseTooMany(count: number, max: number): void {
  if (count > max)
    throw validationError(`The maximum number of inputs supported in a batch request is ${max}`); // GUESS at the words
}
