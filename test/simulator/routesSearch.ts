/** Search. Exempt from the burst limit; five a second for the account (spec, docs). */
import { validationError } from './errors.ts';
import { ok, param, parseBody, under, type Call, type Reply, type Route } from './http.ts';
import { typeOf } from './objectTypes.ts';
import { OBJECT_PATHS } from './routesObjects.ts';
import { BODY_MAX_CHARS, search, searchBody } from './search.ts';
import type { State } from './state.ts';
import { viewRecord } from './view.ts';

export function searchRoutes(state: State): Route[] {
  return under(OBJECT_PATHS, [
    {
      method: 'POST',
      pattern: '/:type/search',
      name: 'search',
      access: 'read',
      limit: 'search',
      handle: (call) => find(state, call),
    },
  ]);
}

function find(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  if (call.raw.toString('utf8').length > BODY_MAX_CHARS)
    throw validationError(`The body may have at most ${BODY_MAX_CHARS} characters`); // GUESS at the words
  const body = parseBody(call, searchBody);
  const { total, records, next } = search(state, type, body);
  // Recorded: matching is stale, the answered rows are fresh.
  const results = records.map((record) =>
    viewRecord(state, type, record, { properties: body.properties }, Infinity),
  );
  return ok({ total, results, ...(next === null ? {} : { paging: { next: { after: next } } }) });
}
