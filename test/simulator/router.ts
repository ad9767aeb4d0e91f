/** Finds the route of a path: a tree by path segment, where a literal goes before a parameter. */
import type { Route } from './http.ts';

interface Node {
  literal: Map<string, Node>;
  parameter: Node | null;
  routes: Map<string, { route: Route; names: string[] }>;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}
export type Router = (method: string, path: string) => Match | 'wrong method' | null;

export function createRouter(routes: readonly Route[]): Router {
  const root = node();
  for (const route of routes) insert(root, route);
  return (method, path) => {
    const values: string[] = [];
    const found = walk(root, segments(path), 0, values);
    if (found === null) return null;
    const match = found.routes.get(method);
    if (match === undefined) return 'wrong method';
    const params: Record<string, string> = {};
    match.names.forEach((name, index) => (params[name] = decode(values[index] ?? '')));
    return { route: match.route, params };
  };
}

const node = (): Node => ({ literal: new Map(), parameter: null, routes: new Map() });
/** A trailing slash does not count: the official client calls `/crm/v3/owners/`. */
const segments = (path: string): string[] => path.split('/').filter((segment) => segment !== '');

function insert(root: Node, route: Route): void {
  const names: string[] = [];
  let at = root;
  for (const segment of segments(route.pattern)) {
    if (segment.startsWith(':')) {
      names.push(segment.slice(1));
      at = at.parameter ??= node();
    } else {
      const next = at.literal.get(segment) ?? node();
      at.literal.set(segment, next);
      at = next;
    }
  }
  at.routes.set(route.method, { route, names });
}

function walk(at: Node, path: readonly string[], depth: number, values: string[]): Node | null {
  const segment = path[depth];
  if (segment === undefined) return at.routes.size > 0 ? at : null;
  const literal = at.literal.get(segment);
  const found = literal === undefined ? null : walk(literal, path, depth + 1, values);
  if (found !== null || at.parameter === null) return found;
  values.push(segment);
  const deeper = walk(at.parameter, path, depth + 1, values);
  if (deeper === null) values.pop();
  return deeper;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
