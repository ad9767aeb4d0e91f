/** What a person can have read before: when such a record moves out of reach, it is told to be gone. */
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { keyOf } from '../store/mirror.ts';
import { linkedTo, loadRecords } from '../store/records.ts';
import type { PortalDeps } from './access.ts';
import type { Session } from './session.ts';
import { sees } from './visibility.ts';

/** A record beyond these that moves to another company is not told to be gone. */
const KNOWN_MAX_RECORDS = 5_000;

/** By `keyOf`. */
export async function knownOf({ db }: PortalDeps, { person, reach }: Session): Promise<Set<string>> {
  const linked = await linkedTo(db, person.hubId, [...reach], KNOWN_MAX_RECORDS);
  const [plain, conditional] = [linked.filter(isPlain), linked.filter((one) => !isPlain(one))];
  const placed = plain.map(({ companyId, ...record }) => ({
    ...record,
    ...{ life: 'present', fields: {}, companies: [companyId], parents: [] },
  }));
  const loaded = conditional.length === 0 ? [] : await loadRecords(db, person.hubId, conditional);
  return new Set([...placed, ...loaded].filter((record) => sees(person, reach, record)).map(keyOf));
}

/** Whether it is seen follows from its companies alone. */
function isPlain({ object }: { object: AppObject }): boolean {
  const { shownWhen, parents } = objects[object];
  return shownWhen === undefined && parents === undefined;
}
