/** A hub's status as lines for a terminal. */
import { hookLabel, hookText } from '../desk/hooks.ts';
import { comparedText, journalText, warningText } from '../desk/layers.ts';
import { canaryText } from '../desk/show.ts';
import { barredSentence, LANE_SENTENCES } from '../desk/words.ts';
import { sentenceOf } from '../desk/schema.ts';
import type { HubStatus } from '../desk/status.ts';
import { LANES } from '../store/lanes.ts';

/** A worker that was silent this long speaks for nobody. */
const SILENT_MS = 10_000;

export function statusLines(hub: HubStatus, now: number): string[] {
  const records = Object.entries(hub.records).map(([object, n]) => `${n} ${object}`);
  const waiting = LANES.filter((lane) => hub.due[lane] > 0).map(
    (lane) => `${hub.due[lane]} ${LANE_SENTENCES[lane]}`,
  );
  const lines = [
    `Hub ${hub.hubId}`,
    `  worker     ${workerLine(hub)}`,
    `  mirror     ${records.length === 0 ? 'empty' : records.join(', ')}`,
    `  waiting    ${hub.deliveriesWaiting} deliveries; ${waiting.length === 0 ? 'nothing due' : waiting.join(', ')}${hub.oldestDueMs === null ? '' : `; oldest ${seconds(hub.oldestDueMs)}`}`,
    `  edits      ${hub.openEdits} on their way, ${hub.openConflicts} conflicts or proposals open, ${hub.parked} records parked`,
    `  journal    ${hub.journalEntries} entries`,
    `  budget     ${budgetLine(hub)}`,
  ];
  for (const barred of hub.barredCreations) lines.push(`  refused    ${barredSentence(barred)}`);
  for (const { finding } of hub.drift.findings)
    if (finding.severity !== 'tells') lines.push(`  schema     ${sentenceOf(finding)}`);
  if (hub.canary !== null) lines.push(`  canary     ${canaryText(hub.canary, now)}`);
  const { journal, warnings } = hub.layers;
  lines.push(`  webhooks journal: ${journalText(journal)}`);
  lines.push(`  compared   ${comparedText(hub.layers, now)}`);
  for (const warning of warnings) lines.push(`  warning    ${warningText(warning, now)}`);
  for (const hook of hub.hooks)
    lines.push(`  ${hookLabel(hook)}: ${hookText(hook, hub.journalEntries, now)}`);
  for (const job of hub.jobs.filter((each) => !each.finished)) {
    lines.push(
      `  ${job.kind.padEnd(10)} ${job.object}: ${job.done} records so far${job.error === null ? '' : `; last problem: ${job.error}`}`,
    );
  }
  return lines;
}

function workerLine({ worker }: HubStatus): string {
  if (worker === null) return 'none has ever spoken for this hub';
  const age = seconds(worker.heartbeatAgeMs);
  return worker.heartbeatAgeMs > SILENT_MS
    ? `silent for ${age} (was ${worker.holder})`
    : `${worker.holder}, heard ${age} ago`;
}

function budgetLine({ budget }: HubStatus): string {
  if (budget === null) return 'not known yet';
  const day =
    budget.dailyLimit === null ? '' : `, ${budget.dailyRemaining ?? '?'} of ${budget.dailyLimit} left today`;
  return `${budget.windowUsed} of ${budget.windowLimit} calls in the last 10 s${day}`;
}

const seconds = (ms: number): string =>
  ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
