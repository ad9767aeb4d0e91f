/** The OpenAPI 3.1 document, made from the schemas that requests are parsed with and answers are typed by. */
import { OBJECTS, ownership, sources } from '@tallystick/shared/ownership';
import * as schemas from '@tallystick/shared/schemas';
import { z } from 'zod';
import { answer, body, inHeader, inPath, inQuery, operation, ref } from './openapiParts.ts';
import { signInPaths } from './openapiSignIn.ts';

const COMPONENTS = {
  Me: schemas.me,
  RecordView: schemas.recordView,
  RecordList: schemas.recordList,
  EditRequest: schemas.editRequest,
  ActionRequest: schemas.actionRequest,
  CreationRequest: schemas.creationRequest,
  UploadRequest: schemas.uploadRequest,
  Upload: schemas.upload,
  SourceView: schemas.sourceView,
  Receipt: schemas.receipt,
  ReceiptList: schemas.receiptList,
  Statement: schemas.statement,
  Keys: schemas.keys,
  StreamMessage: schemas.streamMessage,
  Problem: schemas.problem,
  SignInWays: schemas.signInWays,
  SessionInfo: schemas.sessionInfo,
  SessionList: schemas.sessionList,
  MailRequest: schemas.mailRequest,
  ConfirmRequest: schemas.confirmRequest,
  SignOutRequest: schemas.signOutRequest,
};
export type Component = keyof typeof COMPONENTS;

export function openApi() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tallystick portal API',
      version: '1',
      description: `What a customer may see and change, kept in agreement with the CRM. Rules ${ownership.version}.`,
    },
    servers: [{ url: '/portal/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths: { ...paths(), ...signInPaths() },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'For servers.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-portal_session',
          description:
            'For browsers, set by signing in (without the prefix on http://localhost). Unsafe methods are taken only from pages of the same origin (else 403 `cross-site`). A change that wants a recent proof is refused with 403 `prove-again` until the person has signed in again.',
        },
      },
      schemas: Object.fromEntries(
        Object.entries(COMPONENTS).map(([name, schema]) => [
          name,
          z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }),
        ]),
      ),
    },
  };
}

// eslint-disable-next-line max-lines-per-function -- one table, read across
function paths(): Record<string, Record<string, unknown>> {
  const object = inPath('object', { type: 'string', enum: OBJECTS });
  const uploadId = inPath('uploadId', { type: 'string', format: 'uuid' });
  const id = inPath('id', { type: 'string', pattern: '^[1-9][0-9]*$' });
  const prefer = inHeader(
    'Prefer',
    false,
    'wait=N: wait up to N seconds for the receipt’s end; wait=0: do not wait for fresh values.',
  );
  const writing = [
    inHeader(
      'Idempotency-Key',
      true,
      'Made once for each thing the person does; repeating it repeats nothing.',
    ),
    inHeader(
      'If-Match',
      false,
      'The version of the record as it was seen; needed unless `seen` names every field.',
    ),
    prefer,
  ];
  const receipt = {
    ...answer(200, 'Receipt', 'The edit has come to its end.'),
    ...answer(202, 'Receipt', 'The edit is on its way.'),
  };
  return {
    '/me': { get: operation('Who am I, and what may I see and do?', [], answer(200, 'Me', 'The person.')) },
    '/records/{object}': {
      get: operation(
        'The records of one object in reach, by id.',
        [object, inQuery('after', 'string'), inQuery('limit', 'integer'), inQuery('on', 'string'), prefer],
        answer(200, 'RecordList', 'A page.'),
      ),
    },
    '/records/{object}/{id}': {
      get: operation(
        'One record, each value with its version, age and state.',
        [object, id, prefer],
        answer(200, 'RecordView', 'The record; its ETag is its version.'),
      ),
      patch: {
        ...operation('Ask for a change.', [object, id, ...writing], receipt),
        requestBody: body('EditRequest'),
      },
    },
    '/records/{object}/{id}/actions/{action}': {
      post: {
        ...operation(
          'Do something that depends on what was read: refused when that has changed.',
          [
            object,
            id,
            inPath('action', { type: 'string', enum: Object.keys(ownership.actions) }),
            ...writing,
          ],
          receipt,
        ),
        requestBody: body('ActionRequest'),
      },
    },
    '/records/{object}/{id}/file': {
      get: operation('The document that the record is: always as an attachment.', [object, id], {
        200: {
          description: 'The file.',
          content: { 'application/octet-stream': { schema: { type: 'string' } } },
        },
      }),
    },
    '/creations/{name}': {
      post: {
        ...operation(
          'Make something: a request, a comment, a document. Made once for each key.',
          [
            inPath('name', { type: 'string', enum: Object.keys(ownership.creations) }),
            inHeader(
              'Idempotency-Key',
              true,
              'Made once for each thing the person does; repeating it repeats nothing.',
            ),
            prefer,
          ],
          receipt,
        ),
        requestBody: body('CreationRequest'),
      },
    },
    '/uploads': {
      post: {
        ...operation('Announce a file.', [], answer(201, 'Upload', 'Send its pieces to this upload.')),
        requestBody: body('UploadRequest'),
      },
    },
    '/uploads/{uploadId}': {
      head: operation('How much of the file is here.', [uploadId], OFFSET),
      patch: {
        ...operation(
          'Send the next piece.',
          [uploadId, inHeader('Upload-Offset', true, 'Where in the file the piece begins.')],
          OFFSET,
        ),
        requestBody: {
          required: true,
          content: { 'application/octet-stream': { schema: { type: 'string' } } },
        },
      },
    },
    '/sources/{source}': {
      get: operation(
        'What another system holds for a company, as it says now, or as it last said with its age.',
        [inPath('source', { type: 'string', enum: Object.keys(sources) }), inQuery('company', 'string')],
        answer(
          200,
          'SourceView',
          'The lists of this audience; never late and never an error for being away.',
        ),
      ),
    },
    '/edits': {
      get: operation('The person’s newest receipts.', [], answer(200, 'ReceiptList', 'Newest first.')),
    },
    '/edits/{editId}': {
      get: operation('One receipt.', [inPath('editId', { type: 'string', format: 'uuid' }), prefer], receipt),
    },
    '/stream': {
      get: operation(
        'Server-sent events, each with a StreamMessage as its data. The id is the hub’s journal number; resume with Last-Event-ID. Open the stream first and read then: it tells what moves from its beginning on.',
        [inHeader('Last-Event-ID', false, 'The last id seen.')],
        {
          200: {
            description: 'The stream.',
            content: {
              'text/event-stream': { schema: { type: 'string' }, 'x-item-schema': ref('StreamMessage') },
            },
          },
        },
      ),
    },
    '/keys': {
      get: {
        ...operation(
          'The public keys of signed statements: the payload of a receipt’s `statement` is a Statement.',
          [],
          answer(200, 'Keys', 'A JWK Set.'),
        ),
        security: [],
      },
    },
    '/openapi.json': {
      get: { ...operation('This document.', [], { 200: { description: 'OpenAPI 3.1.' } }), security: [] },
    },
  };
}

const OFFSET = { 204: { description: 'Upload-Offset says where the file ends by now.' } };
