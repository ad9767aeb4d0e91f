/** A real OpenID provider in this process, whose pages let everybody through as the account that was chosen. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export interface Account {
  email?: string;
  verified?: boolean;
}

/** `portal`: the origin to which it sends people back. */
export async function startProvider(accounts: ReadonlyMap<string, Account>, portal: string) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const client = { client_id: 'portal', client_secret: 'a-secret-of-the-client' };
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [`${portal}/portal/v1/sign-in/with/acme/callback`] }],
    claims: { email: ['email', 'email_verified'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ['for a test'] },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => {
        const { email, verified } = accounts.get(accountId) ?? {};
        return {
          sub: accountId,
          ...(email === undefined ? {} : { email }),
          ...(verified === undefined ? {} : { email_verified: verified }),
        };
      },
    }),
    loadExistingGrant: async (ctx) => {
      const clientId = ctx.oidc.client!.clientId;
      const grant = new ctx.oidc.provider.Grant({ clientId, accountId: ctx.oidc.session!.accountId! });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  let chosen = '';
  const handle = provider.callback();
  server.on('request', (req, res) => {
    if (req.url?.startsWith('/interaction/') !== true) void handle(req, res);
    else void provider.interactionFinished(req, res, { login: { accountId: chosen } });
  });
  return {
    provider: {
      name: 'acme',
      label: 'Acme ID',
      issuer,
      clientId: client.client_id,
      clientSecret: client.client_secret,
    },
    /** As whom the next browser that comes is let through. */
    choose: (account: string) => void (chosen = account),
    /** What a person does at the provider's pages; answers with the address it sends the browser back to. */
    consent: async (address: string, account: string): Promise<string> => {
      chosen = account;
      const jar = new Map<string, string>();
      let at = address;
      for (let hops = 0; hops < 10; hops += 1) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
        for (const line of answer.headers.getSetCookie()) {
          const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
          jar.set(name, value);
        }
        const location = answer.headers.get('location');
        if (location === null)
          throw new Error(`The provider stopped at ${at}: ${answer.status} ${await answer.text()}`);
        at = new URL(location, at).href;
        if (at.startsWith(portal)) return at;
      }
      throw new Error('The provider sends the browser round in circles.');
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
