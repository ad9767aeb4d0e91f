/** "Why does this field have this value?": a plain sentence first, then the evidence. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import { fieldOf, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { Source } from '@tallystick/shared/observe';
import { show, type Value } from '@tallystick/shared/values';
import type { Db, JournalKind } from '../store/database.ts';
import { unpackOne } from '../store/kept.ts';
import { RULE_SENTENCES, who } from './words.ts';

const EVIDENCE_MAX_ENTRIES = 20;

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
  const evidence = entries.map((entry): Evidence => {
    const outcome = typeof entry.detail?.outcome === 'string' ? entry.detail.outcome : null;
    const facts = {
      kind: entry.kind,
      who: who(entry.actor),
      rule: entry.rule,
      before: entry.before,
      after: entry.after,
      outcome,
    };
    return { seq: Number(entry.seq), at: entry.at.toISOString(), ...facts, sentence: sentenceOf(facts) };
  });
  const conflict =
    spec.owner === 'crm'
      ? 'none: customers cannot change it'
      : spec.owner === 'customer'
        ? 'customer'
        : spec.conflict;
  const approval = spec.owner !== 'crm' && spec.approval === true;
  return {
    sentence: headline(spec.label, show(spec.kind, held.value), held.by, held.at, evidence),
    value: held.value,
    rule: { owner: spec.owner, conflict, approval, version: ownership.version },
    setBy: who(held.by),
    setAt: held.at === 0 ? null : new Date(held.at).toISOString(),
    asOf: new Date(held.asOf).toISOString(),
    proven: held.how === 'read',
    evidence,
  };
}

function headline(
  label: string,
  value: string,
  by: Source,
  at: number,
  evidence: readonly Evidence[],
): string {
  const set =
    at === 0
      ? `${label} is ${value}; the CRM has no record of it being set.`
      : `${label} is ${value} because ${who(by)} set it at ${new Date(at).toISOString()}.`;
  const decided = evidence.find((entry) => entry.rule !== null && entry.kind !== 'failed');
  const why = decided?.rule == null ? undefined : RULE_SENTENCES[decided.rule];
  return why === undefined ? set : `${set} Last decision (${decided?.rule ?? ''}): ${why}.`;
}

function sentenceOf(facts: Pick<Evidence, 'kind' | 'who' | 'rule' | 'before' | 'after' | 'outcome'>): string {
  const { kind, before, after, outcome } = facts;
  const why = facts.rule === null ? '' : ` (${facts.rule}: ${RULE_SENTENCES[facts.rule] ?? ''})`;
  const from = before ?? 'nothing';
  const to = after ?? 'nothing';
  switch (kind) {
    case 'changed':
      return `${facts.who} changed it from “${from}” to “${to}”`;
    case 'asked':
      return `${facts.who} saw “${from}” and asked for “${to}”`;
    case 'decided':
      return `with “${from}” in the CRM, set by ${facts.who}: ${outcome ?? 'decided'}${why}`;
    case 'sent':
      return `“${to}” was sent to the CRM in place of “${from}”`;
    case 'proven':
      return `the write of “${to}” is ${outcome ?? 'settled'}${before === null ? '' : `; it met “${from}” by ${facts.who}`}${why}`;
    case 'failed':
      return `“${to}” failed: ${outcome ?? 'unknown'}${why}`;
    case 'links':
      return `its companies were “${from}” and are “${to}”`;
    case 'found':
    case 'life':
    case 'ordered':
    case 'ignored':
      return kind;
    default:
      return kind satisfies never;
  }
}
