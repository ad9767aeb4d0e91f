/**
 * Finding out which contact somebody is: the CRM is read by the proven address (never searched: its index runs behind),
 * the decision is `linking.ts`, and what came of it is stored with its evidence and journaled.
 */
import { audienceOf } from '@tallystick/shared/audience';
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import type { ContactRead } from '../hubspot/crm.ts';
import type { Answer } from '../hubspot/transport.ts';
import * as claims from '../store/claims.ts';
import type { Db } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import * as store from '../store/identities.ts';
import { draft, type Draft } from '../store/journal.ts';
import { keyOf } from '../store/mirror.ts';
import { storing, type Context } from './context.ts';
import { decideLink, reviewTie, type LinkFacts } from './linking.ts';
import { paid } from './round.ts';

/** The CRM did not answer: it is asked again. */
const AGAIN_MS = 2_000;
const WORKER = 'worker';
/** How many merges in a row are followed. */
const MERGES_MAX = 5;

export async function linkIdentities(ctx: Context): Promise<number> {
  const waiting = await store.waitingIdentities(ctx.db, ctx.hubId, ctx.clock.now());
  for (const identity of waiting) await linkOne(ctx, identity);
  return waiting.length;
}

async function linkOne(ctx: Context, identity: store.Identity): Promise<void> {
  const tie = await store.standingTie(ctx.db, ctx.hubId, identity.identityId);
  const readAt = ctx.clock.now();
  const address = tie?.address ?? identity.address;
  const found = address === null ? null : await read(ctx, address, 'email');
  const now = tie === null ? null : await read(ctx, tie.contactId, 'id');
  if (found === 'no-answer' || now === 'no-answer') return later(ctx, identity);
  const done =
    tie !== null
      ? await review(ctx, identity, tie, { now, found, readAt })
      : address === null
        ? await nothing(ctx, identity)
        : await decide(ctx, identity, address, { found, readAt });
  if (done === 'no-answer') return later(ctx, identity);
  if (done === null) return;
  ctx.signals.changed({ hubId: ctx.hubId, seq: done.seq, records: done.records, edits: [] });
  ctx.signals.wake(ctx.hubId);
}

type Read = ContactRead | null;

/** Null: the CRM has no such contact. `no-answer`: it is asked again in a while. */
async function read(ctx: Context, named: string, by: 'email' | 'id'): Promise<Read | 'no-answer'> {
  const answer: Answer<ContactRead> = await paid(ctx, 'read', () => ctx.crm.readContact(named, by));
  if (answer.ok) return answer.value.archived ? null : answer.value;
  const { failure } = answer;
  // An address that the CRM does not take as one is nobody's.
  if (failure.is === 'gone' || failure.is === 'refused') return null;
  if (failure.is === 'throttled') ctx.budget.hold(failure.retryAfterMs);
  ctx.log.warn({ hub: ctx.hubId }, `Who signed in could not be looked up: ${failure.message}`);
  return 'no-answer';
}

interface Done {
  seq: number;
  records: { object: 'contact'; recordId: RecordId }[];
}

function later(ctx: Context, { identityId }: store.Identity): Promise<void> {
  const until = ctx.clock.now() + AGAIN_MS;
  return storing(ctx, ({ trx }) => store.endLook(trx, ctx.hubId, identityId, until));
}

async function nothing(ctx: Context, { identityId }: store.Identity): Promise<null> {
  await storing(ctx, ({ trx }) => store.endLook(trx, ctx.hubId, identityId, null));
  return null;
}

async function decide(
  ctx: Context,
  identity: store.Identity,
  address: string,
  read: { found: Read; readAt: number },
): Promise<Done | 'no-answer'> {
  const { found, readAt } = read;
  const companies =
    found === null ? null : await paid(ctx, 'read', () => ctx.crm.readLinks('contact', [found.contactId]));
  if (companies?.ok === false) return 'no-answer';
  const links = found === null ? [] : (companies?.value.get(found.contactId) ?? []);
  return storing(ctx, async ({ trx, next, journal }) => {
    const { hubId } = ctx;
    const { identityId } = identity;
    const facts = await factsOf(ctx, trx, identity, address, found);
    const decision = decideLink({ ...facts, hasCompany: audienceOf(links) !== null });
    const now = ctx.clock.now();
    const contacts = decision.do === 'link' ? [decision.contact.contactId] : decision.candidates;
    if (decision.do === 'link') {
      const proof = identity.issuer === '' ? 'mail' : identity.issuer;
      const evidence = {
        address,
        proof,
        contactEmail: address,
        addressSince: found?.emailSince ?? null,
        readAt,
      };
      const [contactId] = contacts;
      if (contactId === undefined) throw new Error('A link without a contact.');
      await store.beginTie(trx, hubId, {
        identityId,
        contactId,
        ...evidence,
        claimId: null,
        by: WORKER,
        now,
      });
      await claims.settleOpenClaim(trx, hubId, identityId, { by: WORKER, contactId, now });
    } else await claims.openClaim(trx, hubId, { identityId, address, ...decision, now });
    const outcome = decision.do === 'link' ? 'linked' : 'claim';
    await journal(entries(outcome, contacts, decision.do === 'link' ? null : decision.reason));
    await store.endLook(trx, hubId, identityId, null);
    await lookAt(ctx, trx, contacts);
    return { seq: next, records: contacts.map((recordId) => ({ object: 'contact' as const, recordId })) };
  });
}

