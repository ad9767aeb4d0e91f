/**
 * HubSpot's webhooks journal as a port: the files of what happened, kept for three days, read by offset.
 * Sources: spec and docs "webhooks journal" (2026-03; 2026-09 by the documentation). It has a token of its own, by client
 * credentials, and is exempt from the burst and daily limits (spec); its own limit is 100 requests a second (docs).
 */
import { Client } from '@hubspot/api-client';
import { z } from 'zod';
import { failureOf, failureOfError } from './failure.ts';
import type { KeptSubscription, WantedSubscription } from './journalSubscriptions.ts';
import { API_DATE, mapped, send, type Answer, type LimitHeaders, type Request } from './transport.ts';

const REQUEST_TIMEOUT_MS = 15_000;
const FILE_TIMEOUT_MS = 60_000;
/** Docs: 5 MB; nobody promises it, so more is taken too. */
const FILE_MAX_BYTES = 100_000_000;
/** Docs: at most 100 in a batch. The addresses of the files expire, so not too many at once. */
export const BATCH_FILES = 20;
/** A token this close to its end is not used any more. */
const TOKEN_MARGIN_MS = 60_000;
const SCOPES = ['read', 'subscriptions.read', 'subscriptions.write']
  .map((scope) => `developer.webhooks_journal.${scope}`)
  .join(' ');

export interface FilePlace {
  url: string;
  offset: string;
}
export interface JournalFile {
  /** CRM clock, ms; null where the file does not say. */
  publishedAt: number | null;
  events: readonly unknown[];
}

export interface WebhooksJournal {
  /** The files after an offset, oldest first; null: from the earliest there is. None: nothing new. */
  filesAfter(offset: string | null): Promise<Answer<FilePlace[]>>;
  readFile(place: FilePlace): Promise<Answer<JournalFile>>;
  subscriptions(): Promise<Answer<KeptSubscription[]>>;
  subscribe(hubId: string, wanted: WantedSubscription): Promise<Answer<null>>;
  unsubscribe(id: string): Promise<Answer<null>>;
}

export interface WebhooksJournalOptions {
  baseUrl: string;
  clientId: string;
  /** Newest first; several while one is being rotated. */
  clientSecrets: readonly string[];
  now: () => number;
}

export function openWebhooksJournal(options: WebhooksJournalOptions): WebhooksJournal {
  const call = authorised(options);
  const journal = `/webhooks-journal/journal/${API_DATE}/batch`;
  const subscriptions = `/webhooks-journal/subscriptions/${API_DATE}`;
  return {
    filesAfter: async (offset) => {
      const from = offset === null ? 'earliest' : `${encodeURIComponent(offset)}/next`;
      const answer = await call({ method: 'GET', path: `${journal}/${from}/${BATCH_FILES}` }, placesAnswer);
      return mapped(answer, (found) =>
        (found?.results ?? []).map(({ url, currentOffset }) => ({ url, offset: currentOffset })),
      );
    },
    readFile: ({ url }) => readFile(url),
    subscriptions: async () =>
      mapped(await call({ method: 'GET', path: subscriptions }, subscriptionsAnswer), (answer) =>
        Array.isArray(answer) ? answer : (answer?.results ?? []),
      ),
    subscribe: async (hubId, wanted) => {
      const body = { ...wanted, portalId: Number(hubId) };
      return mapped(await call({ method: 'POST', path: subscriptions, body }, z.unknown()), () => null);
    },
    unsubscribe: async (id) =>
      mapped(await call({ method: 'DELETE', path: `${subscriptions}/${id}` }, z.unknown()), () => null),
  };
}

const place = z.object({ url: z.string(), currentOffset: z.string() });
const placesAnswer = z.object({ results: z.array(place) }).nullable();
const text = z.union([z.string(), z.number()]).transform(String);
const subscription = z.object({
  id: text,
  portalId: text,
  subscriptionType: z.string(),
  objectTypeId: z.string().nullish(),
  actions: z.array(z.string()).nullish(),
  properties: z.array(z.string()).nullish(),
  associatedObjectTypeIds: z.array(z.string()).nullish(),
});
const subscriptionsAnswer = z
  .union([z.array(subscription), z.object({ results: z.array(subscription) })])
  .nullable();
