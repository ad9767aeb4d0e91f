/**
 * The CRM as a port: the few calls the sync needs, each answering with a value or a classified failure.
 *
 * Transport and auth are the official client's; its retry and limiter are off, because they live in a process-wide
 * singleton and would mix up hubs. Paths are dated (v1 to v4 end in 2027); the date stands in one constant.
 */
import { Client } from '@hubspot/api-client';
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { canonical } from '@tallystick/shared/values';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import type { z } from 'zod';
import * as answers from './answers.ts';
import { LINE_PROPERTIES, LINE_TYPE, lineOf, type ReadLine } from './lines.ts';
import { files, type FilePort } from './files.ts';
import { tasks, type TaskPort } from './tasks.ts';
import { associationsOf } from './making.ts';
import { propertiesOf } from './properties.ts';
import { schema, type SchemaPort } from './schema.ts';
import {
  afterOf,
  linksOf,
  ownersOf,
  pageOf,
  propertyOf,
  readingOf,
  type Link,
  type Owner,
  type PropertyRead,
  type Reading,
} from './readings.ts';
import { API_DATE, mapped, send, type Answer, type Request } from './transport.ts';

const REQUEST_TIMEOUT_MS = 15_000;
/** With property history a batch or page holds at most 50 records (HubSpot answers 400 above). */
export const READ_MAX_RECORDS = 50;
export const LIST_MAX_RECORDS = 100;
export const WRITE_MAX_RECORDS = 100;
export const LINKS_MAX_RECORDS = 1_000;
export const LINES_MAX_RECORDS = 100;

/** A record to be made. */
export interface Making {
  properties: Record<string, string>;
  /** What it hangs on; the first company is its primary one. */
  on: readonly { object: AppObject; id: RecordId }[];
}

/** What signing in needs of a contact. */
export interface ContactRead {
  contactId: RecordId;
  archived: boolean;
  /** Primary e-mail and secondary addresses, in canonical form. */
  email: string | null;
  additional: string[];
  /** Since when it has this e-mail, CRM clock, ms; null: the history does not say. */
  emailSince: number | null;
}

export interface Crm extends FilePort, SchemaPort, TaskPort {
  /** Up to `READ_MAX_RECORDS`; ids that are gone or merged away are simply not in the answer. */
  readRecords(object: AppObject, ids: readonly RecordId[]): Promise<Answer<Reading[]>>;
  readRecord(object: AppObject, id: RecordId): Promise<Answer<Reading>>;
  /** By its primary or a secondary address, or by its id (that of a merged one answers with the survivor). */
  readContact(named: string, by: 'email' | 'id'): Promise<Answer<ContactRead>>;
  listRecords(
    object: AppObject,
    after: string | null,
  ): Promise<Answer<{ records: Reading[]; next: string | null }>>;
  /** Values without history: `LIST_MAX_RECORDS` a page, for comparing. */
  listValues(
    object: AppObject,
    after: string | null,
  ): Promise<Answer<{ records: Reading[]; next: string | null }>>;
  /** About how many there are: the search index answers, which may lag. */
  countRecords(object: AppObject): Promise<Answer<number>>;
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
  /** The record whose unique property has this value; `gone` when there is none. */
  readByKey(object: AppObject, property: string, key: string): Promise<Answer<Reading>>;
  /** Makes a record with its associations, in one call. */
  createRecord(object: AppObject, made: Making): Promise<Answer<RecordId>>;
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
    ...identifying(call, typeOf),
    ...writing(call, typeOf),
    ...files(call),
    ...schema(call, typeOf),
    ...tasks(call),
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

export type Call = <S extends z.ZodType>(request: Request, shape: S) => Promise<Answer<z.infer<S>>>;
export type TypeOf = (object: AppObject) => string;

function reading(
  call: Call,
  typeOf: TypeOf,
): Pick<
  Crm,
  | 'readByKey'
  | 'readRecords'
  | 'readRecord'
  | 'listRecords'
  | 'listValues'
  | 'readLinks'
  | 'readAssociated'
  | 'readLines'
> {
  const pathOf = (object: AppObject): string => recordsPath(typeOf(object));
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
    readByKey: async (object, property, key) => {
      const path = `${recordsPath(typeOf(object))}/${encodeURIComponent(key)}`;
      const query = { ...withHistory(object), idProperty: property };
      const answer = await call({ method: 'GET', path, query }, answers.crmRecord);
      return mapped(answer, (record) => readingOf(object, record));
    },
    listRecords: async (object, after) => {
      const query = { ...withHistory(object), limit: String(READ_MAX_RECORDS), ...afterOf(after) };
      return pageOf(object, await call({ method: 'GET', path: pathOf(object), query }, answers.pageAnswer));
    },
    listValues: async (object, after) => {
      const properties = propertiesOf(object).join(',');
      const query = { properties, limit: String(LIST_MAX_RECORDS), ...afterOf(after) };
      return pageOf(object, await call({ method: 'GET', path: pathOf(object), query }, answers.pageAnswer));
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

function identifying(call: Call, typeOf: TypeOf): Pick<Crm, 'readContact'> {
  return {
    readContact: async (named, by) => {
      const path = `${recordsPath(typeOf('contact'))}/${encodeURIComponent(named)}`;
      const query = {
        properties: 'email,hs_additional_emails',
        propertiesWithHistory: 'email',
        ...(by === 'email' ? { idProperty: 'email' } : {}),
      };
      return mapped(await call({ method: 'GET', path, query }, answers.crmRecord), contactOf);
    },
  };
}

function writing(call: Call, typeOf: TypeOf): Pick<Crm, 'updateRecords' | 'updateRecord' | 'createRecord'> {
  return {
    createRecord: async (object, { properties, on }) => {
      const body = { properties, associations: associationsOf(object, on) };
      return mapped(
        await call({ method: 'POST', path: recordsPath(typeOf(object)), body }, answers.crmRecord),
        (record) => recordId(record.id),
      );
    },
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

type Describing =
  'countRecords' | 'readProperties' | 'readOwners' | 'readTypeIds' | 'readAccount' | 'readToken';

function describing(call: Call, typeOf: TypeOf, accessToken: string): Pick<Crm, Describing> {
  return {
    countRecords: async (object) => {
      const request = {
        method: 'POST',
        path: `${recordsPath(typeOf(object))}/search`,
        body: { limit: 1 },
      } as const;
      return mapped(await call(request, answers.totalAnswer), ({ total }) => total);
    },
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

function contactOf(record: answers.CrmRecord): ContactRead {
  const additional = (record.properties.hs_additional_emails ?? '').split(';');
  return {
    contactId: recordId(record.id),
    archived: record.archived,
    email: canonical('email', record.properties.email),
    additional: additional.flatMap((each) => canonical('email', each) ?? []),
    emailSince: record.propertiesWithHistory.email?.[0]?.timestamp ?? null,
  };
}
