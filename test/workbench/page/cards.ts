/** The real cards beside the record, the app's pages and its settings, as one of several colleagues. */
import type * as Host from '../host/host.tsx';
import type { Chosen, Config } from './app.ts';
import { byId, el } from './dom.ts';

interface Answer {
  status: number;
  body: unknown;
}

const HOST = '/host.js';

let mounted: Host.MountedExtension[] = [];
let shown = '';

const colleaguePick = byId('colleague', HTMLSelectElement);

export function showColleagues(config: Config, onChoose: () => void): void {
  colleaguePick.append(
    ...config.crm.colleagues.map(({ id, firstName, lastName, role }) =>
      el('option', { value: String(id) }, `${firstName} ${lastName} (${role})`),
    ),
  );
  colleaguePick.onchange = () => {
    shown = '';
    onChoose();
  };
  addEventListener('hashchange', onChoose);
}

/** The record page with both cards, the app's pages or its settings, by the address's hash. */
export async function showCards(chosen: Chosen): Promise<void> {
  const view = ['pages', 'settings', 'mails'].find((name) => location.hash === `#${name}`) ?? 'record';
  document.body.dataset.view = view;
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a'))
    link.ariaCurrent = link.hash === `#${view}` ? 'page' : null;
  const key = `${view}:${colleaguePick.value}:${view === 'record' ? `${chosen.object}:${chosen.id}` : ''}`;
  if (key === shown) return;
  shown = key;
  const { mountExtension } = (await import(HOST)) as typeof Host;
  if (key !== shown) return;
  for (const extension of mounted) extension.unmount();
  mounted = placesOf(view).map(({ id, bundle, location: place }) => {
    const element = byId(id, HTMLDivElement);
    element.replaceChildren();
    return mountExtension(element, {
      bundleUrl: `/extensions/${bundle}.js`,
      threadUrl: '/thread.js',
      context: contextOf(chosen, place),
      fetch: async (request) => {
        const { status, body } = (await ask('/hubspot/fetch', { request })) as Answer;
        return { status, body };
      },
      serverless: async (name, options) => {
        const { parameters } = (options ?? {}) as { parameters?: unknown };
        const answer = (await ask('/hubspot/function', { name, parameters })) as
          { ok: true; value: unknown } | { ok: false; message: string };
        if (!answer.ok) throw new Error(answer.message);
        return answer.value;
      },
      properties: (names) => propertiesOf(chosen, names),
    });
  });
}

/** Somebody changed the record on this page: HubSpot tells the cards on it. */
export function recordChanged(): void {
  for (const extension of mounted) extension.recordChanged();
}

type Location = 'crm.record.tab' | 'crm.record.sidebar' | 'pages' | 'settings';

function placesOf(view: string): { id: string; bundle: string; location: Location }[] {
  if (view === 'pages') return [{ id: 'app-pages', bundle: 'SyncPages', location: 'pages' }];
  if (view === 'mails') return [];
  if (view === 'settings') return [{ id: 'app-settings', bundle: 'SyncSettings', location: 'settings' }];
  return [
    { id: 'card-tab', bundle: 'PortalSync', location: 'crm.record.tab' },
    { id: 'card-sidebar', bundle: 'PortalSyncSidebar', location: 'crm.record.sidebar' },
  ];
}

function contextOf({ config, object, id }: Chosen, location: Location) {
  const { crm, objects } = config;
  const colleague =
    crm.colleagues.find((one) => String(one.id) === colleaguePick.value) ?? crm.colleagues[0]!;
  const spec = objects[object]!;
  const record = { objectId: Number(id), objectTypeId: spec.typeId ?? crm.typeIds[spec.crm] ?? spec.crm };
  return {
    location,
    user: { ...colleague, emails: [colleague.email], roles: [], teams: [], permissions: [] },
    portal: { id: crm.hubId, timezone: 'UTC' },
    variables: { BACKEND_URL: crm.backend },
    extension: { appId: crm.appId, appName: 'Tallystick' },
    ...(location.startsWith('crm') ? { crm: record } : {}),
  };
}

async function ask(path: string, body: object): Promise<unknown> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ userId: Number(colleaguePick.value), ...body }),
  });
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  return answer.json();
}

async function propertiesOf(
  { config, object, id }: Chosen,
  names: readonly string[],
): Promise<Record<string, string | null>> {
  const answer = await fetch(`/_sim/record/${config.objects[object]!.crm}/${id}`);
  const { properties } = (await answer.json()) as { properties: Record<string, string | null> };
  return Object.fromEntries(names.map((name) => [name, properties[name] ?? null]));
}
