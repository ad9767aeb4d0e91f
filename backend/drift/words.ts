/** What people read of drift: the finding, what it touches, and what to do. Beside no logic. */
import type { Unreadable } from '../store/layerTables.ts';
import type { Finding } from '../store/schemaTables.ts';
import type { Impact } from './impact.ts';

/** `of`: what the object is called. */
export function findingSentence(finding: Finding, of: string): string {
  const at = 'property' in finding ? `The property ${finding.property} of ${of}` : '';
  switch (finding.code) {
    case 'object-gone':
      return goneSentence(of);
    case 'object-moved':
      return `The object type of ${of} was made anew in the CRM: it is ${finding.is} and was ${finding.was}.`;
    case 'property-gone':
      return finding.was === null
        ? `${at} is not there.`
        : `${at} (“${finding.was}”) was removed from the CRM.`;
    case 'property-renamed':
      return `${at} is called “${finding.is}” now, and was “${finding.was}”.`;
    case 'type-changed':
      return `${at} is a ${finding.is} now, and was a ${finding.was}; its values still fit.`;
    case 'type-unfit':
      return finding.was === null || finding.was === finding.is
        ? `${at} is a ${finding.is}, which cannot hold a ${finding.kind}.`
        : `${at} is a ${finding.is} now, and was a ${finding.was}: it cannot hold a ${finding.kind} any more.`;
    case 'read-only':
      return `${at} is read-only, but the portal writes it.`;
    case 'made-required':
      return `${at} is required now, but customers may empty it.`;
    case 'option-added':
      return `${at} has the new option “${finding.label}” (${finding.option}).`;
    case 'option-removed':
      return `${at} has lost the option “${finding.label}” (${finding.option}); records may still hold it.`;
    case 'option-hidden':
      return `${at} hides the option “${finding.label}” (${finding.option}).`;
    case 'option-renamed':
      return `${at} calls the option ${finding.option} “${finding.is}” now, and called it “${finding.was}”.`;
    case 'option-missing':
      return `${at} does not have the option ${finding.option}, which is needed by ${list(finding.neededBy)}.`;
    case 'key-not-unique':
      return `${at} is not unique in the CRM, so a call sent twice would make two.`;
    case 'creation-lacks':
      return `${at} is required by the CRM, and is not among what is sent.`;
    case 'pipeline-gone':
      return `The pipeline “${finding.label}” of ${of} was removed.`;
    case 'stage-added':
      return `${of} have the new stage “${finding.label}”.`;
    case 'stage-removed':
      return `The stage “${finding.label}” of ${of} was removed.`;
    case 'stage-renamed':
      return `The stage “${finding.was}” of ${of} is called “${finding.is}” now.`;
    case 'label-gone':
      return finding.was
        ? `The association label “${finding.label}” was removed from the CRM.`
        : `The association label “${finding.label}” is not there.`;
    case 'label-renamed':
      return `The association label “${finding.label}” is called “${finding.is}” now.`;
    case 'scope-lost':
      return finding.was
        ? `The app has lost the scope ${finding.scope}.`
        : `The app does not list the scope ${finding.scope}.`;
    default:
      return finding satisfies never;
  }
}

const goneSentence = (of: string): string => `The CRM has no object type for ${of} any more.`;

/** Why nothing of the object can be read; `of`: what it is called. */
export const unreadableSentence = ({ code, scope }: Unreadable, of: string): string =>
  code === 'object-gone'
    ? goneSentence(of)
    : `HubSpot refuses to read ${of} without the scope ${scope ?? 'that it wants'}.`;

