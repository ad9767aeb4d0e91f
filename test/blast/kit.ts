/** A hub with companies to change by the dozen, and staff who decide. */
import { randomUUID } from 'node:crypto';
import type { HeldAnswer, OrderAnswer } from '@tallystick/shared/deskMessages';
import type { EditId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import { NORA, startDesk, type Colleague, type DeskHarness } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';

export const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:51446677' };

export interface Hub {
  loop: LoopHarness;
  desk: DeskHarness;
  /** The companies' ids. */
  companies: string[];
  inCrm(id: string, property: string): string | null;
  states(edits: readonly EditId[], field: string): Promise<Partial<Record<EditState, number>>>;
  held(user?: Colleague): Promise<HeldAnswer>;
  order(
    order: Record<string, unknown>,
    user?: Colleague,
  ): Promise<OrderAnswer & { ok: boolean; code?: string }>;
  ask(n: number, field: string, seen: string | null, wanted: string | null, person?: string): Promise<EditId>;
  quiet(): Promise<void>;
  close(): Promise<void>;
}

export async function startHub(count: number, options: Parameters<typeof startLoop>[0] = {}): Promise<Hub> {
  const loop = await startLoop(options);
  const desk = await startDesk(loop);
  const { world } = loop.sim;
  const companies: string[] = [];
  world.quietly(() => {
    for (let n = 0; n < count; n += 1)
      companies.push(
        world.create(
          'companies',
          {
            name: `Works ${n}`,
            phone: `+4420794600${String(10 + n)}`,
            address: `Street ${n}`,
            city: `Town ${n}`,
          },
          COLLEAGUE,
        ).id,
      );
  });
  await backfill(loop, 'company');
  const hub: Hub = {
    loop,
    desk,
    companies,
    inCrm: (id, property) => world.value('companies', id, property),
    states: async (edits, field) => {
      const tally: Partial<Record<EditState, number>> = {};
      for (const edit of edits) {
        const { state } = await loop.fieldState(edit, field);
        tally[state] = (tally[state] ?? 0) + 1;
      }
      return tally;
    },
    held: async (user = NORA) => {
      const answer = await desk.ask<HeldAnswer>(user, '/desk/v1/held');
      if (!answer.ok) throw new Error(answer.sentence);
      return answer;
    },
    order: (order, user = NORA) =>
      desk.ask<OrderAnswer>(user, '/desk/v1/orders', { body: { key: randomUUID(), order } }),
    ask: (n, field, seen, wanted, person = String(700_000 + n)) =>
      loop.ask({
        object: 'company',
        id: companies[n]!,
        person,
        at: world.clock.now(),
        fields: { [field]: { seen, wanted } },
      }),
    quiet: async () => {
      await eventually(async () => {
        const due = loop.db.selectFrom('due').select('lane').where('hub_id', '=', loop.hubId);
        return (await due.execute()).length === 0;
      }, 'nothing is due');
    },
    close: async () => {
      await desk.close();
      await loop.close();
    },
  };
  return hub;
}

export async function backfill(loop: LoopHarness, object: 'company'): Promise<void> {
  const at = new Date(loop.sim.world.clock.now());
  await loop.db
    .insertInto('jobs')
    .values({ hub_id: loop.hubId, kind: 'backfill', object, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await eventually(async () => {
    const open = await loop.db
      .selectFrom('jobs')
      .select('job_id')
      .where('hub_id', '=', loop.hubId)
      .where('finished_at', 'is', null)
      .execute();
    return open.length === 0;
  }, 'the backfill is done');
}
