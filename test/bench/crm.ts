/** The CRM stand-in in a process of its own, so that its work is not counted as the service's. */
import { seedDemo } from '../simulator/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { LoggedCall } from '../simulator/calls.ts';
import { serveParent, startChild } from './child.ts';

export interface CrmPlan {
  /** The demo business, or so many bare companies. */
  content: 'demo' | number;
  latencyMs: number;
}
type Facts = Pick<Simulator, 'url' | 'hubId' | 'appId' | 'accessToken' | 'clientSecret'>;
type Counters = { total: number; byStatus: Record<string, number> };

export interface BenchCrm extends Facts {
  calls(since: number): Promise<{ calls: LoggedCall[]; counters: Counters }>;
  audit(): Promise<{ maxInAnyTenSeconds: number; counters: Counters }>;
  stop(): void;
}

export async function startCrm(plan: CrmPlan): Promise<BenchCrm> {
  const { answer, stop } = await startChild(import.meta.filename, plan);
  const facts = answer as Facts;
  const control = async (path: string): Promise<unknown> => (await fetch(`${facts.url}/_sim/${path}`)).json();
  return {
    ...facts,
    calls: (since) => control(`calls?since=${since}`) as ReturnType<BenchCrm['calls']>,
    audit: () => control('audit') as ReturnType<BenchCrm['audit']>,
    stop,
  };
}

async function serve({ content, latencyMs }: CrmPlan): Promise<Facts> {
  const sim = await startSimulator();
  if (content === 'demo') seedDemo(sim.world);
  else
    sim.world.quietly(() => {
      const by = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
      for (let i = 0; i < content; i += 1) sim.world.create('companies', { name: `Company ${i}` }, by);
    });
  sim.faults.api.latencyMs = latencyMs;
  const { url, hubId, appId, accessToken, clientSecret } = sim;
  return { url, hubId, appId, accessToken, clientSecret };
}

serveParent(import.meta.filename, serve);
