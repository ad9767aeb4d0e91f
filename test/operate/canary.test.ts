/** The canary over the whole service: both latencies, who told, and that nobody else sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { loadCanary } from '../../backend/store/canaries.ts';
import { raisedWarnings } from '../../backend/store/warnings.ts';
import { standing } from '../../backend/alerts/standing.ts';
import { readFacts } from '../../backend/store/facts.ts';
import { statusLines } from '../../backend/cli/statusLines.ts';
import { historyAnswer } from '../../backend/desk/history.ts';
import { undoAnswer } from '../../backend/desk/undo.ts';
import { hubStatus } from '../../backend/desk/status.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually } from '../harness/eventually.ts';
import { startWhole, type Whole } from '../harness/whole.ts';

describe('the canary', () => {
  let whole: Whole;
  let company = '';
  beforeAll(async () => {
    whole = await startWhole({
      // The ids are known only when the stand-in is there.
      prepare: (sim) => void (company = sim.world.create('companies', { name: 'Ourselves' }, by).id),
      env: () => Promise.resolve({ CANARY: `company:${company}`, CANARY_EVERY_S: '1' }),
    });
  });
  afterAll(() => whole.close());
  const by = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
  const canary = async () => loadCanary(whole.db, whole.hubId);

  it('makes one round trip after the other, and says how long each way took and who told', async () => {
    const first = await eventually(
      async () => {
        const found = await canary();
        return found?.outMs != null && found.inMs !== null && found.toldBy !== null && found;
      },
      'a round trip',
      20_000,
    );
    expect(first).toMatchObject({ toldBy: 'webhooks', problem: null });
    await eventually(async () => (await canary())?.value !== first.value, 'the next one', 20_000);
    expect(whole.sim.world.value('companies', company, 'portal_canary')).toMatch(/^20\d\d-/);
    const facts = await readFacts(whole.db, whole.hubId, Date.now());
    expect(standing(facts, Date.now()).filter(({ code }) => code.startsWith('canary'))).toEqual([]);
    const lines = statusLines(await hubStatus(whole.db, whole.hubId, Date.now()), Date.now());
    expect(lines.join('\n')).toMatch(/canary {5}edit to proven \d+ ms, change to webhook \d+ ms/);
    expect((await verifyJournal(whole.db, whole.hubId)).broken).toBeNull();
  });

  it('is seen by no customer and in no list of staff, opens no conflict, and costs a handful of journal entries', async () => {
    const token = await whole.token(whole.ids.ada, 'direct');
    const { body } = await whole.call(token, 'GET', `/records/company/${whole.ids.acme}`);
    expect(Object.keys(body.fields)).not.toContain('canary');
    expect(JSON.stringify((await whole.call(token, 'GET', '/edits')).body)).not.toContain('canary');
    expect(await whole.db.selectFrom('conflicts').selectAll().execute()).toEqual([]);
    const raised = await raisedWarnings(whole.db, whole.hubId);
    // Not even before the first backfill, when its record is not there.
    expect(raised).toEqual([]);
    // Nor does it fill the lists of staff: only who asks for its record reads of it, and nothing of it is put back.
    const told = async (recordId?: RecordId) =>
      (await historyAnswer(whole.db, whole.hubId, { recordId })).entries;
    expect(
      (await told()).filter(({ recordId }) => recordId === company).map(({ field }) => field),
    ).not.toContain('canary');
    expect((await told(recordId(company))).map(({ field }) => field)).toContain('canary');
    const { fields, left } = await undoAnswer(
      whole.db,
      whole.hubId,
      'admin',
      { object: 'company' },
      Date.now(),
    );
    expect({ fields, left }).toEqual({ fields: 0, left: [] });
    const { id } = recordOf(company);
    const entries = await whole.db.selectFrom('journal').selectAll().where('record_id', '=', id).execute();
    const edits = await whole.db.selectFrom('edits').selectAll().where('person', '=', PERSON).execute();
    console.log(`journal entries a round trip: ${(entries.length / edits.length).toFixed(1)}`);
    expect(entries.length / edits.length).toBeLessThan(8);
  });

  it('says why it cannot sing', async () => {
    whole.sim.world.archive('companies', company, by);
    await eventually(async () => (await canary())?.problem != null, 'the problem', 20_000);
    const facts = await readFacts(whole.db, whole.hubId, Date.now());
    expect(standing(facts, Date.now()).map(({ code }) => code)).toContain('canary-failing');
  });
});

const PERSON = 'source:canary' as never;
const recordOf = (id: string) => ({ id: recordId(id) });
