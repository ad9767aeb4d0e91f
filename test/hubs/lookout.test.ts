/** Where many hubs are served, one look a hub finds what nobody told of; the loops ask for nothing by themselves meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whileProving } from '../../backend/sync/lease.ts';
import { eventually } from '../harness/eventually.ts';
import { startHubs, type Hubs } from '../harness/hubs.ts';
import { countStatements, type Counted } from '../harness/statements.ts';

const LOOK = 'as asked,';
const BY_THEMSELVES = ['from "orders"', 'from creations c', 'from "identities"'];

let hubs: Hubs;
let statements: Counted;
beforeAll(async () => {
  hubs = await startHubs(1);
  await hubs.add(hubs.hubs[0]!);
  statements = countStatements(); // before the lease's connection is there
  await hubs.serve('worker');
});
afterAll(async () => {
  statements.stop();
  await hubs.close();
});

describe('a worker of many hubs', () => {
  it('asks with one statement for all that may wait, and finds what was stored without a word', async () => {
    const { db, hubId, company } = hubs.hubs[0]!;
    const open = () => db.selectFrom('jobs').select('job_id').where('finished_at', 'is', null).execute();
    const due = () => db.selectFrom('due').select('record_id').execute();
    const known = () => db.selectFrom('mirror').select('record_id').execute();
    await eventually(
      async () => (await known()).length > 1 && (await open()).length + (await due()).length === 0,
      'it is read from nothing',
      20_000,
    );
    const looks = statements.of(LOOK);
    await eventually(() => statements.of(LOOK) > looks, 'what is under way comes to its end', 5_000);
    const before = BY_THEMSELVES.map((text) => statements.of(text));
    await eventually(() => statements.of(LOOK) >= looks + 3, 'two more looks', 10_000);
    expect(BY_THEMSELVES.map((text) => statements.of(text))).toEqual(before);

    const ordered = { do: 'look', object: 'company', recordId: company };
    await db
      .insertInto('orders')
      .values({
        ...{ hub_id: hubId, user_id: '7', idempotency_key: 'silently', ordered_at: new Date() },
        ordered: JSON.stringify(ordered) as never,
      })
      .execute();
    await eventually(
      async () => (await db.selectFrom('orders').select('done_at').executeTakeFirst())?.done_at != null,
      'the order is found and carried out',
      5_000,
    );
  }, 45_000);
});

describe('a lease', () => {
  it('is proven again and again while what comes before the heart’s beat takes long', async () => {
    let proofs = 0;
    const lease = {
      prove: () => {
        proofs += 1;
        return Promise.resolve();
      },
    };
    const atOnce = {
      after: (_: number, work: () => void) => {
        const timer = setImmediate(work);
        return () => clearImmediate(timer);
      },
    };
    const done = await whileProving(lease, atOnce, async () => {
      await eventually(() => proofs >= 3, 'it was proven');
      return 'done';
    });
    expect(done).toBe('done');
    const then = proofs;
    await new Promise((resolve) => setImmediate(resolve));
    expect(proofs).toBe(then);
  });
});
