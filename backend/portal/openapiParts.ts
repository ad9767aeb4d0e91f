/** What operations of the OpenAPI document are put together from. */
import type { Component } from './openapi.ts';

export function operation(summary: string, parameters: unknown[], responses: Record<string, unknown>) {
  const problem = {
    description: 'A problem document (RFC 9457).',
    content: { 'application/problem+json': { schema: ref('Problem') } },
  };
  return { summary, parameters, responses: { ...responses, default: problem } };
}

export const ref = (name: Component) => ({ $ref: `#/components/schemas/${name}` });
export const answer = (status: number, name: Component, description: string) => ({
  [status]: { description, content: { 'application/json': { schema: ref(name) } } },
});
export const body = (name: Component) => ({
  required: true,
  content: { 'application/json': { schema: ref(name) } },
});
export const inPath = (name: string, schema: unknown) => ({ name, in: 'path', required: true, schema });
export const inQuery = (name: string, type: string) => ({
  name,
  in: 'query',
  required: false,
  schema: { type },
});
export const inHeader = (name: string, required: boolean, description: string) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
});
