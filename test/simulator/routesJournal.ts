/** Reading the journal, its subscriptions, filters and snapshots. Exempt from the burst and daily limits (spec). */
import { z } from 'zod';
import { iso } from './clock.ts';
import { ApiError, notFound, validationError } from './errors.ts';
import { signPath } from './files.ts';
import { noContent, ok, param, parseBody, under, type Call, type Reply, type Route } from './http.ts';
import { journalFilter, journalSubscription, type Journal, type JournalFile } from './journal.ts';
import { resolve, typeOf } from './objectTypes.ts';
import type { State } from './state.ts';
import { viewRecord } from './view.ts';

const VERSIONS = ['v4', '2026-03', '2026-09'];
const BATCH_MAX_FILES = 100; // spec
const FILE_LIFE_MS = 3_600_000; // GUESS

const offsets = z.object({ inputs: z.array(z.string()) });
const snapshots = z.object({
  snapshotRequests: z.array(
    z.object({
      portalId: z.number(),
      objectId: z.union([z.string(), z.number()]).transform(String),
      objectTypeId: z.string(),
      properties: z.array(z.string()).default([]),
    }),
  ),
});

export function journalRoutes(state: State, journal: Journal, secret: string): Route[] {
  const places = (areas: string[]): string[] =>
    areas.flatMap((area) => VERSIONS.map((version) => `/webhooks-journal/${area}/${version}`));
  return [
    ...under(places(['journal', 'journal-local']), readingRoutes(state, journal, secret)),
    ...under(places(['subscriptions']), subscriptionRoutes(state, journal)),
    ...under(places(['snapshots']), [
      route('POST', '/crm', 'snapshot', 'snapshots.read', (call) => snapshot(state, journal, call)),
    ]),
    {
      method: 'GET',
      pattern: '/_files/journal/:offset',
      name: 'journalFile',
      access: 'read',
      limit: 'none',
      open: true,
      handle: (call) => file(state, journal, secret, call),
    },
  ];
}

/** Docs: a client-credentials token with the journal's own scopes. GUESS: no other token has them. */
function route(
  method: Route['method'],
  pattern: string,
  name: string,
  scope: string,
  handle: (call: Call) => Reply,
): Route {
  return {
    method,
    pattern,
    name,
    handle,
    access: 'read',
    limit: 'journal',
    scopes: [`developer.webhooks_journal.${scope}`],
  };
}

function readingRoutes(state: State, journal: Journal, secret: string): Route[] {
  const kept = (): JournalFile[] => {
    if (state.faults.journalDown) throw unavailable();
    return journal.files();
  };
  const view = (call: Call, { offset }: JournalFile) => {
    const expiresAt = state.clock.now() + FILE_LIFE_MS;
    const path = `/_files/journal/${offset}`;
    const url = `${call.origin}${path}?expires=${expiresAt}&signature=${signPath(secret, path, expiresAt)}`;
    return { url, expiresAt: iso(expiresAt), currentOffset: offset };
  };
  // Docs: 204 when there is nothing new.
  const one = (call: Call, found: JournalFile | undefined): Reply =>
    found === undefined ? noContent : ok(view(call, found));
  const many = (call: Call, found: JournalFile[]): Reply =>
    found.length === 0 ? noContent : ok({ results: found.map((each) => view(call, each)) });
  const count = (call: Call): number => {
    const wanted = Number(param(call, 'count'));
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > BATCH_MAX_FILES)
      throw validationError(`between 1 and ${BATCH_MAX_FILES} files at a time`); // GUESS
    return wanted;
  };
  const after = (call: Call): JournalFile[] => {
    const files = kept();
    const index = files.findIndex((each) => each.offset === param(call, 'offset'));
    if (index < 0) throw notFound(`Offset ${param(call, 'offset')} is unknown or no longer kept`); // GUESS
    return files.slice(index + 1);
  };
  const read = (
    method: Route['method'],
    pattern: string,
    name: string,
    handle: (call: Call) => Reply,
  ): Route => route(method, pattern, name, 'read', handle);
  return [
    read('GET', '/earliest', 'journalEarliest', (call) => one(call, kept()[0])),
    read('GET', '/latest', 'journalLatest', (call) => one(call, kept().at(-1))),
    read('GET', '/offset/:offset/next', 'journalNext', (call) => one(call, after(call)[0])),
    read('GET', '/batch/earliest/:count', 'journalBatch', (call) => many(call, kept().slice(0, count(call)))),
    read('GET', '/batch/latest/:count', 'journalBatch', (call) => many(call, kept().slice(-count(call)))),
    read('GET', '/batch/:offset/next/:count', 'journalBatch', (call) =>
      many(call, after(call).slice(0, count(call))),
    ),
    read('POST', '/batch/read', 'journalBatch', (call) => {
      const { inputs } = parseBody(call, offsets);
      return many(
        call,
        kept().filter((each) => inputs.includes(each.offset)),
      );
    }),
    read('GET', '/status/:statusId', 'snapshotStatus', (call) =>
      ok({ id: param(call, 'statusId'), status: 'COMPLETED' }),
    ), // GUESS at the shape
  ];
}

