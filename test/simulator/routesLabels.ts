/** The association types of an account: labels (docs: association schema v4). */
import { z } from 'zod';
import { notFound, validationError } from './errors.ts';
import {
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
import { bothWays, linkTypesBetween, pairNames } from './linkTypes.ts';
import { typeOf } from './objectTypes.ts';
import { viewType } from './routesAssociations.ts';
import { nextId, type LinkType, type State } from './state.ts';

const FIRST_LABEL_ID = 101;

const labelling = z.object({
  label: z.string().min(1),
  name: z.string().min(1),
  inverseLabel: z.string().optional(),
});
const relabelling = z.object({
  associationTypeId: z.number(),
  label: z.string().min(1),
  inverseLabel: z.string().optional(),
});

export function labelRoutes(state: State): Route[] {
  const paths = [
    '/crm/v4/associations',
    '/crm/associations/v4',
    ...DATES.map((date) => `/crm/associations/${date}`),
  ];
  return under(paths, [
    route('GET', '/:type/:toType/labels', 'labels', (call) =>
      ok({ results: between(state, call).map(viewType) }),
    ),
    route('POST', '/:type/:toType/labels', 'createLabel', (call) => createLabel(state, call)),
    route('PUT', '/:type/:toType/labels', 'updateLabel', (call) => updateLabel(state, call)),
    route('DELETE', '/:type/:toType/labels/:labelId', 'deleteLabel', (call) => deleteLabel(state, call)),
  ]);
}

const between = (state: State, call: Call): LinkType[] =>
  linkTypesBetween(
    state,
    typeOf(state, param(call, 'type')).typeId,
    typeOf(state, param(call, 'toType')).typeId,
  );

function createLabel(state: State, call: Call): Reply {
  const body = parseBody(call, labelling);
  const [from, to] = [typeOf(state, param(call, 'type')), typeOf(state, param(call, 'toType'))];
  if (between(state, call).some((type) => type.label === body.label))
    throw validationError(`Label "${body.label}" already exists`); // GUESS
  const [there, back] = [
    Number(nextId(state, 'label', FIRST_LABEL_ID)),
    Number(nextId(state, 'label', FIRST_LABEL_ID)),
  ];
  const pair = {
    from: from.typeId,
    to: to.typeId,
    there,
    back,
    label: body.label,
    inverseLabel: body.inverseLabel ?? body.label,
  };
  const made = bothWays({ ...pair, primary: false, category: 'USER_DEFINED' }, pairNames(from, to));
  state.data.linkTypes.push(...made);
  return ok({ results: made.map(viewType) });
}

function updateLabel(state: State, call: Call): Reply {
  const body = parseBody(call, relabelling);
  const type = between(state, call).find(
    (each) => each.typeId === body.associationTypeId && each.category === 'USER_DEFINED',
  );
  if (type === undefined) throw notFound(`Label ${body.associationTypeId} does not exist`);
  type.label = body.label;
  return noContent;
}

function deleteLabel(state: State, call: Call): Reply {
  const labelId = Number(param(call, 'labelId'));
  const type = between(state, call).find(
    (each) => each.typeId === labelId && each.category === 'USER_DEFINED',
  );
  if (type === undefined) throw notFound(`Label ${labelId} does not exist`);
  const gone = [labelId, type.inverseTypeId];
  state.data.linkTypes = state.data.linkTypes.filter(
    (each) => each.category !== 'USER_DEFINED' || !gone.includes(each.typeId),
  );
  return noContent;
}
