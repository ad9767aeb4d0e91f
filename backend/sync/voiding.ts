/**
 * A decision counts for what it names, and for nothing else (A3). Looked at in every visit, from what the CRM holds
 * alone: whether a colleague changed the quote before our write, beside it or a week later makes no difference. Pure.
 */
import { unfit, type Standing } from '@tallystick/shared/decide';
import { ownership, type AppObject } from '@tallystick/shared/ownership';
import { isOurs } from '@tallystick/shared/settle';
import { equal, type Value } from '@tallystick/shared/values';
import { bindingOf } from '../store/binding.ts';
import { NEVER_SET } from './moves.ts';
import { sent, voided } from './notes.ts';
import type { Situation, Visit } from './situation.ts';

type Binds = { digest: string; voided: Value };
interface Bound {
  guards: readonly string[];
  binds: Binds;
  /** What it sets, by field. */
  sets: Readonly<Record<string, Value>>;
}

export function voidDecisions(situation: Situation, object: AppObject, plan: Visit): void {
  for (const action of boundActions(object)) {
    for (const [field, value] of Object.entries(action.sets))
      voidOne(situation, object, action, field, value, plan);
  }
}

function voidOne(
  situation: Situation,
  object: AppObject,
  { guards, binds }: Bound,
  field: string,
  decided: Value,
  plan: Visit,
): void {
  const rule = situation.rules[field];
  if (rule === undefined) return;
  const [crm, named] = [top(situation, field), top(situation, binds.digest)];
  // What a colleague decided themselves is theirs.
  if (!isOurs(situation.appId, crm) || !equal(rule.kind, crm.value, decided) || named.value === null) return;
  const touched = [field, binds.digest];
  const isBusy =
    plan.promises.some((promise) => touched.includes(promise.field)) ||
    situation.promises.some(
      (open) => touched.includes(open.field) && !plan.settled.some((one) => one.promiseId === open.promiseId),
    );
  if (isBusy || situation.isPaused?.(field, 'out') === true) return;
  // A property that went away is no change of what was decided on.
  const isApart = [...touched, ...guards].some((each) => {
    const drift = situation.driftOf?.(each) ?? null;
    return drift === 'apart' || drift === 'unsure';
  });
  if (isApart) return;
  const now = guards.map((guard) => ({ field: guard, value: top(situation, guard).value }));
  if (bindingOf(object, now) === named.value) return;
  if (unfit(rule, situation.properties(field), binds.voided) !== null) return; // the CRM knows no such value
  plan.notes.push(voided(field, crm, binds.voided));
  // Its name goes with it: a decision of a colleague's that comes to stand here names nothing.
  promise(plan, field, binds.voided, crm);
  promise(plan, binds.digest, null, named);
}

function promise(plan: Visit, field: string, value: Value, base: Standing): void {
  plan.notes.push(sent(field, [], base, value));
  plan.promises.push({ field, value, base, editIds: [], person: null, restores: true, owed: false });
}

const top = (situation: Situation, field: string): Standing =>
  situation.read.history[field]?.[0] ?? NEVER_SET;

function boundActions(object: AppObject): Bound[] {
  return Object.values(ownership.actions).flatMap((action) =>
    action.object === object && action.binds !== undefined
      ? [{ guards: action.guards, binds: action.binds, sets: { ...action.sets } }]
      : [],
  );
}
