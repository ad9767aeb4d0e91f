/** The CRM with an ear on it: which call, what became of it, how long it took. Never what was in it. */
import type { Crm } from './crm.ts';

export type Listener = (operation: string, outcome: string, ms: number) => void;

/** `outcome`: `ok`, or what the failure is. */
export function observed(crm: Crm, now: () => number, heard: Listener): Crm {
  return new Proxy(crm, {
    get: (target, name, receiver) => {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== 'function' || typeof name !== 'string') return call;
      return async (...given: unknown[]): Promise<unknown> => {
        const begunAt = now();
        const answer: unknown = await Reflect.apply(call, target, given);
        heard(name, outcomeOf(answer), now() - begunAt);
        return answer;
      };
    },
  });
}

function outcomeOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return 'unknown';
  if (answer.ok === true) return 'ok';
  const failure: unknown = 'failure' in answer ? answer.failure : null;
  return typeof failure === 'object' && failure !== null && 'is' in failure ? String(failure.is) : 'unknown';
}
