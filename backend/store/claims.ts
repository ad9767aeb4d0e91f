/** Claims: somebody signed in, and which contact they are could not be told for certain. Staff decide. */
import type { HubId, IdentityId, RecordId } from '@tallystick/shared/ids';
import { sql, type Selectable } from 'kysely';
import type { Database, Db } from './database.ts';
import type { ClaimReason } from './signInTables.ts';

export interface Claim {
  claimId: string;
  identityId: IdentityId;
  reason: ClaimReason;
  address: string | null;
  candidates: RecordId[];
  openedAt: number;
  settledAt: number | null;
  settledBy: string | null;
  contactId: RecordId | null;
}

/** Opens a claim, or says anew what the open one is about. */
export async function openClaim(
  db: Db,
  hubId: HubId,
  claim: Pick<Claim, 'identityId' | 'reason' | 'address' | 'candidates'> & { now: number },
): Promise<void> {
  const { identityId, reason, address, candidates, now } = claim;
  await db
    .insertInto('claims')
    .values({
      hub_id: hubId,
      identity_id: identityId,
      reason,
      address,
      candidates,
      opened_at: new Date(now),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['hub_id', 'identity_id'])
        .where('settled_at', 'is', null)
        .doUpdateSet({ reason, address, candidates }),
    )
    .execute();
}

/** The person's newest claim. */
export async function newestClaim(db: Db, hubId: HubId, identityId: IdentityId): Promise<Claim | null> {
  const row = await all(db, hubId)
    .where('identity_id', '=', identityId)
    .orderBy('claim_id', 'desc')
    .executeTakeFirst();
  return row === undefined ? null : claimOf(row);
}

export async function claimById(db: Db, hubId: HubId, claimId: string): Promise<Claim | null> {
  const row = await all(db, hubId).where('claim_id', '=', claimId).executeTakeFirst();
  return row === undefined ? null : claimOf(row);
}

/** The open claims for which this contact is a candidate. */
export async function claimsOfContact(db: Db, hubId: HubId, contactId: RecordId): Promise<Claim[]> {
  const rows = await all(db, hubId)
    .where('settled_at', 'is', null)
    .where(sql<boolean>`${contactId}::text = any(candidates)`)
    .orderBy('claim_id')
    .execute();
  return rows.map(claimOf);
}

/** Newest first. */
export async function listClaims(
  db: Db,
  hubId: HubId,
  page: { open: boolean; before: string | null; limit: number },
): Promise<Claim[]> {
  const rows = await all(db, hubId)
    .where('settled_at', page.open ? 'is' : 'is not', null)
    .$if(page.before !== null, (query) => query.where('claim_id', '<', page.before))
    .orderBy('claim_id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(claimOf);
}

/** `contactId` null: refused. A refused claim may still be settled for a contact later. */
export async function settleClaim(
  db: Db,
  hubId: HubId,
  claimId: string,
  settled: { by: string; contactId: RecordId | null; now: number },
): Promise<Claim | null> {
  const row = await db
    .updateTable('claims')
    .set({ settled_at: new Date(settled.now), settled_by: settled.by, contact_id: settled.contactId })
    .where('hub_id', '=', hubId)
    .where('claim_id', '=', claimId)
    .where((eb) =>
      settled.contactId === null
        ? eb('settled_at', 'is', null)
        : eb.or([eb('settled_at', 'is', null), eb('contact_id', 'is', null)]),
    )
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : claimOf(row);
}

/** What was open about this person has answered itself. */
export async function settleOpenClaim(
  db: Db,
  hubId: HubId,
  identityId: IdentityId,
  settled: { by: string; contactId: RecordId; now: number },
): Promise<void> {
  await db
    .updateTable('claims')
    .set({ settled_at: new Date(settled.now), settled_by: settled.by, contact_id: settled.contactId })
    .where('hub_id', '=', hubId)
    .where('identity_id', '=', identityId)
    .where('settled_at', 'is', null)
    .execute();
}

const all = (db: Db, hubId: HubId) => db.selectFrom('claims').selectAll().where('hub_id', '=', hubId);

function claimOf(row: Selectable<Database['claims']>): Claim {
  return {
    claimId: row.claim_id,
    identityId: row.identity_id,
    reason: row.reason,
    address: row.address,
    candidates: row.candidates,
    openedAt: row.opened_at.getTime(),
    settledAt: row.settled_at?.getTime() ?? null,
    settledBy: row.settled_by,
    contactId: row.contact_id,
  };
}
