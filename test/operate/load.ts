/**
 * Load for rehearsals (docs/operations.md): colleagues change companies in the stand-in, customers edit in the portal,
 * until a signal. Prints at its end what was acknowledged, and with --receipts asks what became of each edit.
 *
 *   npx tsx test/operate/load.ts --simulator URL --crm-token T --portal URL --token P [--file F] [--receipts]
 */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';

const EVERY_MS = 50;

const { values } = parseArgs({
  options: {
    simulator: { type: 'string', default: '' },
    'crm-token': { type: 'string', default: '' },
    portal: { type: 'string', default: '' },
    token: { type: 'string', default: '' },
    file: { type: 'string', default: 'load.json' },
    receipts: { type: 'boolean', default: false },
  },
});
const crm = { authorization: `Bearer ${values['crm-token']}`, 'content-type': 'application/json' };
const customer = { authorization: `Bearer ${values.token}`, 'content-type': 'application/json' };

if (values.receipts) await receipts();
else await load();

async function load(): Promise<void> {
  const running = { stopped: false };
  process.once('SIGTERM', () => (running.stopped = true)).once('SIGINT', () => (running.stopped = true));
  await subscribe();
  const companies = await records('companies');
  const own = await portal('GET', '/records/company');
  const [mine] = own.body.records as { id: string; version: string }[];
  const accepted: { editId: string; at: number }[] = [];
  let [changes, refused, n] = [0, 0, 0];
  while (!running.stopped) {
    n += 1;
    const company = companies[n % companies.length];
    const path = `${values.simulator}/crm/objects/2026-09/companies/${company}`;
    const body = JSON.stringify({ properties: { website: `https://n${n}.example` } });
    const changed = await fetch(path, { method: 'PATCH', headers: crm, body }).catch(() => null);
    if (changed?.ok === true) changes += 1;
    const edit = { fields: { deliveryNotes: `Gate ${n}` } };
    const key = { 'idempotency-key': randomUUID(), 'if-match': mine?.version ?? '' };
    const answer = await portal('PATCH', `/records/company/${mine?.id}`, edit, key).catch(() => null);
    if (answer !== null && answer.status < 300)
      accepted.push({ editId: String(answer.body.editId), at: Date.now() });
    else refused += 1;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  await writeFile(values.file, JSON.stringify(accepted));
  console.log(`CRM changes made: ${changes}; edits accepted: ${accepted.length}; not taken: ${refused}`);
}

/** What became of each edit that was accepted. */
async function receipts(): Promise<void> {
  const accepted = JSON.parse(await readFile(values.file, 'utf8')) as { editId: string; at: number }[];
  const ends = new Map<string, number>();
  let lastKnown = 0;
  for (const { editId, at } of accepted) {
    const { status, body } = await portal('GET', `/edits/${editId}`);
    const end = status === 404 ? 'unknown to the service' : String(body.state);
    if (status !== 404) lastKnown = Math.max(lastKnown, at);
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  const list = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
  console.log(`Receipts of ${accepted.length} accepted edits: ${list}`);
  if (lastKnown > 0)
    console.log(`The newest that is known was accepted at ${new Date(lastKnown).toISOString()}`);
}

async function portal(method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
  const answer = await fetch(`${values.portal}/portal/v1${path}`, {
    ...{ method, headers: { ...customer, ...more } },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function records(type: string): Promise<string[]> {
  const answer = await fetch(`${values.simulator}/crm/objects/2026-09/${type}?limit=20`, { headers: crm });
  const { results } = (await answer.json()) as { results: { id: string }[] };
  return results.map(({ id }) => id);
}

async function subscribe(): Promise<void> {
  const answer = await fetch(`${values.simulator}/crm-object-schemas/2026-09/schemas`, { headers: crm });
  const { results } = (await answer.json()) as { results: { name: string; objectTypeId: string }[] };
  const typeIds = Object.fromEntries(results.map((each) => [each.name, each.objectTypeId]));
  await fetch(`${values.simulator}/_sim/webhooks`, {
    method: 'PUT',
    body: JSON.stringify({
      target: `${values.portal}/webhooks/hubspot`,
      subscriptions: neededSubscriptions(typeIds),
    }),
  });
}
