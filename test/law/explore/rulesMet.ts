/** Which rules of SPEC.md were applied, told from the outside: from what went into a function and what came out of it. */
import { READ_LAG_MS, type Held, type Told } from '@tallystick/shared/observe';
import { ownership } from '@tallystick/shared/ownership';
import { equal, type Kind } from '@tallystick/shared/values';
import type { Situation, Visit } from '../../../backend/sync/situation.ts';

export function ruleOfObservation(held: Held | null, told: Told, kind: Kind): string {
  if (held === null) return 'O1';
  const same = equal(kind, told.value, held.value);
  if (told.how === 'event') {
    if (told.at < held.at) return 'O2';
    if (same) return 'O3';
    if (held.how === 'read' && held.begunAt >= told.receivedAt + READ_LAG_MS) return 'O5';
    return told.at > held.at ? 'O2' : 'O4';
  }
  if (!same && told.at < held.at) return 'O5';
  if (!same && told.at === held.at) return 'O4';
  if (same) return 'O3';
  return held.how === 'read' ? 'O6' : 'O2';
}

export function rulesOfVisit(situation: Situation, visited: Visit): string[] {
  const reads = Object.entries(situation.rules).flatMap(([field, { kind }]) => {
    const [top] = situation.read.history[field] ?? [];
    if (top === undefined) return [];
    const told: Told = { how: 'read', ...top, begunAt: situation.read.begunAt, answeredAt: situation.now };
    return [ruleOfObservation(situation.mirror[field] ?? null, told, kind)];
  });
  const named = [...visited.notes, ...visited.moves].flatMap(({ rule }) => rule ?? []);
  const digests: string[] = Object.values(ownership.actions).map(({ binds }) => binds?.digest ?? '');
  const bound = visited.promises.some(
    ({ field, editIds }) => situation.object === 'quote' && digests.includes(field) && editIds.length > 0,
  );
  return [...reads, ...named, ...(bound ? ['A1'] : [])];
}
