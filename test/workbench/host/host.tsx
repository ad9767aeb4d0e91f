/** The page's side of an extension: starts its worker, draws its tree, and gives it the actions of a CRM page. */
import { RemoteRenderer, createRemoteReceiver, type Controller } from '@remote-ui/react/host';
import { createEndpoint, fromWebWorker, retain, type Endpoint } from '@remote-ui/rpc';
import { useReducer, useRef, useState, useEffect, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { createHostController } from './components.tsx';
import type {
  Actions,
  ExtensionContext,
  FetchRequest,
  Outcome,
  PageLocation,
  Questions,
  ThreadApi,
} from './protocol.ts';
import { locate, SurfaceProvider, tell, type Notice, type Surface } from './surface.tsx';

export type { ExtensionContext, FetchRequest } from './protocol.ts';

export interface ExtensionOptions {
  /** Address of the bundle, absolute or from the page's origin. */
  bundleUrl: string;
  /** Address of the bundled thread. */
  threadUrl: string;
  context: ExtensionContext;
  /** hubspot.fetch: the page asks the server-side stand-in of HubSpot's proxy. */
  fetch: (request: FetchRequest) => Promise<{ status: number; body: unknown }>;
  serverless: (name: string, options: unknown) => Promise<unknown>;
  /** Values of the record's properties as the CRM page holds them. The one name `*` stands for all of them. */
  properties: (names: readonly string[]) => Promise<Record<string, string | null>>;
}

export interface MountedExtension {
  /** To be called when the record's properties moved on the page. */
  recordChanged: () => void;
  unmount: () => void;
}

type Values = Record<string, string | null>;

/** Reads again when the record moved, and tells only what is new. */
interface Watcher {
  names: string[];
  last: string;
  tell: (values: Values) => void;
  fail?: (message: string) => void;
}

interface Shown {
  notices: (Notice & { id: number })[];
  iframe: { title: string; uri: string; onClose: () => void } | null;
  failure: string | null;
}

/** Everything of one extension that is not its drawing. */
class Extension {
  readonly watchers = new Map<number, Watcher>();
  readonly listeners = new Set<() => void>();
  readonly overlays: Surface['overlays'] = new Map();
  readonly controller: Controller = createHostController();
  receiver = createRemoteReceiver();
  location: PageLocation = { path: '/', params: {} };
  shown: Shown = { notices: [], iframe: null, failure: null };
  /** Counted up when the extension is started anew. */
  run = 0;
  #worker: Worker | null = null;
  #thread: Endpoint<ThreadApi> | null = null;
  #made = 0;
  /** How often the record moved, so that what was read before is not taken for what came after. */
  #moves = 0;
  readonly options: ExtensionOptions;
  readonly redraw: () => void;

  constructor(options: ExtensionOptions, redraw: () => void) {
    this.options = options;
    this.redraw = redraw;
  }

  start(): void {
    this.stop();
    this.run += 1;
    this.shown = { ...this.shown, iframe: null, failure: null };
    this.receiver = createRemoteReceiver();
    const worker = new Worker(this.options.threadUrl);
    worker.addEventListener('error', (event) => this.fail(event.message));
    const thread = createEndpoint<ThreadApi>(fromWebWorker(worker), {
      callable: ['start', 'navigate', 'moved'],
    });
    thread.expose({ ask: (kind: keyof Questions, question: never) => this.answer(kind, question) });
    this.#worker = worker;
    this.#thread = thread;
    const bundle = new URL(this.options.bundleUrl, window.location.href).href;
    const { receive } = this.receiver;
    void thread.call.start(receive, this.actions(), contextOf(this.options.context), bundle, this.location);
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#thread = null;
    this.watchers.clear();
    this.overlays.clear();
  }

  show(change: Partial<Shown>): void {
    this.shown = { ...this.shown, ...change };
    this.redraw();
  }

  fail(message: string): void {
    console.warn('The extension failed:', message);
    this.show({ failure: message });
  }

  addAlert(notice: Notice): void {
    this.#made += 1;
    this.show({ notices: [...this.shown.notices, { ...notice, id: this.#made }] });
  }

  dismiss(id: number): void {
    this.show({ notices: this.shown.notices.filter((notice) => notice.id !== id) });
  }

  navigate(to: string, params?: Record<string, string>): void {
    this.location = locate(to, params);
    void this.#thread?.call.navigate(this.location);
  }

  recordChanged(): void {
    this.#moves += 1;
    for (const watcher of this.watchers.values()) void this.look(watcher);
    for (const listener of this.listeners) listener();
  }

  async look(watcher: Watcher): Promise<void> {
    const moves = this.#moves;
    try {
      const values = await this.options.properties(watcher.names);
      const text = JSON.stringify(values);
      if (moves !== this.#moves || text === watcher.last) return;
      watcher.last = text;
      watcher.tell(values);
    } catch (error) {
      watcher.fail?.(messageOf(error));
    }
  }

  async readStill(names: readonly string[]): Promise<Values> {
    const moves = this.#moves;
    const values = await this.options.properties(names);
    return moves === this.#moves ? values : this.readStill(names);
  }

  async answer(kind: keyof Questions, question: never): Promise<Outcome> {
    try {
      return { ok: true, value: await this.#answers[kind](question) };
    } catch (error) {
      return { ok: false, message: messageOf(error) };
    }
  }

  readonly #answers: { [K in keyof Questions]: (question: Questions[K]) => unknown } = {
    fetch: (request) => this.options.fetch(request),
    serverless: ({ name, options }) => this.options.serverless(name, options),
    properties: async ({ names, watch }) => {
      const values = await this.readStill(names);
      this.watchers.set(watch, {
        names,
        last: JSON.stringify(values),
        tell: (moved) => void this.#thread?.call.moved(watch, moved),
      });
      return values;
    },
    unwatch: (watch) => {
      this.watchers.delete(watch);
    },
    failed: (message) => this.fail(message),
  };

  /** What CrmHostActions and UiePlatformActions name. */
  actions(): Actions {
    return {
      addAlert: (notice: Notice) => this.addAlert(notice),
      // In HubSpot the whole page; here the extension, or the page around would start anew with it.
      reloadPage: () => {
        this.start();
        this.redraw();
      },
      refreshObjectProperties: () => this.recordChanged(),
      fetchCrmObjectProperties: async (names: string[] | '*') =>
        withoutNull(await this.options.properties(namesOf(names))),
      onCrmPropertiesUpdate: (names: string[] | '*', callback: OnUpdate) => {
        retain(callback);
        // Below zero, where no hook of the worker's has its number.
        const watcher: Watcher = {
          names: namesOf(names),
          last: '',
          tell: (values) => tell(callback, withoutNull(values)),
          fail: (message) => tell(callback, {}, { message }),
        };
        this.#made += 1;
        this.watchers.set(-this.#made, watcher);
        const moves = this.#moves;
        this.options.properties(watcher.names).then(
          (values) => {
            if (moves === this.#moves) watcher.last = JSON.stringify(values);
          },
          () => undefined,
        );
      },
      openIframeModal: ({ uri, title }: { uri: string; title?: string }, onClose?: () => void) => {
        retain(onClose);
        const close = (): void => {
          this.show({ iframe: null });
          tell(onClose);
        };
        this.show({ iframe: { uri, title: title ?? 'A page of the app', onClose: close } });
      },
      closeOverlay: (id: string) => this.overlays.get(id)?.close(),
      copyTextToClipboard: (copied: string) => navigator.clipboard.writeText(copied),
      navigateToPage: ({ to, params }: { to: string; params?: Record<string, string> }) =>
        this.navigate(to, params),
    };
  }
}

type OnUpdate = (values: Record<string, string>, error?: { message: string }) => void;

const namesOf = (names: string[] | '*'): string[] => (names === '*' ? ['*'] : names);

/** The actions' types know no null: an empty value is an empty text there. */
const withoutNull = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const contextOf = ({ user, ...rest }: ExtensionContext): ExtensionContext => ({
  ...rest,
  user: {
    emails: [user.email],
    roles: [],
    teams: [],
    permissions: [],
    locale: 'en',
    language: 'en',
    ...user,
  },
});

export function mountExtension(element: HTMLElement, options: ExtensionOptions): MountedExtension {
  let redraw = (): void => undefined;
  const extension = new Extension(options, () => redraw());
  const root = createRoot(element);
  root.render(<Host extension={extension} onRedraw={(listener) => (redraw = listener)} />);
  extension.start();
  return {
    recordChanged: () => extension.recordChanged(),
    unmount: () => {
      extension.stop();
      root.unmount();
    },
  };
}

function Host({
  extension,
  onRedraw,
}: {
  extension: Extension;
  onRedraw: (redraw: () => void) => void;
}): ReactNode {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => {
    onRedraw(redraw);
    redraw();
  }, [onRedraw]);
  const layer = useRef<HTMLDivElement>(null);
  const [surface] = useState<Surface>(() => ({
    addAlert: (notice) => extension.addAlert(notice),
    navigate: (to, params) => extension.navigate(to, params),
    properties: (names) => extension.options.properties(names),
    onRecord: (listener) => {
      extension.listeners.add(listener);
      return () => extension.listeners.delete(listener);
    },
    overlays: extension.overlays,
    layer: () => layer.current,
  }));
  const { failure, iframe, notices } = extension.shown;
  return (
    <div className="hs-card">
      <div className="hs-toasts" role="region" aria-label="Notifications" aria-live="polite">
        {notices.map((notice) => (
          <Toast key={notice.id} notice={notice} dismiss={() => extension.dismiss(notice.id)} />
        ))}
      </div>
      {failure === null ? null : (
        <div className="hs-alert hs-is-danger" role="alert">
          <strong className="hs-alert-title">The extension failed</strong>
          <div>{failure}</div>
        </div>
      )}
      <SurfaceProvider value={surface}>
        <RemoteRenderer key={extension.run} receiver={extension.receiver} controller={extension.controller} />
      </SurfaceProvider>
      <div ref={layer} className="hs-layer" />
      {iframe === null ? null : <NotDrawn {...iframe} />}
    </div>
  );
}

const TOAST_MS = 8_000;

function Toast({ notice, dismiss }: { notice: Notice; dismiss: () => void }): ReactNode {
  const { type = 'info', title, message } = notice;
  const isUrgent = type === 'danger';
  const latest = useRef(dismiss);
  latest.current = dismiss;
  useEffect(() => {
    if (isUrgent) return undefined;
    const timer = setTimeout(() => latest.current(), TOAST_MS);
    return () => clearTimeout(timer);
  }, [isUrgent]);
  return (
    <div className={`hs-toast hs-alert hs-is-${type}`} role={isUrgent ? 'alert' : 'status'}>
      <div>
        {title === undefined ? null : <strong className="hs-alert-title">{title}</strong>}
        <div>{message}</div>
      </div>
      <button type="button" className="hs-close" aria-label="Dismiss" onClick={dismiss}>
        ×
      </button>
    </div>
  );
}

/** HubSpot shows the page in a frame; the page around allows none. */
function NotDrawn({ title, uri, onClose }: { title: string; uri: string; onClose: () => void }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="hs-modal hs-width-sm"
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="hs-dialog-head">
        <h2>{title}</h2>
        <button type="button" className="hs-close" aria-label="Close" onClick={onClose}>
          ×
        </button>
      </div>
      <div className="hs-dialog-body">
        <p className="hs-text">
          HubSpot would show this address in a frame. It is not drawn in this preview.
        </p>
        <p className="hs-text hs-microcopy">{uri}</p>
      </div>
    </dialog>
  );
}
