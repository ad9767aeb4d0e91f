/** What is done to the service. Each ends at rest, with an account in which nothing is missing. */
import { STEPS } from '../harness/killable.ts';
import { eventually } from '../harness/eventually.ts';
import type { Random } from '../simulator/random.ts';
import type { KillablePostgres } from './postgres.ts';
import type { Process, Town } from './town.ts';

export interface Place {
  town: Town;
  postgres: KillablePostgres;
  random: Random;
  /** `small`: as little as shows the point. */
  size: 'small' | 'full';
  /** When the scenario has to come to its end. */
  until: number;
}
export type Figures = Record<string, number | string>;
export interface Scenario {
  name: string;
  what: string;
  /** Its Postgres has a small disk of its own. */
  smallDisk?: boolean;
  run(place: Place): Promise<Figures>;
}

const KILL_WITHIN_MS = 15_000;
/** Enough for every step; more would meet the portal's own limit of requests a minute. */
const LOADS_PER_LIFE = 8;
const TAKEOVER_WITHIN_MS = 60_000;
const WRITES = /^(POST|PATCH|PUT) \S*\/objects\/\S*(batch\/(update|create)|\/\d+ )/;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ended = ({ process }: Process): boolean => process.exitCode !== null || process.signalCode !== null;

/** Under load until `over`; answers with the number of requests. */
async function loadWhile(town: Town, over: () => boolean, betweenMs = 20): Promise<number> {
  let loads = 0;
  for (; !over(); loads += 1) {
    await town.load();
    await pause(betweenMs);
  }
  return loads;
}
const loadFor = (town: Town, ms: number): Promise<number> => {
  const end = Date.now() + ms;
  return loadWhile(town, () => Date.now() > end);
};

async function killedAtSteps({ town, until, size }: Place): Promise<Figures> {
  const kills = new Map<string, number>();
  const most = size === 'small' ? STEPS.length : Infinity;
  for (let n = 0; n < most && Date.now() < until; n += 1) {
    const step = STEPS[n % STEPS.length]!;
    const running = await town.start({ killAt: `${step}:${1 + (Math.floor(n / STEPS.length) % 4)}` });
    await untilKilled(town, running);
    if ((await running.ended) === 'SIGKILL') kills.set(step, (kills.get(step) ?? 0) + 1);
    town.harvest();
  }
  await town.start();
  const total = [...kills.values()].reduce((sum, one) => sum + one, 0);
  return { kills: total, ...Object.fromEntries(kills), 'ms to first answer': await town.firstAnswer() };
}

export async function untilKilled(town: Town, running: Process): Promise<void> {
  const deadline = Date.now() + KILL_WITHIN_MS;
  for (let n = 0; !ended(running) && Date.now() < deadline; n += 1) {
    if (n < LOADS_PER_LIFE) await town.load();
    else await Promise.race([running.ended, pause(50)]);
  }
  if (!ended(running)) running.process.kill('SIGKILL');
  await running.ended;
}

async function killedAtRandom({ town, random, until, size }: Place): Promise<Figures> {
  let kills = 0;
  const answers: number[] = [];
  const most = size === 'small' ? 2 : Infinity;
  for (; kills < most && Date.now() < until; kills += 1) {
    const running = await town.start();
    answers.push(await town.firstAnswer());
    await loadFor(town, random.int(1_500));
    running.process.kill('SIGKILL');
    await running.ended;
    town.harvest();
  }
  await town.start();
  answers.push(await town.firstAnswer());
  return { kills, ...spread('ms to first answer', answers) };
}

/** `kill -9` of Postgres under load: the service goes on by itself when it is back. */
async function postgresKilled({ town, postgres, until, size }: Place): Promise<Figures> {
  const running = await town.start();
  const answers: number[] = [];
  await town.firstAnswer();
  const most = size === 'small' ? 1 : Infinity;
  for (let kills = 0; kills < most && Date.now() < until; kills += 1) {
    const load = loadFor(town, 1_000);
    await pause(300);
    await postgres.kill();
    await load;
    await postgres.start();
    answers.push(await town.firstAnswer());
    town.harvest();
    if (ended(running)) throw new Error('The service did not outlive its database.');
  }
  return { kills: answers.length, ...spread('ms to first answer', answers) };
}

