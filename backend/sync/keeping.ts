/** What a worker keeps going besides its work: its sign of life, the CRM's schema, tidying up. */
import { pause } from '../bell.ts';
import type { HubHealth } from '../store/database.ts';
import { tendBreaker, tidyBreaker } from './breakerMemory.ts';
import type { Context } from './context.ts';
import { DEFINITIONS_FRESH_MS, refreshDefinitions } from './definitions.ts';
import { AT_ONCE_EVERY_MS } from './drift.ts';
import { eraseAbandoned } from './files.ts';

const KEEPING_MS = 2_000;
const TIDYING_MS = 600_000;
const DEFINITIONS_RETRY_MS = 10_000;

export async function keepingLoop(
  ctx: Context,
  onTypeIds: (typeIds: Record<string, string>) => void,
  term: AbortSignal,
): Promise<void> {
  let definitionsAt = -Infinity;
  let tidiedAt = -Infinity;
  while (!term.aborted) {
    const now = ctx.clock.now();
    await tendBreaker(ctx);
    const isAtOnce = ctx.drift.isWanted && now - ctx.drift.readAt >= AT_ONCE_EVERY_MS;
    if (isAtOnce || now - definitionsAt > DEFINITIONS_FRESH_MS) {
      const complete = await refreshDefinitions(ctx, onTypeIds);
      definitionsAt = complete ? now : now - DEFINITIONS_FRESH_MS + DEFINITIONS_RETRY_MS;
    }
    if (now - tidiedAt > TIDYING_MS) {
      await eraseAbandoned(ctx);
      await tidyBreaker(ctx);
      tidiedAt = now;
    }
    await pause(ctx.clock, KEEPING_MS, term);
  }
}

/** Waits for nothing but the database: a CRM that hangs must not look like a worker that hangs. */
export async function heartLoop(ctx: Context, term: AbortSignal): Promise<void> {
  let failingSince: number | null = null;
  while (!term.aborted) {
    const now = ctx.clock.now();
    failingSince = ctx.health.failure === null ? null : (failingSince ?? now);
    await heartbeat(ctx, now, failingSince);
    await pause(ctx.clock, KEEPING_MS, term);
  }
}

async function heartbeat(ctx: Context, now: number, failedSince: number | null): Promise<void> {
  const at = new Date(now);
  const budget = JSON.stringify({ ...ctx.budget.snapshot(), at: at.toISOString() });
  const { lastSuccessAt, failure, scopes, sources, journal } = ctx.health;
  const heardAt = lastSuccessAt === 0 ? null : new Date(lastSuccessAt).toISOString();
  const failingSince = failedSince === null ? null : new Date(failedSince).toISOString();
  const said = { heardAt, failure, failingSince, scopes, sources, journal } satisfies HubHealth;
  const health = JSON.stringify(said);
  await ctx.lease.exclusive((db) =>
    db
      .updateTable('hubs')
      .set({ heartbeat_at: at, budget, health })
      .where('hub_id', '=', ctx.hubId)
      .execute(),
  );
}
