/** The settings of signing in, parsed once; each mistake is one sentence. */
import { z } from 'zod';
import type { Provider } from './portal/signIn/settings.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DEFAULT_IDLE_MINUTES = 480;
const DEFAULT_MAX_HOURS = 168;

export interface SignInConfig {
  /** The customers' origin, without a slash at its end. */
  portalUrl: string;
  /** Null: no link by e-mail. */
  mail: { smtpUrl: string; from: string } | null;
  providers: Provider[];
  idleMs: number;
  absoluteMs: number;
}

const provider = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'a name has only a-z, 0-9 and -'),
  label: z.string().min(1).max(60),
  issuer: z.string().refine(isSafe, 'an issuer is an https address'),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
});

const whole = (name: string, fallback: number) =>
  z.coerce
    .number({ error: `${name} is not a number` })
    .int(`${name} is not a whole number`)
    .min(1, `${name} is below 1`)
    .default(fallback);

/** The environment's part; `config.ts` merges it into the whole. */
export const signInEnvironment = {
  PORTAL_URL: z
    .string()
    .refine(isSafe, 'PORTAL_URL is not an https address (http only for localhost)')
    .refine((text) => !URL.canParse(text) || new URL(text).pathname === '/', {
      error: 'PORTAL_URL has a path: it is an origin',
    })
    .optional(),
  SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:\/\//.test(text) && URL.canParse(text), {
      error: 'SMTP_URL does not start with smtp:// or smtps://',
    })
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]* <)?[^\s@<>]+@[^\s@<>]+>?$/, 'MAIL_FROM is not a sender')
    .optional(),
  SIGN_IN_PROVIDERS: z.string().default('[]').transform(providersOf),
  SESSION_IDLE_MINUTES: whole('SESSION_IDLE_MINUTES', DEFAULT_IDLE_MINUTES),
  SESSION_MAX_HOURS: whole('SESSION_MAX_HOURS', DEFAULT_MAX_HOURS),
  TRUSTED_PROXIES: z.coerce
    .number({ error: 'TRUSTED_PROXIES is not a number' })
    .int('TRUSTED_PROXIES is not a whole number')
    .min(0, 'TRUSTED_PROXIES is below 0')
    .default(0),
};
type Environment = z.infer<z.ZodObject<typeof signInEnvironment>>;

/** What only the settings together can have wrong. `alertsAreMailed`: then mail is not for signing in alone. */
export function mistakesInSignIn(env: Environment, alertsAreMailed: boolean): string[] {
  const { PORTAL_URL: portal, SMTP_URL: smtp, MAIL_FROM: from, SIGN_IN_PROVIDERS: providers } = env;
  const mistakes: string[] = [];
  if ((smtp === undefined) !== (from === undefined))
    mistakes.push(
      smtp === undefined ? 'MAIL_FROM is set, SMTP_URL is missing' : 'SMTP_URL is set, MAIL_FROM is missing',
    );
  if (portal === undefined && ((smtp !== undefined && !alertsAreMailed) || providers.length > 0))
    mistakes.push('PORTAL_URL is missing: people are to sign in, and where is not known');
  const names = providers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) mistakes.push(`SIGN_IN_PROVIDERS names "${twice}" twice`);
  return mistakes;
}

/** Null: nobody signs in; bearer tokens work. */
export function signInConfigOf(env: Environment): SignInConfig | null {
  const { PORTAL_URL: portal, SMTP_URL: smtpUrl, MAIL_FROM: from } = env;
  if (portal === undefined) return null;
  return {
    portalUrl: new URL(portal).origin,
    mail: smtpUrl === undefined || from === undefined ? null : { smtpUrl, from },
    providers: env.SIGN_IN_PROVIDERS,
    idleMs: env.SESSION_IDLE_MINUTES * MINUTE_MS,
    absoluteMs: env.SESSION_MAX_HOURS * HOUR_MS,
  };
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname));
}

/** One line of JSON: `[{"name":"entra","label":"Microsoft","issuer":"https://…","clientId":"…","clientSecret":"…"}]`. */
function providersOf(text: string, ctx: z.RefinementCtx<string>): Provider[] {
  const refuse = (message: string): never => {
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const parsed = z.array(provider).safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    // The value itself may be a secret: only its place is named.
    return refuse(
      `SIGN_IN_PROVIDERS, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the documented form'}`,
    );
  } catch {
    return refuse('SIGN_IN_PROVIDERS is not JSON');
  }
}
