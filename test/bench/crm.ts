/** The CRM stand-in in a process of its own, so that its work is not counted as the service's. */
import { fork } from 'node:child_process';
import { seedDemo } from '../simulator/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { LoggedCall } from '../simulator/calls.ts';

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

export function startCrm(plan: CrmPlan): Promise<BenchCrm> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, { execArgv: ['--import', 'tsx'] });
    child.once('error', reject);
    child.once('message', (facts) => {
      const { url } = facts as Facts;
      const control = async (path: string): Promise<unknown> => (await fetch(`${url}/_sim/${path}`)).json();
      resolve({
        ...(facts as Facts),
        calls: (since) => control(`calls?since=${since}`) as ReturnType<BenchCrm['calls']>,
        audit: () => control('audit') as ReturnType<BenchCrm['audit']>,
        stop: () => child.kill(),
      });
    });
    child.send(plan);
  });
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

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (plan) => void serve(plan as CrmPlan).then((facts) => process.send?.(facts)));
  process.once('disconnect', () => process.exit());
}
