/**
 * Whether a statement names its hub: parsed by Postgres' own parser, every table with a `hub_id` in it must be held to
 * one by an equality in the same query (to a parameter, or to another table that is), or be written with one.
 */
import { parse } from 'libpg-query';

type Tree = Record<string, unknown>;

/** One sentence a table that is not held to a hub; none: the statement is as it should be. */
export async function withoutHub(text: string, tables: ReadonlySet<string>): Promise<string[]> {
  const { stmts } = (await parse(text)) as { stmts?: { stmt: Tree }[] };
  const wrong: string[] = [];
  for (const { stmt } of stmts ?? []) look(stmt, { tables, ctes: new Set(), wrong });
  return wrong;
}

interface Scope {
  tables: ReadonlySet<string>;
  /** Names that stand for a part of the statement, which is looked at by itself. */
  ctes: ReadonlySet<string>;
  wrong: string[];
}

const QUERIES = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

function look(node: unknown, scope: Scope): void {
  if (Array.isArray(node)) for (const each of node) look(each, scope);
  if (!isTree(node)) return;
  for (const [name, value] of Object.entries(node)) {
    if (QUERIES.includes(name) && isTree(value)) query(name, value, scope);
    else look(value, scope);
  }
}

function query(kind: string, node: Tree, outer: Scope): void {
  const ctes = items(node.withClause, 'ctes').map((cte) => (cte.CommonTableExpr as Tree).ctename as string);
  const scope = { ...outer, ctes: new Set([...outer.ctes, ...ctes]) };
  // The two sides of a union are queries without their usual wrapping.
  for (const side of [node.larg, node.rarg])
    if (kind === 'SelectStmt' && isTree(side)) query(kind, side, scope);
  if (kind === 'InsertStmt') insertion(node, scope);
  else if (kind === 'MergeStmt') scope.wrong.push('MERGE is not understood here.');
  else constrained(kind, node, scope);
  const { larg: _l, rarg: _r, ...rest } = node;
  for (const part of Object.values(kind === 'SelectStmt' ? rest : node)) look(part, scope);
}

function insertion(node: Tree, { tables, wrong }: Scope): void {
  const name = (node.relation as Tree).relname as string;
  const columns = items(node, 'cols').map((column) => (column.ResTarget as Tree).name);
  if (tables.has(name) && !columns.includes('hub_id'))
    wrong.push(`Rows of ${name} are stored without a hub.`);
}

interface Relation {
  alias: string;
  table: string | null;
}

function constrained(kind: string, node: Tree, scope: Scope): void {
  const relations: Relation[] = [];
  const conditions: unknown[] = [node.whereClause];
  const sameHub: string[][] = [];
  const from = (item: unknown): string[] => {
    if (!isTree(item)) return [];
    if (isTree(item.RangeVar)) return [add(item.RangeVar)];
    if (isTree(item.JoinExpr)) {
      const { larg, rarg, quals, usingClause } = item.JoinExpr;
      const both = [...from(larg), ...from(rarg)];
      conditions.push(quals);
      if (JSON.stringify(usingClause ?? []).includes('"hub_id"')) sameHub.push(both);
      return both;
    }
    const alias = Object.values(item).flatMap((value) =>
      isTree(value) && isTree(value.alias) ? [value.alias] : [],
    )[0];
    const name = alias?.aliasname as string | undefined;
    if (name === undefined) return [];
    relations.push({ alias: name, table: null });
    return [name];
  };
  const add = (range: Tree): string => {
    const table = range.relname as string;
    const alias = isTree(range.alias) ? (range.alias.aliasname as string) : table;
    relations.push({ alias, table: scope.tables.has(table) && !scope.ctes.has(table) ? table : null });
    return alias;
  };
  if (kind !== 'SelectStmt') add(node.relation as Tree);
  for (const item of [...list(node.fromClause), ...list(node.usingClause)]) from(item);
  const bound = held(relations, conditions.flatMap(conjuncts), sameHub);
  for (const { alias, table } of relations)
    if (table !== null && !bound.has(alias)) scope.wrong.push(`${table} (${alias}) is not held to a hub.`);
}

/** The aliases that some chain of equalities ties to one hub. */
function held(relations: readonly Relation[], conditions: readonly Tree[], sameHub: string[][]): Set<string> {
  const tenants = relations.filter(({ table }) => table !== null);
  const bound = new Set(relations.filter(({ table }) => table === null).map(({ alias }) => alias));
  const ties: [string | null, string | null][] = [];
  /** Null: something else than a hub of this query, so a certain one. */
  const aliasOf = (side: unknown): string | null => {
    const fields = columnOf(side);
    if (fields?.at(-1) !== 'hub_id') return null;
    if (fields.length === 1) return tenants.length === 1 ? tenants[0]!.alias : null;
    const alias = fields.at(-2)!;
    return relations.some((each) => each.alias === alias) ? alias : null;
  };
  for (const condition of conditions) {
    for (const [left, right] of equalities(condition)) {
      const isHub = [left, right].some((side) => columnOf(side)?.at(-1) === 'hub_id');
      if (isHub) ties.push([aliasOf(left), aliasOf(right)]);
    }
  }
  for (const group of sameHub) for (const alias of group) ties.push([group[0]!, alias]);
  for (let before = -1; before !== bound.size;) {
    before = bound.size;
    for (const [a, b] of ties) {
      if (a !== null && (b === null || bound.has(b))) bound.add(a);
      if (b !== null && (a === null || bound.has(a))) bound.add(b);
    }
  }
  return bound;
}

/** What must hold all at once. */
function conjuncts(condition: unknown): Tree[] {
  if (!isTree(condition)) return [];
  const { BoolExpr } = condition;
  if (isTree(BoolExpr) && BoolExpr.boolop === 'AND_EXPR') return list(BoolExpr.args).flatMap(conjuncts);
  return [condition];
}

/** `a = b`, `a = any(b)`, `a in (b)`, `(a, …) = (b, …)`, `(a, …) in (select …)`. */
function equalities(condition: Tree): [unknown, unknown][] {
  const { A_Expr, SubLink } = condition;
  if (isTree(SubLink) && SubLink.subLinkType === 'ANY_SUBLINK')
    return rowOf(SubLink.testexpr).map((side) => [side, null]);
  if (!isTree(A_Expr) || !JSON.stringify(A_Expr.name).includes('"="')) return [];
  const [left, right] = [rowOf(A_Expr.lexpr), rowOf(A_Expr.rexpr)];
  return left.map((side, index) => [side, right.length === left.length ? right[index] : null]);
}

const rowOf = (side: unknown): unknown[] =>
  isTree(side) && isTree(side.RowExpr) ? list(side.RowExpr.args) : [side];

function columnOf(side: unknown): string[] | null {
  if (!isTree(side) || !isTree(side.ColumnRef)) return null;
  return list(side.ColumnRef.fields).map((field) =>
    String(((field as Tree).String as Tree | undefined)?.sval),
  );
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const items = (node: unknown, name: string): Tree[] => (isTree(node) ? list(node[name]).filter(isTree) : []);
