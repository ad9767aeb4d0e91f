import { recordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { afterEach, describe, expect, it } from 'vitest';
import { SWEEP_EVERY_MS } from '../../backend/intake/jobs.ts';
import { explain } from '../../backend/desk/explain.ts';
import { createRandom } from '../simulator/random.ts';
import { allEqual, COLLEAGUE, MINUTE_MS, startHub, type Hub } from './kit.ts';

describe('comparing everything', () => {
  let hub: Hub;
  afterEach(() => hub.loop.close());

  const world = () => hub.loop.sim.world;
  const corrupt = (object: string, id: string, field: string, value: string | null) =>
    sql`update mirror set fields = jsonb_set(fields, ${sql.raw(`'{${field},0}'`)}, ${JSON.stringify(value)}::jsonb)
      where object = ${object} and record_id = ${id}`.execute(hub.loop.db);

  it('names exactly the one corrupted field, repairs it, and says afterwards that both sides are equal', async () => {
    hub = await startHub();
    const whole = await hub.compare();
    expect(allEqual(whole)).toBe(true);
    expect(whole.contact).toMatchObject({ records: 5, fields: 50, associations: 5, added: 0 });
    await corrupt('company', hub.companies[2]!, 'street', 'Nowhere 9');
    const found = await hub.compare();
    expect(found.company).toMatchObject({ differences: 1, changed: 1, records: 5 });
    expect(found.company?.named).toEqual([
      {
        recordId: hub.companies[2],
        field: 'street',
        mirror: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        crm: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      },
    ]);
    expect(found.company?.mirror).not.toBe(found.company?.crm);
    expect(found.company?.crm).toBe(whole.company?.crm);
    expect(found.contact).toMatchObject({ mirror: whole.contact?.mirror, crm: whole.contact?.crm });
    await hub.rest();
    expect(await hub.loop.mirrored('company', hub.companies[2]!, 'street')).toBe('Street 2');
    const again = await hub.compare();
    expect(again.company?.mirror).toBe(whole.company?.mirror);
    expect(allEqual(again)).toBe(true);
    // A mirror that was wrong is no event that was missed.
    expect(await hub.missed()).toEqual({ 'mirror-differs': 1 });
    const why = await explain(hub.loop.db, hub.loop.hubId, 'company', recordId(hub.companies[2]!), 'street');
    expect(JSON.stringify(why)).toContain('Nowhere 9');
  });

  it('finds a lost record, one too many, and a lost association', async () => {
    hub = await startHub();
    const { db } = hub.loop;
    await db
      .deleteFrom('mirror')
      .where('object', '=', 'contact')
      .where('record_id', '=', recordId(hub.contacts[0]!))
      .execute();
    await sql`insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq)
      select hub_id, object, '999', life, fields, found_seq, changed_seq from mirror where object = 'company' limit 1`.execute(
      db,
    );
    await db
      .deleteFrom('links')
      .where('object', '=', 'ticket')
      .where('record_id', '=', recordId(hub.tickets[3]!))
      .execute();
    const found = await hub.compare();
    expect(found.contact?.named).toEqual([
      { recordId: hub.contacts[0], field: '$life', mirror: null, crm: expect.any(String) as string },
    ]);
    expect(found.company?.named).toEqual([
      { recordId: '999', field: '$life', mirror: expect.any(String) as string, crm: null },
    ]);
    expect(found.ticket?.named).toEqual([
      { recordId: hub.tickets[3], field: '$companies', mirror: null, crm: expect.any(String) as string },
    ]);
    await hub.rest();
    expect(allEqual(await hub.compare())).toBe(true);
  });

  it('does not call a difference what is in flight, and leaves out what never stands still', async () => {
    hub = await startHub();
    hub.loop.sim.faults.journalLagMs = 30_000;
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Manager' }, COLLEAGUE);
    const found = await hub.compare();
    expect(allEqual(found)).toBe(true);
    expect(await hub.loop.mirrored('contact', hub.contacts[0]!, 'jobTitle')).toBe('Manager');
    hub.loop.sim.faults.journalDropRate = 1;
    let title = 0;
    const restless = world().listen(() => undefined);
    const change = (): void => {
      world().update('contacts', hub.contacts[0]!, { jobtitle: `Title ${(title += 1)}` }, COLLEAGUE);
      if (title < 100) world().clock.at(hub.now() + 10_000, change);
    };
    change();
    const moving = await hub.compare('reconcile', ['contact']);
    title = 100;
    restless();
    expect(moving.contact).toMatchObject({ moving: 1, differences: 0, records: 4 });
    expect(moving.contact?.mirror).toBe(moving.contact?.crm);
  });

  it('happens by itself every few hours, and goes on where it stood after a restart', async () => {
    hub = await startHub();
    await corrupt('contact', hub.contacts[4]!, 'lastName', 'Nobody');
    world().clock.advance(SWEEP_EVERY_MS);
    await hub.loop.restart();
    await hub.until(
      async () => (await hub.loop.mirrored('contact', hub.contacts[4]!, 'lastName')) === null,
      'the sweep has repaired it',
      1_000,
    );
    const jobs = await hub.loop.db
      .selectFrom('jobs')
      .select('kind')
      .where('kind', '=', 'reconcile')
      .execute();
    expect(jobs.length).toBeGreaterThan(0);
  });

  it('as a dry run counts what a backfill would do, and does nothing', async () => {
    hub = await startHub({ journal: false });
    world().create('contacts', { email: 'new@example.com' }, COLLEAGUE);
    world().update('companies', hub.companies[0]!, { city: 'Bath' }, COLLEAGUE);
    world().archive('tickets', hub.tickets[0]!, COLLEAGUE);
    const found = await hub.compare('dry-run');
    expect(found.contact).toMatchObject({ added: 1, changed: 0, records: 6 });
    expect(found.company).toMatchObject({ added: 0, changed: 1 });
    expect(found.ticket).toMatchObject({ gone: 1 });
    expect(await hub.loop.db.selectFrom('due').selectAll().execute()).toEqual([]);
    expect(await hub.loop.mirrored('company', hub.companies[0]!, 'city')).toBe(null);
    expect(await hub.missed()).toEqual({});
  });

  it.each([1, 2, 3])(
    'misses nothing that changes while it pages, whatever happens (seed %i)',
    async (seed) => {
      hub = await startHub({ journal: false, contacts: 110, seed });
      const random = createRandom(seed, 'paging');
      let ops = 0;
      const alive = [...hub.contacts];
      const act = (): void => {
        const index = random.int(alive.length);
        const id = alive[index]!;
        ops += 1;
        const kind = random.int(10);
        if (kind < 5) world().update('contacts', id, { jobtitle: `T${ops}` }, COLLEAGUE);
        else if (kind < 7)
          alive.push(world().create('contacts', { email: `x${ops}@example.com` }, COLLEAGUE).id);
        else if (kind === 7) world().archive('contacts', alive.splice(index, 1)[0]!, COLLEAGUE);
        else if (kind === 8)
          world().associate(['contacts', id], ['companies', random.pick(hub.companies)], COLLEAGUE);
        else {
          const other = random.pick(alive);
          if (other === id) return;
          const made = world().merge('contacts', id, other, COLLEAGUE);
          alive.splice(alive.indexOf(id), 1);
          alive.splice(alive.indexOf(other), 1);
          alive.push(made.id);
        }
      };
      // After every call of the first comparison something happens.
      const { calls } = hub.loop.sim;
      const add = calls.add.bind(calls);
      calls.add = (call) => {
        act();
        return add(call);
      };
      await hub.compare('reconcile', ['contact']);
      calls.add = add;
      expect(ops).toBeGreaterThan(10);
      world().clock.advance(2 * MINUTE_MS);
      await hub.compare('reconcile', ['contact']);
      await hub.rest();
      const settled = await hub.compare('reconcile', ['contact']);
      expect(settled.contact).toMatchObject({ differences: 0, moving: 0, records: alive.length });
      expect(settled.contact?.mirror).toBe(settled.contact?.crm);
    },
  );
});
