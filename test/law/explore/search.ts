/** Breadth first over every interleaving, each state once; the shortest history that breaks a check is told. */
import { wrongInState, wrongInStep } from './checks.ts';
import type { Fault } from './faults.ts';
import { fingerprints, type Fingerprints } from './fingerprints.ts';
import { firstState, nameOf, type State, type WorldPlan } from './model.ts';
import { isQuiet, steps } from './world.ts';

export interface Found {
  states: number;
  transitions: number;
  terminals: number;
  depth: number;
  seconds: number;
  /** What is wrong, with the history that leads there; null when everything holds. */
  wrong: { what: string; history: string[]; state?: State } | null;
  /** The bound on states was met before everything had been seen. */
  cutOff: boolean;
}

interface Node {
  state: State;
  trail: Trail | null;
}
interface Trail {
  step: string;
  before: Trail | null;
}

export function search(plan: WorldPlan, fault: Fault, statesMax = Infinity): Found {
  const startedAt = performance.now();
  const found: Found = {
    states: 1,
    transitions: 0,
    terminals: 0,
    depth: 0,
    seconds: 0,
    wrong: null,
    cutOff: false,
  };
  const first = firstState(plan);
  const known = fingerprints();
  known.add(nameOf(first));
  let frontier: Node[] = [{ state: first, trail: null }];
  while (frontier.length > 0 && !isOver(found)) {
    const next: Node[] = [];
    for (const node of frontier) {
      visitNode(plan, fault, node, known, next, found);
      found.cutOff = found.states >= statesMax;
      if (isOver(found)) break;
    }
    frontier = next;
    if (next.length > 0) found.depth += 1;
  }
  found.seconds = (performance.now() - startedAt) / 1_000;
  return found;
}

const isOver = (found: Found): boolean => found.wrong !== null || found.cutOff;

function visitNode(
  plan: WorldPlan,
  fault: Fault,
  node: Node,
  known: Fingerprints,
  frontier: Node[],
  found: Found,
): void {
  const following = steps(plan, node.state, fault);
  if (following.length === 0) {
    found.terminals += 1;
    if (!isQuiet(node.state))
      found.wrong = { what: 'nothing can happen, but work is left', history: told(node.trail) };
    return;
  }
  for (const { name, next } of following) {
    const state = next();
    found.transitions += 1;
    const inStep = wrongInStep(plan, node.state, state);
    if (!known.add(nameOf(state)) && inStep === null) continue;
    found.states += 1;
    const trail = { step: name, before: node.trail };
    const wrong = inStep ?? wrongInState(plan, state);
    if (wrong !== null) {
      found.wrong = { what: wrong, history: told(trail), state };
      return;
    }
    frontier.push({ state, trail });
  }
}

function told(trail: Trail | null): string[] {
  const lines: string[] = [];
  for (let at = trail; at !== null; at = at.before) lines.push(at.step);
  return lines.reverse();
}
