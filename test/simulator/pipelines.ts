/** Pipelines and stages. The standard ones: docs "pipelines", recorded 2026 (dated to the epoch). */
import { ApiError, notFound, validationError } from './errors.ts';
import { currentValue } from './history.ts';
import { recordsOf } from './objectTypes.ts';
import type { ObjectType, Pipeline, Stage, State } from './state.ts';

const DEAL_STAGES = [
  ['appointmentscheduled', 'Appointment Scheduled', '0.2'],
  ['qualifiedtobuy', 'Qualified To Buy', '0.4'],
  ['presentationscheduled', 'Presentation Scheduled', '0.6'],
  ['decisionmakerboughtin', 'Decision Maker Bought-In', '0.8'],
  ['contractsent', 'Contract Sent', '0.9'],
  ['closedwon', 'Closed Won', '1.0'],
  ['closedlost', 'Closed Lost', '0.0'],
] as const;
const TICKET_STAGES = ['New', 'Waiting on contact', 'Waiting on us', 'Closed'] as const;

export function standardPipelines(): Map<string, Pipeline[]> {
  const deal = DEAL_STAGES.map(([id, label, probability], order) =>
    // Recorded: `isClosed` is a string.
    stage(id, label, order, {
      isClosed: String(probability === '1.0' || probability === '0.0'),
      probability,
    }),
  );
  const ticket = TICKET_STAGES.map((label, order) =>
    stage(String(order + 1), label, order, {
      ticketState: label === 'Closed' ? 'CLOSED' : 'OPEN',
      isClosed: String(label === 'Closed'),
    }),
  );
  return new Map([
    ['0-3', [pipeline('default', 'Sales Pipeline', deal)]],
    ['0-5', [pipeline('0', 'Support Pipeline', ticket)]],
  ]);
}

const stage = (
  id: string,
  label: string,
  displayOrder: number,
  metadata: Record<string, string>,
  at = 0,
): Stage => ({
  ...{ id, label, displayOrder, metadata, createdAt: at, updatedAt: at, archived: false },
});
const pipeline = (id: string, label: string, stages: Stage[], displayOrder = 0, at = 0): Pipeline => ({
  ...{ id, label, displayOrder, stages, createdAt: at, updatedAt: at, archived: false },
});

/** The names of the two properties that hold a record's place in a pipeline. */
export function pipelineProperties(type: ObjectType): { pipeline: string; stage: string } {
  return type.typeId === '0-3'
    ? { pipeline: 'pipeline', stage: 'dealstage' }
    : { pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage' };
}

/** Keeps the options of the pipeline and stage properties equal to the pipelines, as HubSpot shows them. */
export function refreshStageOptions(state: State): void {
  for (const [typeId, pipelines] of state.data.pipelines) {
    const type = state.data.types.get(typeId);
    const properties = state.data.properties.get(typeId);
    if (type === undefined || properties === undefined) continue;
    const names = pipelineProperties(type);
    const option = (one: { id: string; label: string }, displayOrder: number) => ({
      ...{ value: one.id, label: one.label, displayOrder, hidden: false },
    });
    const live = pipelines.filter((one) => !one.archived);
    const [whole, part] = [properties.get(names.pipeline), properties.get(names.stage)];
    if (whole !== undefined) whole.options = live.map(option);
    if (part !== undefined)
      part.options = live.flatMap((one) => one.stages.filter((each) => !each.archived)).map(option);
  }
}

export interface StageInput {
  stageId?: string | undefined;
  label: string;
  displayOrder: number;
  metadata?: Record<string, string> | undefined;
}

export function createPipeline(
  state: State,
  type: ObjectType,
  input: { pipelineId?: string | undefined; label: string; displayOrder: number; stages: StageInput[] },
  newId: () => string,
): Pipeline {
  const all = state.data.pipelines.get(type.typeId) ?? [];
  const id = input.pipelineId ?? newId();
  if (all.some((one) => one.id === id))
    throw new ApiError(409, { message: `Pipeline ${id} already exists`, category: 'CONFLICT' });
  const at = state.clock.now();
  const made = pipeline(
    id,
    input.label,
    input.stages.map((each) => newStage(type, each, newId, at)),
    input.displayOrder,
    at,
  );
  state.data.pipelines.set(type.typeId, [...all, made]);
  refreshStageOptions(state);
  return made;
}

export function newStage(type: ObjectType, input: StageInput, newId: () => string, at: number): Stage {
  // Docs: deals need a probability, tickets a state.
  if (type.typeId === '0-3' && input.metadata?.['probability'] === undefined)
    throw validationError('Stage metadata must contain "probability" for deals');
  const metadata = { ...(type.typeId === '0-5' ? { ticketState: 'OPEN' } : {}), ...input.metadata };
  return stage(input.stageId ?? newId(), input.label, input.displayOrder, metadata, at);
}

export function findPipeline(state: State, type: ObjectType, id: string): Pipeline {
  const found = state.data.pipelines.get(type.typeId)?.find((one) => one.id === id && !one.archived);
  if (found === undefined) throw notFound(`Pipeline ${id} does not exist for ${type.constant}`);
  return found;
}

export function findStage(state: State, type: ObjectType, pipelineId: string, stageId: string): Stage {
  const found = findPipeline(state, type, pipelineId).stages.find(
    (each) => each.id === stageId && !each.archived,
  );
  if (found === undefined) throw notFound(`Stage ${stageId} does not exist in pipeline ${pipelineId}`);
  return found;
}

/** Docs: a stage in use cannot be deleted. */
export function refuseStageInUse(state: State, type: ObjectType, stageId: string): void {
  const name = pipelineProperties(type).stage;
  const users = [...recordsOf(state, type).values()].filter(
    (record) => record.archivedAt === null && currentValue(record, name) === stageId,
  );
  if (users.length === 0) return;
  throw validationError(
    `Stage IDs: ${stageId} are being referenced by object IDs: ${users.map((record) => record.id).join(', ')}`,
    {
      subCategory: 'PipelineError.STAGE_ID_IN_USE',
      context: { stageId: [stageId], objectIds: users.map((record) => record.id) },
    },
  );
}
