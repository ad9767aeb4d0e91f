/** Who may call the portal API: a bearer token bound to a contact. Only the token's hash is kept. */
import { createHash } from 'node:crypto';
import { isHubId, isRecordId, type HubId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import { isAudience, type AppAudience } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Value } from '@tallystick/shared/values';
import type { Db } from './database.ts';
import { loadMirror } from './mirror.ts';

export interface Person {
  hubId: HubId;
  contactId: RecordId;
  audience: AppAudience;
}

/** Makes a token for a person; `secret` is 24 or more random bytes in base64url. The token itself is kept nowhere. */
export async function addPerson(db: Db, person: Person & { secret: string; now: number }): Promise<string> {
  const token = `tsp_${person.hubId}_${person.secret}`;
  await db
    .insertInto('people')
    .values({
      hub_id: person.hubId,
      token_hash: hashOf(token),
      contact_id: person.contactId,
      audience: person.audience,
      created_at: new Date(person.now),
    })
    .execute();
  return token;
}

/** Takes every token of a contact back; says how many there were. Live streams that one opened end with it. */
export async function revokeTokens(db: Db, hubId: HubId, contactId: RecordId, now: number): Promise<number> {
  const revoked = await db
    .updateTable('people')
    .set({ revoked_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('contact_id', '=', contactId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return Number(revoked.numUpdatedRows);
}

/** The hub stands in the token, so that the look-up names one hub. Null: unknown, revoked or malformed. */
export async function personOf(db: Db, token: string): Promise<Person | null> {
  const hub = /^tsp_(\d+)_[\w-]{20,100}$/.exec(token)?.[1] ?? '';
  if (!isHubId(hub)) return null;
  const row = await db
    .selectFrom('people')
    .select(['hub_id', 'contact_id', 'audience'])
    .where('hub_id', '=', hub)
    .where('token_hash', '=', hashOf(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined || !isAudience(row.audience)) return null;
  return { hubId: row.hub_id, contactId: row.contact_id, audience: row.audience };
}

/** Whose those of these tokens are that still count. */
export async function livingTokens(
  db: Db,
  hubId: HubId,
  tokens: readonly string[],
): Promise<Map<string, Person>> {
  if (tokens.length === 0) return new Map();
  const byHash = new Map(tokens.map((token) => [hashOf(token).toString('hex'), token]));
  const rows = await db
    .selectFrom('people')
    .select(['token_hash', 'contact_id', 'audience'])
    .where('hub_id', '=', hubId)
    .where(sql<boolean>`token_hash = any(${tokens.map(hashOf)}::bytea[])`)
    .where('revoked_at', 'is', null)
    .execute();
  return new Map(
    rows.flatMap(({ token_hash: hash, contact_id: contactId, audience }): [string, Person][] => {
      const token = byHash.get(hash.toString('hex'));
      return token === undefined || !isAudience(audience) ? [] : [[token, { hubId, contactId, audience }]];
    }),
  );
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** People with access whose contact hangs on one of these companies, or is one of these contacts. */
export async function peopleOfCompanies(
  db: Db,
  hubId: HubId,
  companies: readonly RecordId[],
  contacts: readonly RecordId[],
  limit: number,
): Promise<Person[]> {
  const { rows } = await sql<{ contact_id: RecordId; audience: string }>`
    select distinct p.contact_id, p.audience from people p
    where p.hub_id = ${hubId} and p.revoked_at is null and (
      p.contact_id = any(${[...contacts]}::text[]) or p.contact_id in (
        select record_id from links
        where hub_id = ${hubId} and object = 'contact' and company_id = any(${[...companies]}::text[])))
    order by p.contact_id limit ${limit}`.execute(db);
  return rows.flatMap(({ contact_id: contactId, audience }) =>
    isAudience(audience) ? [{ hubId, contactId, audience }] : [],
  );
}

/** A person as they are called, from what the mirror holds of their contact. */
export function personNameOf(
  contactId: string,
  fields: Readonly<Record<string, { value: Value } | undefined>>,
): string {
  const name = [fields.firstName?.value, fields.lastName?.value].filter(Boolean).join(' ');
  return name === '' ? (fields.email?.value ?? `Contact ${contactId}`) : name;
}

export async function personName(db: Db, hubId: HubId, person: PersonId): Promise<string> {
  if (!isRecordId(person)) return person;
  const row = (await loadMirror(db, hubId, [{ object: 'contact', recordId: person }])).values().next().value;
  return personNameOf(person, row?.fields ?? {});
}

export async function personByContact(db: Db, hubId: HubId, contactId: RecordId): Promise<Person | null> {
  const [person] = await peopleOfCompanies(db, hubId, [], [contactId], 1);
  return person ?? null;
}
