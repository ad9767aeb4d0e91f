/**
 * Holding a call: how a test puts a colleague's change inside a client's read–write window.
 * A held call waits before it is applied (or, with `after`, applied but unanswered) until it is released.
 */
export interface HoldSpec {
  on: 'read' | 'write';
  /** Type id; null for any. */
  typeId: string | null;
  /** Record id; null for any. */
  id: string | null;
  after: boolean;
  /** How many calls to hold. */
  count: number;
}
export interface Target {
  access: 'read' | 'write';
  typeId: string | null;
  ids: readonly string[];
  operation: string;
}
export interface Hold extends HoldSpec {
  holdId: string;
  waiting: { operation: string; ids: readonly string[]; since: number }[];
}

export interface Holds {
  add(spec: HoldSpec): string;
  /** Lets a hold's calls go and takes it away; all holds when no id is given. Answers how many calls were let go. */
  release(holdId?: string): number;
  list(): Hold[];
  /** Resolves when no hold wants the call; null at once when none does. */
  wait(target: Target, after: boolean, now: number): Promise<void> | null;
}

export function createHolds(): Holds {
  const holds = new Map<string, Hold & { resume: (() => void)[] }>();
  let count = 0;
  return {
    add: (spec) => {
      const holdId = `hold-${++count}`;
      holds.set(holdId, { ...spec, holdId, waiting: [], resume: [] });
      return holdId;
    },
    release: (holdId) => {
      const released = [...holds.values()].filter((hold) => holdId === undefined || hold.holdId === holdId);
      for (const hold of released) {
        holds.delete(hold.holdId);
        for (const resume of hold.resume) resume();
      }
      return released.reduce((sum, hold) => sum + hold.resume.length, 0);
    },
    list: () => [...holds.values()].map(({ resume: _, ...hold }) => hold),
    wait: (target, after, now) => {
      for (const hold of holds.values()) {
        if (hold.count === 0 || hold.after !== after || hold.on !== target.access) continue;
        if (hold.typeId !== null && hold.typeId !== target.typeId) continue;
        if (hold.id !== null && !target.ids.includes(hold.id)) continue;
        hold.count -= 1;
        hold.waiting.push({ operation: target.operation, ids: target.ids, since: now });
        return new Promise((resolve) => hold.resume.push(resolve));
      }
      return null;
    },
  };
}
