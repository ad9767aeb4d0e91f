/** Merging, privacy deletion, files, tokens: what makes, joins and unmakes identities. */
import { expect, test } from 'vitest';
import { contract, openTarget, stage, thrown } from './target.ts';

const CHANGES = { unsafe: 'it cannot be undone there' };

contract(
  'merging and privacy deletion',
  (at) => {
    const contact = async (email: string, properties: Record<string, string> = {}) =>
      (
        await at().client.crm.contacts.basicApi.create({
          properties: { email, ...properties },
          associations: [],
        })
      ).id;

    test('old ids resolve to the merged record, a batch does not know them, and both addresses stay taken', async () => {
      const { client, http, unique } = at();
      const [one, two] = [`${unique('one')}@example.com`, `${unique('two')}@example.com`];
      const first = await contact(one, { jobtitle: 'Buyer' });
      const second = await contact(two, { jobtitle: 'Seller', phone: '5' });
      const merged = await client.crm.contacts.basicApi.merge({
        primaryObjectId: first,
        objectIdToMerge: second,
      });
      for (const old of [first, second])
        expect((await client.crm.contacts.basicApi.getById(old)).id).toBe(merged.id);
      const { properties } = await client.crm.contacts.basicApi.getById(merged.id, [
        'jobtitle',
        'phone',
        'hs_merged_object_ids',
      ]);
      expect(properties).toMatchObject({ jobtitle: 'Buyer', phone: '5' });
      expect(properties['hs_merged_object_ids']!.split(';')).toContain(second);
      expect(
        (await http('PATCH', `/crm/v3/objects/contacts/${second}`, { properties: { phone: '6' } })).body.id,
      ).toBe(merged.id);
      const batch = await http('POST', '/crm/v3/objects/contacts/batch/update', {
        inputs: [{ id: second, properties: { phone: '7' } }],
      });
      expect(batch.body.results).toEqual([]);
      expect((await thrown(contact(one))).code).toBe(409);
      const taken = await thrown(contact(two));
      expect(taken.code).toBe(400);
      expect(/on (\d+)\. (\d+) already has that value/.exec(taken.body.message)![2]).toBe(merged.id);
    });

    test('a privacy deletion leaves nothing, and the address is free again', async () => {
      const { client, unique } = at();
      const email = `${unique('gone')}@example.com`;
      const id = await contact(email);
      await client.crm.contacts.basicApi.purge({ objectId: email, idProperty: 'email' });
      expect((await thrown(client.crm.contacts.basicApi.getById(id))).code).toBe(404);
      const { results } = await client.crm.contacts.basicApi.getPage(
        100,
        undefined,
        undefined,
        undefined,
        undefined,
        true,
      );
      expect(results.map((record) => record.id)).not.toContain(id);
      expect(await contact(email)).not.toBe(id);
    });
  },
  CHANGES,
);

contract('files', (at) => {
  test('an uploaded private file is reached by its signed address only, and hangs on a note', async () => {
    const { client, http, tidy, unique } = at();
    const content = 'the terms\r\nof the contract';
    const file = (await client.files.filesApi.upload(
      { data: Buffer.from(content), name: 'terms.txt' },
      undefined,
      '/portal',
      `${unique('terms')}.txt`,
      undefined,
      JSON.stringify({ access: 'PRIVATE' }),
    )) as { id: string; url: string }; // the client declares it any
    expect(file).toMatchObject({ access: 'PRIVATE', extension: 'txt' });
    expect((await fetch(file.url)).ok).toBe(false);
    const signed = await client.files.filesApi.getSignedUrl(file.id);
    expect(await (await fetch(signed.url)).text()).toBe(content);
    const note = await http('POST', '/crm/v3/objects/notes', {
      properties: { hs_timestamp: '2026-11-23T10:00:00Z', hs_note_body: 'see', hs_attachment_ids: file.id },
    });
    expect(note.status).toBe(201);
    tidy('notes', note.body.id);
    await client.files.filesApi.archive(file.id);
    expect((await thrown(client.files.filesApi.getById(file.id))).code).toBe(404);
  });

  test('an upload needs an access', async () => {
    const { client } = at();
    const { code } = await thrown(
      client.files.filesApi.upload(
        { data: Buffer.from('x'), name: 'x.txt' },
        undefined,
        '/portal',
        'x.txt',
        undefined,
        '{}',
      ),
    );
    expect(code).toBe(400);
  });
});

test('a code is spent once, a refresh token lasts, and an access token half an hour', async () => {
  const at = await stage();
  const { clientId, clientSecret } = at.sim;
  const { code } = await at.control('POST', 'tokens', { code: ['oauth', 'crm.objects.contacts.read'] });
  const token = (form: Record<string, string>) =>
    fetch(`${at.url}/oauth/2026-09/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form }),
    });
  const first = (await (await token({ grant_type: 'authorization_code', code })).json()) as {
    access_token: string;
    refresh_token: string;
    expires_in: number;
  };
  expect(first.expires_in).toBe(1_800);
  expect((await token({ grant_type: 'authorization_code', code })).status).toBe(400);
  const mine = openTarget(at.url, first.access_token, false);
  const listed = await mine.http('GET', '/crm/v3/objects/contacts');
  expect(listed.status).toBe(200);
  expect(listed.headers.get('x-hubspot-ratelimit-daily')).toBeNull();
  expect(listed.headers.get('x-hubspot-ratelimit-max')).toBe('110');
  const denied = await mine.http('GET', '/crm/v3/objects/companies');
  expect([denied.status, denied.body.category]).toEqual([403, 'MISSING_SCOPES']);
  expect(denied.body.errors[0]!.context.requiredGranularScopes).toEqual(['crm.objects.companies.read']);
  at.sim.world.clock.advance(1_801_000);
  expect((await mine.http('GET', '/crm/v3/objects/contacts')).body.category).toBe('EXPIRED_AUTHENTICATION');
  const refreshed = await mine.client.oauth.tokensApi.create(
    'refresh_token',
    undefined,
    undefined,
    clientId,
    clientSecret,
    first.refresh_token,
  );
  expect(refreshed.refreshToken).toBe(first.refresh_token);
  const info = await fetch(`${at.url}/oauth/2026-03/token/introspect`, {
    method: 'POST',
    body: new URLSearchParams({ token: refreshed.accessToken }),
  });
  expect(await info.json()).toMatchObject({ active: true, hub_id: at.sim.hubId, app_id: at.sim.appId });
  await fetch(`${at.url}/oauth/2026-03/token/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: first.refresh_token }),
  });
  const revoked = await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  expect(revoked.status).toBe(400);
  expect(await revoked.json()).toMatchObject({ error: 'invalid_grant', status: 'BAD_REFRESH_TOKEN' });
  await at.sim.close();
});

test("another app's token writes under that app's id", async () => {
  const at = await stage();
  const { accessToken } = await at.control('POST', 'tokens', { appId: 42 });
  const other = openTarget(at.url, accessToken, false);
  const made = await other.http('POST', '/crm/v3/objects/contacts', {
    properties: { email: 'x@example.com' },
  });
  const read = await at.client.crm.contacts.basicApi.getById(made.body.id, undefined, ['email']);
  expect(read.propertiesWithHistory!['email']![0]).toMatchObject({
    sourceType: 'INTEGRATION',
    sourceId: '42',
  });
  const info = await at.http('POST', '/oauth/v2/private-apps/get/access-token-info', {
    tokenKey: accessToken,
  });
  expect(info.body).toMatchObject({ hubId: at.sim.hubId, appId: 42 });
  await at.sim.close();
});
