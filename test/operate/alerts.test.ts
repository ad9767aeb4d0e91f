/** Alerts over a real database, a real mail server, a real endpoint and the stand-in: once per problem, whoever dies. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { startWatch, WATCH_LOCK_CLASS, type Watch } from '../../backend/alerts/watch.ts';
import { loadAlerts } from '../../backend/store/alerts.ts';
import { endWarning, raise, type WarningCode } from '../../backend/store/warnings.ts';
import { startReceiver, type Receiver } from '../hooks/receiver.ts';
import { eventually } from '../harness/eventually.ts';
import { clock, startLoop, type LoopHarness } from '../harness/loop.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { asOwner, endLocksOf } from '../harness/postgres.ts';

describe('an alert', () => {
  let loop: LoopHarness;
  let mailbox: Mailbox;
  let receiver: Receiver;
  let watches: Watch[] = [];
  let owner: ReturnType<typeof asOwner>;
  const code = (text: string) => text as WarningCode;

  /** As a process of its own would. */
  const watch = (): Watch => {
    const settings = {
      mail: { to: ['nora@example.com', 'tom@example.com'], smtpUrl: mailbox.url, from: 'tally@example.com' },
      webhook: receiver.hook,
      taskOwner: '1',
    };
    const hubs = [{ hubId: loop.hubId, settings }];
    return startWatch({
      ...{ lock: loop.hubId, hubs: () => hubs, databaseUrl: loop.database.url, clock },
      log: pino({ level: 'silent' }),
      pace: { lookMs: 30, settledAfterMs: 300, quietMs: 0, databasePatienceMs: 0 },
    });
  };
  const mails = (title: string) => mailbox.mails.filter(({ subject }) => subject.endsWith(title));
  const heard = (about: string) =>
    receiver.heard.filter(({ data }) => (data as { code?: string }).code === about);
  const made = new Set<string>();
  const tasks = (title: string) =>
    [...made].flatMap((id) => {
      const { world } = loop.sim;
      const isIt = world.value('tasks', id, 'hs_task_subject')?.startsWith(title);
      return isIt === true ? [world.value('tasks', id, 'hs_task_status')] : [];
    });
  /** What would be tried again later is tried now. */
  const hurry = () =>
    sql`update alerts set not_before = now() - interval '1 second' where not_before > now()`.execute(owner);

  beforeAll(async () => {
    mailbox = await startMailbox();
    receiver = await startReceiver();
    loop = await startLoop({ alertTaskOwner: '1' });
    const { world } = loop.sim;
    world.state.data.owners.push({
      ...{ id: '1', userId: 2, email: 'nora@example.com', firstName: 'Nora', lastName: 'L' },
      ...{ archived: false, createdAt: 0, updatedAt: 0 },
    });
    world.listen((change) => {
      if (change.typeId === '0-27') made.add(change.id);
    });
    owner = asOwner(loop.database.url);
    watches = [watch(), watch(), watch()];
  });
  afterAll(async () => {
    await Promise.all(watches.map((each) => each.stop()));
    await owner.destroy();
    await loop.close();
    await receiver.close();
    await mailbox.close();
  });

  it('reaches each channel once although three processes watch, and once more when it is over', async () => {
    await raise(loop.db, loop.hubId, [{ code: code('test'), count: 1, detail: null }], Date.now());
    await eventually(() => mails('This is a test').length > 0, 'the mail');
    await eventually(() => heard('test').length > 0, 'the webhook');
    await eventually(() => tasks('This is a test').length > 0, 'the task');
    await eventually(
      async () => (await loadAlerts(loop.db, loop.hubId)).every(({ stage }) => stage === 'begun'),
      'all three are written down',
    );
    await endWarning(loop.db, loop.hubId, { code: 'test' }, Date.now());
    await eventually(() => mails('Over: This is a test').length > 0, 'the mail that it is over');
    await eventually(() => heard('test').length === 2, 'the webhook that it is over');
    await eventually(() => tasks('This is a test')[0] === 'COMPLETED', 'the end of the task');
    expect(mails('] This is a test')).toHaveLength(1);
    expect(mails('Over: This is a test')).toHaveLength(1);
    expect(heard('test').map(({ type }) => type)).toEqual(['warning.begun', 'warning.over']);
    expect(tasks('This is a test')).toEqual(['COMPLETED']);
  });

  it('goes out without any worker, and says when one is back', async () => {
    await loop.worker.stop();
    await sql`update hubs set heartbeat_at = now() - interval '1 minute'`.execute(owner);
    await eventually(() => mails('No worker speaks for the hub').length > 0, 'the mail');
    await loop.restart();
    await eventually(() => mails('Over: No worker speaks for the hub').length > 0, 'the end of it');
    await eventually(() => heard('no-worker').length === 2, 'the webhook that it is over');
    expect(heard('no-worker').map(({ type }) => type)).toEqual(['warning.begun', 'warning.over']);
  });

  it('waits for an endpoint that is down, under the same id, and holds up no other channel', async () => {
    await receiver.down();
    await raise(
      loop.db,
      loop.hubId,
      [{ code: code('colours-faded'), subject: 'blue', count: 2, detail: null }],
      Date.now(),
    );
    await eventually(() => mails('Warning: colours-faded (blue)').length > 0, 'the mail');
    await eventually(
      async () => (await alertOf('colours-faded', 'webhook'))?.error === 'No answer (ECONNREFUSED).',
      'the failure is written down',
    );
    let refused = 1;
    receiver.answer = (res) => void res.writeHead(refused-- > 0 ? 500 : 204).end();
    await receiver.up();
    await hurry();
    await eventually(() => heard('colours-faded').length === 1, 'the refused attempt');
    await eventually(
      async () => (await alertOf('colours-faded', 'webhook'))?.error === 'It answered 500.',
      'why it was not taken',
    );
    await hurry();
    await eventually(() => heard('colours-faded').length === 2, 'the attempt that was taken');
    expect(new Set(heard('colours-faded').map(({ webhookId }) => webhookId)).size).toBe(1);
    expect(mails('Warning: colours-faded (blue)')).toHaveLength(1);
  });

  it('is not repeated when the process that watches loses its database connection', async () => {
    const before = mailbox.mails.length;
    await endLocksOf(owner, WATCH_LOCK_CLASS);
    await raise(loop.db, loop.hubId, [{ code: 'mirror-differs', count: 1, detail: null }], Date.now());
    await eventually(
      () => mails('Comparing found differences').length > 0,
      'another process tells of the next',
    );
    const others = mailbox.mails.slice(before).filter(({ subject }) => !subject.includes('The database'));
    expect(others.map(({ subject }) => subject.replace(/^\[.*\] /, ''))).toEqual(
      Array(2).fill('Comparing found differences').slice(0, others.length),
    );
    expect(mails('Comparing found differences')).toHaveLength(1);
  });

  it('is one task in HubSpot although the answer to its making was lost', async () => {
    loop.sim.faults.searchLagMs = 0;
    loop.sim.faults.api.error502AfterApplyRate = 1;
    await raise(loop.db, loop.hubId, [{ code: 'journal-horizon', count: 1, detail: null }], Date.now());
    await eventually(
      async () => /502/.test((await alertOf('journal-horizon', 'task'))?.error ?? ''),
      'the lost answer',
    );
    loop.sim.faults.api.error502AfterApplyRate = 0;
    await hurry();
    await eventually(
      async () => (await alertOf('journal-horizon', 'task'))?.stage === 'begun',
      'the task is found',
    );
    expect(tasks('We were away')).toEqual(['NOT_STARTED']);
  });

  const alertOf = async (about: string, channel: string) =>
    (await loadAlerts(loop.db, loop.hubId)).find((each) => each.code === about && each.channel === channel);
});
