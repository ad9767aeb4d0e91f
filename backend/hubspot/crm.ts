/**
 * The CRM as a port: the few calls the sync needs, each answering with a value or a classified failure.
 *
 * Transport and auth are the official client's; its retry and limiter are off, because they live in a process-wide
 * singleton and would mix up hubs. Paths are dated (v1 to v4 end in 2027); the date stands in one constant.
 */
import { Client } from '@hubspot/api-client';
import type { Entry } from '@tallystick/shared/settle';
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { canonical } from '@tallystick/shared/values';
import type { z } from 'zod';
import * as answers from './answers.ts';
import { LINE_PROPERTIES, LINE_TYPE, lineOf, type ReadLine } from './lines.ts';
import { propertiesOf } from './properties.ts';
import { mapped, send, type Answer, type Request } from './transport.ts';

const API_DATE = '2026-09';
const REQUEST_TIMEOUT_MS = 15_000;
/** With property history a batch or page holds at most 50 records (HubSpot answers 400 above). */
export const READ_MAX_RECORDS = 50;
export const WRITE_MAX_RECORDS = 100;
export const LINKS_MAX_RECORDS = 1_000;
export const LINES_MAX_RECORDS = 100;

/** A record as read by id: every mapped field's history, newest first; a field never set has none. */
export interface Reading {
  /** Differs from the id asked for when that one was merged away. */
  id: RecordId;
  archived: boolean;
  history: Record<string, Entry[]>;
}

export interface Link {
  companyId: RecordId;
  isPrimary: boolean;
  labels: string[];
}

export interface PropertyRead {
  property: string;
  type: string;
  readOnly: boolean;
  options: { value: string; label: string; hidden: boolean }[] | null;
}

/** A colleague who can own records. */
export interface Owner {
  ownerId: string;
  /** Null: deactivated. */
  userId: string | null;
  name: string;
  email: string;
  archived: boolean;
}

export interface Crm {
  /** Up to `READ_MAX_RECORDS`; ids that are gone or merged away are simply not in the answer. */
  readRecords(object: AppObject, ids: readonly RecordId[]): Promise<Answer<Reading[]>>;
  readRecord(object: AppObject, id: RecordId): Promise<Answer<Reading>>;
  listRecords(
    object: AppObject,
    after: string | null,
  ): Promise<Answer<{ records: Reading[]; next: string | null }>>;
  /** Up to `WRITE_MAX_RECORDS`; answers with the ids that were written. */
  updateRecords(
    object: AppObject,
    inputs: readonly { id: RecordId; properties: Record<string, string> }[],
  ): Promise<Answer<RecordId[]>>;
  updateRecord(
    object: AppObject,
    id: RecordId,
    properties: Record<string, string>,
  ): Promise<Answer<RecordId[]>>;
  /** The companies each record is associated with, up to `LINKS_MAX_RECORDS` records. */
  readLinks(object: AppObject, ids: readonly RecordId[]): Promise<Answer<Map<RecordId, Link[]>>>;
  /** The records of another type that each record is associated with, up to `LINKS_MAX_RECORDS` records. */
  readAssociated(
    object: AppObject,
    ids: readonly RecordId[],
    type: AppObject | typeof LINE_TYPE.crm,
  ): Promise<Answer<Map<RecordId, RecordId[]>>>;
  /** Up to `LINES_MAX_RECORDS` line items; those that are gone are not in the answer. */
  readLines(ids: readonly RecordId[]): Promise<Answer<ReadLine[]>>;
  readProperties(object: AppObject): Promise<Answer<PropertyRead[]>>;
  readOwners(): Promise<Answer<Owner[]>>;
  /** The type ids of the custom objects, by schema name. */
  readTypeIds(): Promise<Answer<Record<string, string>>>;
  readAccount(): Promise<Answer<{ hubId: string; timeZone: string }>>;
  /** What the access token is for. */
  readToken(): Promise<Answer<{ appId: string | null; scopes: string[] }>>;
}

