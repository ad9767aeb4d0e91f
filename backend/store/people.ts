/** Who may call the portal API: a bearer token bound to a contact. Only the token's hash is kept. */
import { createHash } from 'node:crypto';
import { isHubId, type HubId, type RecordId } from '@tallystick/shared/ids';
import { isAudience, type AppAudience } from '@tallystick/shared/ownership';
import type { Db } from './database.ts';

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

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
