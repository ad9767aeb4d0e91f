/**
 * What has to be asked of the CRM so that it holds what another system (a source) says. Rules B1 to B5 of SPEC.md. Pure.
 *
 * Nothing is written here: what comes out are ordinary edits, decided, written and proven like everybody else's.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { equal, parse, type Kind, type Value } from '@tallystick/shared/values';
import type { OwnedField, SourceValues } from '../sources/source.ts';

/** A record as the mirror holds it, as far as a source is concerned. */
export interface OwnedRecord {
  recordId: RecordId;
  /** By which the source knows it; null: it is not linked. */
  key: string | null;
  /** Fields that the mirror does not hold are not in it. */
  held: Readonly<Record<string, { value: Value; seq: number; ours: boolean }>>;
  /** What the source's open edits ask for already. */
  asking: Readonly<Record<string, Value>>;
}

export interface Push {
  recordId: RecordId;
  fields: { field: string; seen: Value; wanted: Value; seq: number }[];
}

export interface PushPlan {
  pushes: Push[];
  /** B5: how many values would be taken away; null when the answer is believed. */
  withheld: { taken: number; held: number } | null;
  /** Values that do not fit their field's kind, and keys with several rows. */
  unfit: number;
}

/** So many values may vanish at once without anybody looking. */
const TAKEN_ALWAYS = 5;

export function planPush(look: {
  fields: readonly OwnedField[];
  records: readonly OwnedRecord[];
  /** By key; null: the source did not answer (B4). */
  said: ReadonlyMap<string, SourceValues> | null;
  /** Every record was looked at: only then a row that is missing says anything. */
  whole: boolean;
}): PushPlan {
  const { fields, records, said, whole } = look;
  if (said === null) return { pushes: [], withheld: null, unfit: 0 };
  let unfit = 0;
  const pushes = records.flatMap((record): Push[] => {
    const values = record.key === null ? undefined : said.get(record.key);
    if (values === 'twice') {
      unfit += 1;
      return [];
    }
    if (values === undefined && !whole) return [];
    const wanting = fields.flatMap(({ field, kind }) => {
      const wanted = values?.[field] ?? null;
      if (!parse(kind, wanted).ok) {
        unfit += 1;
        return [];
      }
      return wants(record, field, kind, wanted);
    });
    return wanting.length === 0 ? [] : [{ recordId: record.recordId, fields: wanting }];
  });
  const withheld = implausible(records, pushes, said);
  return { pushes: withheld === null ? pushes : [], withheld, unfit };
}

function wants(record: OwnedRecord, field: string, kind: Kind, wanted: Value): Push['fields'] {
  const held = record.held[field] ?? { value: null, seq: 0, ours: true };
  const standing = Object.hasOwn(record.asking, field) ? (record.asking[field] ?? null) : held.value;
  if (equal(kind, standing, wanted)) return []; // B3
  // B2: over its own word the source is the one who looked; over another's it never saw that.
  const seen = held.ours || held.value === null ? held.value : wanted;
  return [{ field, seen, wanted, seq: held.seq }];
}

/** B5: an answer that takes away what most records hold is a fault of the answer, until a person says otherwise. */
function implausible(
  records: readonly OwnedRecord[],
  pushes: readonly Push[],
  said: ReadonlyMap<string, SourceValues>,
): PushPlan['withheld'] {
  const isHeld = ({ held }: OwnedRecord): boolean => Object.values(held).some(({ value }) => value !== null);
  const held = records.filter(isHeld).length;
  const taken = pushes.filter(({ fields }) => fields.some(({ wanted }) => wanted === null)).length;
  const isMost = taken > TAKEN_ALWAYS && taken * 2 > held;
  const isSilent = said.size === 0 && taken > 1;
  return isMost || isSilent ? { taken, held } : null;
}
