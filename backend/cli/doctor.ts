/**
 * `tally doctor`: where the CRM's schema does not fit the ownership file of this checkout, what that touches, and what to
 * do. So it is also the what-if of a changed file, before it ships. `--fix` has the hub's worker make what is missing.
 */
import { createInterface } from 'node:readline/promises';
import { objects, ownership } from '@tallystick/shared/ownership';
import { findDrift, subjectOf } from '../drift/findings.ts';
import { fixesOf, fixLine } from '../drift/fixes.ts';
import { deskFinding } from '../desk/schema.ts';
import { inWords } from '../desk/show.ts';
import type { OrderOutcome } from '../store/database.ts';
import { loadFindings, loadSchema } from '../store/schema.ts';
import type { Fix, KeptFinding } from '../store/schemaTables.ts';
import { Misuse, type Command } from './commands.ts';
import { carriedOut } from './ordering.ts';

/** The worker looks for orders every second; making many properties takes longer. */
const ANSWER_WITHIN_MS = 60_000;
const FIXES_MAX = 200;

/** Exit code: 0 nothing found, 1 findings, 2 misused or not possible. */
export async function doctor(command: Command): Promise<number> {
  const { terminal, flags } = command;
  const wantsFix = flags.fix === true;
  if (!wantsFix && flags.yes === true) throw new Misuse('--yes is for --fix.');
  if (flags.fresh === true && !(await readNow(command))) return 2;
  const found = await diagnosis(command);
  const fixes = fixesOf(
    ownership,
    found.findings.map(({ finding }) => finding),
  ).slice(0, FIXES_MAX);
  if (flags.json === true) {
    const readAt = new Date(found.readAt).toISOString();
    terminal.print(JSON.stringify({ readAt, findings: found.findings.map(deskFinding), fixes }));
  } else printFindings(command, found, fixes);
  const code = found.findings.length === 0 ? 0 : 1;
  if (!wantsFix || fixes.length === 0) return code;
  if (flags['dry-run'] === true) return code;
  if (!(await agreed(command, fixes))) return code;
  return carryOut(command, fixes);
}

interface Diagnosis {
  findings: KeptFinding[];
  readAt: number;
}

/** The file of this checkout against the schema that the service keeps; since when is known of what it found itself. */
async function diagnosis({ db, hubId, terminal }: Command): Promise<Diagnosis> {
  const [schema, known] = await Promise.all([loadSchema(db, hubId), loadFindings(db, hubId)]);
  if (schema === null)
    throw new Misuse('The CRM’s schema was never read: start the service and wait a moment.');
  const { accepted, found, readAt } = schema;
  const findings = findDrift(ownership, accepted, found).map((finding) => {
    const subject = subjectOf(finding);
    const before = known.find((kept) => kept.finding.code === finding.code && kept.subject === subject);
    return { finding, subject, since: before?.since ?? terminal.now() };
  });
  const order = ['breaks', 'warns', 'tells'];
  findings.sort((a, b) => order.indexOf(a.finding.severity) - order.indexOf(b.finding.severity));
  return { findings, readAt };
}

function printFindings({ terminal }: Command, { findings, readAt }: Diagnosis, fixes: readonly Fix[]): void {
  const age = inWords(Math.max(0, terminal.now() - readAt));
  terminal.print(
    `shared/ownership.ts of this checkout (version ${ownership.version}) against the CRM’s schema as it was read ${age} ago:`,
  );
  if (findings.length === 0) return terminal.print('  Everything fits.');
  for (const kept of findings) {
    const { severity, sentence, impact, advice, since } = deskFinding(kept);
    terminal.print(`  ${severity.toUpperCase().padEnd(6)} ${sentence}`);
    terminal.print(`         since ${since}`);
    if (impact.length > 0) terminal.print(`         ${impact.join(' ')}`);
    terminal.print(`         ${advice}`);
  }
  if (fixes.length === 0) return;
  terminal.print('“tally doctor --fix” would:');
  for (const fix of fixes) terminal.print(`  ${fixLine(fix, objects[fix.object].label.many)}`);
}

async function agreed({ flags, terminal }: Command, fixes: readonly Fix[]): Promise<boolean> {
  if (flags.yes === true) return true;
  if (terminal.rewrite === null) throw new Misuse('Nobody can be asked here: say --yes, or --dry-run.');
  const line = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await line.question(`Make these ${fixes.length} in the CRM? [y/N] `);
  line.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function carryOut(command: Command, fixes: readonly Fix[]): Promise<number> {
  const { terminal } = command;
  const outcome = await order(command, [...fixes]);
  if (outcome === null) return 2;
  if (outcome.code === 'scope') {
    terminal.complain('Nothing was made: the app’s token lacks these scopes.');
    for (const scope of (outcome.value ?? '').split('\n')) terminal.complain(`  ${scope}`);
    terminal.complain(
      'Add them to requiredScopes in hubspot-project/src/app/app-hsmeta.json, upload, install the app again, and repeat; then take them out again. Or make the properties by hand as they are listed above.',
    );
    return 2;
  }
  if (!outcome.ok) {
    terminal.complain('The CRM did not take everything:');
    for (const line of (outcome.value ?? '').split('\n')) terminal.complain(`  ${line}`);
    return 2;
  }
  const { findings } = await diagnosis(command);
  terminal.print(
    `Made. ${findings.length === 0 ? 'Everything fits now.' : `${findings.length} findings are left.`}`,
  );
  return findings.length === 0 ? 0 : 1;
}

/** Makes nothing, and has the schema read. */
const readNow = async (command: Command): Promise<boolean> => (await order(command, [])) !== null;

/** All calls to the CRM go through the hub's worker. Null: nobody carried it out. */
const order = (command: Command, fixes: Fix[]): Promise<OrderOutcome | null> =>
  carriedOut(command, { do: 'fix', fixes }, ANSWER_WITHIN_MS);
