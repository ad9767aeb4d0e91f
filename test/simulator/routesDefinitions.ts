/** Property definitions, validation rules, pipelines, owners. */
import { z } from 'zod';
import { iso } from './clock.ts';
import { ApiError, notFound } from './errors.ts';
import {
  list,
  noContent,
  ok,
  pageLimit,
  param,
  parseBody,
  prefixes,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { typeOf } from './objectTypes.ts';
import {
  createPipeline,
  findPipeline,
  findStage,
  newStage,
  refreshStageOptions,
  refuseStageInUse,
} from './pipelines.ts';
import {
  archiveProperty,
  changedProperty,
  changeProperty,
  createProperty,
  findProperty,
  newProperty,
  propertiesOf,
  viewProperty,
} from './properties.ts';
import { nextId, type ObjectType, type Owner, type Pipeline, type Stage, type State } from './state.ts';

const OWNERS_PAGE_MAX = 500;
const FIRST_PIPELINE_ID = 880_001;

const stage = z.object({
  stageId: z.string().optional(),
  label: z.string(),
  displayOrder: z.number().default(0),
  metadata: z.record(z.string(), z.string()).optional(),
});
const pipeline = z.object({
  pipelineId: z.string().optional(),
  label: z.string(),
  displayOrder: z.number().default(0),
  stages: z.array(stage).default([]),
});
const names = z.object({ inputs: z.array(z.object({ name: z.string() })) });

type Handle = (state: State, type: ObjectType, call: Call) => Reply;

/** A route below `/:type` whose handler is given the type. */
function routeFor(state: State) {
  return (method: Route['method'], pattern: string, name: string, handle: Handle): Route => ({
    ...{
      method,
      pattern: `/:type${pattern}`,
      name,
      limit: 'burst',
      access: method === 'GET' ? 'read' : 'write',
    },
    handle: (call) => handle(state, typeOf(state, param(call, 'type')), call),
  });
}

export function propertyRoutes(state: State): Route[] {
  const route = routeFor(state);
  const all: Handle = (_, type, call) => {
    const archived = call.query.get('archived') === 'true';
    const found = [...propertiesOf(state, type).values()].filter(
      (each) => (each.archivedAt !== null) === archived,
    );
    return ok({ results: found.map(viewProperty) });
  };
  const batchRead: Handle = (_, type, call) => {
    const wanted = parseBody(call, names).inputs.map((input) => input.name);
    const results = wanted.flatMap((name) => propertiesOf(state, type).get(name) ?? []).map(viewProperty);
    const at = iso(state.clock.now());
    return ok({ status: 'COMPLETE', results, startedAt: at, completedAt: at });
  };
  // Docs: batch create and archive of definitions. GUESS: one bad definition refuses those after it.
  const batchCreate: Handle = (_, type, call) => {
    const results = parseBody(call, z.object({ inputs: z.array(newProperty) })).inputs.map((each) =>
      viewProperty(createProperty(state, type, each)),
    );
    const at = iso(state.clock.now());
    return ok({ status: 'COMPLETE', results, startedAt: at, completedAt: at }, 201);
  };
  const batchArchive: Handle = (_, type, call) => {
    for (const { name } of parseBody(call, names).inputs) archiveProperty(state, type, name);
    return noContent;
  };
  // Spec: property groups. GUESS at the words of the refusal.
  const createGroup: Handle = (_, type, call) => {
    const group = parseBody(call, z.object({ name: z.string(), label: z.string() }));
    if (groups(state, type).some(({ name }) => name === group.name))
      throw new ApiError(409, {
        message: `Group ${group.name} already exists`,
        category: 'OBJECT_ALREADY_EXISTS',
      });
    state.data.groups.set(type.typeId, [...(state.data.groups.get(type.typeId) ?? []), group]);
    return ok({ ...group, displayOrder: -1, archived: false }, 201);
  };
  const remove: Handle = (_, type, call) => {
    archiveProperty(state, type, param(call, 'name'));
    return noContent;
  };
  const definitions = under(
    prefixes(['/crm/v3/properties'], (date) => `/crm/properties/${date}`),
    [
      route('GET', '', 'properties', all),
      route('POST', '', 'createProperty', (_, type, call) =>
        ok(viewProperty(createProperty(state, type, parseBody(call, newProperty))), 201),
      ),
      { ...route('POST', '/batch/read', 'batchProperties', batchRead), access: 'read' },
      route('POST', '/batch/create', 'createProperties', batchCreate),
      route('POST', '/batch/archive', 'archiveProperties', batchArchive),
      route('GET', '/groups', 'groups', (_, type) => ok({ results: groups(state, type) })),
      route('POST', '/groups', 'createGroup', createGroup),
      route('GET', '/:name', 'property', (_, type, call) =>
        ok(viewProperty(findProperty(state, type, param(call, 'name')))),
      ),
      route('PATCH', '/:name', 'updateProperty', (_, type, call) =>
        ok(viewProperty(changeProperty(state, type, param(call, 'name'), parseBody(call, changedProperty)))),
      ),
      route('DELETE', '/:name', 'archiveProperty', remove),
    ],
  );
  // Spec: property validations.
  const rules = under(
    prefixes(['/crm/v3/property-validations'], (date) => `/crm/property-validations/${date}`),
    [route('GET', '', 'propertyRules', (_, type) => ok({ results: viewRules(state, type) }))],
  );
  return [...definitions, ...rules];
}

function groups(state: State, type: ObjectType) {
  const found = new Set([...propertiesOf(state, type).values()].map((property) => property.groupName));
  const made = state.data.groups.get(type.typeId) ?? [];
  return [
    ...made.map((group) => ({ ...group, displayOrder: -1, archived: false })),
    ...[...found]
      .filter((name) => !made.some((group) => group.name === name))
      .map((name, displayOrder) => ({ name, label: name, displayOrder, archived: false })),
  ];
}

function viewRules(state: State, type: ObjectType) {
  const mine = state.data.rules.filter((rule) => rule.typeId === type.typeId);
  return [...new Set(mine.map((rule) => rule.property))].map((propertyName) => ({
    propertyName,
    propertyValidationRules: mine
      .filter((rule) => rule.property === propertyName)
      .map(({ ruleType, ruleArguments }) => ({ ruleType, ruleArguments })),
  }));
}

export function pipelineRoutes(state: State): Route[] {
  const route = routeFor(state);
  const newId = (): string => nextId(state, 'pipeline', FIRST_PIPELINE_ID);
  const pipelines = (type: ObjectType): Pipeline[] =>
    (state.data.pipelines.get(type.typeId) ?? []).filter((one) => !one.archived);
  const change: Handle = (_, type, call) => {
    const found = findPipeline(state, type, param(call, 'pipelineId'));
    const { label, displayOrder } = parseBody(
      call,
      pipeline.pick({ label: true, displayOrder: true }).partial(),
    );
    Object.assign(
      found,
      label === undefined ? {} : { label },
      displayOrder === undefined ? {} : { displayOrder },
      { updatedAt: state.clock.now() },
    );
    refreshStageOptions(state);
    return ok(viewPipeline(found));
  };
  const remove: Handle = (_, type, call) => {
    const found = findPipeline(state, type, param(call, 'pipelineId'));
    for (const each of found.stages) refuseStageInUse(state, type, each.id);
    found.archived = true;
    refreshStageOptions(state);
    return noContent;
  };
  const addStage: Handle = (_, type, call) => {
    const made = newStage(type, parseBody(call, stage), newId, state.clock.now());
    findPipeline(state, type, param(call, 'pipelineId')).stages.push(made);
    refreshStageOptions(state);
    return ok(viewStage(made), 201);
  };
  const changeStage: Handle = (_, type, call) => {
    const found = findStage(state, type, param(call, 'pipelineId'), param(call, 'stageId'));
    const { label, displayOrder, metadata } = parseBody(call, stage.partial());
    if (label !== undefined) found.label = label;
    if (displayOrder !== undefined) found.displayOrder = displayOrder;
    if (metadata !== undefined) found.metadata = { ...found.metadata, ...metadata };
    found.updatedAt = state.clock.now();
    refreshStageOptions(state);
    return ok(viewStage(found));
  };
  const removeStage: Handle = (_, type, call) => {
    const found = findStage(state, type, param(call, 'pipelineId'), param(call, 'stageId'));
    refuseStageInUse(state, type, found.id);
    found.archived = true;
    refreshStageOptions(state);
    return noContent;
  };
  return under(
    prefixes(['/crm/v3/pipelines'], (date) => `/crm/pipelines/${date}`),
    [
      route('GET', '', 'pipelines', (_, type) => ok({ results: pipelines(type).map(viewPipeline) })),
      route('POST', '', 'createPipeline', (_, type, call) =>
        ok(viewPipeline(createPipeline(state, type, parseBody(call, pipeline), newId)), 201),
      ),
      route('GET', '/:pipelineId', 'pipeline', (_, type, call) =>
        ok(viewPipeline(findPipeline(state, type, param(call, 'pipelineId')))),
      ),
      route('PATCH', '/:pipelineId', 'updatePipeline', change),
      route('DELETE', '/:pipelineId', 'archivePipeline', remove),
      route('GET', '/:pipelineId/stages', 'stages', (_, type, call) =>
        ok({
          results: findPipeline(state, type, param(call, 'pipelineId'))
            .stages.filter((one) => !one.archived)
            .map(viewStage),
        }),
      ),
      route('POST', '/:pipelineId/stages', 'createStage', addStage),
      route('PATCH', '/:pipelineId/stages/:stageId', 'updateStage', changeStage),
      route('DELETE', '/:pipelineId/stages/:stageId', 'archiveStage', removeStage),
    ],
  );
}

const viewPipeline = (one: Pipeline) => ({
  label: one.label,
  displayOrder: one.displayOrder,
  id: one.id,
  stages: one.stages.filter((each) => !each.archived).map(viewStage),
  createdAt: iso(one.createdAt),
  updatedAt: iso(one.updatedAt),
  archived: one.archived,
});
const viewStage = (one: Stage) => ({
  label: one.label,
  displayOrder: one.displayOrder,
  metadata: one.metadata,
  id: one.id,
  createdAt: iso(one.createdAt),
  updatedAt: iso(one.updatedAt),
  archived: one.archived,
  writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT', // recorded
});

/** Spec: owners. An archived owner is listed only when asked for. */
export function ownerRoutes(state: State): Route[] {
  const scopes = ['crm.objects.owners.read'];
  const page = (call: Call): Reply => {
    const limit = pageLimit(call, 100, OWNERS_PAGE_MAX);
    const archived = call.query.get('archived') === 'true';
    const emails = list(call, 'email');
    const after = call.query.get('after');
    const found = state.data.owners.filter(
      (owner) =>
        owner.archived === archived &&
        (emails.length === 0 || emails.includes(owner.email)) &&
        (after === null || Number(owner.id) >= Number(after)),
    );
    const next = found[limit];
    return ok({
      results: found.slice(0, limit).map(viewOwner),
      ...(next === undefined ? {} : { paging: { next: { after: next.id } } }),
    });
  };
  const one = (call: Call): Reply => {
    const byUser = call.query.get('idProperty') === 'userId';
    const archived = call.query.get('archived') === 'true';
    const wanted = param(call, 'id');
    const found = state.data.owners.find(
      (owner) => (byUser ? String(owner.userId) : owner.id) === wanted && owner.archived === archived,
    );
    if (found === undefined) throw notFound(`Owner ${wanted} does not exist`);
    return ok(viewOwner(found));
  };
  return under(
    prefixes(['/crm/v3/owners'], (date) => `/crm/owners/${date}`),
    [
      { method: 'GET', pattern: '', name: 'owners', access: 'read', limit: 'burst', scopes, handle: page },
      { method: 'GET', pattern: '/:id', name: 'owner', access: 'read', limit: 'burst', scopes, handle: one },
    ],
  );
}

const viewOwner = (owner: Owner) => ({
  id: owner.id,
  email: owner.email,
  type: 'PERSON',
  firstName: owner.firstName,
  lastName: owner.lastName,
  ...(owner.archived ? {} : { userId: owner.userId }),
  userIdIncludingInactive: owner.userId,
  createdAt: iso(owner.createdAt),
  updatedAt: iso(owner.updatedAt),
  archived: owner.archived,
});