function subscriptionRoutes(state: State, journal: Journal): Route[] {
  const { data } = journal;
  const id = (call: Call): number => Number(param(call, 'subscriptionId'));
  const add = (call: Call): Reply => {
    const sent = parseBody(call, journalSubscription);
    const same = data.subscriptions.find(
      (each) =>
        each.portalId === sent.portalId &&
        each.subscriptionType === sent.subscriptionType &&
        each.objectTypeId === sent.objectTypeId,
    );
    // Docs: one for each account and type. GUESS: a second one replaces the first and keeps its id.
    const made = { ...sent, id: same?.id ?? data.nextId++, createdAt: state.clock.now() };
    data.subscriptions = [...data.subscriptions.filter((each) => each !== same), made];
    return ok(made);
  };
  const find = (call: Call): Reply => {
    const found = data.subscriptions.find((each) => each.id === id(call));
    if (found === undefined) throw notFound(`Subscription ${id(call)} not found`);
    return ok(found);
  };
  const drop = (keep: (each: { id: number; portalId: number }) => boolean): Reply => {
    data.subscriptions = data.subscriptions.filter(keep);
    return noContent;
  };
  const addFilter = (call: Call): Reply => {
    const made = { ...parseBody(call, journalFilter), id: data.nextId++, createdAt: state.clock.now() };
    data.filters.push(made);
    return ok({ filterId: made.id });
  };
  const filterId = (call: Call): number => Number(param(call, 'filterId'));
  const oneFilter = (call: Call): Reply => {
    const found = data.filters.find((each) => each.id === filterId(call));
    if (found === undefined) throw notFound(`Filter ${filterId(call)} not found`);
    return ok(found);
  };
  const dropFilter = (call: Call): Reply => {
    data.filters = data.filters.filter((each) => each.id !== filterId(call));
    return noContent;
  };
  const reading = (pattern: string, handle: (call: Call) => Reply): Route =>
    route('GET', pattern, 'journalSubscriptions', 'subscriptions.read', handle);
  const writing = (method: Route['method'], pattern: string, handle: (call: Call) => Reply): Route =>
    route(method, pattern, 'journalSubscribe', 'subscriptions.write', handle);
  return [
    writing('POST', '', add),
    reading('', () => ok({ results: data.subscriptions })),
    reading('/:subscriptionId', find),
    writing('DELETE', '/:subscriptionId', (call) => drop((each) => each.id !== id(call))),
    writing('DELETE', '/portals/:portalId', (call) =>
      drop((each) => each.portalId !== Number(param(call, 'portalId'))),
    ),
    writing('POST', '/filters', addFilter),
    reading('/filters/subscription/:subscriptionId', (call) =>
      ok({ results: data.filters.filter((each) => each.subscriptionId === id(call)) }),
    ),
    reading('/filters/:filterId', oneFilter),
    writing('DELETE', '/filters/:filterId', dropFilter),
  ];
}

/** Docs: the result appears in the journal. GUESS at the event's members. */
function snapshot(state: State, journal: Journal, call: Call): Reply {
  const { snapshotRequests } = parseBody(call, snapshots);
  const responses = snapshotRequests.map((each) => {
    const type = typeOf(state, each.objectTypeId);
    const record = resolve(state, type, each.objectId);
    const properties =
      record === null ? null : viewRecord(state, type, record, { properties: each.properties }).properties;
    const snapshotStatusId = `${each.portalId}-${each.objectTypeId}-${each.objectId}-${state.clock.now()}`;
    const about = {
      portalId: each.portalId,
      objectTypeId: each.objectTypeId,
      objectId: Number(each.objectId),
    };
    journal.write({
      type: 'crmObject',
      ...about,
      occurredAt: iso(state.clock.now()),
      action: 'SNAPSHOT',
      snapshotStatusId,
      properties,
    });
    return { ...about, snapshotStatusId };
  });
  return ok({ snapshotResponses: responses });
}

/** GUESS at the words: no answer of a journal that is away is known. */
const unavailable = (): ApiError => new ApiError(503, { message: 'The journal is temporarily unavailable' });

/** The file behind a signed address: no token, an expiry. */
function file(state: State, journal: Journal, secret: string, call: Call): Reply {
  if (state.faults.journalDown) throw unavailable();
  const expires = Number(call.query.get('expires'));
  if (expires < state.clock.now() || call.query.get('signature') !== signPath(secret, call.path, expires))
    throw new ApiError(403, { message: 'The signature is wrong or has expired' });
  const found = journal.files().find((each) => each.offset === param(call, 'offset'));
  if (found === undefined) throw notFound('no such file');
  return ok({ offset: found.offset, publishedAt: iso(found.publishedAt), journalEvents: found.events });
}
