/** Which scopes a call needs (spec: the security blocks; docs: scopes). One of those named is enough. */
import type { Call, Route } from './http.ts';
import { findType } from './objectTypes.ts';
import type { State } from './state.ts';

export function neededScopes(state: State, route: Route, call: Call): readonly string[] {
  if (route.scopes !== undefined) return route.scopes;
  const name = call.params['type'];
  const type = name === undefined ? null : findType(state, name);
  if (type === null) return [];
  const { access } = route;
  // Spec: tickets have a single scope; notes and other activities go with contacts; line items and products have two.
  if (type.name === 'tickets') return ['tickets'];
  if (type.schema !== null) return [`crm.objects.custom.${access}`];
  if (['line_items', 'products'].includes(type.name))
    return [`crm.objects.${type.name}.${access}`, 'e-commerce'];
  if (['contacts', 'companies', 'deals', 'quotes'].includes(type.name))
    return [`crm.objects.${type.name}.${access}`];
  return [`crm.objects.contacts.${access}`];
}
