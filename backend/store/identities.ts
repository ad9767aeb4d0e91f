/** Who proved what, and which contact each is: the tie, its evidence and its history. */
import type { HubId, IdentityId, RecordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface Identity {
  identityId: IdentityId;
  /** Empty: a mailbox. */
  issuer: string;
  /** The address that was proven; null: none. */
  address: string | null;
  continues: IdentityId | null;
  /** The hub's worker is asked to look. */
  isWaiting: boolean;
}

export interface Tie {
  tieId: string;
  identityId: IdentityId;
  contactId: RecordId;
  address: string | null;
  /** The contact's primary e-mail when the tie was made. */
  contactEmail: string | null;
}

/** Somebody proved who they are: found by issuer and subject, never by the address. */
export async function saveProof(
  db: Db,
  hubId: HubId,
  proof: {
    newId: IdentityId;
    issuer: string;
    subject: string;
    address: string | null;
    provenAt: number;
    continues: IdentityId | null;
  },
): Promise<IdentityId> {
  const { newId, issuer, subject, address, continues } = proof;
  const provenAt = new Date(proof.provenAt);
  const row = await db
    .insertInto('identities')
    .values({
      hub_id: hubId,
      identity_id: newId,
      issuer,
      subject,
      address,
      proven_at: provenAt,
      continues,
    })
    .onConflict((conflict) =>
      conflict.columns(['hub_id', 'issuer', 'subject']).doUpdateSet((eb) => ({
        address,
        proven_at: provenAt,
        // Nobody follows themselves.
        continues: sql<IdentityId>`nullif(coalesce(excluded.continues, ${eb.ref('identities.continues')}), ${eb.ref('identities.identity_id')})`,
      })),
    )
    .returning('identity_id')
    .executeTakeFirstOrThrow();
  return row.identity_id;
}

/** Has the hub's worker find out which contact this is; the caller wakes it. */
export async function askToLook(db: Db, hubId: HubId, identityId: IdentityId, now: number): Promise<void> {
  await db
    .updateTable('identities')
    .set({ look_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('identity_id', '=', identityId)
    .execute();
}

const LOOKS_AT_ONCE = 20;

export async function waitingIdentities(db: Db, hubId: HubId, now: number): Promise<Identity[]> {
  const rows = await db
    .selectFrom('identities')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('look_at', '<=', new Date(now))
    .orderBy('look_at')
    .limit(LOOKS_AT_ONCE)
    .execute();
  return rows.map(identityOf);
}

export async function identityById(db: Db, hubId: HubId, identityId: IdentityId): Promise<Identity | null> {
  const row = await db
    .selectFrom('identities')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('identity_id', '=', identityId)
    .executeTakeFirst();
  return row === undefined ? null : identityOf(row);
}

function identityOf(row: {
  identity_id: IdentityId;
  issuer: string;
  address: string | null;
  continues: IdentityId | null;
  look_at: Date | null;
}): Identity {
  const { identity_id: identityId, issuer, address, continues } = row;
  return { identityId, issuer, address, continues, isWaiting: row.look_at !== null };
}

/** `until` null: it was looked; else it is looked again then. */
export async function endLook(
  db: Db,
  hubId: HubId,
  identityId: IdentityId,
  until: number | null,
): Promise<void> {
  await db
    .updateTable('identities')
    .set({ look_at: until === null ? null : new Date(until) })
    .where('hub_id', '=', hubId)
    .where('identity_id', '=', identityId)
    .execute();
}

export async function standingTie(db: Db, hubId: HubId, identityId: IdentityId): Promise<Tie | null> {
  return (await standingTies(db, hubId, [identityId])).get(identityId) ?? null;
}

export async function standingTies(
  db: Db,
  hubId: HubId,
  identityIds: readonly IdentityId[],
): Promise<Map<IdentityId, Tie>> {
  if (identityIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('ties')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where(sql<boolean>`identity_id = any(${[...identityIds]}::uuid[])`)
    .where('ended_at', 'is', null)
    .execute();
  return new Map(
    rows.map((row) => [
      row.identity_id,
      {
        ...{ tieId: row.tie_id, identityId: row.identity_id, contactId: row.contact_id },
        ...{ address: row.address, contactEmail: row.contact_email },
      },
    ]),
  );
}

export async function beginTie(
  db: Db,
  hubId: HubId,
  tie: {
    identityId: IdentityId;
    contactId: RecordId;
    address: string | null;
    proof: string;
    contactEmail: string | null;
    addressSince: number | null;
    readAt: number | null;
    claimId: string | null;
    by: string;
    now: number;
  },
): Promise<void> {
  const { identityId, contactId, address, proof, contactEmail, addressSince, readAt, claimId, by, now } = tie;
  await db
    .insertInto('ties')
    .values({
      hub_id: hubId,
      identity_id: identityId,
      contact_id: contactId,
      address,
      proof,
      contact_email: contactEmail,
      address_since: addressSince === null ? null : new Date(addressSince),
      read_at: readAt === null ? null : new Date(readAt),
      claim_id: claimId,
      begun_at: new Date(now),
      begun_by: by,
    })
    .execute();
}

/** Answers with whose it was; null: it had ended before, or never was. */
export async function endTie(
  db: Db,
  hubId: HubId,
  tieId: string,
  end: { by: string; why: string; now: number; of?: RecordId },
): Promise<{ identityId: IdentityId; contactId: RecordId; address: string | null } | null> {
  const row = await db
    .updateTable('ties')
    .set({ ended_at: new Date(end.now), ended_by: end.by, ended_why: end.why })
    .where('hub_id', '=', hubId)
    .where('tie_id', '=', tieId)
    .where('ended_at', 'is', null)
    .$if(end.of !== undefined, (query) => query.where('contact_id', '=', end.of ?? null))
    .returning(['identity_id', 'contact_id', 'address'])
    .executeTakeFirst();
  if (row === undefined) return null;
  return { identityId: row.identity_id, contactId: row.contact_id, address: row.address };
}

/** Whether somebody else is or was tied to one of these contacts, or by this address. */
export async function hasOtherTies(
  db: Db,
  hubId: HubId,
  asked: { own: readonly IdentityId[]; contacts: readonly RecordId[]; address: string },
): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from ties where hub_id = ${hubId}
      and (contact_id = any(${[...asked.contacts]}::text[]) or address = ${asked.address})
      and identity_id <> all(${[...asked.own]}::uuid[])) as found`.execute(db);
  return rows[0]?.found === true;
}

export interface StandingTieRow extends Tie {
  begunAt: number;
  begunBy: string;
}

/** The people tied to these contacts, or to contacts of these companies, up to `limit`. */
export async function tiesOf(
  db: Db,
  hubId: HubId,
  contacts: readonly RecordId[],
  companies: readonly RecordId[],
  limit: number,
): Promise<StandingTieRow[]> {
  const rows = await db
    .selectFrom('ties')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('ended_at', 'is', null)
    .where(
      sql<boolean>`(contact_id = any(${[...contacts]}::text[]) or contact_id in (select record_id from links
        where hub_id = ${hubId} and object = 'contact' and company_id = any(${[...companies]}::text[])))`,
    )
    .orderBy('tie_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    tieId: row.tie_id,
    identityId: row.identity_id,
    contactId: row.contact_id,
    address: row.address,
    contactEmail: row.contact_email,
    begunAt: row.begun_at.getTime(),
    begunBy: row.begun_by,
  }));
}

/** Contacts of the mirror whose primary e-mail this is, whatever their life. */
export async function contactsWithAddress(
  db: Db,
  hubId: HubId,
  address: string,
): Promise<{ recordId: RecordId; life: string }[]> {
  const { rows } = await sql<{ record_id: RecordId; life: string }>`
    select record_id, life from mirror
    where hub_id = ${hubId} and object = 'contact' and fields->'email'->>0 = ${address}`.execute(db);
  return rows.map((row) => ({ recordId: row.record_id, life: row.life }));
}

/** Contacts that the journal saw lose this address. */
export async function contactsThatHadAddress(db: Db, hubId: HubId, address: string): Promise<RecordId[]> {
  const { rows } = await sql<{ record_id: RecordId }>`
    select distinct record_id from journal
    where hub_id = ${hubId} and object = 'contact' and field = 'email' and kind = 'changed'
      and before is not null and md5(before) = md5(${address}) and before = ${address}`.execute(db);
  return rows.map((row) => row.record_id);
}
