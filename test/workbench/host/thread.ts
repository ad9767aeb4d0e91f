/**
 * The worker an extension runs in: the globals HubSpot's own worker has (SDK 0.17, worker-globals), and its tree sent
 * to the page. A classic worker, so that importScripts can load the bundle.
 */
import { createRemoteRoot, type RemoteChannel } from '@remote-ui/core';
import * as RemoteUI from '@remote-ui/react';
import { createEndpoint, retain, type MessageEndpoint } from '@remote-ui/rpc';
import * as React from 'react';
import type { Actions, ExtensionContext, PageApi, PageLocation, ThreadApi } from './protocol.ts';

interface Api {
  context: ExtensionContext;
  actions: Actions;
  runServerlessFunction: (request: { name: string }) => Promise<unknown>;
}

type View = (api: Api) => React.ReactElement;
type Values = Record<string, string | null>;

interface FetchOptions {
  method?: string;
  timeout?: number;
  body?: unknown;
  headers?: Headers | Record<string, string>;
}

declare function importScripts(url: string): void;

let view: View | undefined;
let api: Api | undefined;
let at: PageLocation = { path: '/', params: {} };
const movers = new Set<() => void>();
const watchers = new Map<number, (values: Values) => void>();
let watchesMade = 0;

const page = createEndpoint<PageApi>(self as unknown as MessageEndpoint, { callable: ['ask'] });

/** As much of a Response as extensions use. */
const like = (body: unknown, status = 200): Pick<Response, 'ok' | 'status' | 'json' | 'text'> => ({
  ok: status >= 200 && status < 300,
  status,
  json: () => Promise.resolve(body),
  text: () => Promise.resolve(typeof body === 'string' ? body : JSON.stringify(body)),
});

const ask: (...question: Parameters<PageApi['ask']>) => Promise<unknown> = async (kind, question) => {
  const outcome = await page.call.ask(kind, question);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.value;
};

function current(): Api {
  if (api === undefined) throw new Error('The extension has not been started.');
  return api;
}

const serverless = (name: string, options: unknown): Promise<unknown> => ask('serverless', { name, options });

async function hsFetch(url: string | URL, options: FetchOptions = {}): Promise<unknown> {
  const { method = 'GET', timeout, body, headers } = options;
  const { status, body: said } = (await ask('fetch', {
    url: String(url),
    method,
    ...(timeout === undefined ? {} : { timeout }),
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined
      ? {}
      : { headers: headers instanceof Headers ? Object.fromEntries(headers) : headers }),
  })) as { status: number; body: unknown };
  return like(said, status);
}

/** The older way to call a function, still in the types: it never rejects. */
async function runServerlessFunction({ name, ...options }: { name: string }): Promise<unknown> {
  try {
    return { status: 'SUCCESS', response: await serverless(name, options) };
  } catch (error) {
    return { status: 'ERROR', message: error instanceof Error ? error.message : String(error) };
  }
}

async function fetchCrmProperties(names: string[], onUpdate: (values: Values) => void): Promise<unknown> {
  watchesMade += 1;
  const watch = watchesMade;
  watchers.set(watch, onUpdate);
  const cleanup = (): void => {
    if (watchers.delete(watch)) void page.call.ask('unwatch', watch);
  };
  try {
    return like({ data: await ask('properties', { names, watch }), cleanup });
  } catch (error) {
    cleanup();
    return like({ error: error instanceof Error ? error.message : String(error) });
  }
}

const notHere = (what: string) => (): Promise<unknown> =>
  Promise.resolve(like({ error: `${what} is not part of this preview.` }));

const hsWorkerAPI = {
  useExtensionContext: () => current().context,
  useExtensionActions: () => current().actions,
  useExtensionApi: current,
  useAppPageLocation: () =>
    React.useSyncExternalStore(
      (changed) => {
        movers.add(changed);
        return () => movers.delete(changed);
      },
      () => at,
    ),
  fetchCrmProperties,
  fetchAssociations: notHere('Reading associations'),
  fetchCrmSearch: notHere('CRM search'),
  // Formatted by HubSpot from what it knows about the property; here the values as they are.
  formatCrmProperties: ({ propertiesList }: { propertiesList: Values[] }) =>
    Promise.resolve(like(propertiesList)),
  fetchHubSpotApi: () =>
    Promise.resolve({
      status: 501,
      headers: {},
      body: { message: 'HubSpot’s API is not part of this preview.' },
    }),
};

Object.assign(self, {
  __HUBSPOT_EXTENSION_WORKER__: true,
  React,
  RemoteUI,
  extend_V2: (callback: View) => {
    view = callback;
  },
  hsFetch,
  serverless,
  hsWorkerAPI,
  logger: {
    debug: (text: string) => console.debug(text),
    info: (text: string) => console.info(text),
    warn: (text: string) => console.warn(text),
    error: (text: string) => console.error(text),
  },
});

const failed = (error: unknown): void =>
  void page.call.ask('failed', error instanceof Error ? error.message : String(error));

/** What an extension throws while it is drawn must not leave an empty card. */
class Guard extends React.Component<{ children: React.ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };
  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }
  override componentDidCatch(error: unknown): void {
    failed(error);
  }
  override render(): React.ReactNode {
    return this.state.isBroken ? null : this.props.children;
  }
}

const thread: ThreadApi = {
  start: (channel, actions, context, bundleUrl, location) => {
    // Functions that cross the thread are released after the call that brought them, unless they are held.
    retain(channel);
    retain(actions);
    at = location;
    api = { context, actions, runServerlessFunction };
    try {
      importScripts(bundleUrl);
      if (view === undefined) throw new Error('The bundle does not call hubspot.extend().');
      const root = createRemoteRoot(channel as RemoteChannel, { strict: false });
      RemoteUI.createRoot(root).render(React.createElement(Guard, null, view(api)));
      root.mount().catch(failed);
    } catch (error) {
      failed(error);
    }
    return Promise.resolve();
  },
  navigate: (to) => {
    at = to;
    for (const moved of movers) moved();
    return Promise.resolve();
  },
  moved: (watch, values) => {
    watchers.get(watch)?.(values);
    return Promise.resolve();
  },
};
page.expose({ ...thread });
