/** What the breaker holds back, as staff see it: the pattern in words, counts, samples. */
import type { DeskHeldSet, DeskRole, HeldAnswer } from '@tallystick/shared/deskMessages';
import { isRecordId, isSourceId, type HubId, type PersonId } from '@tallystick/shared/ids';
import { breaker, fieldOf, objects } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import { listSets, waitingIn, type HeldSetRow, type WaitingEdit } from '../store/heldSets.ts';
import { keyOf } from '../store/mirror.ts';
import { definitionsOf, recordsByKey } from '../store/records.ts';
import { loadNames, type Names } from './names.ts';
import { showValue } from './show.ts';
import { titleIn } from './titles.ts';
import { HELD_SENTENCES, heldPlace, SOURCE_HELD_ADVICE } from './words.ts';

const SETS_MAX = 12;
const SAMPLES_MAX = 6;

export async function heldAnswer(db: Db, hubId: HubId, role: DeskRole): Promise<HeldAnswer> {
  const sets = await listSets(db, hubId, SETS_MAX);
  const samples = await Promise.all(
    sets.map(({ setId, closedAt }) =>
      closedAt === null ? waitingIn(db, hubId, setId, SAMPLES_MAX) : Promise.resolve([]),
    ),
  );
  const all = samples.flat();
  const people = [...all.map(({ person }) => person), ...sets.map(({ who }) => who ?? '')].filter(isPerson);
  const [records, definitions, names] = await Promise.all([
    recordsByKey(db, hubId, all),
    definitionsOf(db, hubId),
    loadNames(db, hubId, [], people),
  ]);
  const sample = ({
    object,
    recordId,
    field,
    person,
    wanted,
  }: WaitingEdit): DeskHeldSet['samples'][number] => {
    const record = records.get(keyOf({ object, recordId }));
    return {
      object,
      recordId,
      title: titleIn(records, { object, recordId }),
      label: fieldOf(object, field)?.label ?? field,
      now: showValue(definitions, object, field, record?.fields[field]?.value ?? null),
      wanted: showValue(definitions, object, field, wanted),
      who: isPerson(person) ? names.person(person) : person,
    };
  };
  return {
    role,
    sets: sets.map((set, index) => deskSet(set, (samples[index] ?? []).map(sample), names)),
  };
}

const isPerson = (text: string): text is PersonId => isRecordId(text) || isSourceId(text);

function deskSet(set: HeldSetRow, samples: DeskHeldSet['samples'], names: Names): DeskHeldSet {
  const { setId, version, pattern, object, field, who, records, written, waiting, waitingRecords } = set;
  const place = heldPlace(
    object === null ? null : objects[object].label.many,
    object === null || field === null ? null : (fieldOf(object, field)?.label ?? field),
  );
  const whom = who === null ? null : isPerson(who) ? names.person(who) : who;
  const by = set.closedBy === null ? '' : names.user(set.closedBy);
  return {
    setId,
    version,
    title: (HELD_SENTENCES[pattern] ?? pattern).replace('{place}', place).replace('{who}', whom ?? ''),
    openedAt: new Date(set.openedAt).toISOString(),
    windowMinutes: breaker.windowMinutes,
    edits: waiting,
    records: waitingRecords,
    of: records,
    written: written.length,
    samples,
    advice: who !== null && isSourceId(who) ? SOURCE_HELD_ADVICE : null,
    closed:
      set.closedAt === null || set.outcome === null
        ? null
        : { outcome: set.outcome, who: by, at: new Date(set.closedAt).toISOString() },
  };
}
