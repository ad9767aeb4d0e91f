/** The Portal Sync card's answer: everything about one record, in one go. */
import { createHash } from 'node:crypto';
import type {
  DeskField,
  DeskParked,
  DeskPause,
  DeskRecord,
  RecordAnswer,
} from '@tallystick/shared/deskMessages';
import { isRecordId, type HubId, type RecordId } from '@tallystick/shared/ids';
import { canaryField, isObject, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { versionOf } from '../portal/versions.ts';
import { conflictsOfRecord, type KeptConflict } from '../store/conflicts.ts';
import type { Db } from '../store/database.ts';
import { keyOf } from '../store/mirror.ts';
import { isPaused, loadPauses, type Pause } from '../store/orders.ts';
import { parkedOf } from '../store/parked.ts';
import { definitionsOf, loadRecords, type OpenEditOfField, type RecordRow } from '../store/records.ts';
import { stopOf } from '../store/schema.ts';
import { claimsOfRecord } from './claims.ts';
import { deskConflict, moreOf } from './conflicts.ts';
import type { DeskUser } from './gate.ts';
import { headOf } from './head.ts';
import { loadNames, type Names } from './names.ts';
import { deskParked } from './parked.ts';
import { deskPause } from './pauses.ts';
import { deskPerson, linkedPeople, seenBy } from './people.ts';
import { DeskRefused } from './refusals.ts';
import { stoppedSentence } from './schema.ts';
import { optionsOf, showValue, type Definitions } from './show.ts';
import { titleOf } from './titles.ts';

const CONFLICTS_MAX = 8;
/** How soon a card asks again while something moves, and while nothing does. */
const AGAIN_MOVING_MS = 1_500;
const AGAIN_IDLE_MS = 3_000;

/** What a card names, by HubSpot's object type id or by our name of the object. */
export async function placeOf(
  db: Db,
  hubId: HubId,
  named: { objectType: string; recordId: string },
): Promise<Place> {
  const object = await objectOf(db, hubId, named.objectType);
  if (!isRecordId(named.recordId)) throw new DeskRefused('unknown-record');
  return { object, recordId: named.recordId };
}
export type Place = Pick<RecordRow, 'object' | 'recordId'>;

export const findRecord = async (
  db: Db,
  hubId: HubId,
  named: { objectType: string; recordId: string },
): Promise<RecordRow> => load(db, hubId, await placeOf(db, hubId, named));

async function load(db: Db, hubId: HubId, place: Place): Promise<RecordRow> {
  const [row] = await loadRecords(db, hubId, [place]);
  if (row === undefined) throw new DeskRefused('unknown-record');
  return row;
}

export async function objectOf(db: Db, hubId: HubId, objectType: string): Promise<AppObject> {
  if (isObject(objectType)) return objectType;
  const hub = await db
    .selectFrom('hubs')
    .select('type_ids')
    .where('hub_id', '=', hubId)
    .executeTakeFirstOrThrow();
  const found = OBJECTS.find((object) => {
    const { typeId, crm } = objects[object];
    return (typeId ?? hub.type_ids[crm]) === objectType;
  });
  if (found === undefined) throw new DeskRefused('unknown-object');
  return found;
}

/** `known`: the version the card has; then only news are sent. */
export async function recordAnswer(
  db: Db,
  user: DeskUser,
  place: Place,
  known: string | null,
): Promise<RecordAnswer> {
  const record = await deskRecord(db, user.hubId, place);
  const version = createHash('sha256').update(JSON.stringify(record)).digest('base64url').slice(0, 16);
  const isMoving =
    record.onTheirWay > 0 ||
    record.fields.some((field) => field.state === 'reported') ||
    record.conflicts.some((conflict) => conflict.pending);
  return {
    role: user.role,
    version,
    againMs: isMoving ? AGAIN_MOVING_MS : AGAIN_IDLE_MS,
    record: version === known ? null : record,
  };
}

/**
 * The worker writes meanwhile, so the conflicts are read before the record: what they are shown beside is never older
 * than what opened them. The other way round staff would be asked to decide over a value that stands no more.
 */
export async function deskRecord(db: Db, hubId: HubId, { object, recordId }: Place): Promise<DeskRecord> {
  const [definitions, kept, parked, pauses] = await Promise.all([
    definitionsOf(db, hubId),
    conflictsOfRecord(db, hubId, object, recordId, CONFLICTS_MAX),
    parkedOf(db, hubId, { object, recordId }),
    loadPauses(db, hubId),
  ]);
  const row = await load(db, hubId, { object, recordId });
  const [linked, readAt, signedIn] = await Promise.all([
    linkedPeople(db, hubId, row),
    readAtOf(db, hubId, row),
    claimsOfRecord(db, hubId, row),
  ]);
  const covering = pauses.filter((pause) => pause.object === null || pause.object === object);
  const [names, facts] = await Promise.all([
    loadNames(db, hubId, sourcesOf(row, kept), peopleOf(kept, linked)),
    moreOf(db, hubId, kept),
  ]);
  const records = new Map([[keyOf(row), row]]);
  const title = titleOf(row);
  const conflicts = kept.map((conflict) => deskConflict(conflict, { records, names, definitions, facts }));
  const shown: DeskParked | null = parked === null ? null : deskParked(parked, title);
  const standing: DeskPause[] = covering.map((pause) => deskPause(pause, names));
  const moving = row.openEdits.filter((edit) => edit.state !== 'held');
  const onTheirWay = new Set(moving.map((edit) => edit.field)).size;
  const head = headOf({
    life: row.life,
    conflicts,
    parked: shown,
    pauses: standing,
    onTheirWay,
    people: linked.length,
    claims: signedIn.claims,
  });
  return {
    object,
    label: objects[object].label.one,
    recordId,
    title,
    ...head,
    provenAt: readAt?.toISOString() ?? null,
    onTheirWay,
    people: linked.map((person) => deskPerson(person, names)),
    fields: fieldsOf(row, { definitions, names, pauses: covering }),
    conflicts,
    parked: shown,
    pauses: standing,
    ...signedIn,
  };
}

async function readAtOf(db: Db, hubId: HubId, row: RecordRow): Promise<Date | null> {
  const found = await db
    .selectFrom('mirror')
    .select('read_at')
    .where('hub_id', '=', hubId)
    .where('object', '=', row.object)
    .where('record_id', '=', row.recordId)
    .executeTakeFirst();
  return found?.read_at ?? null;
}

function sourcesOf(row: RecordRow, conflicts: readonly KeptConflict[]) {
  return [...Object.values(row.fields).map((kept) => kept.by), ...conflicts.map(({ crm }) => crm.by)];
}

function peopleOf(
  conflicts: readonly KeptConflict[],
  linked: readonly { person: { contactId: RecordId } }[],
) {
  return [...conflicts.map(({ person }) => person), ...linked.map(({ person }) => person.contactId)];
}

function fieldsOf(
  row: RecordRow,
  known: { definitions: Definitions; names: Names; pauses: readonly Pause[] },
): DeskField[] {
  const shown = Object.entries(objects[row.object].fields).filter(
    ([name]) => name !== canaryField(row.object),
  );
  return shown.map(([name, spec]): DeskField => {
    const kept = row.fields[name];
    const audiences = seenBy(row.object, name);
    const edit = row.openEdits.findLast((each) => each.field === name);
    const crm = showValue(known.definitions, row.object, name, kept?.value ?? null);
    const portal =
      edit === undefined || edit.state === 'held'
        ? crm
        : showValue(known.definitions, row.object, name, edit.wanted);
    const options = optionsOf(known.definitions, row.object, name);
    const paused =
      isPaused(known.pauses, row.object, name, 'out') || isPaused(known.pauses, row.object, name, 'in');
    const note = stoppedSentence(row, name);
    const isUnkept = stopOf(row.stopped, name)?.stops === 'both';
    const state = isUnkept ? 'unkept' : stateOf(edit, kept?.how ?? 'read', audiences.length > 0, paused);
    return {
      name,
      label: spec.label,
      owner: spec.owner,
      crm: {
        text: crm,
        who: kept === undefined || kept.at === 0 ? '' : known.names.of(kept.by),
        at: kept === undefined || kept.at === 0 ? null : new Date(kept.at).toISOString(),
      },
      portal: audiences.length === 0 ? null : portal,
      differs: state === 'saving' || state === 'held' || state === 'reported',
      state,
      version: versionOf(kept?.seq ?? row.foundSeq),
      seenBy: audiences,
      ...(options === undefined ? {} : { options }),
      ...(note === null ? {} : { note }),
    };
  });
}

function stateOf(
  edit: OpenEditOfField | undefined,
  how: 'event' | 'read',
  isSeen: boolean,
  paused: boolean,
): DeskField['state'] {
  if (edit !== undefined) return edit.state === 'held' ? 'held' : 'saving';
  if (paused) return 'paused';
  if (how === 'event') return 'reported';
  return isSeen ? 'agree' : 'hidden';
}
