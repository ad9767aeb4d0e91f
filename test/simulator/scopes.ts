/**
 * Which scopes a call needs (spec: the security blocks; docs: scopes): one of each list. Associations need those of
 * both sides.
 */
import type { Call, Route } from './http.ts';
import { findType } from './objectTypes.ts';
import type { ObjectType, State } from './state.ts';

export function neededScopes(state: State, route: Route, call: Call): readonly (readonly string[])[] {
  if (route.scopes !== undefined) return route.scopes.length === 0 ? [] : [route.scopes];
  return ['type', 'toType'].flatMap((end) => {
    const name = call.params[end];
    const type = name === undefined ? null : findType(state, name);
    return type === null ? [] : [scopesOfType(type, route)];
  });
}

function scopesOfType(type: ObjectType, { access }: Route): readonly string[] {
  // Spec: tickets have a single scope; notes and other activities go with contacts; line items and products have two.
  if (type.name === 'tickets') return ['tickets'];
  if (type.schema !== null) return [`crm.objects.custom.${access}`];
  if (['line_items', 'products'].includes(type.name))
    return [`crm.objects.${type.name}.${access}`, 'e-commerce'];
  if (['contacts', 'companies', 'deals', 'quotes'].includes(type.name))
    return [`crm.objects.${type.name}.${access}`];
  return [`crm.objects.contacts.${access}`];
}
