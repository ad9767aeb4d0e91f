/** Reading from nothing and comparing, page by page: what is stored with each page, and what becomes of what fails. */
import { recordId } from '@tallystick/shared/ids';
import { OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../backend/hubspot/failure.ts';
import { SWEEP_EVERY_MS, workOnJobs } from '../../backend/intake/jobs.ts';
import type { Db } from '../../backend/store/database.ts';
import { markDue } from '../../backend/store/due.ts';
import { laneNumber } from '../../backend/store/lanes.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import type { JobKind } from '../../backend/store/layerTables.ts';
import type { Context } from '../../backend/sync/context.ts';
import { asOwner } from '../harness/postgres.ts';
import { oneRound, startStepped, type Stepped } from '../harness/stepped.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { COLLEAGUE, MINUTE_MS } from './kit.ts';

/** Three pages with history, two of values. */
const CONTACTS = 103;
const LINKED = 4;
const STEPS_MAX = 60;
/** As long as a difference may be in flight, in looks. */
const LOOKS_MAX = 16;
const LOOK_MS = 5_000;
const NO_LIMITS = { windowLimit: null, windowRemaining: null, dailyLimit: null, dailyRemaining: null };
const CALLS = { perTenSeconds: 100_000, searchPerSecond: 1_000 };

describe('work over everything of an object', () => {
  let stepped: Stepped;
  let db: Db;
  let owner: Db;
  let ctx: Context;
  let whole: Context['crm'];
  const contacts: string[] = [];
  let company = '';
  let note = '';

  beforeAll(async () => {
    stepped = await startStepped(
      (sim) => {
        seedDefinitions(sim.world);
        sim.faults.searchLagMs = 0;
      },
      { limits: CALLS },
    );
    db = stepped.db;
    owner = asOwner(stepped.database.url);
    fill();
    await begin();
    await done(well(), await order('backfill', OBJECTS));
    pass(10 * MINUTE_MS); // nothing of this is in flight any more
  });
  afterAll(async () => {
    await owner.destroy();
    await stepped.close();
  });
  beforeEach(async () => {
    for (const table of ['jobs', 'due', 'warnings'] as const)
      await db.deleteFrom(table).where('hub_id', '=', stepped.hubId).execute();
    await begin();
  });

  /** As at the beginning of a term. */
  async function begin(): Promise<void> {
    ctx = await stepped.context();
    whole = ctx.crm;
  }
  const now = (): number => stepped.clock.now();
  const world = () => stepped.sim.world;
  function pass(ms: number): void {
    stepped.pass(ms);
    world().clock.advance(ms);
  }
  function fill(): void {
    company = world().create('companies', { name: 'Engines' }, COLLEAGUE).id;
    const ticket = world().create(
      'tickets',
      { subject: 'Case', hs_pipeline: '0', hs_pipeline_stage: '1' },
      COLLEAGUE,
    ).id;
    for (let n = 0; n < CONTACTS; n += 1)
      contacts.push(
        world().create('contacts', { email: `p${n}@example.com`, jobtitle: 'Analyst' }, COLLEAGUE).id,
      );
    for (const id of [...contacts.slice(0, LINKED - 1), contacts[60]!])
      world().associate(['contacts', id], ['companies', company], COLLEAGUE);
    const at = new Date(world().clock.now()).toISOString();
    note = world().create(
      'notes',
      { portal_shared: 'true', portal_text: 'Hello', hs_timestamp: at },
      COLLEAGUE,
    ).id;
    for (const to of [
      ['companies', company],
      ['tickets', ticket],
    ] as const)
      world().associate(['notes', note], [...to], COLLEAGUE);
    world().create('notes', { portal_text: 'None of theirs', hs_timestamp: at }, COLLEAGUE);
  }

  const order = (kind: JobKind, objects: readonly AppObject[]) =>
    orderJobs(db, stepped.hubId, kind, objects, now());
  const jobs = (ids: readonly string[]) =>
    db.selectFrom('jobs').selectAll().where('job_id', 'in', ids).orderBy('job_id').execute();
  /** What can be done now is done; answers with the number of pages. */
  async function steps(of = well()): Promise<number> {
    for (let n = 0; n < STEPS_MAX; n += 1) if (!(await workOnJobs(of))) return n;
    throw new Error('It has no end.');
  }
  /** Time passes until the jobs are done. */
  async function done(of: Context, ids: readonly string[], passMs = LOOK_MS, between = () => undefined) {
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      await steps(of);
      const rows = await jobs(ids);
      if (rows.every((row) => row.finished_at !== null)) return rows;
      pass(passMs);
      between();
    }
    throw new Error('It is not done.');
  }
  async function compared(kind: JobKind, object: AppObject, of = well()) {
    const [row] = await done(of, await order(kind, [object]));
    return { ...row!, comparison: row!.comparison! };
  }
  const corrupt = (object: AppObject, field: string, value: string | null, ids?: readonly string[]) =>
    sql`update mirror set fields = jsonb_set(fields, ${sql.raw(`'{${field},0}'`)}, ${JSON.stringify(value)}::jsonb)
      where object = ${object} and (${ids === undefined} or record_id = any(${[...(ids ?? [])]}::text[]))`.execute(
      db,
    );
  const mirrored = (object: AppObject, id: string, field: string) => stepped.mirrored(object, id, field);
  const due = () =>
    db.selectFrom('due').select(['record_id', 'lane', 'links']).orderBy('record_id').execute();
  const certificates = () =>
    db
      .selectFrom('journal')
      .select(['object', 'detail'])
      .where('kind', '=', 'compared')
      .orderBy('seq')
      .execute();
  const refuses =
    (failure: Failure) => (): Promise<{ ok: false; failure: Failure; limits: typeof NO_LIMITS }> =>
      Promise.resolve({ ok: false, failure, limits: NO_LIMITS });
  const AWAY = refuses({ is: 'ambiguous', message: 'Nobody answers.' });
  /** The same context, of which some calls are answered otherwise until all is well. */
  const failing = (crm: Partial<Context['crm']>): Context =>
    Object.assign(ctx, { crm: { ...whole, ...crm } });
  const well = (): Context => Object.assign(ctx, { crm: whole });
  const repaired = async (): Promise<void> => {
    while (await oneRound(ctx));
  };

  describe('reading from nothing', () => {
    beforeEach(() => db.deleteFrom('mirror').where('object', '=', 'contact').execute());
    const rows = async () =>
      (await db.selectFrom('mirror').select('record_id').where('object', '=', 'contact').execute()).length;
    const state = async (id: string) => {
      const [job] = await jobs([id]);
      return [Number(job?.done), job?.cursor === null, job?.finished_at === null, job?.error];
    };

    it('stores each page with the place behind it, until there is no other', async () => {
      const [id = ''] = await order('backfill', ['contact']);
      await db.deleteFrom('links').where('object', '=', 'contact').execute();
      await workOnJobs(well());
      expect([await state(id), await rows()]).toEqual([[50, false, true, null], 50]);
      // A page that cannot be stored as a whole: whoever is to blame is set aside alone.
      const [poison = ''] = contacts.slice(70);
      await sql`alter table mirror add constraint narrow check (record_id <> ${sql.lit(poison)}) not valid`.execute(
        owner,
      );
      await begin(); // as after a restart
      await steps();
      expect([await state(id), await rows()]).toEqual([[CONTACTS, true, false, null], CONTACTS - 50]);
      await repaired();
      expect(await rows()).toBe(CONTACTS - 1);
      expect((await due()).map((one) => one.record_id)).toEqual([poison]);
      await sql`alter table mirror drop constraint narrow`.execute(owner);
      pass(10 * MINUTE_MS);
      await repaired();
      expect([await rows(), await due()]).toEqual([CONTACTS, []]);
      expect((await jobs([id]))[0]?.expected).toBe(String(CONTACTS));
      expect(
        await db.selectFrom('links').select('record_id').where('object', '=', 'contact').execute(),
      ).toHaveLength(LINKED);
    });

    it('that the CRM does not answer, or only half, says why, stays where it is, and holds up no other', async () => {
      const [id = ''] = await order('backfill', ['contact']);
      const [other = ''] = await order('backfill', ['company']);
      const away = failing({
        listRecords: (object, after) => (object === 'contact' ? AWAY() : whole.listRecords(object, after)),
      });
      expect(await workOnJobs(away)).toBe(true);
      expect((await jobs([other]))[0]?.finished_at).not.toBeNull();
      expect(await steps(away)).toBe(0);
      expect(await state(id)).toEqual([0, true, true, 'Nobody answers.']);
      expect(await steps(failing({ readLinks: AWAY }))).toBe(0);
      expect(await state(id)).toEqual([0, true, true, 'The associations of a page could not be read.']);
      expect(await rows()).toBe(0);
      await steps();
      expect(await state(id)).toEqual([CONTACTS, true, false, null]);
    });

    it('has the schema read where the CRM names a scope that is missing', async () => {
      await order('backfill', ['contact']);
      const scopes = ['crm.objects.contacts.read'];
      const barred = refuses({ is: 'barred', code: 'scope', message: 'Not allowed.', scopes });
      expect(await steps(failing({ listRecords: barred }))).toBe(0);
      expect([...ctx.drift.refusedScopes.keys()]).toEqual(scopes);
      await steps();
    });
  });

  it('compares every page, and finds and repairs a field on the second, a lost record, one too many and a lost association', async () => {
    const [lost = '', unlinked = ''] = contacts;
    const wrong = contacts.at(-1)!;
    const records = [lost, unlinked, wrong].map((id) => ({
      object: 'contact' as const,
      recordId: recordId(id),
    }));
    await markDue(db, stepped.hubId, 'read', records, { now: now() });
    await repaired(); // so that the worker remembers them as they were
    await corrupt('contact', 'jobTitle', 'Nobody', [wrong]);
    await db
      .deleteFrom('mirror')
      .where('object', '=', 'contact')
      .where('record_id', '=', recordId(lost))
      .execute();
    await db
      .deleteFrom('links')
      .where('object', '=', 'contact')
      .where('record_id', '=', recordId(unlinked))
      .execute();
    await sql`insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq)
      select hub_id, object, '999', life, fields, found_seq, changed_seq from mirror where record_id = ${wrong}`.execute(
      db,
    );
    const before = (await certificates()).length;
    const { comparison, done: pages, expected } = await compared('reconcile', 'contact');
    expect([pages, expected]).toEqual([String(CONTACTS), String(CONTACTS)]);
    expect(comparison).toMatchObject({
      records: CONTACTS + 1,
      fields: (CONTACTS + 1) * 10,
      associations: LINKED,
    });
    expect(comparison).toMatchObject({
      added: 1,
      gone: 1,
      changed: 2,
      differences: 4,
      moving: 0,
      suspects: [],
    });
    expect(comparison.named.map((each) => `${each.recordId} ${each.field}`).sort()).toEqual(
      [`${lost} $life`, `${unlinked} $companies`, `${wrong} jobTitle`, '999 $life'].sort(),
    );
    expect(comparison.calls).toBe(ctx.budget.calls('reconcile') - 1); // besides the count
    expect(comparison.mirror).not.toBe(comparison.crm);
    const { records: n, fields, associations, differences, moving, calls, mirror, crm } = comparison;
    const detail = { records: n, fields, associations, differences, moving, calls, mirror, crm };
    expect((await certificates()).slice(before)).toEqual([{ object: 'contact', detail }]);
    const lane = laneNumber('reconcile');
    expect(await due()).toEqual(
      [lost, unlinked, wrong, '999'].sort().map((id) => ({ record_id: id, lane, links: true })),
    );
    const warnings = await db.selectFrom('warnings').select(['code', 'count', 'detail']).execute();
    expect(warnings).toEqual([{ code: 'mirror-differs', count: '4', detail: { object: 'contact' } }]);
    await repaired();
    expect(await mirrored('contact', wrong, 'jobTitle')).toBe('Analyst');
    const changed = db
      .selectFrom('journal')
      .select(['field', 'before', 'after'])
      .where('kind', '=', 'changed');
    // As it was in the database, not as the worker remembered it.
    expect(await changed.where('record_id', '=', recordId(wrong)).execute()).toContainEqual({
      field: 'jobTitle',
      before: 'Nobody',
      after: 'Analyst',
    });
    const again = (await compared('reconcile', 'contact')).comparison;
    expect(again).toMatchObject({ records: CONTACTS, differences: 0, crm: again.mirror });
    expect(again.associations).toBe(LINKED);
  });

  it('judges all records of a page that differ, and goes on after a restart where it stood', async () => {
    await corrupt('contact', 'lastName', 'Nobody');
    const [id = ''] = await order('reconcile', ['contact']);
    await workOnJobs(well());
    expect((await jobs([id]))[0]).toMatchObject({ done: '100', finished_at: null });
    pass(1_000);
    await begin();
    const [job] = await done(well(), [id]);
    // That the field was never set is not dated: each is looked at again until nothing can be in flight.
    expect(job?.comparison).toMatchObject({ records: CONTACTS, changed: CONTACTS, differences: CONTACTS });
    expect(await due()).toHaveLength(CONTACTS);
    await repaired();
    expect(await mirrored('contact', contacts[0]!, 'lastName')).toBeNull();
  });

  it('does not judge what may be in flight: it looks again, and counts the record once, as it is then', async () => {
    const [late = '', restless = ''] = contacts;
    for (const id of [late, restless]) world().update('contacts', id, { jobtitle: 'Manager' }, COLLEAGUE);
    const [id = ''] = await order('reconcile', ['contact']);
    await steps();
    expect((await jobs([id]))[0]).toMatchObject({ finished_at: null, comparison: { suspects: [{}, {}] } });
    const looked = ctx.budget.calls('reconcile');
    expect([await steps(), ctx.budget.calls('reconcile')]).toEqual([0, looked]); // not before its time
    await markDue(db, stepped.hubId, 'read', [{ object: 'contact', recordId: recordId(late) }], {
      now: now(),
    });
    await repaired();
    let title = 0;
    const [job] = await done(well(), [id], 50_000, () => {
      world().update('contacts', restless, { jobtitle: `Title ${(title += 1)}` }, COLLEAGUE);
    });
    expect(job?.comparison).toMatchObject({ moving: 1, records: CONTACTS - 1, differences: 0, suspects: [] });
    expect(job?.comparison?.mirror).toBe(job?.comparison?.crm);
    expect(title).toBeLessThanOrEqual(8);
    pass(2 * MINUTE_MS);
    expect((await compared('reconcile', 'contact')).comparison).toMatchObject({
      changed: 1,
      records: CONTACTS,
    });
    await repaired();
  });

  it('as a dry run counts at first sight, and repairs, warns and certifies nothing', async () => {
    const before = (await certificates()).length;
    world().update('contacts', contacts[5]!, { jobtitle: 'Director' }, COLLEAGUE);
    const [id = ''] = await order('dry-run', ['contact']);
    await steps();
    expect((await jobs([id]))[0]).toMatchObject({ comparison: { changed: 1, records: CONTACTS } });
    expect((await jobs([id]))[0]?.finished_at).not.toBeNull();
    await corrupt('contact', 'lastName', 'Nobody', [contacts[6]!]);
    await db
      .deleteFrom('mirror')
      .where('object', '=', 'contact')
      .where('record_id', '=', recordId(contacts[7]!))
      .execute();
    await sql`insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq)
      select hub_id, object, '998', life, fields, found_seq, changed_seq from mirror where record_id = ${contacts[8]!}`.execute(
      db,
    );
    pass(2 * MINUTE_MS);
    expect((await compared('dry-run', 'contact')).comparison).toMatchObject({
      added: 1,
      changed: 2,
      gone: 1,
    });
    expect([await due(), (await certificates()).length]).toEqual([[], before]);
    expect(await db.selectFrom('warnings').select('code').execute()).toEqual([]);
    await compared('reconcile', 'contact');
    await repaired();
  });

  it('compares no page that was answered by half, says so, and counts nothing twice', async () => {
    await corrupt('contact', 'jobTitle', 'Nobody', [contacts[9]!]);
    const [id = ''] = await order('reconcile', ['contact']);
    let links = 0;
    for (const fails of [1, 2]) {
      links = 0;
      const half = failing({
        readLinks: (object, ids) => ((links += 1) === fails ? AWAY() : whole.readLinks(object, ids)),
      });
      expect(await workOnJobs(half)).toBe(false);
      expect((await jobs([id]))[0]).toMatchObject({
        done: '0',
        cursor: null,
        finished_at: null,
        error: 'The CRM did not answer for a page.',
      });
    }
    const [job] = await done(well(), [id]);
    expect(job).toMatchObject({ error: null, comparison: { records: CONTACTS, differences: 1 } });
    await repaired();
  });

  it('ends where the CRM says now which scope is missing, of the object or of what it hangs on, and waits where it only did not answer', async () => {
    const barred = (scope: string) =>
      refuses({ is: 'barred', code: 'scope', message: 'Not allowed.', scopes: [scope] });
    for (const [object, crm] of [
      ['contact', (scope: string) => ({ listValues: barred(scope) })],
      ['company', (scope: string) => ({ readLinks: barred(scope) })],
    ] as const) {
      const scope = object === 'contact' ? 'crm.objects.contacts.read' : 'crm.objects.companies.read';
      const [id = ''] = await order('reconcile', ['contact']);
      expect(await workOnJobs(failing(crm(scope)))).toBe(true);
      const [job] = await jobs([id]);
      expect([job?.finished_at === null, job?.error === null]).toEqual([false, false]);
      expect(job?.comparison).toMatchObject({
        records: 0,
        notCompared: { code: 'scope-lost', object, scope },
      });
      pass(1_000);
    }
    const [id = ''] = await order('reconcile', ['contact']);
    expect(await workOnJobs(failing({ readLinks: AWAY }))).toBe(false);
    expect((await jobs([id]))[0]?.finished_at).toBeNull();
    await done(well(), [id]);
  });

  it('leaves out what staff paused, also for a while, and what is none of ours; what a record hangs on it compares', async () => {
    await corrupt('contact', 'jobTitle', 'Nobody');
    const pause = {
      pauseId: '1',
      object: 'contact',
      field: 'jobTitle',
      direction: 'in',
      reason: '',
      userId: '1',
      begunAt: 0,
    } as const;
    ctx.pauses = [pause];
    const [id = ''] = await order('reconcile', ['contact']);
    await workOnJobs(well());
    ctx.pauses = [];
    await corrupt('contact', 'jobTitle', 'Analyst');
    const [job] = await done(well(), [id]);
    expect(job?.comparison).toMatchObject({ differences: 0, paused: ['jobTitle'] });
    expect((await compared('reconcile', 'note')).comparison).toMatchObject({
      records: 1,
      associations: 2,
      differences: 0,
    });
    await db.deleteFrom('parents').where('record_id', '=', recordId(note)).execute();
    const found = (await compared('reconcile', 'note')).comparison;
    expect(found.named).toMatchObject([{ recordId: note, field: '$parents', mirror: null }]);
    await repaired();
    expect((await compared('reconcile', 'note')).comparison).toMatchObject({ differences: 0 });
  });

  describe('the sweep', () => {
    /** As the schema's reading finds it. */
    const lose = (object: AppObject): void => {
      const finding = { code: 'object-gone', object, bars: [], stops: 'both' } as never;
      ctx.drift = { ...ctx.drift, findings: [{ finding, subject: object, since: 0 }] };
    };
    const swept = async () => {
      const rows = await db.selectFrom('jobs').selectAll().where('kind', '=', 'reconcile').execute();
      const times = (of: typeof rows) => of.map(({ object }) => object).sort();
      return [
        times(rows.filter((row) => row.finished_at !== null)),
        times(rows.filter((row) => row.finished_at === null)),
      ];
    };
    const sorted = [...OBJECTS].sort();
    const but = (object: AppObject) => sorted.filter((name) => name !== object);

    it('compares each object once in its time, one that cannot be read not at all, and one that fails holds up no other', async () => {
      pass(SWEEP_EVERY_MS);
      await begin();
      lose('deal');
      const away = failing({
        listValues: (object, after) => (object === 'contact' ? AWAY() : whole.listValues(object, after)),
      });
      for (let looks = 0; looks < 2; looks += 1) {
        await steps(away);
        expect(await swept()).toEqual([but('deal').filter((name) => name !== 'contact'), ['contact']]);
        pass(MINUTE_MS);
      }
      await steps();
      expect(await swept()).toEqual([but('deal'), []]);
      ctx.drift = { ...ctx.drift, findings: [] };
      await steps();
      expect(await swept()).toEqual([sorted, []]);
      pass(SWEEP_EVERY_MS - 5 * MINUTE_MS);
      await begin();
      expect(await steps()).toBe(0);
      pass(6 * MINUTE_MS);
      await steps();
      expect((await swept())[0]).toHaveLength(2 * OBJECTS.length);
    });

    it('that was in vain is made again after a while, and what is to be read from nothing waits until it is there', async () => {
      await compareAll();
      lose('deal');
      const [backfill = ''] = await order('backfill', ['deal']);
      const [vain = ''] = await order('reconcile', ['deal']);
      await steps();
      const [waits, ended] = [await jobs([backfill]), await jobs([vain])];
      expect([waits[0]?.finished_at, ended[0]?.finished_at === null]).toEqual([null, false]);
      expect(ended[0]?.comparison).toMatchObject({ notCompared: { code: 'object-gone', object: 'deal' } });
      await db.deleteFrom('jobs').where('job_id', '=', backfill).execute();
      await db.deleteFrom('jobs').where('object', '=', 'deal').where('job_id', '<>', vain).execute();
      ctx.drift = { ...ctx.drift, findings: [] };
      pass(9 * MINUTE_MS);
      expect(await steps()).toBe(0);
      pass(2 * MINUTE_MS);
      expect(await steps()).toBeGreaterThan(0);
    });

    const compareAll = async (): Promise<void> => {
      await done(well(), await order('reconcile', OBJECTS));
    };
  });

  it('is counted when it is begun, not more often than the search allows, and done all the same where it is not', async () => {
    let at = now();
    ctx.clock = { ...ctx.clock, now: () => at };
    const expected = async (object: AppObject, of = well()) => {
      const [id = ''] = await order('reconcile', [object]);
      await steps(of);
      return (await jobs([id]))[0]?.expected;
    };
    expect([await expected('company'), await expected('ticket')]).toEqual(['1', null]);
    at += 250;
    const uncounted = failing({ countRecords: AWAY });
    expect([await expected('note'), await expected('quote', uncounted)]).toEqual(['2', null]);
    at += 250;
    expect([await expected('deal', failing({ countRecords: AWAY }))]).toEqual([null]);
    expect(await db.selectFrom('jobs').select('job_id').where('finished_at', 'is', null).execute()).toEqual(
      [],
    );
  });
});
