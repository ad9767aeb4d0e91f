/** What staff decide about a person who signed in: carried out by the hub's worker, over the mirror as it stands. */
import * as store from '../store/claims.ts';
import type { Db, Order } from '../store/database.ts';
import { beginTie, endTie, standingTie } from '../store/identities.ts';
import { loadMirror, keyOf } from '../store/mirror.ts';
import type { Context } from './context.ts';

type AboutPeople = Extract<Order, { do: 'link' | 'refuse' | 'unlink' }>;

/** False: there was nothing to decide any more, or the contact is not there. */
export async function settleIdentity(
  ctx: Context,
  trx: Db,
  order: AboutPeople,
  userId: string,
): Promise<boolean> {
  const now = ctx.clock.now();
  switch (order.do) {
    case 'link':
      return link(ctx, trx, order, userId);
    case 'refuse':
      return (
        (await store.settleClaim(trx, ctx.hubId, order.claimId, { by: userId, contactId: null, now })) !==
        null
      );
    case 'unlink':
      return unlink(ctx, trx, order, userId);
    default:
      return order satisfies never;
  }
}

async function link(
  ctx: Context,
  trx: Db,
  { recordId, claimId }: Extract<AboutPeople, { do: 'link' }>,
  userId: string,
): Promise<boolean> {
  const { hubId } = ctx;
  const contact = { object: 'contact' as const, recordId };
  const row = (await loadMirror(trx, hubId, [contact])).get(keyOf(contact));
  if (row?.life !== 'present') return false;
  const now = ctx.clock.now();
  const settled = await store.settleClaim(trx, hubId, claimId, { by: userId, contactId: recordId, now });
  if (settled === null) return false;
  const { identityId, address } = settled;
  const before = await standingTie(trx, hubId, identityId);
  if (before !== null) await endTie(trx, hubId, before.tieId, { by: userId, why: 'replaced', now });
  await beginTie(trx, hubId, {
    identityId,
    contactId: recordId,
    address,
    proof: 'staff',
    contactEmail: row.fields.email?.value ?? null,
    addressSince: null,
    readAt: row.fields.email?.asOf ?? null,
    claimId,
    by: userId,
    now,
  });
  return true;
}

/** What staff undo stays undone: the person's next sign-in does not link them again. */
async function unlink(
  ctx: Context,
  trx: Db,
  { recordId, tieId }: Extract<AboutPeople, { do: 'unlink' }>,
  userId: string,
): Promise<boolean> {
  const { hubId } = ctx;
  const now = ctx.clock.now();
  const ended = await endTie(trx, hubId, tieId, { by: userId, why: 'undone', now, of: recordId });
  if (ended === null) return false;
  const { identityId, address, contactId } = ended;
  const claim = { identityId, address, reason: 'reused-address' as const, candidates: [contactId], now };
  await store.openClaim(trx, hubId, claim);
  const open = await store.newestClaim(trx, hubId, identityId);
  if (open !== null) await store.settleClaim(trx, hubId, open.claimId, { by: userId, contactId: null, now });
  return true;
}
