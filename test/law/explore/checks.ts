/** What must hold in every state, in every step, and when the world has come to rest. Answers with what is wrong. */
import { STAFF, unfit } from '@tallystick/shared/decide';
import { equal, members, type Value } from '@tallystick/shared/values';
import { isQuiet } from './world.ts';
import { ANY_PROPERTY, type Edit, type Fact, type State, type WorldPlan } from './model.ts';

/** More writes than this in so small a world means that it does not end; each edit beyond two has some of its own. */
const PROMISES_MAX = 12;
const PROMISES_MAX_PER_EDIT = 4;

export function wrongInStep(plan: WorldPlan, before: State, after: State): string | null {
  for (const [i, edit] of before.edits.entries()) {
    const now = after.edits[i]!;
    if (RANK[now.state] === undefined) return `edit ${i} is lost`;
    if (edit.state === now.state) continue;
    // Held for staff, and decided; or taken by a ruling whose write did not arrive, and so on its way once more (R3).
    const wasDecided = now.rule === 'R3' || (edit.state === 'held' && RANK[now.state] === 2);
    // S4: its write did not arrive, and nothing may go out now, so it waits like one that was never written.
    const isGivenBack = after.promises.some(({ field, edits }) => field === now.field && edits.length === 0); // S6
    const waits = now.rule === 'S4' && now.state === 'accepted' && (before.paused === 'out' || isGivenBack);
    if (!wasDecided && !waits && RANK[edit.state]! >= RANK[now.state]!)
      return `edit ${i} went from ${edit.state} to ${now.state}`;
  }
  if (before.worker.is !== 'answered' || after.worker.is !== 'promised') return null;
  for (const { edits, restores, owed } of after.worker.promises) {
    for (const i of edits) {
      const guard = after.edits[i]!.guard;
      // What is made good was written before; what staff took stands by their word, and falls by A2 and A3 after it.
      const isTaken = edits.some((other) => after.edits[other]!.ruling?.choice === 'take');
      if (guard === null || restores || owed || isTaken) continue;
      const { kind } = plan.fields[guard.field]!.rule;
      const { history } = before.fields[guard.field]!;
      const read = history[before.worker.lengths[Object.keys(plan.fields).indexOf(guard.field)]! - 1]!;
      if (!equal(kind, read.value, guard.seen)) return `edit ${i} is written though its guard moved`;
    }
  }
  return null;
}

const RANK: Readonly<Record<string, number>> = {
  accepted: 0,
  written: 1,
  verified: 2,
  refused: 2,
  held: 2,
  superseded: 2,
};

export function wrongInState(plan: WorldPlan, state: State): string | null {
  for (const [name, { history, mirror, shown }] of Object.entries(state.fields)) {
    const kind = plan.fields[name]!.rule.kind;
    if (!history.some((fact) => equal(kind, fact.value, mirror.value)))
      return `the mirror of ${name} holds a value the CRM never held: ${String(mirror.value)}`;
    if (shown === -1) return `the mirror of ${name} went back to ${String(mirror.value)}, the CRM did not`;
    if (state.promises.filter((one) => one.field === name).length > 1)
      return `two promises are open for ${name}`;
    const lost = unnamed(state, name);
    if (lost !== null)
      return `the value ${String(lost.value)} of ${name} was overwritten by us, and nothing says so`;
  }
  const adrift = state.adrift.flat().map(({ id }) => id);
  if (plan.veryLate !== true && state.givenUp.some(({ id }) => adrift.includes(id)))
    return 'a write is given up while its call may still arrive';
  const { promised, repeated, overtaken, voided, movedTwice } = state.counts;
  if (movedTwice) return 'one visit moves an edit twice, and the database keeps no order among them';
  if (promised > state.edits.length + repeated + overtaken + voided)
    return `${promised} writes are more than were asked for`;
  if (promised > PROMISES_MAX + PROMISES_MAX_PER_EDIT * Math.max(0, state.edits.length - 2))
    return 'the writes do not end';
  for (const [i, edit] of state.edits.entries()) {
    const wrong = wrongVerdict(plan, state, edit);
    if (wrong !== null) return `edit ${i}: ${wrong}`;
  }
  if (!isQuiet(state)) return null;
  const claimed = Object.keys(state.fields).find(
    (name) => state.paused !== 'in' && state.fields[name]!.mirror.how === 'event',
  );
  if (claimed !== undefined) return `nobody has anything to do, and ${claimed} was never proven`;
  return state.closing ? wrongAtRest(plan, state) : null;
}

