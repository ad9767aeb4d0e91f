/** One sentence and one status for a record: what a glance at the card tells. Pure. */
import type {
  DeskClaim,
  DeskConflict,
  DeskParked,
  DeskPause,
  DeskStatus,
} from '@tallystick/shared/deskMessages';

export interface Standing {
  life: string;
  conflicts: readonly DeskConflict[];
  parked: DeskParked | null;
  pauses: readonly DeskPause[];
  /** Customers' and colleagues' changes that are not in the CRM yet. */
  onTheirWay: number;
  people: number;
  /** People who signed in and may be this contact. */
  claims: readonly DeskClaim[];
}

export function headOf(standing: Standing): { status: DeskStatus; sentence: string } {
  const { life, parked, pauses, onTheirWay, people } = standing;
  if (life !== 'present') return { status: 'gone', sentence: goneSentence(life) };
  const open = standing.conflicts.filter((conflict) => conflict.settled === null && !conflict.pending);
  const [first] = open;
  if (first !== undefined) return { status: 'needs-you', sentence: askSentence(first, open.length) };
  const [claim] = standing.claims;
  if (claim !== undefined)
    return {
      status: 'needs-you',
      sentence: `Somebody who reads ${claim.address} signed in: is it this person?`,
    };
  if (parked !== null)
    return {
      status: 'needs-you',
      sentence: `Reading this record failed ${parked.attempts} times: it waits for a person.`,
    };
  const [pause] = pauses;
  if (pause !== undefined)
    return { status: 'paused', sentence: `${pause.who} has paused ${pause.what}: ${pause.reason}` };
  if (onTheirWay > 0)
    return {
      status: 'moving',
      sentence: `${onTheirWay === 1 ? 'One change is' : `${onTheirWay} changes are`} on the way to the CRM.`,
    };
  if (people === 0)
    return {
      status: 'nobody',
      sentence: 'Nobody with access to the portal sees this record yet. It is kept ready for them.',
    };
  return { status: 'agree', sentence: 'The portal and the CRM agree on this record.' };
}

function askSentence(first: DeskConflict, count: number): string {
  if (count > 1) return `${count} fields wait for your decision, ${first.label} among them.`;
  return first.kind === 'proposal'
    ? `${first.customer.who} would like to change ${first.label}: it wants your approval.`
    : `${first.customer.who} and ${first.crm.who} both changed ${first.label}: which of the two counts?`;
}

function goneSentence(life: string): string {
  if (life.startsWith('merged:'))
    return `This record was merged into record ${life.slice('merged:'.length)}; the portal shows that one.`;
  return life === 'erased'
    ? 'This record was erased for privacy; the portal no longer shows it.'
    : 'This record is archived in the CRM; the portal does not show it.';
}
