import { afterEach, describe, expect, it } from 'vitest';
import { neededJournalSubscriptions } from '../../backend/hubspot/journalSubscriptions.ts';
import { HORIZON_MS, JOURNAL_POLL_MS } from '../../backend/intake/journal.ts';
import { JOURNAL_GRACE_MS, WEBHOOKS_GRACE_MS } from '../../backend/sync/missed.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { allEqual, COLLEAGUE, MINUTE_MS, startHub, type Hub } from './kit.ts';

describe('the webhooks journal, where no webhook comes', () => {
  let hub: Hub;
  afterEach(() => hub.loop.close());

  const world = () => hub.loop.sim.world;
  const caughtUpSince = (at: number) =>
    hub.until(async () => {
      const row = await hub.loop.db.selectFrom('webhooks_journal').selectAll().executeTakeFirst();
      // Of several files the first is enough to have caught up for a moment.
      const last = world().state.data.journal.files.at(-1)?.offset ?? null;
      return row !== undefined && row.read_offset === last && row.caught_up_at.getTime() > at;
    }, 'the journal is read to its end');
  /** A poll, then the grace that webhooks have, then rest. */
  const poll = async () => {
    const at = hub.now();
    world().clock.advance(JOURNAL_POLL_MS);
    await caughtUpSince(at);
    await hub.rest(WEBHOOKS_GRACE_MS);
  };
  const found = (...kinds: ('changed' | 'missed' | 'life' | 'links')[]) =>
    hub.loop.db.selectFrom('journal').selectAll().where('kind', 'in', kinds).orderBy('seq').execute();
  const reads = () => {
    const { byOperation } = hub.loop.sim.calls.counters();
    return Object.entries(byOperation).reduce(
      (sum, [name, n]) => sum + (/^(batchRead|read):/.test(name) ? n : 0),
      0,
    );
  };

  it('brings every change of an hour within a minute, and the mirror equals the CRM', async () => {
    hub = await startHub();
    await poll();
    const begun = await found('changed');
    for (let round = 0; round < 12; round += 1) {
      const roundAt = hub.now();
      hub.contacts.forEach((id, i) =>
        world().update('contacts', id, { jobtitle: `Title ${round} ${i}` }, COLLEAGUE),
      );
      world().update('companies', hub.companies[round % 5]!, { address: `New ${round}` }, COLLEAGUE);
      world().create('contacts', { email: `new${round}@example.com` }, COLLEAGUE);
      await poll();
      const spentMs = hub.now() - roundAt;
      expect(spentMs).toBeLessThan(MINUTE_MS);
      world().clock.advance(5 * MINUTE_MS - spentMs);
    }
    const entries = (await found('changed')).slice(begun.length);
    expect(entries).toHaveLength(12 * 6);
    for (const { at, crm_at: crmAt } of entries)
      expect(at.getTime() - crmAt!.getTime()).toBeLessThan(MINUTE_MS);
    expect(await hub.missed()).toEqual({ 'missed-by-webhooks': 12 * 7 });
    const compared = await hub.compare();
    expect(allEqual(compared)).toBe(true);
    expect(compared.contact?.records).toBe(5 + 12);
    expect((await verifyJournal(hub.loop.db, hub.loop.hubId)).broken).toBeNull();
  });

  it('tells of archived, restored, merged and associated records too', async () => {
    hub = await startHub();
    const [archived, kept, merged] = hub.contacts;
    world().archive('contacts', archived!, COLLEAGUE);
    world().merge('contacts', kept!, merged!, COLLEAGUE);
    world().associate(['tickets', hub.tickets[4]!], ['companies', hub.companies[3]!], COLLEAGUE);
    await poll();
    await poll();
    expect(allEqual(await hub.compare())).toBe(true);
    const lives = await hub.loop.db
      .selectFrom('mirror')
      .select(['record_id', 'life'])
      .where('object', '=', 'contact')
      .execute();
    const lifeOf = (id: string) => lives.find((row) => row.record_id === id)?.life;
    expect(lifeOf(archived!)).toBe('archived');
    expect(lifeOf(merged!)).toMatch(/^merged:/);
    world().restore('contacts', archived!, COLLEAGUE);
    await poll();
    expect((await hub.compare()).contact).toMatchObject({ differences: 0, gone: 0 });
  });

  it('costs no read and no entry where the webhook was faster, nor does a late webhook or a double', async () => {
    hub = await startHub();
    await poll();
    hub.loop.sim.faults.journalDuplicateRate = 1;
    hub.loop.sim.faults.journalLagMs = 10_000;
    const [id] = hub.contacts;
    world().update('contacts', id!, { jobtitle: 'Manager' }, COLLEAGUE);
    const event = {
      ...{ subscriptionType: 'contact.propertyChange', objectId: Number(id), portalId: hub.loop.sim.hubId },
      ...{ propertyName: 'jobtitle', propertyValue: 'Manager', changeSource: 'CRM_UI', sourceId: 'userId:7' },
      occurredAt: world().get('contacts', id!).updatedAt,
    };
    world().archive('contacts', hub.contacts[1]!, COLLEAGUE);
    const deletion = {
      ...{ ...event, propertyName: undefined, propertyValue: undefined },
      ...{ subscriptionType: 'contact.deletion', objectId: Number(hub.contacts[1]), occurredAt: hub.now() },
    };
    await hub.loop.deliver([event, deletion]);
    await hub.until(async () => (await found('changed', 'life')).length === 2, 'the webhooks are applied');
    await hub.rest(1_000);
    const before = reads();
    const told = world().state.data.journal.files.length;
    await poll();
    await poll();
    expect(world().state.data.journal.files.length).toBeGreaterThan(told);
    await hub.loop.deliver([event]);
    await hub.rest();
    expect(reads()).toBe(before);
    expect(await found('changed', 'life', 'missed')).toHaveLength(2);
    expect(await hub.missed()).toEqual({});
  });

  it('that is away is shown, and read to its end when it is back', async () => {
    hub = await startHub();
    await poll();
    hub.loop.sim.faults.journalDown = true;
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Manager' }, COLLEAGUE);
    world().clock.advance(JOURNAL_POLL_MS);
    const health = () => hub.loop.db.selectFrom('hubs').select('health').executeTakeFirstOrThrow();
    await hub.until(
      async () => (await health()).health.journal?.failure?.code === 'ambiguous',
      'it is shown',
    );
    hub.loop.sim.faults.journalDown = false;
    await poll();
    expect(await hub.loop.mirrored('contact', hub.contacts[0]!, 'jobTitle')).toBe('Manager');
    expect((await health()).health.journal).toEqual({ on: true, failure: null });
  });

  it('that lost the change too leaves it to reconciling, and both are told of as gaps', async () => {
    hub = await startHub();
    hub.loop.sim.faults.journalDropRate = 1;
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Manager' }, COLLEAGUE);
    world().update('companies', hub.companies[1]!, { address: 'Elsewhere', city: 'Bath' }, COLLEAGUE);
    world().archive('contacts', hub.contacts[3]!, COLLEAGUE);
    await poll();
    expect(await hub.loop.mirrored('contact', hub.contacts[0]!, 'jobTitle')).toBe('Analyst');
    world().clock.advance(JOURNAL_GRACE_MS);
    const first = await hub.compare();
    expect(first.contact).toMatchObject({ changed: 1, gone: 1, differences: 2 });
    expect(first.company).toMatchObject({ changed: 1, differences: 2 });
    await hub.rest();
    expect(await hub.loop.mirrored('contact', hub.contacts[0]!, 'jobTitle')).toBe('Manager');
    expect(await hub.missed()).toEqual({
      'missed-by-webhooks': 4,
      'missed-by-journal': 4,
      'mirror-differs': 3,
    });
    expect(allEqual(await hub.compare())).toBe(true);
    const [note] = await found('missed');
    expect(note).toMatchObject({ detail: { by: 'webhooks and the journal', foundBy: 'reconcile' } });
  });

  it('whose horizon has passed has everything compared and goes on', async () => {
    hub = await startHub();
    world().update('companies', hub.companies[0]!, { city: 'Bath' }, COLLEAGUE); // so that it knows an offset
    await poll();
    await hub.loop.worker.stop();
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Manager' }, COLLEAGUE);
    world().clock.advance(HORIZON_MS + 2 * 3_600_000);
    world().update('contacts', hub.contacts[1]!, { jobtitle: 'Director' }, COLLEAGUE);
    await hub.loop.restart();
    await hub.until(async () => {
      const jobs = await hub.loop.db.selectFrom('jobs').selectAll().where('kind', '=', 'reconcile').execute();
      return jobs.length > 3 && jobs.every((job) => job.finished_at !== null);
    }, 'everything was compared');
    await hub.rest(WEBHOOKS_GRACE_MS);
    const missed = (await found('missed')).map(({ detail }) => detail);
    expect(missed.filter((detail) => detail?.by === 'journal')).toEqual([
      { by: 'journal', outcome: 'horizon' },
    ]);
    expect(await hub.missed()).toMatchObject({ 'journal-horizon': 1 });
    for (const [index, title] of ['Manager', 'Director'].entries())
      expect(await hub.loop.mirrored('contact', hub.contacts[index]!, 'jobTitle')).toBe(title);
    await poll();
    expect(allEqual(await hub.compare())).toBe(true);
  });

  it('that no longer knows an offset is read from its earliest file; nothing is compared where nothing can be missing', async () => {
    hub = await startHub();
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Manager' }, COLLEAGUE);
    await poll();
    hub.loop.sim.faults.journalRetentionMs = 60_000;
    world().clock.advance(10 * MINUTE_MS);
    await poll();
    world().update('contacts', hub.contacts[0]!, { jobtitle: 'Director' }, COLLEAGUE);
    await poll();
    expect(await hub.loop.mirrored('contact', hub.contacts[0]!, 'jobTitle')).toBe('Director');
    expect((await hub.missed())['journal-horizon']).toBeUndefined();
  });

  it('is subscribed to what the ownership file maps, and to nothing else', async () => {
    hub = await startHub();
    const { data } = world().state;
    const other = { subscriptionType: 'OBJECT' as const, actions: [], properties: [], objectIds: [] };
    data.journal.subscriptions.push(
      { ...other, portalId: hub.loop.sim.hubId, objectTypeId: '0-7', id: 901, createdAt: 0 },
      { ...other, portalId: 1, objectTypeId: '0-7', id: 902, createdAt: 0 },
    );
    await hub.loop.restart();
    const site = world().type('installed_site').typeId;
    await hub.until(
      () =>
        !data.journal.subscriptions.some(({ id }) => id === 901) &&
        data.journal.subscriptions.length > neededJournalSubscriptions({ installed_site: site }).length,
      'it is cancelled, and what became known is ordered',
    );
    const kept = data.journal.subscriptions.map(
      (each) => `${each.subscriptionType} ${each.objectTypeId} ${each.portalId}`,
    );
    const wanted = neededJournalSubscriptions({ installed_site: site }).map(
      (each) => `${each.subscriptionType} ${each.objectTypeId} ${hub.loop.sim.hubId}`,
    );
    expect([...kept].sort()).toEqual([...wanted, 'OBJECT 0-7 1'].sort());
    const contact = data.journal.subscriptions.find((each) => each.objectTypeId === '0-1');
    expect(contact?.properties).toContain('jobtitle');
  });

  it('without a client id is off, and the hub says so', async () => {
    hub = await startHub({ journal: false });
    const row = await hub.until(async () => {
      const { health } = await hub.loop.db.selectFrom('hubs').select('health').executeTakeFirstOrThrow();
      return health.journal;
    }, 'the heartbeat tells');
    expect(row).toEqual({ on: false, failure: null });
  });
});
