/** A webhook body, checked lightly and split by hub: a valid signature does not prove the hub (one secret per app). */

const EVENTS_MAX = 1_000;

export type Split =
  | { ok: true; parts: { hubId: string; events: string }[] }
  | { ok: false; code: 'not-json' | 'not-events' | 'bad-event'; detail: string };

/**
 * Takes any event that names its hub and its time: unknown types are stored too, since nothing acknowledged is lost.
 * The text is kept as it came where all events are of one hub.
 */
export function splitByHub(text: string): Split {
  let events: unknown;
  try {
    events = JSON.parse(text);
  } catch {
    return { ok: false, code: 'not-json', detail: 'The body is not JSON.' };
  }
  if (!Array.isArray(events) || events.length === 0 || events.length > EVENTS_MAX) {
    return { ok: false, code: 'not-events', detail: `The body is not a list of 1 to ${EVENTS_MAX} events.` };
  }
  const hubs = new Map<number, unknown[]>();
  for (let index = 0; index < events.length; index += 1) {
    const event: unknown = events[index];
    const member = missingIn(event);
    if (member !== null)
      return { ok: false, code: 'bad-event', detail: `Event ${index} has no valid "${member}".` };
    const hub = isRecord(event) ? Number(event.portalId) : 0;
    const known = hubs.get(hub);
    if (known === undefined) hubs.set(hub, [event]);
    else known.push(event);
  }
  const parts = [...hubs].map(([hub, own]) => ({
    hubId: String(hub),
    events: hubs.size === 1 ? text : JSON.stringify(own),
  }));
  return { ok: true, parts };
}

/** The first member an event lacks; null when it can be stored. */
function missingIn(event: unknown): string | null {
  if (!isRecord(event)) return 'shape';
  if (!isWhole(event.portalId) || event.portalId <= 0) return 'portalId';
  if (!isWhole(event.occurredAt)) return 'occurredAt';
  return typeof (event.subscriptionType ?? event.eventType) === 'string' ? null : 'subscriptionType';
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