export function openCrm(options: CrmOptions): Crm {
  const client = new Client({
    accessToken: options.accessToken,
    basePath: options.baseUrl,
    numberOfApiCallRetries: 0,
  });
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const call: Call = (request, shape) => send(client, timeoutMs, request, shape);
  const typeOf = (object: AppObject): string => {
    const { crm, typeId } = objects[object];
    return typeId === null ? (options.typeIds()[crm] ?? crm) : crm;
  };
  return {
    ...reading(call, typeOf),
    ...writing(call, typeOf),
    ...describing(call, typeOf, options.accessToken),
  };
}

export interface CrmOptions {
  baseUrl: string;
  accessToken: string;
  /** Custom objects have another type id in every account: found by schema name. */
  typeIds: () => Readonly<Record<string, string>>;
  requestTimeoutMs?: number;
}

type Call = <S extends z.ZodType>(request: Request, shape: S) => Promise<Answer<z.infer<S>>>;
type TypeOf = (object: AppObject) => string;

function reading(
  call: Call,
  typeOf: TypeOf,
): Pick<Crm, 'readRecords' | 'readRecord' | 'listRecords' | 'readLinks' | 'readAssociated' | 'readLines'> {
  return {
    readRecords: async (object, ids) => {
      const names = propertiesOf(object);
      const body = { inputs: ids.map((id) => ({ id })), properties: names, propertiesWithHistory: names };
      const path = `${recordsPath(typeOf(object))}/batch/read`;
      const answer = await call({ method: 'POST', path, body }, answers.batchAnswer);
      return mapped(answer, ({ results }) => results.map((record) => readingOf(object, record)));
    },
    readRecord: async (object, id) => {
      const path = `${recordsPath(typeOf(object))}/${id}`;
      const answer = await call({ method: 'GET', path, query: withHistory(object) }, answers.crmRecord);
      return mapped(answer, (record) => readingOf(object, record));
    },
    listRecords: async (object, after) => {
      const query = {
        ...withHistory(object),
        limit: String(READ_MAX_RECORDS),
        ...(after === null ? {} : { after }),
      };
      const answer = await call(
        { method: 'GET', path: recordsPath(typeOf(object)), query },
        answers.pageAnswer,
      );
      return mapped(answer, (page) => ({
        records: page.results.map((record) => readingOf(object, record)),
        next: page.paging?.next?.after ?? null,
      }));
    },
    readLinks: async (object, ids) => {
      const path = `/crm/associations/${API_DATE}/${typeOf(object)}/companies/batch/read`;
      const body = { inputs: ids.map((id) => ({ id })) };
      return mapped(await call({ method: 'POST', path, body }, answers.linksAnswer), linksOf);
    },
    readAssociated: async (object, ids, type) => {
      const to = type === LINE_TYPE.crm ? type : typeOf(type);
      const path = `/crm/associations/${API_DATE}/${typeOf(object)}/${to}/batch/read`;
      const body = { inputs: ids.map((id) => ({ id })) };
      return mapped(
        await call({ method: 'POST', path, body }, answers.linksAnswer),
        ({ results }) =>
          new Map(
            results.map(({ from, to }) => [
              recordId(from.id),
              to.map(({ toObjectId }) => recordId(toObjectId)),
            ]),
          ),
      );
    },
    readLines: async (ids) => {
      const path = `${recordsPath(LINE_TYPE.crm)}/batch/read`;
      const body = { inputs: ids.map((id) => ({ id })), properties: LINE_PROPERTIES };
      return mapped(await call({ method: 'POST', path, body }, answers.batchAnswer), ({ results }) =>
        results.filter(({ archived }) => !archived).map(lineOf),
      );
    },
  };
}

function writing(call: Call, typeOf: TypeOf): Pick<Crm, 'updateRecords' | 'updateRecord'> {
  return {
    updateRecords: async (object, inputs) => {
      const path = `${recordsPath(typeOf(object))}/batch/update`;
      const answer = await call({ method: 'POST', path, body: { inputs } }, answers.batchAnswer);
      return mapped(answer, ({ results }) => results.map((record) => recordId(record.id)));
    },
    updateRecord: async (object, id, properties) => {
      const path = `${recordsPath(typeOf(object))}/${id}`;
      return mapped(await call({ method: 'PATCH', path, body: { properties } }, answers.crmRecord), () => [
        id,
      ]);
    },
  };
}

