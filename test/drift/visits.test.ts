/** Visits while the CRM's schema is not what it was, stepped by hand: what is let in, what goes out, what waits. */
import { recordId, type EditId, type HubId } from '@tallystick/shared/ids';
import { READ_LAG_MS } from '@tallystick/shared/observe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { markDue } from '../../backend/store/due.ts';
import { keyOf, loadMirror } from '../../backend/store/mirror.ts';
import { loadFindings } from '../../backend/store/schema.ts';
import type { Context } from '../../backend/sync/context.ts';
import { refreshDefinitions } from '../../backend/sync/definitions.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';
import { define, type Definition } from '../simulator/defining.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import type { Simulator } from '../simulator/simulator.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const COMPANIES_WRITE = 'crm.objects.companies.write';
/** By then the schema was read, and the record is due again. */
const AFTER_THE_LOOK_MS = 3_000;

describe('a visit, where the schema of the CRM moved', () => {
  let stepped: Stepped;
  let sim: Simulator;
  let db: Db;
  let hubId: HubId;
  let ctx: Context;

  beforeAll(async () => {
    stepped = await startStepped(({ world }) => world.quietly(() => void seedDefinitions(world)));
    ({ sim, db, hubId } = stepped);
    ctx = await stepped.context();
    await readSchema();
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    await db.deleteFrom('due').where('hub_id', '=', hubId).execute();
    ctx = await stepped.context();
  });

  /** Where it is wanted the worker reads it by itself, before long. */
  const readSchema = (): Promise<boolean> => refreshDefinitions(ctx, ctx.drift.onTypeIds);
  const change = (what: Definition): void => define(sim.world.state, what);
  const changedBy = (id: string, properties: Record<string, string>): void =>
    void sim.world.update('companies', id, properties, COLLEAGUE);
  const inCrm = (id: string, property: string) => sim.world.value('companies', id, property);
  const codes = async (): Promise<string[]> =>
    (await loadFindings(db, hubId)).map(({ finding, subject }) => `${finding.code} ${subject}`).sort();
  const calls = (): number => stepped.steps.filter((step) => step === 'write.sending').length;

  async function look(...ids: string[]): Promise<void> {
    const records = ids.map((id) => ({ object: 'company' as const, recordId: recordId(id) }));
    await markDue(db, hubId, 'read', records, { now: stepped.clock.now() });
    await stepped.round(ctx);
  }
  /** A company that has been read. */
  async function company(properties: Record<string, string> = {}): Promise<string> {
    const { id } = sim.world.create(
      'companies',
      { name: 'Engines', city: 'Turin', ...properties },
      COLLEAGUE,
    );
    await look(id);
    return id;
  }
  async function mirrored(id: string, field: string): Promise<string | null | undefined> {
    const at = { object: 'company' as const, recordId: recordId(id) };
    return (await loadMirror(db, hubId, [at])).get(keyOf(at))?.fields[field]?.value;
  }

  it('keeps the value of a property that an answer leaves out, before the schema was read again and after; the rest is let in', async () => {
    const id = await company({ delivery_notes: 'Ring twice' });
    stepped.pass(READ_LAG_MS); // or no answer would be believed that says less than the last one (O5)
    change({ do: 'removeProperty', objectType: 'companies', name: 'delivery_notes' });
    changedBy(id, { city: 'Lyon' });
    await look(id);
    expect([await mirrored(id, 'deliveryNotes'), await mirrored(id, 'city')]).toEqual(['Ring twice', 'Lyon']);
    expect(ctx.drift.isWanted).toBe(true);
    await readSchema();
    expect(await codes()).toEqual(['property-gone company.delivery_notes']);
    await look(id);
    expect(await mirrored(id, 'deliveryNotes')).toBe('Ring twice');
    change({ do: 'restoreProperty', objectType: 'companies', name: 'delivery_notes' });
    await readSchema();
    expect(await codes()).toEqual([]);
  });

  it('lets an option in that nobody knows, and decides no edit of the field until the schema was read again, whether it has the option then or not', async () => {
    const capabilities = { do: 'changeProperty', objectType: 'companies', name: 'capabilities' } as const;
    const [added, removed] = [await company(), await company({ capabilities: 'install;audit' })];
    change({ ...capabilities, option: { value: 'audit', remove: true } });
    await readSchema();
    change({ ...capabilities, option: { value: 'inspect', label: 'Inspection' } });
    changedBy(added, { capabilities: 'install;inspect' });
    const edits: EditId[] = [
      await stepped.ask('company', added, { capabilities: ['install;inspect', 'inspect;install;repair'] }),
      await stepped.ask('company', removed, { capabilities: ['audit;install', 'install'] }),
    ];
    const states = async (): Promise<(string | undefined)[]> =>
      Promise.all(edits.map(async (edit) => (await stepped.states(edit))['capabilities']));
    await stepped.round(ctx);
    expect(await mirrored(added, 'capabilities')).toBe('inspect;install');
    expect([await states(), calls()]).toEqual([['accepted', 'accepted'], 0]);
    expect(ctx.drift.isWanted).toBe(true);
    await readSchema();
    await stepped.round(ctx, AFTER_THE_LOOK_MS);
    expect(await states()).toEqual(['written', 'written']);
    expect([inCrm(added, 'capabilities'), inCrm(removed, 'capabilities')]).toEqual([
      'install;repair;inspect',
      'install',
    ]);
    expect(ctx.drift.isWanted).toBe(false); // what the schema said is trusted
  });

  it('sends nothing where the scope for writing is lost, lets in what changes, and is not stopped by what another object lost', async () => {
    const id = await company();
    sim.faults.api.missingScopes = ['tickets', COMPANIES_WRITE];
    await readSchema();
    expect(await codes()).toEqual(
      expect.arrayContaining([`scope-lost company.${COMPANIES_WRITE}`, 'scope-lost ticket.tickets']),
    );
    const edit = await stepped.ask('company', id, { billingEmail: [null, 'pay@engines.example'] });
    changedBy(id, { city: 'Lyon' });
    await stepped.round(ctx);
    expect(await mirrored(id, 'city')).toBe('Lyon');
    expect([await stepped.states(edit), calls()]).toEqual([{ billingEmail: 'accepted' }, 0]);
    sim.faults.api.missingScopes = [];
    await readSchema();
    await stepped.round(ctx);
    expect(await stepped.states(edit)).toEqual({ billingEmail: 'written' });
    expect(inCrm(id, 'billing_email')).toBe('pay@engines.example');
  });
});