const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number() });
const fileAnswer = z.object({
  publishedAt: z.union([z.string(), z.number()]).nullish(),
  journalEvents: z.array(z.unknown()),
});

type Call = <S extends z.ZodType>(request: Request, shape: S) => Promise<Answer<z.infer<S>>>;

/** Calls with the journal's token; one that is not taken any more is made anew, once. */
function authorised({ baseUrl, clientId, clientSecrets, now }: WebhooksJournalOptions): Call {
  const client = new Client({ basePath: baseUrl, numberOfApiCallRetries: 0 });
  let usableUntil = 0;
  const renew = async (): Promise<Answer<null>> => {
    let answer: Answer<null> | null = null;
    for (const secret of clientSecrets) {
      const form = new URLSearchParams({ grant_type: 'client_credentials', scope: SCOPES });
      form.set('client_id', clientId);
      form.set('client_secret', secret);
      const nobody = new Client({ basePath: baseUrl, numberOfApiCallRetries: 0 });
      const path = `/oauth/${API_DATE}/token`;
      const got = await send(nobody, REQUEST_TIMEOUT_MS, { method: 'POST', path, form }, tokenAnswer);
      if (got.ok) {
        client.setAccessToken(got.value.access_token);
        usableUntil = now() + got.value.expires_in * 1_000 - TOKEN_MARGIN_MS;
      }
      answer = mapped(got, () => null);
      if (got.ok || got.failure.is === 'ambiguous' || got.failure.is === 'throttled') return answer;
    }
    return answer ?? refusedFor('There is no client secret.');
  };
  return async (request, shape) => {
    const isFresh = now() >= usableUntil;
    if (isFresh) {
      const renewed = await renew();
      if (!renewed.ok) return renewed;
    }
    const answer = await send(client, REQUEST_TIMEOUT_MS, request, shape);
    if (answer.ok || answer.failure.is !== 'barred' || answer.failure.code !== 'token' || isFresh)
      return answer;
    const renewed = await renew();
    return renewed.ok ? send(client, REQUEST_TIMEOUT_MS, request, shape) : renewed;
  };
}

const NO_LIMITS: LimitHeaders = {
  windowLimit: null,
  windowRemaining: null,
  dailyLimit: null,
  dailyRemaining: null,
};

const refusedFor = (message: string): Answer<never> => ({
  ok: false,
  failure: { is: 'barred', code: 'token', message },
  limits: NO_LIMITS,
});

/** The address is signed and stands for itself: no token goes there. */
async function readFile(url: string): Promise<Answer<JournalFile>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(FILE_TIMEOUT_MS) });
    const body = await textOf(response);
    if (body === null) {
      const message = `A file of the webhooks journal has more than ${FILE_MAX_BYTES} bytes.`;
      return { ok: false, failure: { is: 'unexpected', message }, limits: NO_LIMITS };
    }
    if (!response.ok) return { ok: false, failure: failureOf(response.status, body), limits: NO_LIMITS };
    const parsed = fileAnswer.safeParse(JSON.parse(body));
    if (!parsed.success) {
      const message = 'A file of the webhooks journal has another shape than documented.';
      return { ok: false, failure: { is: 'unexpected', message }, limits: NO_LIMITS };
    }
    const { publishedAt, journalEvents } = parsed.data;
    return {
      ok: true,
      value: { publishedAt: instantOf(publishedAt), events: journalEvents },
      limits: NO_LIMITS,
    };
  } catch (error) {
    return { ok: false, failure: failureOfError(error), limits: NO_LIMITS };
  }
}

/** Null: more than is taken, whatever the headers say of its length. */
async function textOf(response: Response): Promise<string | null> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length;
    if (bytes > FILE_MAX_BYTES) {
      await reader?.cancel();
      return null;
    }
    parts.push(part.value);
  }
  return Buffer.concat(parts).toString('utf8');
}

function instantOf(value: string | number | null | undefined): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : (value ?? NaN);
  return Number.isNaN(ms) ? null : ms;
}
