/** What the page and the worker say to each other. */

export interface ExtensionContext {
  location:
    | 'crm.record.tab'
    | 'crm.record.sidebar'
    | 'crm.preview'
    | 'helpdesk.sidebar'
    | 'settings'
    | 'pages'
    | 'home';
  user: {
    id: number;
    email: string;
    firstName: string;
    lastName: string;
    emails?: string[];
    roles?: string[];
    teams?: { id: number; name: string; teammates: number[] }[];
    permissions?: string[];
    locale?: string;
    language?: string;
  };
  portal: { id: number; timezone: string };
  crm?: { objectId: number; objectTypeId: string };
  variables?: Record<string, string | number | boolean>;
  extension?: { appId: number | string; appName?: string; cardTitle?: string };
}

export interface FetchRequest {
  url: string;
  method: string;
  timeout?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface PageLocation {
  path: string;
  params: Record<string, string>;
}

/** Never a rejection: one that crosses the thread is reported on both sides as nobody's. */
export type Outcome = { ok: true; value: unknown } | { ok: false; message: string };

export interface Questions {
  fetch: FetchRequest;
  serverless: { name: string; options: unknown };
  /** With `watch`, the page tells `moved` under that number whenever one of them changes. */
  properties: { names: string[]; watch: number };
  unwatch: number;
  /** The extension could not be loaded or drawn. */
  failed: string;
}

export interface PageApi {
  ask<K extends keyof Questions>(kind: K, question: Questions[K]): Promise<Outcome>;
}

// A function that crosses the thread answers later, whatever it was.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Actions = Record<string, (...args: any[]) => unknown>;

export interface ThreadApi {
  start(
    channel: (...args: never[]) => unknown,
    actions: Actions,
    context: ExtensionContext,
    bundleUrl: string,
    at: PageLocation,
  ): Promise<void>;
  navigate(to: PageLocation): Promise<void>;
  moved(watch: number, values: Record<string, string | null>): Promise<void>;
}
