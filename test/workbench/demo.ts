/** The whole demo in one process: a CRM stand-in with a believable year in it, the service, the workbench page. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordId as toRecordId } from '@tallystick/shared/ids';
import { pino, type Logger } from 'pino';
import { parseConfig } from '../../backend/config.ts';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { INTAKE_PATH, startService, type Overrides, type Service } from '../../backend/main.ts';
import { freePort, startEmbeddedPostgres } from '../../backend/store/embedded.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import { addPerson } from '../../backend/store/people.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { createCardProxy } from '../simulator/cardProxy.ts';
import { ownCompany } from './ownCompany.ts';
import { seedDemo } from '../simulator/seed.ts';
import { billingCustomer } from '../simulator/seedKit.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { startBilling, type Billing } from './billing.ts';
import { choosePeople } from './people.ts';
import { ensurePages } from './pages.ts';
import { runFunction } from './functions.ts';
import { startWorkbench, type CrmSide } from './server.ts';

export interface DemoOptions {
  /** 0: any free port. */
  ports: { portal: number; simulator: number; workbench: number };
  stateDir: string;
  /** Absent: the embedded Postgres. */
  databaseUrl?: string;
  log?: Logger;
  at?: Overrides['at'];
}

export interface DemoPerson {
  name: string;
  email: string;
  audience: string;
  contactId: string;
  token: string;
}

