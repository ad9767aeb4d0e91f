/** Claims as staff see them: why it is not certain, and what each decision would open, in numbers. */
import type {
  ClaimsAnswer,
  DeskCandidate,
  DeskClaim,
  DeskRole,
  DeskSignIn,
} from '@tallystick/shared/deskMessages';
import type { HubId, RecordId } from '@tallystick/shared/ids';
import { objects, OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import { audienceOf, reachOf, sees } from '../portal/visibility.ts';
import { claimsOfContact, listClaims, type Claim } from '../store/claims.ts';
import type { Db } from '../store/database.ts';
import { tiesOf } from '../store/identities.ts';
import { idsInReach, linksOf, loadRecords, type RecordRow } from '../store/records.ts';
import { loadNames, type Names } from './names.ts';
import { cut } from './show.ts';
import { CLAIM_SENTENCES } from './words.ts';

const PAGE_CLAIMS = 10;
const CLAIMS_MAX = 5;
const CANDIDATES_MAX = 4;
const SIGN_INS_MAX = 10;
/** More than this of one object are not counted one by one. */
const COUNTED_MAX = 200;

/** Of a contact; of other objects there is nothing to tell. */
export async function claimsOfRecord(
  db: Db,
  hubId: HubId,
  { object, recordId }: RecordRow,
): Promise<{ claims: DeskClaim[]; signIns: DeskSignIn[] }> {
  if (object !== 'contact') return { claims: [], signIns: [] };
  const [open, ties] = await Promise.all([
    claimsOfContact(db, hubId, recordId),
    tiesOf(db, hubId, [recordId], [], SIGN_INS_MAX),
  ]);
  const shown = open.slice(0, CLAIMS_MAX);
  const names = await loadNames(db, hubId, [], candidatesOf(shown));
  return {
    claims: await Promise.all(shown.map((claim) => deskClaim(db, hubId, claim, names))),
    signIns: ties.map(({ tieId, address, begunAt, begunBy }) => ({
      tieId,
      address: cut(address ?? '—'),
      since: new Date(begunAt).toISOString(),
      who: begunBy === 'worker' ? 'Tallystick' : names.user(begunBy),
    })),
  };
}

export async function claimsAnswer(
  db: Db,
  hubId: HubId,
  role: DeskRole,
  page: { open: boolean; before: string | null },
): Promise<ClaimsAnswer> {
  const rows = await listClaims(db, hubId, { ...page, limit: PAGE_CLAIMS + 1 });
  const shown = rows.slice(0, PAGE_CLAIMS);
  const names = await loadNames(db, hubId, [], candidatesOf(shown));
  return {
    role,
    claims: await Promise.all(shown.map((claim) => deskClaim(db, hubId, claim, names))),
    next: rows.length > PAGE_CLAIMS ? (shown.at(-1)?.claimId ?? null) : null,
  };
}

const candidatesOf = (claims: readonly Claim[]): RecordId[] => claims.flatMap((claim) => claim.candidates);

async function deskClaim(db: Db, hubId: HubId, claim: Claim, names: Names): Promise<DeskClaim> {
  const { claimId, address, openedAt, reason, settledAt, settledBy, contactId } = claim;
  const candidates = claim.candidates.slice(0, CANDIDATES_MAX);
  const by = settledBy === null || settledBy === 'worker' ? 'Tallystick' : names.user(settledBy);
  return {
    claimId,
    address: cut(address ?? '—'),
    openedAt: new Date(openedAt).toISOString(),
    reason,
    sentence: CLAIM_SENTENCES[reason],
    candidates: await Promise.all(candidates.map((id) => candidateOf(db, hubId, id, names))),
    settled: settledAt === null ? null : { who: by, at: new Date(settledAt).toISOString(), contactId },
  };
}

/** What a person would see as this contact: counted by the rule that shows it to them. */
async function candidateOf(db: Db, hubId: HubId, contactId: RecordId, names: Names): Promise<DeskCandidate> {
  const links = await linksOf(db, hubId, contactId);
  const audience = audienceOf(links);
  const name = names.person(contactId);
  if (audience === null) {
    const sentence = 'As this contact the person would see nothing: no company is in its reach.';
    return { contactId, name, audience: null, sees: [], sentence };
  }
  const reach = reachOf(audience, links);
  const person = { hubId, contactId, audience };
  const counted = await Promise.all(
    OBJECTS.filter((object) => object !== 'contact').map(async (object) => {
      const of = { companies: [...reach], self: null };
      const ids = await idsInReach(db, hubId, object, of, { after: null, limit: COUNTED_MAX });
      const rows = await loadRecords(
        db,
        hubId,
        ids.map((recordId) => ({ object, recordId })),
      );
      return { object, count: rows.filter((row) => sees(person, reach, row)).length, ids: ids.length };
    }),
  );
  const found = counted.filter(({ count }) => count > 0);
  const seen = found.map(({ object, count, ids }) => ({
    label: labelOf(object, count),
    text: ids === COUNTED_MAX ? `${count} or more` : String(count),
  }));
  const all = seen.map(({ label, text }) => `${text} ${label}`).join(', ');
  return {
    contactId,
    name,
    audience: ownership.audiences[audience].label,
    sees: seen,
    sentence: `Linking lets this person see ${all === '' ? 'nothing yet' : all}, as ${ownership.audiences[audience].label}.`,
  };
}

const labelOf = (object: AppObject, count: number): string =>
  objects[object].label[count === 1 ? 'one' : 'many'].toLowerCase();
