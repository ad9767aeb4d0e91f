/** "Why does this field have this value?": a plain sentence first, then the evidence. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import { isEditable } from '@tallystick/shared/defineOwnership';
import { fieldOf, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { Source } from '@tallystick/shared/observe';
import { show, type Value } from '@tallystick/shared/values';
import type { Selectable } from 'kysely';
import type { Database, Db, Detail, JournalKind, KeptRuling } from '../store/database.ts';
import { unpackOne } from '../store/kept.ts';
import { RULE_SENTENCES, who } from '@tallystick/shared/words';

const EVIDENCE_MAX_ENTRIES = 20;

/** How people and values are called where the explanation is read. */
export interface Speech {
  who(source: Source | null): string;
  text(field: string, value: Value): string;
}
/** As the command line says them: ids and values as they are kept. */
export const PLAIN: Speech = { who, text: (_, value) => value ?? 'nothing' };

export interface Evidence {
  seq: number;
  /** ISO instant, our clock. */
  at: string;
  kind: JournalKind;
  who: string;
  rule: string | null;
  before: Value;
  after: Value;
  outcome: string | null;
  sentence: string;
  /** The value that lost here and can be restored; null where none did. */
  lost: Value;
}

export interface Explanation {
  sentence: string;
  value: Value;
  /** The rule in force: whose word counts, what happens on a collision, and which version of the rules says so. */
  rule: { owner: string; conflict: string; approval: boolean; version: string };
  setBy: string;
  /** ISO instants: when the CRM says it was set, and when it was last known to be the CRM's. */
  setAt: string | null;
  asOf: string;
  proven: boolean;
  /** Newest first: candidates, losing values, writes and proofs. */
  evidence: Evidence[];
}

/** Null when the mirror holds no such record or the rules no such field. */
export async function explain(
  db: Db,
  hubId: HubId,
  object: AppObject,
  recordId: RecordId,
  field: string,
  speech: Speech | ((sources: readonly (Source | null)[]) => Promise<Speech>) = PLAIN,
): Promise<Explanation | null> {
  const spec = fieldOf(object, field);
  const row = await db
    .selectFrom('mirror')
    .select('fields')
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', '=', recordId)
    .executeTakeFirst();
  const packed = row?.fields[field];
  if (spec === undefined || packed === undefined) return null;
  const held = unpackOne(packed);
  const entries = await db
    .selectFrom('journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', '=', recordId)
    .where('field', '=', field)
    .orderBy('seq', 'desc')
    .limit(EVIDENCE_MAX_ENTRIES)
    .execute();
  const say =
    typeof speech === 'function' ? await speech([held.by, ...entries.map((entry) => entry.actor)]) : speech;
  const evidence = entries.map((entry) => evidenceOf(entry, say));
  const conflict =
    spec.owner === 'crm'
      ? 'none: customers cannot change it'
      : spec.owner === 'both'
        ? spec.conflict
        : spec.owner;
  const approval = isEditable(spec) && spec.approval === true;
  return {
    sentence: headline(
      spec.label,
      speech === PLAIN ? show(spec.kind, held.value) : say.text(field, held.value),
      say.who(held.by),
      held.at,
      evidence,
    ),
    value: held.value,
    rule: { owner: spec.owner, conflict, approval, version: ownership.version },
    setBy: say.who(held.by),
    setAt: held.at === 0 ? null : new Date(held.at).toISOString(),
    asOf: new Date(held.asOf).toISOString(),
    proven: held.how === 'read',
    evidence,
  };
}

function headline(
  label: string,
  value: string,
  by: string,
  at: number,
  evidence: readonly Evidence[],
): string {
  const set =
    at === 0
      ? `${label} is ${value}; the CRM has no record of it being set.`
      : `${label} is ${value} because ${by} set it at ${show('datetime', new Date(at).toISOString())}.`;
  const of = (kind: JournalKind): string => {
    const rule = evidence.find((entry) => entry.kind === kind && entry.rule !== null)?.rule ?? null;
    const why = rule === null ? undefined : RULE_SENTENCES[rule];
    return why === undefined ? '' : ` ${kind === 'decided' ? 'Decided' : 'Proven'} (${rule ?? ''}): ${why}.`;
  };
  return `${set}${of('decided')}${of('proven')}`;
}

type Entry = Pick<
  Selectable<Database['journal']>,
  'seq' | 'at' | 'kind' | 'field' | 'actor' | 'rule' | 'before' | 'after' | 'detail'
>;