/** What to do; `canFix`: `tally doctor --fix` makes it. */
export function findingAdvice(finding: Finding, canFix: boolean): string {
  if (canFix)
    return 'Where it was removed, restore it in the CRM: its values come back with it. Else run “tally doctor --fix”, which makes what is missing and changes nothing else.';
  switch (finding.code) {
    case 'object-gone':
      return 'Restore the custom object in the CRM’s settings, or make it anew under the same name. If it is given up, take it out of shared/ownership.ts.';
    case 'object-moved':
      return 'If that is right, accept it: the old records are found gone by the next comparison. Upload the project again, so that webhooks and cards name the new one.';
    case 'property-gone':
      return 'Restore the property in the CRM (it keeps deleted ones for 90 days), or take the field out of shared/ownership.ts.';
    case 'type-unfit':
      return 'Change the property’s type back, or the field’s kind in shared/ownership.ts.';
    case 'read-only':
      return 'Make the property writable again, or give the field the owner “crm” in shared/ownership.ts.';
    case 'made-required':
      return 'Mark the field as required in shared/ownership.ts, or accept it: emptying it will then be refused by the CRM.';
    case 'option-missing':
      return 'Add the option again, or change what names it in shared/ownership.ts.';
    case 'key-not-unique':
      return 'Make the property anew in the CRM with “Require unique values for this property”: it cannot be changed later.';
    case 'creation-lacks':
      return 'Let customers enter it, or set it always (takes, presets in shared/ownership.ts), or let it be empty in the CRM.';
    case 'label-gone':
      return 'Make the label anew in the CRM and give it to the contacts again, or name another one in shared/ownership.ts.';
    case 'label-renamed':
      return 'Give the label its name back in the CRM, or name the new one in shared/ownership.ts.';
    case 'scope-lost':
      return 'Add it to requiredScopes in app-hsmeta.json, upload the project and install the app again.';
    case 'option-removed':
    case 'option-hidden':
    case 'pipeline-gone':
    case 'stage-removed':
    case 'type-changed':
      return 'If that is right, accept it.';
    case 'property-renamed':
    case 'option-added':
    case 'option-renamed':
    case 'stage-added':
    case 'stage-renamed':
      return 'Nothing has to be done; accept it to be shown it no longer.';
    default:
      return finding satisfies never;
  }
}

/** What of the portal it touches, a sentence each. */
export function impactSentences(finding: Finding, impact: Impact): string[] {
  const { fields, seenBy, editedBy, pages, actions, creations, sources, cards } = impact;
  const isLabel = finding.code === 'label-gone' || finding.code === 'label-renamed';
  const said: (string | null)[] = [
    isLabel ? `Nobody of the audience ${list(seenBy)} sees anything.` : null,
    fields.length === 0 ? null : `${fields.length === 1 ? 'The field' : 'The fields'} ${list(fields)}.`,
    isLabel || seenBy.length === 0 ? null : `Seen by ${list(seenBy)}.`,
    isLabel || editedBy.length === 0 ? null : `Changed by ${list(editedBy)}.`,
    pages.length === 0 ? null : `The portal’s pages of ${list(pages)}.`,
    cards.length === 0 ? null : `The cards on ${list(cards)}.`,
    actions.length === 0 ? null : `The actions ${list(actions.map(quoted))}.`,
    creations.length === 0 ? null : `What customers make: ${list(creations.map(quoted))}.`,
    sources.length === 0 ? null : `What comes from ${list(sources)}.`,
    {
      none: null,
      writing: 'It is not written until then.',
      both: 'It is not kept in agreement until then; the portal shows the last value with its age.',
    }[finding.stops],
    finding.bars.length === 0 ? null : 'What is asked for meanwhile waits, and new requests are refused.',
  ];
  return said.flatMap((sentence) => sentence ?? []);
}

/** On the card, beside the field that is held back. */
export const stopSentence = (stops: 'writing' | 'both', since: string): string =>
  stops === 'both'
    ? `Not kept in agreement since ${since}: the CRM’s schema no longer fits the rules.`
    : `Cannot be written since ${since}: the CRM’s schema no longer fits the rules.`;

const quoted = (text: string): string => `“${text}”`;
const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
