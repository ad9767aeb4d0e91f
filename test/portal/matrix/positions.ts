/**
 * Every position in which a request can name something, by route. A route without a row here fails the test: who adds
 * one says what of it may name whose.
 */
import { randomUUID } from 'node:crypto';
import { isEditable } from '@tallystick/shared/defineOwnership';
import { creations, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { mayEdit } from '../../../backend/portal/visibility.ts';
import { byEditAndUpload, bySession, byVersion, withoutNames } from './otherPositions.ts';
import { idOf, MALFORMED, OUT_OF_REACH, type Caller, type Matrix, type RecordKind } from './seed.ts';

export interface Ask {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  bytes?: string;
}

export interface Position {
  route: string;
  /** Where in the request the named thing stands. */
  at: string;
  /** One request that names this; `unknown` is what all of `others` have to be answered like. */
  ask: (named: string) => Ask;
  unknown: string;
  others: readonly string[];
  /** Answered with success: without it, a position that never reaches anything would pass. Null: this caller has none. */
  own: string | null;
  /** Named in some answers' words, so that these may differ where the form is wrong: only looked through for leaks. */
  malformed?: readonly string[];
}

export function positionsFor(matrix: Matrix, caller: Caller): Position[] {
  return [
    ...byRecord(matrix, caller),
    ...byName(matrix, caller),
    ...byVersion(matrix),
    ...byEditAndUpload(matrix, caller),
    ...bySession(matrix),
    ...withoutNames(),
  ];
}

/** A reader of JSON may drop this name; it is looked through for leaks. */
const DROPPED = ['__proto__'];
export const ANY = ['constructor', 'toString', '%2e%2e', 'Contact', 'contacts', '0-1'];
const PEOPLE = ['10001', '10002', '10003'];
export const key = () => ({ 'idempotency-key': randomUUID() });
export const quick = { prefer: 'wait=0' };

function ownId(object: AppObject, caller: Caller): string | null {
  if (objects[object].scope[caller.audience] === 'none') return null;
  return object === 'contact' ? caller.contactId : idOf(object, 'own');
}

/** The position of a record's id, of one object. */
function record(
  object: AppObject,
  caller: Caller,
): Pick<Position, 'unknown' | 'others' | 'own' | 'malformed'> {
  const own = ownId(object, caller);
  const all: RecordKind[] = [...OUT_OF_REACH, ...(own === null ? (['own', 'later'] as const) : [])];
  const others = all.map((kind) => idOf(object, kind));
  const people = object === 'contact' ? PEOPLE.filter((id) => id !== own) : [];
  return { unknown: idOf(object, 'unknown'), others: [...others, ...people], own, malformed: MALFORMED };
}

function byRecord({ uploads, ...matrix }: Matrix, caller: Caller): Position[] {
  const head = { 'if-match': matrix.head };
  return OBJECTS.flatMap((object): Position[] => {
    const named = record(object, caller);
    const editable = Object.keys(objects[object].fields).find((name) =>
      mayEdit(object, name, caller.audience),
    );
    const patch = { [editable ?? 'text']: null };
    const change = objects[object].fields[editable ?? ''];
    const isTaken = change !== undefined && isEditable(change) && change.required !== true;
    const path = (id: string): string => `/records/${object}/${id}`;
    const creation = (name: string, more: object = {}) => ({
      ...{ route: 'POST /creations/:name', at: `on.id of ${name}`, ...named },
      own:
        creations[name]!.on.includes(object) || (name === 'raiseCase' && object === 'company')
          ? // The file is the first caller's.
            name === 'uploadDocument' && caller.contactId !== '10001'
            ? null
            : named.own
          : null,
      ask: (id: string): Ask => ({
        ...{ method: 'POST', path: `/creations/${name}`, headers: key() },
        body: { fields: fieldsOf(name), on: { object, id }, ...more },
      }),
    });
    return [
      {
        ...{ route: 'GET /records/:object', at: `after, of ${object}`, ...named },
        // Between two people's own ids lies one that somebody else has: pages go by number.
        others: named.others.filter((id) => !PEOPLE.includes(id)),
        ask: (id) => ({ method: 'GET', path: `/records/${object}?limit=2&after=${id}`, headers: quick }),
      },
      {
        ...{ route: 'GET /records/:object', at: `on, a ${object}`, ...named },
        ask: (id) => ({ method: 'GET', path: `/records/note?on=${object}:${id}`, headers: quick }),
      },
      {
        ...{ route: 'GET /records/:object/:id', at: `id of a ${object}`, ...named },
        ask: (id) => ({ method: 'GET', path: path(id), headers: quick }),
      },
      {
        ...{ route: 'PATCH /records/:object/:id', at: `id of a ${object}`, ...named },
        own: isTaken ? named.own : null,
        ask: (id) => ({
          method: 'PATCH',
          path: path(id),
          headers: { ...key(), ...head },
          body: { fields: patch },
        }),
      },
      {
        ...{ route: 'GET /records/:object/:id/file', at: `id of a ${object}`, ...named },
        own: object === 'note' ? named.own : null,
        ask: (id) => ({ method: 'GET', path: `${path(id)}/file` }),
      },
      {
        ...{ route: 'POST /records/:object/:id/actions/:action', at: `id of a ${object}`, ...named },
        own: object === 'quote' && caller.audience === 'direct' ? named.own : null,
        ask: (id) => ({
          method: 'POST',
          path: `${path(id)}/actions/approveQuote`,
          headers: { ...key(), ...head },
        }),
      },
      ...Object.keys(creations).map((name) =>
        creation(name, name === 'uploadDocument' ? { uploadId: uploads.own } : {}),
      ),
      {
        ...{ route: 'GET /sources/:source', at: `company, a ${object}’s id`, ...named },
        own: object === 'company' && caller.audience !== 'partner' ? named.own : null,
        ask: (id) => ({ method: 'GET', path: `/sources/billing?company=${id}` }),
      },
    ];
  });
}

const fieldsOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(creations[name]!.takes).flatMap(([field, need]) =>
      need === 'required' ? [[field, 'x']] : [],
    ),
  );

