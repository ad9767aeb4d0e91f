/** The log at its most talkative, while people's data and secrets pass through the service: none of it is in there. */
import { createHash, randomBytes } from 'node:crypto';
import { recordId } from '@tallystick/shared/ids';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../backend/log.ts';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP, type Answered } from '../harness/whole.ts';
import { PORTAL_URL, startTarget, type Target } from './kit.ts';

const CANARY = 'canaryq7x';

describe('the log', () => {
  let target: Target;
  let lines = '';
  const secrets = new Set<string>();
  const sink = { write: (line: string) => void (lines += line) };

  beforeAll(async () => {
    target = await startTarget({ overrides: { log: openLog('trace', sink) } });
  });
  afterAll(() => target.close());

  const logged = (message: string): Promise<true> =>
    eventually(() => lines.includes(message), `the log says “${message}”`, 20_000);

  it('holds nothing of people and no secret, also where something goes wrong', async () => {
    await ordinary();
    await refused();
    await broken();
    expect(lines.split('\n').length).toBeGreaterThan(5);
    const found = [...lines.matchAll(new RegExp(`.{0,120}${CANARY}.{0,60}`, 'gi'))].map(([text]) => text);
    expect(found).toEqual([]);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(15);
      expect(lines.includes(secret)).toBe(false);
    }
  }, 60_000);

  const change = async (token: string, fields: Record<string, string>): Promise<Answered> => {
    const path = `/records/company/${target.whole.ids.acme}`;
    const { headers } = await target.whole.call(token, 'GET', path);
    const ifMatch = { 'if-match': headers.get('etag') ?? '' };
    return target.whole.call(token, 'PATCH', path, {
      body: { fields },
      headers: { ...freshKey(), ...ifMatch },
    });
  };

  /** A customer's day: signing in, reading, changing, sending; a colleague's changes beside it. */
  async function ordinary(): Promise<void> {
    const { whole, raw, desk } = target;
    const { ids, sim, service } = whole;
    const email = `${CANARY}@person.example`;
    sim.world.update('contacts', ids.ada, { email, firstname: `${CANARY} first`, phone: '+4930123456' }, REP);
    await eventually(async () => {
      const row = await service.db
        .selectFrom('mirror')
        .select('fields')
        .where('hub_id', '=', service.hubId)
        .where('object', '=', 'contact')
        .where('record_id', '=', recordId(ids.ada))
        .executeTakeFirst();
      return JSON.stringify(row?.fields ?? {}).includes(email);
    }, 'the mirror has the address');
    const cookie = await target.signIn(email);
    secrets.add(cookie.split('=')[1] ?? '').add(target.mailbox.mails.at(-1)?.token ?? '');
    const token = await whole.token(ids.ada, 'direct');
    secrets.add(token).add(sim.accessToken).add(sim.clientSecret);
    expect((await raw('/portal/v1/me', { headers: { cookie } })).status).toBe(200);
    const edit = await change(token, { deliveryNotes: `${CANARY} note`, city: `${CANARY} city` });
    expect(edit.status).toBe(202);
    await whole.settled(token, edit.body.editId);
    expect((await desk('/desk/v1/record', { query: { objectType: '0-1', recordId: ids.ada } })).status).toBe(
      200,
    );
    expect((await desk('/desk/v1/settings')).status).toBe(200);
  }

  /** What is turned away, with people's data in every part of it. */
  async function refused(): Promise<void> {
    const { whole, raw, hook, desk } = target;
    const token = await whole.token(whole.ids.ada, 'direct');
    const signature = createHash('sha256').update(CANARY).digest('base64');
    secrets.add(signature);
    await hook(`[{"portalId":1,"propertyValue":"${CANARY}"}]`, {
      headers: { 'x-hubspot-signature-v3': signature },
    });
    await hook(`{"${CANARY}`);
    await raw('/portal/v1/me', {
      headers: { authorization: `Bearer ${CANARY}${randomBytes(9).toString('hex')}` },
    });
    await raw('/portal/v1/me', { headers: { cookie: `__Host-portal_session=${CANARY}` } });
    await raw(`/${CANARY}/${CANARY}%40x.example?email=${CANARY}`);
    await raw('/portal/v1/sign-in/mail/confirm', {
      method: 'POST',
      body: JSON.stringify({ token: CANARY.padEnd(43, 'x') }),
      headers: { 'content-type': 'application/json', origin: PORTAL_URL },
    });
    await desk('/desk/v1/rulings', { body: JSON.stringify({ note: CANARY }) });
    for (const body of [`{"fields":{"${CANARY}`, `{"fields":{"${CANARY}":"${CANARY}"}}`])
      await raw(`/portal/v1/records/company/${whole.ids.acme}`, {
        method: 'PATCH',
        ...{
          body,
          headers: { ...freshKey(), authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
      });
    const made = await whole.call(token, 'POST', '/uploads', { body: { name: `${CANARY}.pdf`, size: 30 } });
    const { uploadId } = made.body as unknown as { uploadId: string };
    const bytes = Buffer.from(`${CANARY} is no document`.padEnd(30));
    await whole.call(token, 'PATCH', `/uploads/${uploadId}`, { bytes, headers: { 'upload-offset': '0' } });
    const document = await whole.call(token, 'POST', '/creations/uploadDocument', {
      body: { fields: {}, on: { object: 'ticket', id: whole.ids.ticket }, uploadId },
      headers: freshKey(),
    });
    expect(document.body.code).toBe('file-refused');
  }

  /** The CRM quotes what it refuses; Postgres quotes what it cannot store; the mail server is gone. */
  async function broken(): Promise<void> {
    const { whole, raw, mailbox } = target;
    const { ids, sim, service } = whole;
    const token = await whole.token(ids.ada, 'direct');
    await fetch(`${sim.url}/_sim/rules`, {
      method: 'PUT',
      body: JSON.stringify([
        { objectType: 'tickets', property: 'subject', ruleType: 'REGEX', ruleArguments: ['^[A-Z ]+$'] },
        { objectType: 'companies', property: 'city', ruleType: 'REGEX', ruleArguments: ['^[A-Z ]+$'] },
      ]),
    });
    const request = { subject: `${CANARY} request`, description: CANARY };
    const creation = await whole.call(token, 'POST', '/creations/raiseCase', {
      body: { fields: request, on: { object: 'company', id: ids.acme } },
      headers: freshKey(),
    });
    expect((await whole.settled(token, creation.body.editId)).state).toBe('refused');
    await logged('A creation was refused.');
    const edit = await change(token, { city: `${CANARY} town` });
    expect((await whole.settled(token, edit.body.editId)).state).toBe('refused');
    const owner = new pg.Client({ connectionString: service.databaseUrl });
    await owner.connect();
    // Where row-level security stands, Postgres tells no row of a broken constraint; a cast that fails quotes its value.
    for (const [table, value] of [
      ['edit_fields', 'new.wanted'],
      ['mirror', "(new.fields->'city'->>0)"],
    ] as const) {
      await owner.query(`create function cast_${table}() returns trigger language plpgsql as $$ begin
        if ${value} like '%${CANARY} late%' then perform ${value}::int; end if; return new; end $$`);
      await owner.query(`create trigger leak before insert or update on ${table}
        for each row execute function cast_${table}()`);
    }
    await owner.end();
    const failed = await change(token, { street: `${CANARY} late` });
    expect(failed.status).toBe(500);
    expect(JSON.stringify(failed.body)).not.toContain(CANARY);
    await logged('A request failed.');
    sim.world.update('companies', ids.beta, { city: `${CANARY} late` }, REP);
    await logged('A delivery could not be stored.');
    await logged('A record could not be stored.');
    await mailbox.close();
    await raw('/portal/v1/sign-in/mail', {
      method: 'POST',
      body: JSON.stringify({ email: `${CANARY}@person.example` }),
      headers: { 'content-type': 'application/json', origin: PORTAL_URL },
    });
    await logged('A mail could not be sent.');
  }
});
