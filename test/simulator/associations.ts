/** Associations between records, v4 semantics: unlabelled, primary and labelled types on one pair. */
import { ApiError, objectNotFound, validationError } from './errors.ts';
import { linkTypesBetween, plainType } from './linkTypes.ts';
import { resolve } from './objectTypes.ts';
import { announce, type LinkSpec, type LinkType, type ObjectType, type Source, type State } from './state.ts';

export interface End {
  type: ObjectType;
  id: string;
}

/**
 * Associates two records. `specs` as seen from `from`; none means the plain type.
 * Docs: setting labels replaces the pair's labels, and every pair has the plain type besides.
 * A primary already there stays (GUESS: labels do not take it away).
 */
export function associate(
  state: State,
  from: End,
  to: End,
  specs: readonly LinkSpec[],
  by: Source,
): LinkType[] {
  const [fromId, toId] = [existing(state, from), existing(state, to)];
  const wanted = specs.map((spec) => known(state, from.type, to.type, spec));
  const plain = plainType(state, from.type.typeId, to.type.typeId);
  if (plain === null && wanted.length === 0)
    throw validationError(`No default association between ${from.type.constant} and ${to.type.constant}`); // GUESS at the words
  const before = typesOfPair(state, from.type.typeId, fromId, to.type.typeId, toId);
  const kept = before.filter((type) => type.primary);
  const after = [...new Set([...kept, ...(plain === null ? [] : [plain]), ...wanted])];
  // Docs: making an association primary also makes the plain one. From a contact's side there is one primary company.
  for (const type of wanted) if (type.primary) dethrone(state, from.type, fromId, toId, type, by);
  store(state, { typeId: from.type.typeId, id: fromId }, { typeId: to.type.typeId, id: toId }, after);
  for (const type of after)
    if (!before.includes(type))
      tell(state, { from: from.type.typeId, fromId, to: to.type.typeId, toId }, type, false, by);
  return after;
}

/** Removes everything between two records. */
export function dissociate(state: State, from: End, to: End, by: Source): void {
  const [fromId, toId] = [current(state, from), current(state, to)];
  const pair = { from: from.type.typeId, fromId, to: to.type.typeId, toId };
  const before = typesOfPair(state, pair.from, fromId, pair.to, toId);
  if (before.length === 0) return;
  store(state, { typeId: pair.from, id: fromId }, { typeId: pair.to, id: toId }, []);
  for (const type of before) tell(state, pair, type, true, by);
}

/** Removes some types of a pair. Docs: removing the unlabelled type removes everything. */
export function removeTypes(state: State, from: End, to: End, specs: readonly LinkSpec[], by: Source): void {
  const [fromId, toId] = [current(state, from), current(state, to)];
  const pair = { from: from.type.typeId, fromId, to: to.type.typeId, toId };
  const gone = specs.map((spec) => known(state, from.type, to.type, spec));
  if (gone.some((type) => type.label === null && !type.primary)) {
    dissociate(state, from, to, by);
    return;
  }
  const before = typesOfPair(state, pair.from, fromId, pair.to, toId);
  store(
    state,
    { typeId: pair.from, id: fromId },
    { typeId: pair.to, id: toId },
    before.filter((type) => !gone.includes(type)),
  );
  for (const type of before) if (gone.includes(type)) tell(state, pair, type, true, by);
}

/** The records of one type that a record is associated with, oldest association first. */
export function linked(
  state: State,
  typeId: string,
  id: string,
  toTypeId: string,
): { id: string; types: LinkType[] }[] {
  const pairs = state.data.links.get(`${typeId}/${id}`)?.get(toTypeId);
  if (pairs === undefined) return [];
  // Recorded incident 2026-08: the list still shows an archived record for a while.
  const seenSince = state.clock.now() - state.faults.associationLagMs;
  const records = state.data.records.get(toTypeId);
  return [...pairs].flatMap(([toId, specs]) => {
    const other = records?.get(toId);
    if (other === undefined || (other.archivedAt !== null && other.archivedAt <= seenSince)) return [];
    return [{ id: toId, types: typesOf(state, typeId, toTypeId, specs) }];
  });
}

