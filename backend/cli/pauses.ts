/** `tally pause` and `tally resume`: everything, from the portal to the CRM. What is paused in HubSpot is resumed there. */
import { COMMAND_LINE, loadPauses } from '../store/orders.ts';
import { Misuse, type Command } from './commands.ts';
import { carriedOut, ordered } from './ordering.ts';

const WITHIN_MS = 5_000;

/** Exit code 0, also where nobody speaks for the hub yet: whoever does next carries it out before anything else. */
export async function pause(command: Command): Promise<number> {
  const { words, terminal } = command;
  const reason = words.join(' ').trim();
  if (reason === '') throw new Misuse('Say why: tally pause <reason>. Staff read it on the settings page.');
  const outcome = await ordered(
    command,
    { do: 'pause', object: null, field: null, direction: 'out', reason },
    WITHIN_MS,
  );
  terminal.print(
    outcome === null
      ? 'Ordered. Nobody speaks for the hub now: whoever does next pauses before anything else.'
      : 'Paused: edits are taken and wait; what changes in the CRM still comes in. “tally resume” ends it.',
  );
  return 0;
}

/** Exit code: 0 resumed, 1 nothing to resume, or nobody has carried it out. */
export async function resume(command: Command): Promise<number> {
  const { db, hubId, terminal } = command;
  const own = (await loadPauses(db, hubId)).filter(({ userId }) => userId === COMMAND_LINE);
  if (own.length === 0) {
    terminal.complain('Nothing was paused from here. See the settings page in HubSpot for other pauses.');
    return 1;
  }
  for (const { pauseId, reason } of own) {
    if ((await carriedOut(command, { do: 'resume', pauseId }, WITHIN_MS)) === null) return 1;
    terminal.print(`Running again: “${reason}” is over.`);
  }
  return 0;
}
