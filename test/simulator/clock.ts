/**
 * World time and everything that waits for it. World time = the given clock + an offset that only `advance` moves.
 *
 * Tasks (webhook deliveries and retries, late bumps) are due at a world time. With the real clock they run on real
 * timers; with an injected clock they run when it reaches their time, looked at every few milliseconds or at `advance`.
 */
export interface Clock {
  now(): number;
  offsetMs(): number;
  /** Moves world time on and runs, in order and at once, whatever became due. */
  advance(ms: number): void;
  /** Runs `task` when world time reaches `dueAt`; never inside the caller's own turn. */
  at(dueAt: number, task: () => void): void;
  close(): void;
}

const INJECTED_POLL_MS = 10;
const TIMER_MAX_MS = 60_000; // longer waits are cut into pieces: setTimeout overflows after 24.8 days

interface Task {
  dueAt: number;
  order: number;
  run: () => void;
}

export function createClock(injected?: () => number, offsetMs = 0): Clock {
  const base = injected ?? Date.now;
  const heap: Task[] = [];
  let order = 0;
  let offset = offsetMs;
  let timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  let timerFor = Infinity;
  let closed = false;
  const now = (): number => base() + offset;

  const runDue = (): void => {
    for (let task = heap[0]; task !== undefined && task.dueAt <= now(); task = heap[0]) {
      popTask(heap);
      task.run();
    }
  };
  const disarm = (): void => {
    if (timer instanceof Object && 'hasRef' in timer) {
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
    }
    timer = null;
    timerFor = Infinity;
  };
  const arm = (): void => {
    const first = heap[0];
    if (first === undefined || closed || first.dueAt >= timerFor) return;
    disarm();
    timerFor = first.dueAt;
    const waitMs = Math.max(0, first.dueAt - now());
    const fire = (): void => {
      timer = null;
      timerFor = Infinity;
      if (!closed) runDue();
      arm();
    };
    if (waitMs === 0) timer = setImmediate(fire);
    else timer = setTimeout(fire, Math.min(waitMs, injected === undefined ? TIMER_MAX_MS : INJECTED_POLL_MS));
    timer.unref();
  };

  return {
    now,
    offsetMs: () => offset,
    advance: (ms) => {
      offset += ms;
      runDue();
      disarm();
      arm();
    },
    at: (dueAt, run) => {
      pushTask(heap, { dueAt, order: order++, run });
      arm();
    },
    close: () => {
      closed = true;
      disarm();
      heap.length = 0;
    },
  };
}

const earlier = (a: Task, b: Task): boolean =>
  a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);

function pushTask(heap: Task[], task: Task): void {
  let index = heap.push(task) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!earlier(task, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = task;
}

function popTask(heap: Task[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child += 1;
    if (!earlier(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}

/** How HubSpot prints an instant: milliseconds only when there are any (recorded: "2026-12-31T00:00:00Z"). */
export function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