/** P4: a foreign value that a write of ours covered, and that no journal entry names, though its promise is settled. */
function unnamed(state: State, name: string): Fact | null {
  const { history, named, mirror } = state.fields[name]!;
  const isLookedAt = mirror.how === 'read' && mirror.begunAt > history.at(-1)!.ours;
  if (!isLookedAt || state.promises.some((one) => one.field === name)) return null;
  for (let i = 1; i < history.length; i += 1) {
    const ours = history[i]!;
    const theirs = history[i - 1]!;
    if (ours.promise === null || theirs.promise !== null || theirs.value === ours.value) continue;
    if (!named.includes(theirs.at)) return theirs;
  }
  return null;
}

/** A verdict on an edit must be true when it is given: somebody else's change is named only if there was one. */
function wrongVerdict(plan: WorldPlan, state: State, edit: Edit): string | null {
  const { history } = state.fields[edit.field]!;
  const { rule } = plan.fields[edit.field]!;
  const others = history.filter((fact) => fact.at !== edit.seenAt && isForeignTo(state, edit, fact));
  if (edit.rule?.startsWith('R') === true) return null; // what staff decided is looked at with their ruling
  if (edit.state === 'held' && rule.conflict !== 'ask' && !rule.approval)
    return 'held without the rule "ask", and without approval';
  if (edit.state === 'refused' && edit.rule === 'D2')
    return isForbidden(plan, edit) ? null : `refused (${String(edit.reason)}) though nothing forbids it`;
  if (edit.state === 'refused' || edit.rule === 'A2') {
    if (edit.guard === null) return `${edit.state} (${String(edit.reason)}) though nothing forbids it`;
    const guarded = edit.guard;
    const moved = state.fields[guarded.field]!.history.some(
      (fact) => !equal(plan.fields[guarded.field]!.rule.kind, fact.value, guarded.seen),
    );
    return moved ? null : `${edit.state} because of a guard that never moved`;
  }
  if (edit.rule === 'D10') return null;
  const overruled = edit.state === 'held' || (edit.state === 'superseded' && edit.rule !== 'F1');
  const earlier = state.edits.filter(
    (other) => other.field === edit.field && other.person !== edit.person && other.at < edit.at,
  );
  if (overruled && earlier.length === 0 && !others.some((fact) => fact.at > edit.seenAt))
    return `${edit.state} by ${String(edit.rule)} though nobody else changed anything after what was seen`;
  if (
    overruled &&
    !earlier.some((other) => equal(rule.kind, other.wanted, edit.crm)) &&
    !history.some((fact) => equal(rule.kind, fact.value, edit.crm))
  )
    return `told of a value the CRM never held: ${String(edit.crm)}`;
  return null;
}

function isForbidden(plan: WorldPlan, { field, audience, wanted, reason }: Edit): boolean {
  const { rule, property } = plan.fields[field]!;
  // D8: each took out what the other left.
  if (rule.conflict === 'union' && rule.required && reason === 'required') return true;
  const isStranger = audience !== STAFF && !rule.writers.includes(audience);
  return isStranger || unfit(rule, property ?? ANY_PROPERTY, wanted) !== null;
}

/** R2 to R5: what became of the held edit follows from the ruling that settled its conflict. */
function wrongRuling({ edits, conflicts }: State): string | null {
  for (const { edit, settledBy, kind } of conflicts) {
    const held = edits[edit]!;
    if (settledBy === null) {
      if (held.state !== 'held') return `the conflict of edit ${edit} is open, and the edit is ${held.state}`;
      continue;
    }
    const { ruling, state } = edits[settledBy]!;
    const is = (...of: Edit['state'][]): boolean => of.includes(held.state);
    const fits =
      ruling?.choice === 'take'
        ? is(state)
        : ruling?.choice === 'keep'
          ? is(kind === 'proposal' ? 'refused' : 'superseded')
          : is('superseded');
    if (!fits)
      return `edit ${edit} is ${held.state} though ruling ${settledBy} (${String(ruling?.choice)}) is ${state}`;
  }
  return null;
}

function isForeignTo(state: State, edit: Edit, fact: Fact): boolean {
  if (fact.promise === null) return true;
  const own = state.ownWrites.find(({ field, value }) => field === edit.field && value === fact.value);
  return own?.person !== edit.person;
}

function wrongAtRest(plan: WorldPlan, state: State): string | null {
  for (const [name, { history, mirror }] of Object.entries(state.fields)) {
    const { rule } = plan.fields[name]!;
    const top = history.at(-1)!;
    if (!equal(rule.kind, top.value, mirror.value))
      return `at rest the mirror of ${name} holds ${String(mirror.value)}, the CRM ${String(top.value)}`;
    const unmerged = rule.conflict === 'union' ? notMerged(state, name) : null;
    if (unmerged !== null) return unmerged;
    const trampled = overwrittenAgainstTheRule(plan, state, name);
    if (trampled !== null) return trampled;
  }
  if (state.promises.length > 0) return 'at rest a promise is open';
  const wrong = wrongRuling(state) ?? plan.wrongAtRest?.(state) ?? null;
  if (wrong !== null) return wrong;
  for (const [i, edit] of state.edits.entries()) {
    if (edit.state === 'accepted' || edit.state === 'written')
      return `at rest edit ${i} is only ${edit.state}`;
    if (edit.state === 'verified' && !wasThere(plan, state, edit))
      return `edit ${i} is verified, but the CRM never held it`;
  }
  return null;
}

