/** Names for the people of the journal: customers by their contact, colleagues by the CRM's own list. */
import { isRecordId, isSourceId, type HubId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import { sourceLabel, who } from '@tallystick/shared/words';
import { personNameOf } from '../store/people.ts';
import type { Db } from '../store/database.ts';
import { loadRecords, type RecordRow } from '../store/records.ts';
import { COMMAND_LINE } from '../store/orders.ts';
import { staffOf } from '../store/staff.ts';

export interface Names {
  /** Who did something, in words. */
  of(source: Source | null): string;
  person(id: PersonId): string;
  user(userId: string): string;
}

/** Loads the names of everybody these sources mention. */
export async function loadNames(
  db: Db,
  hubId: HubId,
  sources: readonly (Source | null)[],
  people: readonly PersonId[] = [],
): Promise<Names> {
  const ids = new Set<RecordId>();
  for (const id of [...people, ...sources.map((source) => source?.person ?? '')])
    if (isRecordId(id)) ids.add(id);
  const [contacts, staff, appId] = await Promise.all([
    loadRecords(
      db,
      hubId,
      [...ids].map((recordId) => ({ object: 'contact' as const, recordId })),
    ),
    staffOf(db, hubId),
    appIdOf(db, hubId),
  ]);
  const customers = new Map<string, string>(contacts.map((row) => [row.recordId, nameOf(row)]));
  const colleagues = new Map(staff.map((row) => [row.userId, row.name === '' ? row.email : row.name]));
  const user = (userId: string): string =>
    userId === COMMAND_LINE ? 'the command line' : colleagues.get(userId) || `CRM user ${userId}`;
  const person = (id: PersonId): string =>
    isSourceId(id)
      ? sourceLabel(id)
      : id.startsWith('user:')
        ? user(id.slice('user:'.length))
        : (customers.get(id) ?? `customer ${id}`);
  return {
    user,
    person,
    of: (source) => {
      const userId = userIdOf(source);
      if (userId !== null) return `${user(userId)} (colleague)`;
      const customer = source?.person ?? null;
      if (customer !== null && customers.has(customer)) return `${customers.get(customer) ?? ''} (customer)`;
      if (customer !== null && isSourceId(customer)) return sourceLabel(customer);
      if (source?.via === 'INTEGRATION' && source.id === appId) return 'Tallystick';
      return who(source);
    },
  };
}

async function appIdOf(db: Db, hubId: HubId): Promise<string | null> {
  const hub = await db.selectFrom('hubs').select('app_id').where('hub_id', '=', hubId).executeTakeFirst();
  return hub?.app_id ?? null;
}

function userIdOf(source: Source | null): string | null {
  return (
    /^user:(\d+)$/.exec(source?.person ?? '')?.[1] ?? /^userId:(\d+)$/.exec(source?.id ?? '')?.[1] ?? null
  );
}

/** Long enough for people, short enough for an answer that names many. */
const NAME_MAX_CHARS = 60;

function nameOf({ recordId, fields }: RecordRow): string {
  return personNameOf(recordId, fields).slice(0, NAME_MAX_CHARS);
}
