/** Uploaded files: multipart parsing and the store (docs: files guide). */
import { createHash, createHmac } from 'node:crypto';
import { validationError } from './errors.ts';
import { nextId, type State } from './state.ts';

const FIRST_FILE_ID = 180_000_000_001;
const ACCESSES = [
  'PUBLIC_INDEXABLE',
  'PUBLIC_NOT_INDEXABLE',
  'PRIVATE',
  'HIDDEN_INDEXABLE',
  'HIDDEN_NOT_INDEXABLE',
  'HIDDEN_PRIVATE',
  'HIDDEN_SENSITIVE',
];

export interface StoredFile {
  id: string;
  name: string;
  extension: string;
  path: string;
  access: string;
  type: string;
  contentType: string;
  /** base64, so that a snapshot can hold it. */
  content: string;
  size: number;
  md5: string;
  createdAt: number;
}

export interface Part {
  name: string;
  fileName: string | null;
  contentType: string;
  data: Buffer;
}

/** The parts of a multipart/form-data body. */
export function parseMultipart(contentType: string, body: Buffer): Part[] {
  const boundary = /boundary=(?:"([^"]+)"|([^;]+))/i.exec(contentType);
  if (boundary === null) throw validationError('A multipart body is expected'); // GUESS at the words
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`);
  const parts: Part[] = [];
  for (let start = body.indexOf(mark); start >= 0;) {
    const from = start + mark.length + 2; // CRLF after the boundary
    const next = body.indexOf(mark, from);
    if (next < 0) break;
    const part = parsePart(body.subarray(from, next - 2)); // CRLF before the boundary
    if (part !== null) parts.push(part);
    start = next;
  }
  return parts;
}

function parsePart(bytes: Buffer): Part | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.subarray(0, end).toString('utf8');
  const name = /[ ;]name="([^"]*)"/i.exec(head)?.[1];
  if (name === undefined) return null;
  return {
    name,
    fileName: /filename="([^"]*)"/i.exec(head)?.[1] ?? null,
    contentType: /content-type:\s*([^\r\n]+)/i.exec(head)?.[1] ?? 'application/octet-stream',
    data: bytes.subarray(end + 4),
  };
}

/** Docs: `file`, `options` with the required `access`, a folder, and perhaps another name. */
export function storeUpload(state: State, parts: readonly Part[]): StoredFile {
  const text = (name: string): string | undefined =>
    parts.find((part) => part.name === name)?.data.toString('utf8');
  const file = parts.find((part) => part.name === 'file');
  if (file === undefined) throw validationError('file is required'); // GUESS at the words
  const folder =
    text('folderPath') ?? (text('folderId') === undefined ? undefined : `/folder-${text('folderId')!}`);
  if (folder === undefined) throw validationError('One of folderId and folderPath is required'); // GUESS at the words
  const { access } = JSON.parse(text('options') ?? '{}') as { access?: string };
  if (access === undefined || !ACCESSES.includes(access))
    throw validationError('options.access is required and must be one of ' + ACCESSES.join(', ')); // GUESS
  return storeFile(state, {
    fullName: text('fileName') ?? file.fileName ?? 'file',
    folder,
    access,
    contentType: file.contentType,
    data: file.data,
  });
}

export function storeFile(
  state: State,
  given: { fullName: string; folder: string; access: string; contentType: string; data: Buffer },
): StoredFile {
  const [, base = given.fullName, extension = ''] = /^(.*)\.([^.]+)$/.exec(given.fullName) ?? [];
  const taken = new Set([...state.data.files.values()].map((file) => file.path));
  const folder = given.folder.replace(/\/$/, '');
  const pathOf = (name: string): string => `${folder}/${name}${extension === '' ? '' : `.${extension}`}`;
  // Docs: an equal name gets a number unless overwrite is asked for.
  let name = base;
  for (let copy = 1; taken.has(pathOf(name)); copy += 1) name = `${base}-${copy}`;
  const file: StoredFile = {
    ...{
      id: nextId(state, 'file', FIRST_FILE_ID),
      name,
      extension,
      path: pathOf(name),
      access: given.access,
    },
    ...{ type: typeOfContent(given.contentType), contentType: given.contentType, size: given.data.length },
    content: given.data.toString('base64'),
    md5: createHash('md5').update(given.data).digest('hex'),
    createdAt: state.clock.now(),
  };
  state.data.files.set(file.id, file);
  return file;
}

function typeOfContent(contentType: string): string {
  if (contentType.startsWith('image/')) return 'IMG';
  if (contentType.startsWith('audio/')) return 'AUDIO';
  if (contentType.startsWith('video/')) return 'MOVIE';
  return /pdf|text|word|sheet/.test(contentType) ? 'DOCUMENT' : 'OTHER';
}

/** The proof in a signed address: whoever has it may read until it expires. */
export function signPath(secret: string, path: string, expiresAt: number): string {
  return createHmac('sha256', secret).update(`${path}?${expiresAt}`).digest('base64url');
}
