/** The workbench: one record, seen from the CRM and from the portal, with the journal beside it. */
import type { Me, RecordList, StreamMessage } from '@tallystick/shared/messages';
import { recordChanged, showCards, showColleagues } from './cards.ts';
import { showCrm, type CrmRecord } from './crm.ts';
import { byId, el, follow } from './dom.ts';
import { showFaults } from './faults.ts';
import { showJournal } from './journal.ts';
import { showMails } from './mails.ts';
import { showLead, showPortal } from './portal.ts';

export interface Person {
  name: string;
  email: string;
  audience: string;
  contactId: string;
  token: string;
}
export interface FieldRule {
  property: string;
  label: string;
  kind: string;
  owner: string;
  conflict?: string;
}
export interface Config {
  people: Person[];
  /** Where the portal's pages are without a frame. */
  portal: string;
  objects: Record<
    string,
    {
      crm: string;
      typeId: string | null;
      label: { one: string; many: string };
      fields: Record<string, FieldRule>;
    }
  >;
  crm: {
    hubId: number;
    appId: number;
    backend: string;
    colleagues: { id: number; email: string; firstName: string; lastName: string; role: string }[];
    typeIds: Record<string, string>;
  };
}
export interface Chosen {
  config: Config;
  person: Person;
  me: Me;
  object: string;
  id: string;
}

const config = (await (await fetch('/config.json')).json()) as Config;
const personPick = byId('person', HTMLSelectElement);
const objectPick = byId('object', HTMLSelectElement);
const recordPick = byId('record', HTMLSelectElement);
const live = byId('live', HTMLOutputElement);

let chosen: Chosen | null = null;
let streaming = new AbortController();
/** When the CRM changed what, to show how long the portal took to know. */
let changedAt: number | null = null;

const auth = (person: Person) => ({ Authorization: `Bearer ${person.token}` });
const get = async (path: string, person: Person): Promise<unknown> => {
  const answer = await fetch(`/portal/v1/${path}`, { headers: auth(person) });
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  return answer.json();
};

personPick.append(
  ...config.people.map((person, i) =>
    el('option', { value: String(i) }, `${person.name} (${person.audience})`),
  ),
);
personPick.onchange = () => void choosePerson();
objectPick.onchange = () => void chooseObject();
recordPick.onchange = () => void chooseRecord();
showFaults();
showMails(config);
showColleagues(config, () => void (chosen === null ? undefined : showCards(chosen)));
void follow('/_sim/events', {}, new AbortController().signal, onCrmEvent, () => undefined);
showJournal(() => chosen);
await choosePerson();

async function choosePerson(): Promise<void> {
  const person = config.people[Number(personPick.value)]!;
  const me = (await get('me', person)) as Me;
  objectPick.replaceChildren(
    ...Object.entries(me.objects).map(([name, meta]) => el('option', { value: name }, meta.label.many)),
  );
  streaming.abort();
  streaming = new AbortController();
  void follow('/portal/v1/stream', auth(person), streaming.signal, onPortalEvent, (on) => {
    live.textContent = on ? 'live' : 'reconnecting';
    live.className = `live ${on ? 'on' : 'off'}`;
  });
  chosen = { config, person, me, object: objectPick.value, id: '' };
  await chooseObject();
}

async function chooseObject(): Promise<void> {
  if (chosen === null) return;
  const object = objectPick.value;
  const list = (await get(`records/${object}`, chosen.person)) as RecordList;
  if (objectPick.value !== object) return; // somebody was faster: theirs is loading
  recordPick.replaceChildren(
    ...list.records.map((record) => el('option', { value: record.id }, record.title)),
  );
  await chooseRecord();
}

async function chooseRecord(): Promise<void> {
  if (chosen === null) return;
  chosen = { ...chosen, object: objectPick.value, id: recordPick.value };
  byId('crm', HTMLDivElement).replaceChildren();
  showPortal(chosen);
  if (chosen.id === '') return;
  dispatchEvent(new Event('chosen'));
  await loadCrm();
  if (chosen.id !== recordPick.value || chosen.object !== objectPick.value) return;
  await showCards(chosen);
}

async function loadCrm(): Promise<void> {
  if (chosen === null) return;
  const { object, id } = chosen;
  const answer = await fetch(`/_sim/record/${chosen.config.objects[object]!.crm}/${id}`);
  if (answer.ok && chosen.id === id) showCrm(chosen, (await answer.json()) as CrmRecord);
}

function onCrmEvent(_event: string, data: string): void {
  const change = JSON.parse(data) as { id?: string };
  if (chosen === null || change.id !== chosen.id) return;
  changedAt = performance.now();
  void loadCrm();
  recordChanged();
}

function onPortalEvent(_event: string, data: string): void {
  const message = JSON.parse(data) as StreamMessage;
  if (chosen === null) return;
  if (message.type === 'resync') void chooseRecord();
  if (message.type === 'gone' && message.id === chosen.id) void chooseObject();
  if (message.type !== 'record' || message.record.object !== chosen.object || message.record.id !== chosen.id)
    return;
  const tookMs = changedAt === null ? null : performance.now() - changedAt;
  changedAt = null;
  showLead(chosen, tookMs);
}