/** Hands a record's associations to another one (a merge). */
export function moveLinks(state: State, typeId: string, fromId: string, toId: string): void {
  const all = state.data.links.get(`${typeId}/${fromId}`);
  if (all === undefined) return;
  for (const [otherType, pairs] of all)
    for (const [otherId, specs] of pairs) {
      const mine = typesOf(state, typeId, otherType, specs);
      const self = { typeId, id: fromId };
      const other = { typeId: otherType, id: otherId };
      store(state, self, other, []);
      const target = { typeId, id: toId };
      const hasPrimary = linked(state, typeId, toId, otherType).some(({ types }) =>
        types.some((type) => type.primary),
      );
      const already = typesOfPair(state, typeId, toId, otherType, otherId);
      const added = mine.filter((type) => !(type.primary && hasPrimary));
      store(state, target, other, [...new Set([...already, ...added])]);
    }
}

function typesOfPair(state: State, from: string, fromId: string, to: string, toId: string): LinkType[] {
  return typesOf(state, from, to, state.data.links.get(`${from}/${fromId}`)?.get(to)?.get(toId) ?? []);
}

function typesOf(state: State, from: string, to: string, specs: readonly LinkSpec[]): LinkType[] {
  const all = linkTypesBetween(state, from, to);
  return specs.flatMap(
    (spec) => all.find((type) => type.typeId === spec.typeId && type.category === spec.category) ?? [],
  );
}

interface Ref {
  typeId: string;
  id: string;
}

function store(state: State, from: Ref, to: Ref, types: readonly LinkType[]): void {
  put(
    state,
    from,
    to,
    types.map(({ category, typeId }) => ({ category, typeId })),
  );
  put(
    state,
    to,
    from,
    types.map(({ category, inverseTypeId }) => ({ category, typeId: inverseTypeId })),
  );
}

function put(state: State, from: Ref, to: Ref, specs: LinkSpec[]): void {
  const key = `${from.typeId}/${from.id}`;
  const byType = state.data.links.get(key) ?? new Map<string, Map<string, LinkSpec[]>>();
  const pairs = byType.get(to.typeId) ?? new Map<string, LinkSpec[]>();
  if (specs.length === 0) pairs.delete(to.id);
  else pairs.set(to.id, specs);
  byType.set(to.typeId, pairs);
  state.data.links.set(key, byType);
}

/** Takes the primary type away from whichever record held it. */
function dethrone(
  state: State,
  type: ObjectType,
  id: string,
  keepId: string,
  primary: LinkType,
  by: Source,
): void {
  for (const { id: otherId, types } of linked(state, type.typeId, id, primary.to)) {
    if (otherId === keepId || !types.includes(primary)) continue;
    const pair = { from: type.typeId, fromId: id, to: primary.to, toId: otherId };
    store(
      state,
      { typeId: type.typeId, id },
      { typeId: primary.to, id: otherId },
      types.filter((each) => each !== primary),
    );
    tell(state, pair, primary, true, by);
  }
}

/** One event for each side (docs), and one more pair when the primary type came or went. */
function tell(
  state: State,
  pair: { from: string; fromId: string; to: string; toId: string },
  type: LinkType,
  removed: boolean,
  by: Source,
): void {
  const at = state.clock.now();
  const shared = { is: 'linked' as const, category: type.category, removed, primary: type.primary, at, by };
  announce(state, {
    ...shared,
    typeId: pair.from,
    id: pair.fromId,
    toTypeId: pair.to,
    toId: pair.toId,
    linkTypeId: type.typeId,
  });
  announce(state, {
    ...shared,
    typeId: pair.to,
    id: pair.toId,
    toTypeId: pair.from,
    toId: pair.fromId,
    linkTypeId: type.inverseTypeId,
  });
}

function known(state: State, from: ObjectType, to: ObjectType, spec: LinkSpec): LinkType {
  const type = linkTypesBetween(state, from.typeId, to.typeId).find(
    (each) => each.typeId === spec.typeId && each.category === spec.category,
  );
  if (type === undefined)
    // GUESS at the words.
    throw new ApiError(400, {
      message: `Invalid association type ${spec.category}:${spec.typeId} between ${from.constant} and ${to.constant}`,
      category: 'VALIDATION_ERROR',
    });
  return type;
}

function existing(state: State, end: End): string {
  const record = resolve(state, end.type, end.id);
  if (record === null || record.archivedAt !== null) throw objectNotFound(end.id);
  return record.id;
}

const current = (state: State, end: End): string => resolve(state, end.type, end.id)?.id ?? end.id;