/** Names of objects, actions, creations, sources and fields: what this audience has not is as if it were not there. */
function byName(matrix: Matrix, caller: Caller): Position[] {
  const head = { 'if-match': matrix.head };
  const { audience, contactId } = caller;
  const hidden = OBJECTS.filter((object) => objects[object].scope[audience] === 'none');
  const own = idOf('ticket', 'own');
  const unseen = Object.entries(objects.company.fields).flatMap(([name, { see }]) =>
    see.includes(audience) ? [] : [name],
  );
  const unknown = 'nothing';
  return [
    {
      ...{ route: 'GET /records/:object', at: 'object', unknown, others: [...ANY, ...hidden], own: 'ticket' },
      ask: (name) => ({ method: 'GET', path: `/records/${name}`, headers: quick }),
    },
    {
      ...{ route: 'GET /records/:object/:id', at: 'object', unknown, own: 'ticket' },
      others: [...ANY, ...OBJECTS.filter((object) => object !== 'ticket')],
      ask: (name) => ({ method: 'GET', path: `/records/${name}/${own}`, headers: quick }),
    },
    {
      ...{
        route: 'PATCH /records/:object/:id',
        at: 'a field of the body',
        unknown,
        own: 'deliveryNotes',
        malformed: DROPPED,
      },
      others: [...unseen, ...ANY.filter((name) => !name.includes('%'))],
      ask: (name) => ({
        ...{ method: 'PATCH', path: `/records/company/${idOf('company', 'own')}` },
        ...{ headers: { ...key(), ...head }, body: `{"fields":{${JSON.stringify(name)}:"x"}}` },
      }),
    },
    {
      ...{ route: 'POST /records/:object/:id/actions/:action', at: 'action', unknown, own: null },
      others: [...ANY, 'approveQuote', 'declineQuote'],
      ask: (name) => ({
        method: 'POST',
        path: `/records/ticket/${own}/actions/${name}`,
        headers: { ...key(), ...head },
      }),
    },
    {
      ...{ route: 'POST /creations/:name', at: 'name', unknown, others: ANY, own: 'comment' },
      ask: (name) => ({
        ...{ method: 'POST', path: `/creations/${name}`, headers: key() },
        body: { fields: { text: 'x' }, on: { object: 'ticket', id: own } },
      }),
    },
    {
      ...{
        route: 'POST /creations/:name',
        at: 'on.object',
        unknown,
        own: 'ticket',
        others: [...ANY, ...OBJECTS.filter((name) => name !== 'ticket')],
      },
      ask: (object) => ({
        ...{ method: 'POST', path: '/creations/comment', headers: key() },
        body: { fields: { text: 'x' }, on: { object, id: own } },
      }),
    },
    {
      ...{
        route: 'POST /creations/:name',
        at: 'a field of the body',
        unknown,
        own: 'reference',
        malformed: DROPPED,
      },
      others: [
        ...Object.keys(objects.ticket.fields).filter((name) => !(name in creations.raiseCase!.takes)),
        ...ANY,
      ],
      ask: (name) => ({
        ...{ method: 'POST', path: '/creations/raiseCase', headers: key() },
        body: `{"fields":{"subject":"x","description":"x",${JSON.stringify(name)}:"x"},"on":{"object":"company","id":"${idOf('company', 'own')}"}}`,
      }),
    },
    {
      ...{
        route: 'GET /sources/:source',
        at: 'source',
        unknown,
        own: audience === 'partner' ? null : 'billing',
      },
      others: [...ANY, ...(audience === 'partner' ? ['billing'] : [])],
      ask: (name) => ({ method: 'GET', path: `/sources/${name}?company=${idOf('company', 'own')}` }),
    },
    {
      ...{
        route: 'GET /records/:object/:id',
        at: 'somebody’s own record under another object',
        unknown,
        own: null,
      },
      others: OBJECTS.filter((object) => object !== 'contact'),
      ask: (object) => ({ method: 'GET', path: `/records/${object}/${contactId}`, headers: quick }),
    },
  ];
}
