/** Which contact somebody who signed in is at this moment, and what that contact may reach: read anew every time. */
import type { HubId, IdentityId } from '@tallystick/shared/ids';
import type { UnlinkedReason } from '@tallystick/shared/messages';
import type { Signals } from '../signals.ts';
import { newestClaim } from '../store/claims.ts';
import type { Db } from '../store/database.ts';
import { askToLook, identityById, standingTie, type Tie } from '../store/identities.ts';
import { linksOf } from '../store/records.ts';
import { livingContact, type Customer } from './session.ts';
import { audienceOf, reachOf, type Reach } from './visibility.ts';

export type Standing = { is: 'in'; person: Customer; reach: Reach } | { is: 'out'; reason: UnlinkedReason };

export interface StandingDeps {
  db: Db;
  signals: Signals;
  now: () => number;
}

export async function standingOf(
  deps: StandingDeps,
  hubId: HubId,
  identityId: IdentityId,
): Promise<Standing> {
  const { db, signals, now } = deps;
  const [identity, tie] = await Promise.all([
    identityById(db, hubId, identityId),
    standingTie(db, hubId, identityId),
  ]);
  if (tie === null) return out(await reasonOf(db, hubId, identityId, identity));
  const { standing, isDoubtful } = await ofTie(db, hubId, tie);
  // The mirror contradicts the tie: nobody is let in by it, and the worker asks the CRM itself.
  if (isDoubtful && identity?.isWaiting === false) {
    await askToLook(db, hubId, identityId, now());
    signals.wake(hubId);
  }
  return standing;
}

const out = (reason: UnlinkedReason): Standing => ({ is: 'out', reason });

async function reasonOf(
  db: Db,
  hubId: HubId,
  identityId: IdentityId,
  identity: { isWaiting: boolean; address: string | null } | null,
): Promise<UnlinkedReason> {
  if (identity?.isWaiting === true) return 'checking';
  const claim = await newestClaim(db, hubId, identityId);
  if (claim !== null && claim.settledAt === null) return claim.reason;
  if (claim !== null && claim.contactId === null) return 'refused';
  return identity?.address == null ? 'unproven-address' : 'checking';
}

async function ofTie(
  db: Db,
  hubId: HubId,
  { contactId, contactEmail }: Tie,
): Promise<{ standing: Standing; isDoubtful: boolean }> {
  const found = await livingContact(db, hubId, contactId);
  // Linked a moment ago to a contact that the mirror is about to get.
  if (found === 'unknown') return { standing: out('checking'), isDoubtful: false };
  if (found === 'gone') return { standing: out('gone'), isDoubtful: false };
  const { contact, formerIds } = found;
  if ((contact.fields.email?.value ?? null) !== contactEmail)
    return { standing: out(formerIds.length > 0 ? 'checking' : 'address-moved'), isDoubtful: true };
  const links = await linksOf(db, hubId, contact.recordId);
  const audience = audienceOf(links);
  if (audience === null) return { standing: out('no-company'), isDoubtful: false };
  const person = { hubId, contactId: contact.recordId, audience, formerIds };
  return { standing: { is: 'in', person, reach: reachOf(audience, links) }, isDoubtful: false };
}
