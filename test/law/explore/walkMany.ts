/** Drawn histories on two cores until the budget of time is used. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { add, EVENTS, eventsOf, rulesToMeet, type Counts } from './met.ts';
import { walk } from './walk.ts';

const PROCESSES = 2;
/** Histories of one process between two looks at the clock. */
const BATCH = 2_000;
/** Fewer histories need not meet what is rare. */
const RARE = ['S6', 'S7'];
const RARE_FROM = 500_000;
const FAILED_SHOWN_MAX = 10;

export interface Share {
  histories: number;
  steps: number;
  counts: Counts;
  wrong: { seed: number; what: string }[];
}

/** Seeds from `first` on, `stride` apart, until the time is over. */
export function walkShare({ first, stride, until }: { first: number; stride: number; until: number }): Share {
  const share: Share = { histories: 0, steps: 0, counts: {}, wrong: [] };
  const options = {
    met: (rule: string) => add(share.counts, rule),
    tell: (step: string) => eventsOf(step).forEach((event) => add(share.counts, event)),
  };
  for (let seed = first; Date.now() < until;) {
    for (let n = 0; n < BATCH; n += 1, seed += stride) {
      // Telling every step costs more than taking it: one history in eight is enough to know what is met.
      const walked = walk(seed, share.histories % 8 === 0 ? options : { met: options.met });
      share.histories += 1;
      share.steps += walked.steps;
      if (walked.wrong !== null) share.wrong.push({ seed, what: walked.wrong });
    }
  }
  return share;
}

export async function walkMany({ seed, minutes }: { seed: number; minutes: number }): Promise<boolean> {
  const begunAt = performance.now();
  const until = Date.now() + minutes * 60_000;
  const shares = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      inProcess({ first: seed + index, stride: PROCESSES, until }),
    ),
  );
  const seconds = (performance.now() - begunAt) / 1_000;
  const counts: Counts = {};
  for (const share of shares) for (const [what, n] of Object.entries(share.counts)) add(counts, what, n);
  const histories = shares.reduce((sum, share) => sum + share.histories, 0);
  const wrong = shares.flatMap((share) => share.wrong);
  const rules = await rulesToMeet();
  const unmet = [...Object.keys(EVENTS), ...rules].filter(
    (what) => counts[what] === undefined && (histories >= RARE_FROM || !RARE.includes(what)),
  );
  for (const { seed: at, what } of wrong.slice(0, FAILED_SHOWN_MAX)) console.log(`seed ${at}: ${what}`);
  console.log(
    `${histories.toLocaleString('en')} histories over the law from seed ${seed} in ${seconds.toFixed(0)} s (${Math.round(histories / seconds).toLocaleString('en')}/s on ${PROCESSES} processes): ${wrong.length} broke an invariant`,
  );
  console.log(
    Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, n]) => `${what} ${n}`)
      .join(', '),
  );
  if (unmet.length > 0) console.log(`Never met: ${unmet.join(', ')}.`);
  return wrong.length === 0 && unmet.length === 0;
}

function inProcess(share: Parameters<typeof walkShare>[0]): Promise<Share> {
  return new Promise((done, fail) => {
    const child = fork(join(import.meta.dirname, 'walkShare.ts'), { execArgv: ['--import', 'tsx'] });
    child.once('message', (told) => done(told as Share));
    child.once('exit', (code) =>
      fail(new Error(`The process with a share of the histories ended: ${code}.`)),
    );
    child.send(share);
  });
}
