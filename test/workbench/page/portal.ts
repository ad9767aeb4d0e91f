/** The portal's side: its real pages in a frame, signed in as the chosen customer, at the chosen record. */
import { COMPANY, LISTS, PERSON } from '../../../backend/portal/web/src/layout.ts';
import type { Chosen } from './app.ts';
import { byId } from './dom.ts';

export function showPortal(chosen: Chosen): void {
  showLead(chosen, null);
  const frame = byId('portal', HTMLIFrameElement);
  const address = `/as/${chosen.config.people.indexOf(chosen.person)}${pageOf(chosen)}`;
  if (frame.contentWindow?.location.pathname !== address) frame.src = address;
}

export function showLead({ person }: Chosen, tookMs: number | null): void {
  byId('portal-lead', HTMLParagraphElement).textContent =
    `You are ${person.name}, ${person.audience}.${tookMs === null ? '' : ` The portal knew ${Math.round(tookMs)} ms after the CRM changed.`}`;
}

function pageOf({ object, id }: Chosen): string {
  if (object === PERSON) return '/details';
  if (object === COMPANY) return id === '' ? '/company' : `/company/${id}`;
  const list = Object.values(LISTS).find((each) => each.object === object);
  if (list === undefined) return '/documents';
  return id === '' ? `/${list.page}` : `/${list.page}/${id}`;
}
