/** The schema page: where the CRM's schema no longer fits the rules, what that touches, and what to do. */
import type { DeskFinding, DeskRole, SchemaAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import { ownership } from '@tallystick/shared/ownership';
import { show } from '@tallystick/shared/values';
import { isAcceptable, shownAs } from '../drift/accepting.ts';
import { fixOf } from '../drift/fixes.ts';
import { impactOf } from '../drift/impact.ts';
import { findingAdvice, findingSentence, impactSentences, stopSentence } from '../drift/words.ts';
import type { Db } from '../store/database.ts';
import type { RecordRow } from '../store/records.ts';
import { loadFindings, loadSchema, stopOf } from '../store/schema.ts';
import type { Finding, KeptFinding } from '../store/schemaTables.ts';

/** Keeps the answer well below what a card may be sent. */
const FINDINGS_SHOWN = 40;

export async function schemaAnswer(db: Db, hubId: HubId, role: DeskRole): Promise<SchemaAnswer> {
  const [schema, findings] = await Promise.all([loadSchema(db, hubId), loadFindings(db, hubId)]);
  return {
    role,
    readAt: schema === null ? null : new Date(schema.readAt).toISOString(),
    findings: findings.slice(0, FINDINGS_SHOWN).map(deskFinding),
    more: Math.max(0, findings.length - FINDINGS_SHOWN),
  };
}

export function deskFinding({ finding, subject, since }: KeptFinding): DeskFinding {
  const { code, severity } = finding;
  return {
    ...{ code, subject, severity, since: new Date(since).toISOString() },
    sentence: findingSentence(finding, labelOf(finding)),
    impact: impactSentences(finding, impactOf(ownership, finding)),
    advice: findingAdvice(finding, fixOf(ownership, finding) !== null),
    acceptable: isAcceptable(finding),
    shown: shownAs(finding),
  };
}

export const sentenceOf = (finding: Finding): string => findingSentence(finding, labelOf(finding));

const labelOf = (finding: Finding): string => {
  if (!('object' in finding)) return '';
  return Object.entries(ownership.objects).find(([name]) => name === finding.object)?.[1].label.many ?? '';
};

/** On the card: why the field is held back; null: it is not. */
export function stoppedSentence({ stopped }: RecordRow, field: string): string | null {
  const stop = stopOf(stopped, field);
  if (stop === null || stop.stops === 'none') return null;
  return stopSentence(stop.stops, show('datetime', new Date(stop.since).toISOString()));
}
