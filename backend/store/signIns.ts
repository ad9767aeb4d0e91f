/** Sign-ins that have begun: each is for one browser, once, for a short while. Secrets are kept as hashes. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { hashOf } from './sessions.ts';

export interface SignInBegun {
  /** Of the mail's link, or the provider's state. */
  secret: string;
  /** What the browser that asked holds in a cookie. */
  browser: string;
  address?: string;
  provider?: string;
  nonce?: string;
  verifier?: string;
  maxAgeS?: number | null;
  begunAt: number;
  expiresAt: number;
}

export interface SignInUsed {
  address: string | null;
  provider: string | null;
  nonce: string | null;
  verifier: string | null;
  maxAgeS: number | null;
}

/** How long the rows are kept for counting, after they are over. */
const KEPT_MS = 3_600_000;

export async function beginSignIn(db: Db, hubId: HubId, begun: SignInBegun): Promise<void> {
  await db
    .insertInto('sign_ins')
    .values({
      hub_id: hubId,
      secret_hash: hashOf(begun.secret),
      browser_hash: hashOf(begun.browser),
      address: begun.address ?? null,
      provider: begun.provider ?? null,
      nonce: begun.nonce ?? null,
      verifier: begun.verifier ?? null,
      max_age_s: begun.maxAgeS ?? null,
      begun_at: new Date(begun.begunAt),
      expires_at: new Date(begun.expiresAt),
    })
    .execute();
  await db
    .deleteFrom('sign_ins')
    .where('hub_id', '=', hubId)
    .where('expires_at', '<', new Date(begun.begunAt - KEPT_MS))
    .execute();
}

/** How often a link was asked for this address since then. */
export async function countAsked(db: Db, hubId: HubId, address: string, since: number): Promise<number> {
  const row = await db
    .selectFrom('sign_ins')
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('hub_id', '=', hubId)
    .where('address', '=', address)
    .where('begun_at', '>', new Date(since))
    .executeTakeFirst();
  return Number(row?.n ?? 0);
}

/**
 * Uses it up, in one statement, so that of two that come at once one is too late. Another browser does not use it up:
 * a mail scanner that follows the link, or an attacker who has it, must not take it from the person who asked.
 */
export async function useSignIn(
  db: Db,
  hubId: HubId,
  asked: { secret: string; browser: string; now: number },
): Promise<SignInUsed | 'over' | 'other-browser'> {
  const { secret, browser, now } = asked;
  const row = await db
    .updateTable('sign_ins')
    .set({ used_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('secret_hash', '=', hashOf(secret))
    .where('browser_hash', '=', hashOf(browser))
    .where('used_at', 'is', null)
    .where('expires_at', '>', new Date(now))
    .returning(['address', 'provider', 'nonce', 'verifier', 'max_age_s'])
    .executeTakeFirst();
  if (row !== undefined) {
    const { address, provider, nonce, verifier, max_age_s: maxAgeS } = row;
    return { address, provider, nonce, verifier, maxAgeS };
  }
  const isOther = await db
    .selectFrom('sign_ins')
    .select(sql`1`.as('one'))
    .where('hub_id', '=', hubId)
    .where('secret_hash', '=', hashOf(secret))
    .where('browser_hash', '<>', hashOf(browser))
    .where('used_at', 'is', null)
    .where('expires_at', '>', new Date(now))
    .executeTakeFirst();
  return isOther === undefined ? 'over' : 'other-browser';
}
