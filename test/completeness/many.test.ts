import { sql } from 'kysely';
import { orderJobs } from '../../backend/store/jobs.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { startHub, type Hub } from './kit.ts';

const MANY = 50_000;

describe('fifty thousand records with one timestamp', () => {
  let hub: Hub;
  afterEach(() => hub.loop.close());

  it('are all compared, and the one that differs is found', { timeout: 120_000 }, async () => {
    hub = await startHub({ journal: false, contacts: 1, limits: { perTenSeconds: 1_000_000 } });
    const { db, sim } = hub.loop;
    const { world } = sim;
    const by = { sourceType: 'IMPORT', sourceId: '1' };
    const at = hub.now();
    world.quietly(() => {
      for (let i = 1; i < MANY; i += 1) world.create('companies', { name: 'Same' }, by);
    });
    for (const record of world.state.data.records.get('0-2')!.values()) {
      record.createdAt = at;
      record.updatedAt = at;
    }
    // The mirror as a backfill would have left it, in one statement.
    const ids = [...world.state.data.records.get('0-2')!.keys()].filter((id) => id !== hub.companies[0]);
    await sql`
        insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq, read_at)
        select m.hub_id, m.object, i.id, m.life, jsonb_set(jsonb_set(m.fields, '{name,0}', '"Same"'), '{street,0}', 'null'),
          m.found_seq, m.changed_seq, ${new Date(at - 1)}::timestamptz
        from mirror m, unnest(${ids}::text[]) as i (id) where m.object = 'company'`.execute(db);
    await sql`update mirror set fields = jsonb_set(fields, '{name,0}', '"Other"') where object = 'company' and record_id = ${ids[31_415]!}`.execute(
      db,
    );
    const jobs = await orderJobs(db, hub.loop.hubId, 'reconcile', ['company'], hub.now());
    const job = await hub.until(
      async () => {
        const row = await db.selectFrom('jobs').selectAll().where('job_id', '=', jobs[0]!).executeTakeFirst();
        return row?.finished_at === null ? undefined : row;
      },
      'everything is compared',
      100,
      100_000,
    );
    expect(job.comparison).toMatchObject({ records: MANY, differences: 1, changed: 1 });
    expect(job.comparison?.named).toMatchObject([{ recordId: ids[31_415], field: 'name' }]);
  });
});