/** A process that is stopped loses its hub to another one, and does nothing to CRM or database when it goes on. */
async function stopped({ town, postgres, until, size }: Place): Promise<Figures> {
  const takeovers: number[] = [];
  let lateRows = 0;
  const most = size === 'small' ? 1 : Infinity;
  // The small dose does not wait as long for Postgres to end the silent connection.
  const patience = size === 'small' ? '5s' : '15s';
  const address = new URL(postgres.url);
  address.searchParams.set(
    'options',
    `-c idle_session_timeout=${patience} -c idle_in_transaction_session_timeout=${patience}`,
  );
  const env = { DATABASE_URL: address.href };
  const sleeper = await town.start({ env });
  await town.firstAnswer();
  for (let n = 0; n < most && Date.now() < until; n += 1) {
    const before = await epochOf(postgres);
    const loading = loadFor(town, 600);
    await pause(300);
    sleeper.process.kill('SIGSTOP');
    const stoppedAt = performance.now();
    const heir = await town.start({ env });
    await loading;
    await eventually(
      async () => (await epochOf(postgres)) > before,
      'the other takes over',
      TAKEOVER_WITHIN_MS,
    );
    takeovers.push(performance.now() - stoppedAt);
    await town.firstAnswer();
    const held = await epochOf(postgres);
    const wrote = sleeper.line.passed(WRITES);
    sleeper.process.kill('SIGCONT');
    await loadFor(town, 2_500);
    // Only a call that stopped between its proof and the socket could still go out (S6): microseconds, and connecting.
    const calls = sleeper.line.passed(WRITES) - wrote;
    if (calls > 0)
      throw new Error(`The process that was stopped wrote ${calls} times after it had lost its hub.`);
    const late = await postgres.query(
      `select count(*)::int as n from promises p join hubs h using (hub_id)
       where p.epoch < h.epoch and p.promise_id > (select min(promise_id) from promises where epoch = h.epoch)`,
    );
    lateRows += Number(late[0]?.n ?? 0);
    if (ended(sleeper)) throw new Error('The process that was stopped did not go on.');
    // And back: the one that slept is as good as any.
    town.turnTo(sleeper);
    heir.process.kill('SIGKILL');
    await heir.ended;
    await eventually(async () => (await epochOf(postgres)) > held, 'it speaks again', TAKEOVER_WITHIN_MS);
    await town.firstAnswer();
    town.harvest();
  }
  if (lateRows > 0)
    throw new Error(`The process that was stopped stored ${lateRows} promises after it had lost its hub.`);
  return {
    stops: takeovers.length,
    'late rows': lateRows,
    ...spread('ms to takeover', takeovers),
  };
}

async function epochOf(postgres: KillablePostgres): Promise<number> {
  const [row] = await postgres.query('select max(epoch) as epoch from hubs');
  return Number(row?.epoch);
}

/** Connections that end in the middle of anything. */
async function terminated({ town, postgres, random, until, size }: Place): Promise<Figures> {
  const running = await town.start();
  await town.firstAnswer();
  const end = Math.min(until, Date.now() + (size === 'small' ? 2_000 : Infinity));
  const load = loadWhile(town, () => Date.now() > end);
  let terminations = 0;
  while (Date.now() < end) {
    const ids = await postgres.query(
      `select pid from pg_stat_activity where datname = 'chaos' and backend_type = 'client backend'
       and pid <> pg_backend_pid()`,
    );
    if (ids.length > 0) {
      await postgres.query('select pg_terminate_backend($1)', [random.pick(ids).pid]);
      terminations += 1;
    }
    await pause(50 + random.int(250));
    town.harvest();
  }
  const loads = await load;
  const answer = await town.firstAnswer();
  if (ended(running)) throw new Error('The service did not outlive its connections.');
  return { terminations, loads, 'ms to first answer': answer };
}