type Describing = 'readProperties' | 'readOwners' | 'readTypeIds' | 'readAccount' | 'readToken';

function describing(call: Call, typeOf: TypeOf, accessToken: string): Pick<Crm, Describing> {
  return {
    readProperties: async (object) => {
      const path = `/crm/properties/${API_DATE}/${typeOf(object)}`;
      return mapped(await call({ method: 'GET', path }, answers.propertiesAnswer), (answer) =>
        answer.results.map(propertyOf),
      );
    },
    // No dated path for owners is in the sources read; v3 is documented until September 2027.
    readOwners: async () =>
      mapped(
        await call({ method: 'GET', path: '/crm/v3/owners', query: { limit: '500' } }, answers.ownersAnswer),
        ownersOf,
      ),
    readTypeIds: async () => {
      const answer = await call(
        { method: 'GET', path: `/crm-object-schemas/${API_DATE}/schemas` },
        answers.schemasAnswer,
      );
      return mapped(answer, ({ results }) =>
        Object.fromEntries(results.map((schema) => [schema.name, schema.objectTypeId])),
      );
    },
    readAccount: async () => {
      const answer = await call(
        { method: 'GET', path: `/account-info/${API_DATE}/details` },
        answers.accountAnswer,
      );
      return mapped(answer, ({ portalId, timeZone }) => ({ hubId: portalId, timeZone }));
    },
    readToken: async () => {
      const path = '/oauth/v2/private-apps/get/access-token-info';
      const answer = await call(
        { method: 'POST', path, body: { tokenKey: accessToken } },
        answers.tokenInfoAnswer,
      );
      return mapped(answer, ({ appId = null, scopes }) => ({ appId, scopes }));
    },
  };
}

const recordsPath = (type: string): string => `/crm/objects/${API_DATE}/${type}`;

function withHistory(object: AppObject): Record<string, string> {
  const names = propertiesOf(object).join(',');
  return { properties: names, propertiesWithHistory: names };
}

function readingOf(object: AppObject, record: answers.CrmRecord): Reading {
  const history: Record<string, Entry[]> = {};
  for (const [name, field] of Object.entries(objects[object].fields)) {
    const entries = (record.propertiesWithHistory[field.property] ?? []).map((entry) => ({
      value: canonical(field.kind, entry.value),
      at: entry.timestamp,
      by: { via: entry.sourceType, id: entry.sourceId ?? null, person: null },
    }));
    const value = canonical(field.kind, record.properties[field.property]);
    // A value without history (a default, or a source that keeps none) was set at an unknown time.
    if (entries.length === 0 && value !== null)
      entries.push({ value, at: 0, by: { via: 'UNKNOWN', id: null, person: null } });
    history[name] = entries;
  }
  return { id: recordId(record.id), archived: record.archived, history };
}

/** Primary types: contact 1, company 2, deal 5, ticket 26 (enum AssociationTypes of the official client). */
const PRIMARY_TYPE_IDS = new Set([1, 2, 5, 6, 25, 26]);

function linksOf(answer: z.infer<typeof answers.linksAnswer>): Map<RecordId, Link[]> {
  return new Map(
    answer.results.map(({ from, to }) => [
      recordId(from.id),
      to.map(({ toObjectId, associationTypes }) => ({
        companyId: recordId(toObjectId),
        isPrimary: associationTypes.some((type) => PRIMARY_TYPE_IDS.has(type.typeId)),
        labels: associationTypes.flatMap((type) => type.label ?? []),
      })),
    ]),
  );
}

function propertyOf(read: z.infer<typeof answers.propertiesAnswer>['results'][number]): PropertyRead {
  return {
    property: read.name,
    type: read.type,
    readOnly: read.modificationMetadata?.readOnlyValue ?? false,
    options: read.type === 'enumeration' && !read.externalOptions ? read.options : null,
  };
}

function ownersOf(answer: z.infer<typeof answers.ownersAnswer>): Owner[] {
  return answer.results.map((owner) => ({
    ownerId: owner.id,
    userId: owner.userId ?? null,
    name: [owner.firstName, owner.lastName].filter(Boolean).join(' ') || (owner.email ?? owner.id),
    email: owner.email ?? '',
    archived: owner.archived,
  }));
}
