/** What signing in needs to know; without it only bearer tokens open a session. */
import type { HubId } from '@tallystick/shared/ids';
import type { Mailer } from './mailer.ts';

export interface Provider {
  /** In addresses: `/sign-in/with/{name}`. */
  name: string;
  /** On the button. */
  label: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
}

export interface SignInSettings {
  /** The hub whose contacts sign in here. */
  hubId: HubId;
  /** The customers' origin, without a slash at its end: pages and this API are both served there. */
  portalUrl: string;
  /** Null: no link by e-mail is offered. */
  mailer: Mailer | null;
  providers: readonly Provider[];
  /** A session ends when nothing was asked for this long, and after that time whatever happens. */
  idleMs: number;
  absoluteMs: number;
  randomBytes: (count: number) => Buffer;
}

/** Asked for one after the other this makes 256 bits, in 43 characters. */
const SECRET_BYTES = 32;
export const newSecret = ({ randomBytes }: SignInSettings): string =>
  randomBytes(SECRET_BYTES).toString('base64url');
export const isSecret = (text: string): boolean => /^[\w-]{43}$/.test(text);