/** Somebody holds what every request wants: requests are answered with an error in time, and then all goes on. */
async function exhausted({ town, postgres, size }: Place): Promise<Figures> {
  const running = await town.start();
  await town.firstAnswer();
  const holder = await postgres.connect();
  await holder.query('begin');
  await holder.query('lock table edits in access exclusive mode');
  const requests = size === 'small' ? 15 : 60;
  const answers = await Promise.all(Array.from({ length: requests }, () => town.load()));
  const errors = answers.filter((wasTaken) => !wasTaken).length;
  await holder.query('commit');
  await holder.end();
  const answer = await town.firstAnswer();
  if (errors === 0) throw new Error('Nobody had to wait: the scenario shows nothing.');
  if (ended(running)) throw new Error('The service did not outlive it.');
  return { requests, 'answered with an error': errors, 'ms to first answer': answer };
}

async function diskFull({ town, postgres }: Place): Promise<Figures> {
  if (postgres.fillDisk === null) throw new Error('There is no small disk.');
  const running = await town.start();
  await town.firstAnswer();
  await postgres.fillDisk();
  // What the server had set aside is used up too.
  const used = await postgres
    .query("create table used_up as select repeat('x', 2000) as x, n from generate_series(1, 40000) n")
    .then(
      () => false,
      () => true,
    );
  let refused = 0;
  for (let n = 0; n < 40; n += 1) if (!(await town.load())) refused += 1;
  await postgres.freeDisk();
  const isUp = await postgres.isUp();
  if (!isUp) await postgres.start();
  const answer = await town.firstAnswer();
  if (ended(running)) throw new Error('The service did not outlive the full disk.');
  return {
    'the disk was full': String(used),
    'of 40 requests refused': refused,
    'Postgres had to be started again': String(!isUp),
    'ms to first answer': answer,
  };
}

/** HubSpot is away, or answers with nothing but refusals, for as long as there is time. */
const crmAway =
  (turn: (town: Town, isAway: boolean) => void) =>
  async ({ town, until, size }: Place): Promise<Figures> => {
    await town.start();
    await town.firstAnswer();
    const awayMs = size === 'small' ? 1_500 : Math.max(5_000, until - Date.now());
    turn(town, true);
    const loads = await loadFor(town, awayMs);
    turn(town, false);
    return { 's away': Math.round(awayMs / 1_000), 'edits taken meanwhile': loads };
  };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'steps', what: 'kill -9 of the service at every named step', run: killedAtSteps },
  { name: 'random', what: 'kill -9 of the service at random moments', run: killedAtRandom },
  { name: 'postgres', what: 'kill -9 of Postgres', run: postgresKilled },
  { name: 'stopped', what: 'SIGSTOP of the service, another takes over, SIGCONT', run: stopped },
  { name: 'terminated', what: 'pg_terminate_backend of random connections', run: terminated },
  { name: 'exhausted', what: 'a lock that every request waits for', run: exhausted },
  { name: 'disk', what: 'the disk of the database is full', smallDisk: true, run: diskFull },
  { name: 'away', what: 'HubSpot is down', run: crmAway(({ sim }, is) => (sim.faults.api.down = is)) },
  {
    name: 'dropped',
    what: 'every webhook is dropped',
    run: crmAway(({ sim }, is) => (sim.faults.webhooks.dropRate = is ? 1 : 0)),
  },
  {
    name: 'daily',
    what: 'the daily limit is used up',
    run: crmAway(({ sim }, is) => (sim.faults.api.forced429 = is ? 'daily' : null)),
  },
  {
    name: 'revoked',
    what: 'the token is revoked, and renewed',
    run: crmAway(({ sim }, is) => (sim.faults.api.revoked = is)),
  },
];

function spread(what: string, ms: readonly number[]): Figures {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? NaN);
  return { [`${what} (median)`]: at(0.5), [`${what} (most)`]: at(1) };
}