export interface Demo {
  portal: string;
  simulator: string;
  workbench: string;
  people: DemoPerson[];
  service: Service;
  sim: Simulator;
  /** The second system: it can be taken down, slowed, and its invoices changed. */
  billing: Billing;
  /** What the service mailed. */
  mailbox: Mailbox;
  /** Calls one of the app's functions, as HubSpot would. */
  runFunction: CrmSide['runFunction'];
  /** As when the service's machine goes down, and comes back. */
  stopService(): Promise<void>;
  startService(): Promise<void>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const LOOK_MS = 25;

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { stateDir } = options;
  await mkdir(stateDir, { recursive: true });
  await ensurePages();
  const port = options.ports.portal === 0 ? await freePort() : options.ports.portal;
  const local = { [await backendUrl()]: `http://127.0.0.1:${port}` };
  const sim = await startSimulator({
    port: options.ports.simulator,
    local,
    scopes: await grantedScopes(),
    snapshotFile: join(stateDir, 'simulator.json'),
  });
  const stops = [() => sim.close()];
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse().splice(0)) await each();
  };
  try {
    if (!sim.restored) seedDemo(sim.world);
    // Not the service's own: billing lies on the same server, and stays when the service stops.
    const databaseUrl = options.databaseUrl ?? (await embedded(stateDir, stops));
    const billing = await startBilling(databaseUrl);
    stops.push(() => billing.close());
    const mailbox = await startMailbox();
    stops.push(() => mailbox.close());
    const canary = `company:${ownCompany(sim.world)}`;
    const urls = { databaseUrl, billingUrl: billing.url, smtpUrl: mailbox.url };
    const settings: Settings = { ...options, ...urls, canary };
    const service = await serviceOver(sim, port, settings);
    let running: Service | null = service;
    stops.push(async () => running?.close());
    await service.leading;
    await loaded(service);
    const people = await demoPeople(service);
    const db = openDatabase(service.databaseUrl, service.hubId, () => undefined);
    stops.push(() => db.destroy());
    const crm = await crmOf(sim, service, local);
    const workbench = await startWorkbench({
      port: options.ports.workbench,
      db,
      hubId: service.hubId,
      portalUrl: service.url,
      simulatorUrl: sim.url,
      people,
      mailbox,
      crm,
      billing: { billing, customer: await customerOf(service, people) },
    });
    stops.push(() => workbench.close());
    return {
      portal: service.url,
      simulator: sim.url,
      workbench: workbench.url,
      people,
      service,
      sim,
      billing,
      mailbox,
      stop,
      runFunction: crm.runFunction,
      stopService: async () => {
        await running?.close();
        running = null;
      },
      startService: async () => {
        running = await serviceOver(sim, port, settings);
        await running.leading;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Settings extends DemoOptions {
  databaseUrl: string;
  billingUrl: string;
  smtpUrl: string;
  canary: string;
}

async function embedded(stateDir: string, stops: (() => Promise<void>)[]): Promise<string> {
  const dataDir = join(stateDir, 'postgres');
  const server = await startEmbeddedPostgres({
    dataDir,
    port: 0,
    database: 'tallystick',
    log: () => undefined,
  });
  stops.push(() => server.stop());
  return server.url;
}

/** The billing customer of the first person's company. */
async function customerOf(service: Service, people: readonly DemoPerson[]): Promise<string> {
  const contact = people[0]?.contactId ?? '';
  const row = await service.db
    .selectFrom('links as l')
    .innerJoin('mirror as m', (join) =>
      join
        .onRef('m.hub_id', '=', 'l.hub_id')
        .onRef('m.record_id', '=', 'l.company_id')
        .on('m.object', '=', 'company'),
    )
    .select('m.fields')
    .where('l.hub_id', '=', service.hubId)
    .where('l.object', '=', 'contact')
    .where('l.record_id', '=', toRecordId(contact))
    .orderBy('l.is_primary', 'desc')
    .executeTakeFirst();
  return row?.fields.billingCustomer?.[0] ?? billingCustomer(0);
}

async function serviceOver(sim: Simulator, port: number, options: Settings): Promise<Service> {
  const config = parseConfig({
    DATABASE_URL: options.databaseUrl,
    BILLING_DATABASE_URL: options.billingUrl,
    SOURCE_LOOK_S: '2',
    TALLYSTICK_STATE_DIR: options.stateDir,
    HUBSPOT_ACCESS_TOKEN: sim.accessToken,
    HUBSPOT_CLIENT_SECRET: sim.clientSecret,
    HUBSPOT_CLIENT_ID: sim.clientId,
    HUBSPOT_BASE_URL: sim.url,
    PUBLIC_URL: await backendUrl(),
    PORTAL_URL: `http://127.0.0.1:${port}`,
    SMTP_URL: options.smtpUrl,
    MAIL_FROM: 'Tallyheat <portal@tallyheat.example>',
    DESK_ADMINS: COLLEAGUES[0]?.email ?? '',
    NUDGE_SECRETS: NUDGE_SECRET,
    CANARY: options.canary,
    PORT: String(port),
  });
  const log = options.log ?? pino({ level: 'warn' });
  const service = await startService(config, options.at === undefined ? { log } : { log, at: options.at });
  const typeIds = { installed_site: sim.world.type('installed_site').typeId };
  const webhooks = {
    target: `${await backendUrl()}${INTAKE_PATH}`,
    subscriptions: neededSubscriptions(typeIds),
  };
  const answer = await fetch(`${sim.url}/_sim/webhooks`, { method: 'PUT', body: JSON.stringify(webhooks) });
  if (!answer.ok) throw new Error(`The simulator refused the webhook subscriptions: ${await answer.text()}`);
  return service;
}

/** The colleagues as whom the cards can be looked at: the first is an administrator. The stand-in's owners. */
const COLLEAGUES = [
  {
    id: 51446676,
    email: 'nora.lindqvist@tallyheat.example',
    firstName: 'Nora',
    lastName: 'Lindqvist',
    role: 'administrator',
  },
  {
    id: 51446677,
    email: 'tomasz.wojcik@tallyheat.example',
    firstName: 'Tomasz',
    lastName: 'Wójcik',
    role: 'viewer',
  },
];
const NUDGE_SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const PROJECT = join(import.meta.dirname, '../../hubspot-project/src');

/** What the demo's configuration profile says: the address HubSpot would call. */
async function backendUrl(): Promise<string> {
  const profile = JSON.parse(await readFile(join(PROJECT, 'hsprofile.demo.json'), 'utf8')) as {
    variables: { BACKEND_URL: string };
  };
  return profile.variables.BACKEND_URL;
}

/** The token may do what the project asks for, and nothing else. */
async function grantedScopes(): Promise<string[]> {
  const meta = JSON.parse(await readFile(join(PROJECT, 'app/app-hsmeta.json'), 'utf8')) as {
    config: { auth: { requiredScopes: string[] } };
  };
  return meta.config.auth.requiredScopes;
}

async function crmOf(sim: Simulator, service: Service, local: Record<string, string>): Promise<CrmSide> {
  const backend = await backendUrl();
  const { clientSecret, appId, hubId } = sim;
  return {
    hubId,
    appId,
    backend,
    colleagues: COLLEAGUES,
    typeIds: { installed_site: sim.world.type('installed_site').typeId },
    proxy: createCardProxy({ clientSecret, appId, hubId, now: Date.now, permitted: [backend], local }),
    runFunction: (name, parameters) =>
      runFunction(name, parameters, {
        PRIVATE_APP_ACCESS_TOKEN: sim.accessToken,
        HUBSPOT_API_BASE: sim.url,
        TALLYSTICK_NUDGE_SECRET: NUDGE_SECRET,
        TALLYSTICK_BACKEND_URL: service.url,
      }),
  };
}

/** The first backfill is over: every record is in the mirror. */
async function loaded(service: Service): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const open = await service.db
      .selectFrom('jobs')
      .select('error')
      .where('hub_id', '=', service.hubId)
      .where('finished_at', 'is', null)
      .execute();
    if (open.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(
        `The first backfill did not end within ${READY_WITHIN_MS / 1_000} s: ${open[0]?.error ?? 'no reason'}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** New tokens at every start: only their hashes are kept anywhere. */
async function demoPeople(service: Service): Promise<DemoPerson[]> {
  const chosen = await choosePeople(service.db, service.hubId);
  return Promise.all(
    chosen.map(async (person) => {
      const secret = randomBytes(24).toString('base64url');
      const token = await addPerson(service.db, {
        ...person,
        hubId: service.hubId,
        secret,
        now: Date.now(),
      });
      return { ...person, token };
    }),
  );
}
