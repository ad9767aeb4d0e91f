/**
 * Signing in over the real loop: the hub's worker with the CRM stand-in, the portal over HTTP, an SMTP server and an
 * OpenID provider, all in this process; and browsers that keep cookies.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { recordId } from '@tallystick/shared/ids';
import type { Problem, SessionInfo, SessionList, StreamMessage } from '@tallystick/shared/messages';
import { pino } from 'pino';
import type { Limits } from '../../backend/portal/limits.ts';
import { portalRouter } from '../../backend/portal/router.ts';
import { openMailer } from '../../backend/portal/signIn/mailer.ts';
import type { SignInSettings } from '../../backend/portal/signIn/settings.ts';
import { createApp } from '../../backend/server.ts';
import { markDue } from '../../backend/store/due.ts';
import { sourceOf } from '../simulator/acting.ts';
import { seedDefinitions, type PortalLabels } from '../simulator/seedSchema.ts';
import type { LinkSpec } from '../simulator/state.ts';
import { eventually } from './eventually.ts';
import { startProvider, type Account } from './identityProvider.ts';
import { startLoop, type LoopHarness } from './loop.ts';
import { startMailbox, type Mail } from './mailbox.ts';

export const PORTAL = 'https://portal.example';
const COLLEAGUE = sourceOf('colleague');
const PRIMARY: LinkSpec = { category: 'HUBSPOT_DEFINED', typeId: 1 };
const HOUR_MS = 3_600_000;

/** Whatever an answer's JSON may hold: a test knows which of it to look at. */
export type Body = Partial<Problem> &
  Partial<Extract<SessionInfo, { state: 'signed-in' }>> &
  Partial<SessionList> & { reason?: string; message?: string; version?: string };

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export interface SignInHarness {
  loop: LoopHarness;
  url: string;
  labels: PortalLabels;
  mails: readonly Mail[];
  accounts: Map<string, Account>;
  /** The portal's clock, not the worker's. */
  advance(ms: number): void;
  browser(): Browser;
  /** The newest mail to this address. */
  mailTo(address: string): Promise<Mail>;
  /** Asks for a link, opens it, answers with the session's info. */
  signIn(browser: Browser, address: string): Promise<Body>;
  /** Goes through the provider as this account of it; answers with where the portal sent the browser to. */
  signInWith(browser: Browser, account: string): Promise<string>;
  /** Only the provider's part: answers with the address it sends the browser back to. */
  consent(address: string, account: string): Promise<string>;
  /** Makes a contact with a primary company in the CRM and has it mirrored. */
  contact(email: string | null, options?: { company?: string | null; labels?: LinkSpec[] }): Promise<string>;
  company(): string;
  /** What HubSpot would tell of this. */
  tell(...events: Record<string, unknown>[]): Promise<void>;
  close(): Promise<void>;
}