/** Rules `crm` and `ask`: a value that the customer had not seen does not stay overwritten (D5, D9, S2). */
function overwrittenAgainstTheRule(plan: WorldPlan, state: State, name: string): string | null {
  const { rule } = plan.fields[name]!;
  if (rule.conflict !== 'crm' && rule.conflict !== 'ask') return null;
  const { history } = state.fields[name]!;
  const top = history.at(-1)!;
  if (top.promise === null) return null;
  const last = history.findLast((fact) => fact.promise === null)!;
  if (equal(rule.kind, last.value, top.value)) return null;
  // A3: what we voided, with its name, stands over what was decided on before, by whomever.
  if (state.counts.voided > 0 && (top.value === 'void' || name === 'decisionOf')) return null;
  const writers = state.edits.filter(
    (edit) => edit.field === name && equal(rule.kind, edit.wanted, top.value),
  );
  const isLast = (value: Value): boolean => equal(rule.kind, value, last.value);
  // Whoever asked for that very value knew it; and whoever saw what we voided saw what became of it.
  const knew = state.edits.some(
    (edit) =>
      edit.field === name &&
      (isLast(edit.seen) ||
        (state.counts.voided > 0 && edit.seen === 'void') ||
        (isLast(edit.wanted) && writers.some(({ person, at }) => person === edit.person && at > edit.at))),
  );
  return writers.length > 0 && knew
    ? null
    : `rule ${rule.conflict}: ${String(top.value)} stands over ${String(last.value)}, which nobody saw`;
}

/** Rule `union`: what somebody added and nobody took out is there, what somebody took out and nobody added is not (D8). */
function notMerged(state: State, name: string): string | null {
  // S3: a colleague who set the whole set anew on top of ours has the last word on what lies below.
  // R1: so has a member of staff.
  const lastWord = ({ field, rule, audience }: Edit): boolean =>
    field === name && (rule === 'S3' || audience === STAFF);
  if (state.edits.some(lastWord)) return null;
  const { history } = state.fields[name]!;
  // S7: and so has one on top of a write that came after it had been given up. S2: and one on top of a write whose edit
  // was refused over what it had covered: what is given back of the older word gives way to the newer one.
  const wasRefused = state.edits.some((edit) => edit.field === name && edit.state === 'refused');
  const hadToGo = ({ promise }: Fact): boolean =>
    promise !== null && (wasRefused || state.givenUp.some(({ id }) => id === promise));
  if (history.some((fact, i) => i > 0 && fact.promise === null && hadToGo(history[i - 1]!))) return null;
  const changes = history.flatMap((fact, i) =>
    i > 0 && fact.promise === null ? [{ from: history[i - 1]!.value, to: fact.value }] : [],
  );
  // A2: its write is in the history, though it does not count as what was asked for.
  const wrote = ({ state: end, rule }: Edit): boolean => end === 'verified' || rule === 'A2';
  for (const edit of state.edits)
    if (edit.field === name && wrote(edit)) changes.push({ from: edit.seen, to: edit.wanted });
  const gone = (from: Value, to: Value): string[] =>
    members(from).filter((one) => !members(to).includes(one));
  const added = new Set(changes.flatMap(({ from, to }) => gone(to, from)));
  const taken = new Set(changes.flatMap(({ from, to }) => gone(from, to)));
  const top = members(history.at(-1)!.value);
  const missing = [...added].find((one) => !taken.has(one) && !top.includes(one));
  if (missing !== undefined)
    return `${missing} was added to ${name} and taken out by nobody, but is not there`;
  const extra = [...taken].find((one) => !added.has(one) && top.includes(one));
  return extra === undefined ? null : `${extra} was taken out of ${name} and added by nobody, but is there`;
}

/** What was verified was in the CRM at some moment after it was asked. */
function wasThere(plan: WorldPlan, state: State, edit: Edit): boolean {
  const { rule } = plan.fields[edit.field]!;
  const { history } = state.fields[edit.field]!;
  const since = history.filter((_, i) => (history[i + 1]?.ours ?? Infinity) > edit.at);
  return since.some(({ value }) =>
    rule.conflict === 'union' ? holds(edit, value) : equal(rule.kind, value, edit.wanted),
  );
}

function holds(edit: Edit, value: Value): boolean {
  const [seen, wanted, now] = [members(edit.seen), members(edit.wanted), members(value)];
  return (
    wanted.every((one) => seen.includes(one) || now.includes(one)) &&
    seen.every((one) => wanted.includes(one) || !now.includes(one))
  );
}
