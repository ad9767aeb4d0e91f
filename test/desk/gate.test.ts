import { get } from 'node:http';
import type { Problem } from '@tallystick/shared/messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NORA, startDesk, TOMASZ, type DeskHarness, type Sending } from '../harness/desk.ts';

const HEALTH = '/desk/v1/rules';

describe('the desk’s gate', () => {
  let desk: DeskHarness;
  beforeAll(async () => {
    desk = await startDesk();
  });
  afterAll(() => desk.close());

  const refused = async (sending: Sending): Promise<string> => {
    const answer = await desk.raw(NORA, HEALTH, sending);
    expect(answer.status).toBe(401);
    return ((await answer.json()) as Problem).code;
  };

  it('lets in what HubSpot signed, with the @ of the address as %40 on the wire', async () => {
    expect((await desk.raw(NORA, HEALTH)).status).toBe(200);
    expect((await desk.raw(TOMASZ, HEALTH)).status).toBe(200);
  });

  it.each<[string, Sending]>([
    ['another secret', { secret: 'another-secret' }],
    ['an older secret that is no longer kept', { secret: 'old-secret' }],
  ])('refuses %s', async (_, sending) => {
    expect(await refused(sending)).toBe('signature-wrong');
  });

  it.each<[string, number]>([
    ['too old', -301_000],
    ['too far ahead', 301_000],
  ])('refuses a request whose time is %s', async (_, by) => {
    expect(await refused({ at: Date.now() + by })).toBe('signature-stale');
  });

  it('refuses a body other than the signed one, and an address other than the signed one', async () => {
    const path = '/desk/v1/orders';
    const answer = await desk.raw(NORA, path, { body: { key: 'x' } });
    expect(answer.status).toBe(200); // signed; refused for its content
    const at = Date.now();
    const stolen = {
      'x-hubspot-request-timestamp': String(at),
      'x-hubspot-signature-v3': 'A'.repeat(43) + '=',
    };
    expect(await refused({ headers: stolen })).toBe('signature-wrong');
  });

  it('refuses the signatures of version 1 and 2, and none at all', async () => {
    const bare = await fetch(`${desk.url}${HEALTH}`);
    expect(((await bare.json()) as Problem).code).toBe('signature-missing');
    const old = await fetch(`${desk.url}${HEALTH}`, {
      headers: { 'x-hubspot-signature': 'a'.repeat(64), 'x-hubspot-signature-version': 'v2' },
    });
    expect(((await old.json()) as Problem).code).toBe('signature-missing');
  });

  it('refuses a signature or a time that is given twice', async () => {
    expect(
      await refused({ headers: { 'x-hubspot-request-timestamp': '1700000000000, 1700000000000' } }),
    ).toBe('signature-malformed');
    // As two headers, of which the first alone would be taken.
    const name = 'x-hubspot-signature-v3';
    const { address, headers } = desk.signed(NORA, HEALTH);
    const status = (signature: string[]) =>
      new Promise((resolve, reject) => {
        const all = { ...headers, [name]: signature };
        get(`${desk.url}${address}`, { headers: all }, (res) => resolve(res.resume().statusCode)).on(
          'error',
          reject,
        );
      });
    expect(await status([headers[name]])).toBe(200);
    expect(await status([headers[name], 'another'])).toBe(401);
  });

  it('accepts every secret while one is being rotated', async () => {
    desk.secrets.push('the-next-secret');
    expect((await desk.raw(NORA, HEALTH, { secret: 'the-next-secret' })).status).toBe(200);
    expect((await desk.raw(NORA, HEALTH)).status).toBe(200);
    desk.secrets.pop();
    expect(await refused({ secret: 'the-next-secret' })).toBe('signature-wrong');
  });

  it.each(['userId', 'portalId', 'userEmail', 'appId'])(
    'believes nobody when the card itself names a %s: two are one too many',
    async (name) => {
      expect(await refused({ query: { [name]: '1' } })).toBe('identity-unclear');
    },
  );

  it.each([
    ['another hub', { portalId: '999' }],
    ['another app', { appId: '999' }],
  ])('refuses %s, though signed', async (_, identity) => {
    expect(await refused({ identity })).toBe('another-hub');
  });

  it('refuses a user id that is none', async () => {
    expect(await refused({ identity: { userId: '1 or 1=1' } })).toBe('identity-unclear');
  });

  it.each([
    ['/rulings', {}],
    ['/rulings/many', {}],
    ['/undo', {}],
    ['/test-alert', {}],
    ['/orders', { key: 'viewer-orders-1', order: { do: 'everybody', role: 'admin' } }],
  ])('lets nobody but administrators change anything: %s', async (path, body) => {
    expect(await desk.ask(TOMASZ, `/desk/v1${path}`, { body })).toMatchObject({
      ok: false,
      code: 'admins-only',
    });
  });

  it('answers a refusal of the desk with 200 and a sentence, so that HubSpot does not repeat it', async () => {
    const answer = await desk.raw(TOMASZ, '/desk/v1/rulings', { body: {} });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ ok: false, code: 'admins-only' });
    const broken = await desk.raw(NORA, '/desk/v1/rulings', { body: 'not an object' });
    expect(await broken.json()).toMatchObject({ ok: false, code: 'bad-request' });
  });

  it('takes the desk away from whom an administrator takes it', async () => {
    const body = { key: 'take-away-1', order: { do: 'role', userId: String(TOMASZ.id), role: 'none' } };
    expect(await desk.ask(NORA, '/desk/v1/orders', { body })).toMatchObject({ ok: true });
    expect(await desk.ask(TOMASZ, HEALTH)).toMatchObject({ ok: false, code: 'not-for-you' });
    const back = { key: 'give-back-1', order: { do: 'role', userId: String(TOMASZ.id), role: null } };
    await desk.ask(NORA, '/desk/v1/orders', { body: back });
    expect(await desk.ask(TOMASZ, HEALTH)).toMatchObject({ ok: true });
  });

  it('lets somebody’s own role count before everybody’s', async () => {
    const order = (key: string, what: object) =>
      desk.ask(NORA, '/desk/v1/orders', { body: { key, order: what } });
    await order('own-role-1', { do: 'role', userId: String(TOMASZ.id), role: 'viewer' });
    await order('everybody-1', { do: 'everybody', role: 'none' });
    expect(await desk.ask(TOMASZ, HEALTH)).toMatchObject({ ok: true });
    await order('own-role-2', { do: 'role', userId: String(TOMASZ.id), role: null });
    expect(await desk.ask(TOMASZ, HEALTH)).toMatchObject({ ok: false, code: 'not-for-you' });
    await order('everybody-2', { do: 'everybody', role: 'viewer' });
    expect(await desk.ask(TOMASZ, HEALTH)).toMatchObject({ ok: true });
  });

  it('knows a fixed administrator in whatever case HubSpot writes the address', async () => {
    const identity = { userEmail: NORA.email.toUpperCase() };
    expect(await desk.ask(NORA, '/desk/v1/rulings', { identity, body: {} })).toMatchObject({
      code: 'bad-request',
    });
  });
});