export async function startSignIn(
  options: { limits?: Partial<Limits>; providers?: boolean; settings?: Partial<SignInSettings> } = {},
): Promise<SignInHarness> {
  const seeded: PortalLabels[] = [];
  const loop = await startLoop({ prepare: ({ world }) => void seeded.push(seedDefinitions(world)) });
  const [labels] = seeded;
  if (labels === undefined) throw new Error('The world was not seeded.');
  const smtp = await startMailbox();
  const accounts = new Map<string, Account>();
  const oidc = options.providers === true ? await startProvider(accounts, PORTAL) : null;
  let offsetMs = 0;
  const now = (): number => Date.now() + offsetMs;
  const log = pino({ level: process.env.TALLYSTICK_TEST_LOG ?? 'silent' });
  const mailer = openMailer({ smtpUrl: smtp.url, from: 'Portal <portal@firm.example>', log });
  const portal = portalRouter({
    db: loop.db,
    signals: loop.signals,
    now,
    newId: randomUUID,
    log,
    limits: { signInsPerMinute: 10_000, mailsPerClient: 10_000, mailsPerAddress: 1_000, ...options.limits },
    signIn: {
      hubId: loop.hubId,
      portalUrl: PORTAL,
      mailer,
      providers: oidc === null ? [] : [oidc.provider],
      idleMs: 8 * HOUR_MS,
      absoluteMs: 168 * HOUR_MS,
      randomBytes,
      ...options.settings,
    },
  });
  const server = createServer(
    createApp({ routers: [portal.router], log, ready: () => Promise.resolve(true) }),
  );
  const url = await listen(server);
  const harness: SignInHarness = {
    loop,
    url,
    labels,
    mails: smtp.mails,
    accounts,
    advance: (ms) => (offsetMs += ms),
    browser: () => new Browser(url),
    mailTo: (address) =>
      eventually(() => smtp.mails.findLast(({ to }) => to === address), `a mail to ${address}`),
    signIn: async (browser, address) => {
      const count = smtp.mails.length;
      await browser.post('/sign-in/mail', { email: address });
      const mail = await eventually(
        () => smtp.mails.slice(count).find(({ to }) => to === address.toLowerCase()),
        'the mail',
      );
      return (await browser.post('/sign-in/mail/confirm', { token: mail.token })).body;
    },
    signInWith: async (browser, account) => {
      const begun = await browser.get('/sign-in/with/acme');
      const back = await oidc!.consent(begun.headers.get('location') ?? '', account);
      const { headers } = await browser.get(back.replace(`${PORTAL}/portal/v1`, ''));
      return headers.get('location') ?? '';
    },
    consent: (address, account) => oidc!.consent(address, account),
    company: () => loop.sim.world.create('companies', { name: 'Engines Ltd' }, COLLEAGUE).id,
    contact: async (email, { company = harness.company(), labels: also = [] } = {}) => {
      const { world } = loop.sim;
      const id = world.create(
        'contacts',
        { firstname: 'Ada', lastname: 'Byron', ...(email === null ? {} : { email }) },
        COLLEAGUE,
      ).id;
      if (company !== null)
        world.associate(['contacts', id], ['companies', company], COLLEAGUE, [PRIMARY, ...also]);
      // At once: what an event tells is only looked at after half a second.
      const due = [{ object: 'contact' as const, recordId: recordId(id), links: true }];
      await markDue(loop.db, loop.hubId, 'read', due, { now: Date.now() });
      loop.signals.wake(loop.hubId);
      await eventually(
        async () => (await loop.mirrored('contact', id, 'firstName')) === 'Ada',
        'it is mirrored',
      );
      return id;
    },
    tell: (...events) =>
      loop.deliver(
        events.map((event) => ({
          portalId: loop.sim.hubId,
          occurredAt: Date.now(),
          changeSource: 'CRM_UI',
          ...event,
        })),
      ),
    close: async () => {
      portal.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await mailer.close();
      await smtp.close();
      await oidc?.close();
      await loop.close();
    },
  };
  return harness;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// --- a browser ----------------------------------------------------------------------------------------------------

interface Call {
  method?: string;
  body?: unknown;
  /** Null takes a header away. */
  headers?: Record<string, string | null>;
}

/** Keeps cookies and says where its requests come from, as browsers do. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get(path: string, headers: Call['headers'] = {}): Promise<Answer> {
    return this.call(path, { headers });
  }
  post(path: string, body: unknown = {}, headers: Call['headers'] = {}): Promise<Answer> {
    return this.call(path, { method: 'POST', body, headers });
  }

  /** Below `/portal/v1`. */
  async call(path: string, { method = 'GET', body, headers = {} }: Call): Promise<Answer> {
    const sent: Record<string, string | null> = {
      'user-agent': 'Testfox 1.0',
      cookie: this.cookies.size === 0 ? null : this.cookieHeader(),
      'sec-fetch-site': 'same-origin',
      origin: method === 'GET' ? null : PORTAL,
      'content-type': body === undefined ? null : 'application/json',
      ...headers,
    };
    const answer = await fetch(`${this.url}/portal/v1${path}`, {
      method,
      redirect: 'manual',
      headers: Object.entries(sent).flatMap(([name, value]): [string, string][] =>
        value === null ? [] : [[name, value]],
      ),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const cookie of answer.headers.getSetCookie()) this.#keep(cookie);
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: isJson ? (JSON.parse(text) as Body) : {} };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split('; ');
    const [name = '', value = ''] = pair.split('=');
    const expires = attributes.find((each) => each.startsWith('Expires='))?.slice('Expires='.length);
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }

  /** The live stream; what was heard, and whether the server has ended it. */
  async stream(): Promise<{ heard: StreamMessage[]; isOver: () => boolean; close: () => void }> {
    const abort = new AbortController();
    const answer = await fetch(`${this.url}/portal/v1/stream`, {
      headers: { cookie: this.cookieHeader(), 'sec-fetch-site': 'same-origin' },
      signal: abort.signal,
    });
    if (answer.status !== 200) throw new Error(`The stream was refused: ${answer.status}`);
    let isOver = false;
    const heard: StreamMessage[] = [];
    const pump = async (): Promise<void> => {
      try {
        for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
          for (const line of new TextDecoder().decode(chunk).split('\n'))
            if (line.startsWith('data: ')) heard.push(JSON.parse(line.slice(6)) as StreamMessage);
      } catch {
        // aborted by us
      }
      isOver = true;
    };
    void pump();
    return { heard, isOver: () => isOver, close: () => abort.abort() };
  }
}