/** A journal entry in words. */
export function evidenceOf(entry: Entry, say: Speech): Evidence {
  const outcome = typeof entry.detail?.outcome === 'string' ? entry.detail.outcome : null;
  const { kind, rule, before, after } = entry;
  const facts = { kind, who: say.who(entry.actor), rule, before, after, outcome };
  const text = (value: Value): string => say.text(entry.field ?? '', value);
  const said = { ...facts, before: text(before), after: text(after) };
  return {
    seq: Number(entry.seq),
    at: entry.at.toISOString(),
    ...facts,
    sentence: sentenceOf(said, entry.detail),
    lost: lostIn(facts),
  };
}

/** A foreign value that was overwritten, or a customer's wish that did not come true. */
function lostIn({
  kind,
  outcome,
  before,
  after,
}: Pick<Evidence, 'kind' | 'outcome' | 'before' | 'after'>): Value {
  if (kind === 'proven' && outcome === 'overtaken') return before;
  if (kind === 'proven' && outcome === 'superseded') return after;
  if (kind === 'decided' && (outcome === 'yield' || outcome === 'keep')) return after;
  if (kind === 'sent' || (kind === 'changed' && before !== null)) return before;
  return null;
}

interface Said extends Pick<Evidence, 'kind' | 'who' | 'rule' | 'outcome'> {
  before: string;
  after: string;
}

function sentenceOf(facts: Said, detail: Detail | null): string {
  const { kind, before: from, after: to, outcome } = facts;
  const why = facts.rule === null ? '' : ` (${facts.rule}: ${RULE_SENTENCES[facts.rule] ?? ''})`;
  switch (kind) {
    case 'changed':
      return `${facts.who} changed it from “${from}” to “${to}”`;
    case 'asked':
      if (outcome === UNDO) return `${facts.who} undid our write of “${from}”: “${to}” is to be put back`;
      return isChoice(outcome)
        ? `${facts.who} decided: ${CHOICES[outcome]}, having seen “${from}” in the CRM`
        : `${facts.who} saw “${from}” and asked for “${to}”`;
    case 'decided':
      if (isChoice(outcome) && RULINGS.includes(facts.rule))
        return `${facts.who} settled the conflict over the customer’s “${to}”: ${CHOICES[outcome]}${why}`;
      return `with “${from}” in the CRM, set by ${facts.who}: ${outcome ?? 'decided'}${why}`;
    case 'sent':
      return `“${to}” was sent to the CRM in place of “${from}”`;
    case 'proven':
      return `the write of “${to}” is ${outcome ?? 'settled'}${outcome === 'confirmed' || outcome === 'missing' ? '' : `; it met “${from}” by ${facts.who}`}${why}`;
    case 'failed':
      return outcome === 'parked'
        ? 'the work on this record was set aside for a person'
        : `“${to}” failed: ${outcome ?? 'unknown'}${why}`;
    case 'links':
      return `its companies were “${from}” and are “${to}”`;
    case 'found':
      return 'the record was seen for the first time';
    case 'life':
      return `the record was “${from}” and is “${to}”`;
    case 'erased':
      return 'HubSpot erased the record for privacy, and so was everything kept of it here';
    case 'ordered':
      return `${facts.who} ordered: ${String(detail?.do ?? '')} (${outcome ?? ''})`;
    case 'linked':
      return LINKED[outcome ?? ''] ?? 'it was looked up who signed in';
    case 'ignored':
      return 'events that concern none of the mapped fields';
    case 'missed':
      return outcome === 'horizon'
        ? 'the webhooks journal was away for longer than HubSpot keeps it, so everything is compared'
        : `a change was not told by the ${String(detail?.by ?? '')} and was found by the ${String(detail?.foundBy ?? '')}`;
    case 'compared':
      return `all records were compared with the CRM’s: ${String(detail?.differences ?? 0)} differences`;
    case 'drift':
      return outcome === 'ended'
        ? `the CRM’s schema fits again: ${String(detail?.code ?? '')} of ${String(detail?.subject ?? '')} is over`
        : `the CRM’s schema no longer fits: ${String(detail?.code ?? '')} of ${String(detail?.subject ?? '')}`;
    default:
      return kind satisfies never;
  }
}

/** As a visit notes it (`sync/notes.ts`). */
const UNDO = 'undo';
const LINKED: Readonly<Record<string, string>> = {
  linked: 'a person who signed in was linked to this contact',
  followed: 'the link of a person who signed in follows this contact',
  claim: 'it was not certain which contact a person who signed in is, so staff were asked',
  ended: 'the link of a person who signed in has ended',
};
const CHOICES: Readonly<Record<KeptRuling['choice'], string>> = {
  keep: 'keep the CRM’s value',
  take: 'take what the customer asked for',
  write: 'write another value',
};
/** Decisions of the law are called by what they do, rulings of staff by what was chosen. */
const RULINGS: readonly (string | null)[] = ['R2', 'R3', 'R4'];
const isChoice = (outcome: string | null): outcome is KeptRuling['choice'] =>
  outcome !== null && Object.hasOwn(CHOICES, outcome);
