/** What people are told of warnings. The long version of each is in docs/operations.md, under its code. */
import type { AlertKind, AlertMessage } from '../store/operatingTables.ts';
import type { KnownWarning } from '../store/warnings.ts';

interface Words {
  title: string;
  meaning: string;
  advice: string;
}

export const ALERT_WORDS: Readonly<Record<string, Words>> = {
  'no-worker': {
    title: 'No worker speaks for the hub',
    meaning: 'What comes in is kept, and nothing is passed on in either direction.',
    advice: 'Start the service, or see in its log why it cannot take the lease.',
  },
  'crm-barred': {
    title: 'HubSpot refuses our token',
    meaning: 'The access token is not valid any more, or lacks a scope. Everything waits.',
    advice: 'Copy the token from the app’s Auth tab into HUBSPOT_ACCESS_TOKEN and start the service again.',
  },
  'crm-away': {
    title: 'HubSpot does not answer',
    meaning: 'Calls have failed for more than five minutes. Everything is kept and passed on afterwards.',
    advice: 'See status.hubspot.com, and whether this machine reaches api.hubapi.com.',
  },
  'daily-budget': {
    title: 'The day’s calls to HubSpot are nearly used up',
    meaning: 'Less than a tenth is left. Comparing and loading rest; customers’ edits go on.',
    advice: 'See what else uses the account’s calls. They are given anew at midnight of the account.',
  },
  'people-wait': {
    title: 'Customers’ edits wait',
    meaning: 'The oldest work of people has waited for more than five minutes.',
    advice: 'See the health page: is HubSpot slow, is something paused, is the budget used up?',
  },
  'changes-wait': {
    title: 'Changes from HubSpot wait',
    meaning: 'Events or proving reads are not keeping up, so the portal shows older values.',
    advice: 'See the health page and the load of the database.',
  },
  'webhooks-silent': {
    title: 'Webhooks have stopped coming',
    meaning: 'The webhooks journal brings changes, and no webhook does. Nothing is lost, all is slower.',
    advice: 'See whether PUBLIC_URL is reached from outside, and the app’s webhook log in HubSpot.',
  },
  'journal-late': {
    title: 'The webhooks journal is not being read',
    meaning: 'It was last read to its end more than ten minutes ago. Webhooks still work.',
    advice: 'See `tally status` for the reason. After three days everything is compared instead.',
  },
  'hook-failing': {
    title: 'An endpoint does not take our messages',
    meaning: 'It has not answered 2xx for a quarter of an hour, or has said that it is gone.',
    advice: 'See whether it runs. What it missed is sent in order when it does.',
  },
  'source-failing': {
    title: 'Another system does not answer, or its answer is not believed',
    meaning: 'Customers see its last word with its age. Its fields in HubSpot stay as they are.',
    advice: 'The settings page says what is wrong with it.',
  },
  'job-failing': {
    title: 'Loading or comparing does not get on',
    meaning: 'It fails again and again, and is tried again from where it was.',
    advice: '`tally status` says why.',
  },
  parked: {
    title: 'Records are parked',
    meaning: 'Work on them failed six times while other work went through. They wait for a person.',
    advice: 'Look at them on the app’s page “Parked”; retry or discard them there.',
  },
  'claims-wait': {
    title: 'Somebody who signed in waits to be linked',
    meaning: 'Which contact they are could not be told for certain, and nobody has decided for four hours.',
    advice: 'Decide it on the card of the contact, or on the app’s page “Claims”.',
  },
  'creation-barred': {
    title: 'Customers cannot make something',
    meaning: 'The property of its key is not unique in HubSpot, so it could be made twice.',
    advice: 'Make the property anew with “Require unique values for this property”.',
  },
  'canary-failing': {
    title: 'The canary’s edit does not arrive in HubSpot',
    meaning:
      'An edit that we make every minute was not proven within a minute: customers’ edits fare the same.',
    advice: '`tally status` says why. See also the other warnings that stand.',
  },
  'canary-late': {
    title: 'HubSpot does not tell us of the canary’s change by webhook',
    meaning: 'Webhooks are late or lost. The webhooks journal and comparing still find every change.',
    advice: 'See whether PUBLIC_URL is reached from outside, and the app’s webhook log in HubSpot.',
  },
  'missed-by-webhooks': {
    title: 'Changes that no webhook told of',
    meaning: 'A later layer found them and they are repaired.',
    advice: 'A few after an outage are normal. If it goes on, see the app’s webhook log in HubSpot.',
  },
  'missed-by-journal': {
    title: 'Changes that neither webhook nor journal told of',
    meaning: 'Comparing found them and they are repaired.',
    advice: 'See whether the property is among the app’s subscriptions (`npm run project`).',
  },
  'journal-horizon': {
    title: 'We were away for longer than HubSpot keeps its journal',
    meaning: 'So everything is being compared with HubSpot.',
    advice: 'Wait for the comparison; `tally verify` says when mirror and CRM are equal.',
  },
  'mirror-differs': {
    title: 'Comparing found differences',
    meaning: 'The mirror and the CRM were not equal. The differences are repaired.',
    advice: 'Run `tally verify` once more. If it differs again, see which fields its certificate names.',
  },
  'schema-drift': {
    title: 'HubSpot’s schema no longer fits the rules',
    meaning: 'A field that it touches is held back alone, and what customers ask for it waits.',
    advice: 'The app’s page “Schema” and `tally doctor` say what it touches and what to do.',
  },
  'mass-change': {
    title: 'Very many records were changed alike in HubSpot',
    meaning: 'The portal follows, because HubSpot holds the truth; nothing is undone by itself.',
    advice: 'Ask whoever did it. If it was a mistake, mend it in HubSpot: the portal follows again.',
  },
  'held-set': {
    title: 'Too many changes alike are held back',
    meaning: 'They wait, HubSpot has none of them, and everything else goes on.',
    advice: 'Look at them on the app’s page “Held back”, and release or discard them there.',
  },
  'database-failing': {
    title: 'The database does not work for us',
    meaning: 'It cannot be reached, or cannot store. HubSpot is asked to send its webhooks again.',
    advice: 'See whether it runs and whether its disk is full.',
  },
  test: {
    title: 'This is a test',
    meaning: 'Somebody asked for it on the settings page or at the command line. Nothing is wrong.',
    advice: 'Nothing to do: it is over by itself.',
  },
};

/** Whatever raises a warning that has no words of its own here. */
const UNKNOWN: Omit<Words, 'title'> = {
  meaning: 'The health page and `tally status` say more.',
  advice: 'docs/operations.md says what to do about each warning.',
};

const PREFIX: Readonly<Record<AlertKind, string>> = { begun: '', stands: 'Still: ', over: 'Over: ' };

export function messageOf(
  warning: Pick<KnownWarning, 'code' | 'subject' | 'count' | 'firstAt'>,
  kind: AlertKind,
): AlertMessage {
  const { code, subject, count, firstAt } = warning;
  const words = ALERT_WORDS[code] ?? { title: `Warning: ${code}`, ...UNKNOWN };
  const since = new Date(firstAt).toISOString();
  const title = `${PREFIX[kind]}${words.title}${subject === '' ? '' : ` (${subject})`}`;
  const counted = count > 1 ? `Counted ${count} times since then.` : '';
  const lines =
    kind === 'over'
      ? [`It began at ${since} and is over.`, counted]
      : [words.meaning, words.advice, `Since ${since}.`, counted];
  const text = [...lines, `More: docs/operations.md, “${code}”.`].filter((line) => line !== '').join('\n');
  return { kind, code, subject, title, text, since };
}
