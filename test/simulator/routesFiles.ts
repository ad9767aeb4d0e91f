/** Files: upload, look up, signed address, delete (docs: files guide; shapes: @hubspot/api-client 14.0.1). */
import { z } from 'zod';
import { iso } from './clock.ts';
import { ApiError, notFound } from './errors.ts';
import { parseMultipart, signPath, storeFile, storeUpload, type StoredFile } from './files.ts';
import {
  noContent,
  ok,
  param,
  parseBody,
  prefixes,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { nextId, type State } from './state.ts';

const SIGNED_LIFE_S = 3_600; // GUESS; docs: expirationSeconds may be asked for
const imported = z.object({
  url: z.string(),
  access: z.string(),
  folderPath: z.string().optional(),
  name: z.string().optional(),
});

export function fileRoutes(state: State, secret: string): Route[] {
  const read = { access: 'read' as const, limit: 'burst' as const, scopes: ['files'] };
  const write = { access: 'write' as const, limit: 'burst' as const, scopes: ['files', 'files.write'] };
  const upload = (call: Call): Reply =>
    ok(viewFile(call, storeUpload(state, parseMultipart(call.contentType, call.raw))), 201);
  const remove = (call: Call): Reply => {
    state.data.files.delete(find(state, call).id);
    return noContent;
  };
  const paths = prefixes(['/files/v3/files'], (date) => `/files/${date}/files`);
  return [
    ...under(paths, [
      { ...write, method: 'POST', pattern: '', name: 'uploadFile', handle: upload },
      {
        ...write,
        method: 'POST',
        pattern: '/import-from-url/async',
        name: 'importFile',
        handle: (call) => startImport(state, call),
      },
      {
        ...read,
        method: 'GET',
        pattern: '/import-from-url/async/tasks/:task/status',
        name: 'importStatus',
        handle: (call) => importStatus(state, call),
      },
      {
        ...read,
        method: 'GET',
        pattern: '/:fileId',
        name: 'file',
        handle: (call) => ok(viewFile(call, find(state, call))),
      },
      {
        ...read,
        method: 'GET',
        pattern: '/:fileId/signed-url',
        name: 'signedUrl',
        handle: (call) => signedUrl(state, secret, call),
      },
      { ...write, method: 'DELETE', pattern: '/:fileId', name: 'deleteFile', handle: remove },
      { ...write, method: 'DELETE', pattern: '/:fileId/gdpr-delete', name: 'gdprDeleteFile', handle: remove },
    ]),
    {
      method: 'GET',
      pattern: '/_files/:fileId',
      name: 'download',
      access: 'read',
      limit: 'none',
      open: true,
      handle: (call) => download(state, secret, call),
    },
  ];
}

function find(state: State, call: Call): StoredFile {
  const file = state.data.files.get(param(call, 'fileId'));
  if (file === undefined) throw notFound(`File ${param(call, 'fileId')} not found`); // GUESS at the words
  return file;
}

function viewFile(call: Call, file: StoredFile) {
  const url = `${call.origin}/_files/${file.id}`;
  return {
    id: file.id,
    createdAt: iso(file.createdAt),
    updatedAt: iso(file.createdAt),
    archived: false,
    name: file.name,
    path: file.path,
    size: file.size,
    type: file.type,
    extension: file.extension,
    // Docs: a private file's address answers 404 without a signature.
    ...{ defaultHostingUrl: url, url },
    isUsableInContent: !file.access.startsWith('HIDDEN'),
    access: file.access,
    fileMd5: file.md5,
    sourceGroup: 'CONTENT',
  };
}

function signedUrl(state: State, secret: string, call: Call): Reply {
  const file = find(state, call);
  const lifeS = Number(call.query.get('expirationSeconds') ?? SIGNED_LIFE_S);
  const expiresAt = state.clock.now() + lifeS * 1_000;
  const path = `/_files/${file.id}`;
  const url = `${call.origin}${path}?expires=${expiresAt}&signature=${signPath(secret, path, expiresAt)}`;
  const { name, extension, type, size } = file;
  return ok({ expiresAt: iso(expiresAt), url, name, extension, type, size });
}

/** GUESS: 403 for a bad or stale signature, 404 for a private file without one. */
function download(state: State, secret: string, call: Call): Reply {
  const file = find(state, call);
  const expires = call.query.get('expires');
  if (expires === null) {
    if (!file.access.startsWith('PUBLIC')) throw notFound('not found');
  } else if (
    Number(expires) < state.clock.now() ||
    call.query.get('signature') !== signPath(secret, call.path, Number(expires))
  )
    throw new ApiError(403, { message: 'The signature is wrong or has expired' });
  return {
    status: 200,
    raw: Buffer.from(file.content, 'base64'),
    headers: { 'content-type': file.contentType },
  };
}

/** The stand-in fetches nothing from elsewhere: an imported file holds its address. */
function startImport(state: State, call: Call): Reply {
  const { url, access, folderPath = '/', name } = parseBody(call, imported);
  const fullName = name ?? new URL(url).pathname.split('/').pop() ?? 'file';
  const file = storeFile(state, {
    fullName,
    folder: folderPath,
    access,
    contentType: 'application/octet-stream',
    data: Buffer.from(url),
  });
  const id = nextId(state, 'importTask', 1);
  state.data.importTasks.set(id, file.id);
  return ok({ id, links: { status: `${call.origin}${call.path}/tasks/${id}/status` } }, 202);
}

function importStatus(state: State, call: Call): Reply {
  const taskId = param(call, 'task');
  const file = state.data.files.get(state.data.importTasks.get(taskId) ?? '');
  if (file === undefined) throw notFound(`Task ${taskId} not found`); // GUESS at the words
  const at = iso(file.createdAt);
  return ok({
    taskId,
    status: 'COMPLETE',
    result: viewFile(call, file),
    startedAt: at,
    completedAt: at,
    requestedAt: at,
    numErrors: 0,
    errors: [],
    links: {},
  });
}
