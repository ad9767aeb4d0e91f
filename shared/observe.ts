/**
 * The first law: what the mirror holds after the CRM told us something. Rules O1 to O6 in SPEC.md.
 *
 * Pure; `receivedAt`, `begunAt` and `answeredAt` are our clock, `at` is the CRM's. Both in ms since 1970.
 */
import { comparable, equal, type Kind, type Value } from './values.ts';

/** Who set a value, as the CRM tells it; `person` is the customer when it was our own write of that customer's edit. */
export interface Source {
  /** HubSpot's sourceType or changeSource: CRM_UI, INTEGRATION, IMPORT, AUTOMATION_PLATFORM, … */
  via: string;
  /** HubSpot's sourceId: "userId:7" for a colleague, the app's id for an integration; null when not told. */
  id: string | null;
  /** Our own write: who asked for it, the contact id of a customer or `user:` and the user id of a member of staff. */
  person: string | null;
}

/**
 * What the mirror holds of one field: the claim of an event, that an authoritative read has yet to confirm, or what a
 * read has proven that began (our clock) at `begunAt`.
 */
export type Held = Known & ({ how: 'event' } | { how: 'read'; begunAt: number });

interface Known {
  value: Value;
  /** CRM clock: when the CRM says the value was set; 0 when it was never set. */
  at: number;
  by: Source;
  /** Our clock: when the event arrived, or the read was answered, that told this last. */
  learnedAt: number;
  /** Our clock: when the value was last known equal to the CRM's. */
  asOf: number;
}

/** One value the CRM told us: in a webhook (`event`) or in an answer with property history (`read`). */
export type Told =
  | { how: 'event'; value: Value; at: number; by: Source; receivedAt: number }
  | { how: 'read'; value: Value; at: number; by: Source; begunAt: number; answeredAt: number };

export type Mirror = Readonly<Record<string, Held>>;
export interface Observation {
  told: Readonly<Record<string, Told>>;
}

/**
 * How long a read may lag behind an event before the event is disbelieved (O5). Reads by id were current in every
 * recording, but no source promises it; without this bound one stale answer would show new, old, new.
 */
export const READ_LAG_MS = 2_000;

/** Applies an observation to a record's mirror; returns the same object when nothing changed. */
export function observe(mirror: Mirror, observation: Observation, kindOf: (field: string) => Kind): Mirror {
  const changed: Record<string, Held> = {};
  for (const [field, told] of Object.entries(observation.told)) {
    const before = mirror[field] ?? null;
    const after = observeField(before, told, kindOf(field));
    if (after !== before) changed[field] = after;
  }
  return Object.keys(changed).length === 0 ? mirror : { ...mirror, ...changed };
}

/** The rule for one field. Returns `held` itself when the observation adds nothing. */
export function observeField(held: Held | null, told: Told, kind: Kind): Held {
  if (held === null) return fresh(told); // O1
  return told.how === 'event' ? observeEvent(held, told, kind) : observeRead(held, told, kind);
}

type EventTold = Extract<Told, { how: 'event' }>;
type ReadTold = Extract<Told, { how: 'read' }>;

function observeEvent(held: Held, event: EventTold, kind: Kind): Held {
  if (event.at < held.at) return held; // O2: older by the CRM's clock
  if (equal(kind, event.value, held.value)) return setAgain(held, event); // O3
  if (held.how === 'read' && held.begunAt >= event.receivedAt + READ_LAG_MS) return held; // O5, from the other side
  if (event.at > held.at) return fresh(event); // O2
  if (held.how === 'read') return held; // O4: in the same instant the history knows better than the claim
  const greater = (comparable(kind, event.value) ?? '') > (comparable(kind, held.value) ?? '');
  return greater ? fresh(event) : held; // O4: any order ends the same
}

function observeRead(held: Held, read: ReadTold, kind: Kind): Held {
  if (held.how === 'read' && read.begunAt < held.begunAt) return held; // O6: overtaken by a later answer
  const same = equal(kind, read.value, held.value);
  const older = read.at < held.at;
  if (!same && older && read.begunAt < held.learnedAt + READ_LAG_MS) return held; // O5
  if (held.how === 'read' && same && read.at <= held.at && read.begunAt === held.begunAt) return held; // O3
  const { at, learnedAt } = held;
  return same && older ? { ...fresh(read), at, learnedAt } : fresh(read); // O3, O6
}

/** O3: the same value once more. The later instant counts; what was proven stays proven. */
function setAgain(held: Held, event: EventTold): Held {
  if (event.at === held.at) return held;
  return {
    ...held,
    at: event.at,
    by: event.by,
    learnedAt: Math.max(held.learnedAt, event.receivedAt),
    asOf: Math.max(held.asOf, Math.min(event.at, event.receivedAt)),
  };
}

function fresh(told: Told): Held {
  const { how, value, at, by } = told;
  if (how === 'event')
    return { how, value, at, by, learnedAt: told.receivedAt, asOf: Math.min(at, told.receivedAt) };
  return { how, value, at, by, begunAt: told.begunAt, learnedAt: told.answeredAt, asOf: told.begunAt };
}