async function factsOf(
  ctx: Context,
  trx: Db,
  identity: store.Identity,
  address: string,
  found: Read,
): Promise<Omit<LinkFacts, 'hasCompany'>> {
  const { hubId } = ctx;
  const [holding, had] = [
    await store.contactsWithAddress(trx, hubId, address),
    await store.contactsThatHadAddress(trx, hubId, address),
  ];
  const others = holding.filter(({ recordId }) => recordId !== found?.contactId);
  // Whose record was merged into the found one is not another contact.
  const merged =
    found === null
      ? []
      : await mergedInto(ctx, trx, found.contactId, [...others.map(({ recordId }) => recordId), ...had]);
  const isOther = (id: RecordId): boolean => id !== found?.contactId && !merged.includes(id);
  const gone = others.filter(({ life }) => life !== 'present').map(({ recordId }) => recordId);
  const own = [identity.identityId, ...(identity.continues === null ? [] : [identity.continues])];
  const contacts = found === null ? [] : [found.contactId, ...merged];
  return {
    address,
    found,
    otherHolders: others.filter(({ life }) => life === 'present').map(({ recordId }) => recordId),
    formerHolders: [...gone, ...had].filter(isOther),
    isTaken: await store.hasOtherTies(trx, hubId, { own, contacts, address }),
  };
}

/** Which of these contacts were merged, in however many steps, into that one. */
async function mergedInto(
  ctx: Context,
  trx: Db,
  survivor: RecordId,
  contacts: readonly RecordId[],
): Promise<RecordId[]> {
  const merged: RecordId[] = [];
  let followed = contacts.map((from) => ({ from, at: from }));
  for (let step = 0; step < MERGES_MAX && followed.length > 0; step += 1) {
    const rows = await ctx.mirror.load(
      trx,
      followed.map(({ at }) => ({ object: 'contact', recordId: at })),
    );
    const next = followed.flatMap(({ from, at }) => {
      const life = rows.get(keyOf({ object: 'contact', recordId: at }))?.life ?? '';
      const into = life.startsWith('merged:') ? life.slice('merged:'.length) : '';
      return isRecordId(into) ? [{ from, at: into }] : [];
    });
    merged.push(...next.flatMap(({ from, at }) => (at === survivor ? [from] : [])));
    followed = next.filter(({ at }) => at !== survivor);
  }
  return merged;
}

async function review(
  ctx: Context,
  { identityId, issuer }: store.Identity,
  tie: store.Tie,
  read: { now: Read; found: Read; readAt: number },
): Promise<Done> {
  return storing(ctx, async ({ trx, next, journal }) => {
    const { hubId } = ctx;
    const now = ctx.clock.now();
    const decision = reviewTie({ ...tie, ...read });
    const contacts = new Set<RecordId>([tie.contactId]);
    if (decision.do !== 'keep') {
      const why = decision.do === 'follow' ? 'followed' : decision.why;
      await store.endTie(trx, hubId, tie.tieId, { by: WORKER, why, now });
    }
    if (decision.do === 'follow') {
      const { contactId, email } = decision.contact;
      contacts.add(contactId);
      const proof = issuer === '' ? 'mail' : issuer;
      const evidence = {
        address: tie.address,
        proof,
        contactEmail: email,
        addressSince: read.now?.emailSince ?? null,
        readAt: read.readAt,
      };
      await store.beginTie(trx, hubId, {
        identityId,
        contactId,
        ...evidence,
        claimId: null,
        by: WORKER,
        now,
      });
      await journal(entries('followed', [...contacts], null));
    }
    if (decision.do === 'end') {
      for (const id of decision.candidates) contacts.add(id);
      const { reason, candidates } = decision;
      await claims.openClaim(trx, hubId, { identityId, address: tie.address, reason, candidates, now });
      await journal(entries('ended', [...contacts], reason));
    }
    await store.endLook(trx, hubId, identityId, null);
    await lookAt(ctx, trx, [...contacts]);
    const records = [...contacts].map((recordId) => ({ object: 'contact' as const, recordId }));
    return { seq: decision.do === 'keep' ? next - 1 : next + records.length - 1, records };
  });
}

/** What the mirror has of them decides at every request: it should be what was just read. */
function lookAt(ctx: Context, trx: Db, contacts: readonly RecordId[]): Promise<void> {
  const due = contacts.map((recordId) => ({ object: 'contact' as const, recordId, links: true }));
  return markDue(trx, ctx.hubId, 'read', due, { now: ctx.clock.now() });
}

/** One entry a contact, so that whoever follows the journal sees it move; one without a contact where there is none. */
function entries(outcome: string, contacts: readonly RecordId[], reason: string | null): Draft[] {
  const actor = { via: 'READ', id: null, person: null };
  const detail = { outcome, reason };
  if (contacts.length === 0) return [draft({ kind: 'linked', actor, detail })];
  return contacts.map((recordId) => draft({ kind: 'linked', object: 'contact', recordId, actor, detail }));
}
