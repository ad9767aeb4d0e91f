/** Metrics and request ids of the whole service; and that the documents name nothing that is not there. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERT_WORDS } from '../../backend/alerts/words.ts';
import { STATE_CODES } from '../../backend/alerts/standing.ts';
import { createMetrics } from '../../backend/metrics.ts';
import { WARNING_SENTENCES } from '../../backend/desk/words.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP, startWhole, type Whole } from '../harness/whole.ts';
import { pino } from 'pino';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const TOKEN = 'a-token-of-more-than-24-characters';

describe('the operating documents', () => {
  it.each(['docs/dashboard.json', 'docs/alerts.yml'])(
    '%s names only metrics that there are',
    async (path) => {
      const names = new Set(createMetrics(Date.now, () => []).names());
      const used = (await read(path)).match(/\b(tallystick|nodejs|process)_[a-z0-9_]+/g) ?? [];
      expect(used.length).toBeGreaterThan(8);
      const bare = (name: string) => name.replace(/_(bucket|count|sum)$/, '');
      expect(used.filter((name) => !names.has(name) && !names.has(bare(name)))).toEqual([]);
    },
  );

  it('have an entry for every code of which people are told', async () => {
    const text = await read('docs/operations.md');
    const codes = new Set([...Object.keys(ALERT_WORDS), ...STATE_CODES, ...Object.keys(WARNING_SENTENCES)]);
    for (const code of codes) expect(text, code).toContain(`### ${code}\n`);
    expect([...STATE_CODES].filter((code) => ALERT_WORDS[code] === undefined)).toEqual([]);
  });
});

describe('a service that is measured', () => {
  let whole: Whole;
  let port: number;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    port = await freePort();
    const log = pino(
      { level: 'info' },
      { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    whole = await startWhole({
      overrides: { log },
      env: () => Promise.resolve({ METRICS_PORT: String(port), METRICS_TOKEN: TOKEN }),
    });
  });
  afterAll(() => whole.close());

  const scrape = async (token = TOKEN): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } });

  it('counts requests, calls, events and how the hub stands, and tells nobody without the token', async () => {
    const { ids } = whole;
    const token = await whole.token(ids.ada, 'direct');
    const { body } = await whole.call(token, 'GET', `/records/company/${ids.acme}`);
    const typed = 'Behind the yellow door';
    const answer = await whole.call(token, 'PATCH', `/records/company/${ids.acme}`, {
      body: { fields: { deliveryNotes: typed } },
      headers: { ...freshKey(), 'if-match': body.version },
    });
    await whole.settled(token, answer.body.editId);
    whole.sim.world.update('companies', ids.acme, { renewal_date: '2027-01-31' }, REP);
    const text = await eventually(async () => {
      const now = await (await scrape()).text();
      return /tallystick_events_applied_total\{[^}]*\} [1-9]/.test(now) && now;
    }, 'the events are counted');
    for (const part of [
      'route="/portal/v1/records/:object/:id",status="200"',
      'operation="readRecords",outcome="ok"',
      `tallystick_webhook_requests_total{outcome="stored"`,
      `tallystick_lease_epoch{hub="${whole.hubId}"`,
      'tallystick_edit_fields{',
      'nodejs_eventloop_lag_p99_seconds',
    ])
      expect(text).toContain(part);
    expect((await scrape('wrong')).status).toBe(401);
    expect((await fetch(`${whole.service.url}/metrics`)).status).toBe(404);
    // What a customer typed is in no metric and no log.
    expect(`${text}${JSON.stringify(lines)}`).not.toContain(typed);
    const logged = lines.find((line) => line.edit === answer.body.editId);
    expect(logged).toMatchObject({ method: 'PATCH', actor: 'customer', msg: 'Request' });
    expect(answer.headers.get('x-request-id')).toBe(logged?.requestId);
  });

  it('names the request in a problem as its log does', async () => {
    const { status, body, headers } = await whole.call('nobody', 'GET', '/me');
    expect(status).toBe(401);
    expect(body.instance).toBe(`urn:uuid:${headers.get('x-request-id')}`);
    await eventually(
      () => lines.find((line) => line.requestId === headers.get('x-request-id') && line.code === 'sign-in'),
      'its line',
    );
    expect(await (await scrape()).text()).toContain('tallystick_refusals_total{code="sign-in"');
  });
});
