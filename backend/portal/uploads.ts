/**
 * Files on their way in: announced, sent in pieces, looked at when whole. A piece is durable before it is answered, so
 * that a broken upload goes on where it was; a piece sent twice is added once.
 */
import { createHash } from 'node:crypto';
import { uploadRequest } from '@tallystick/shared/schemas';
import express, { Router, type Request, type Response } from 'express';
import {
  addPiece,
  bytesOfUpload,
  countUploadsOf,
  findUpload,
  judgeUpload,
  openUpload,
  type Upload,
} from '../store/uploads.ts';
import { limitsOf, type PortalDeps } from './access.ts';
import { contentType, type Refusal } from './content.ts';
import { Refused } from './problem.ts';
import { parsed, param } from './requests.ts';
import { idsOf, isOwn, type Session } from './session.ts';
import { FILE_REFUSALS } from './words.ts';

/** A file looked at by a virus scanner: true when it is clean. Throws when the scanner cannot be asked. */
export type Scan = (bytes: Uint8Array) => Promise<boolean>;

const PIECE_MAX_BYTES = 1_048_576;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function uploadRoutes(deps: PortalDeps, sessionOf: (req: Request) => Session): Router {
  const router = Router();
  router.post('/uploads', async (req, res) => open(deps, req, res, sessionOf(req)));
  router.head('/uploads/:uploadId', async (req, res) => {
    const upload = await ownUpload(deps, sessionOf(req), param(req, 'uploadId'));
    res.setHeader('Upload-Offset', upload.receivedBytes).status(204).end();
  });
  router.patch(
    '/uploads/:uploadId',
    express.raw({ type: 'application/octet-stream', limit: PIECE_MAX_BYTES, inflate: false }),
    async (req, res) => take(deps, req, res, sessionOf(req)),
  );
  return router;
}

async function open(deps: PortalDeps, req: Request, res: Response, { person }: Session): Promise<void> {
  const { uploadsPerPerson, fileMaxBytes } = limitsOf(deps);
  const { name, size } = parsed(uploadRequest, req.body);
  if (size > fileMaxBytes) throw refusedFile('too-large');
  if ((await countUploadsOf(deps.db, person.hubId, idsOf(person))) >= uploadsPerPerson)
    throw new Refused('too-many-uploads');
  const uploadId = deps.newId();
  await openUpload(deps.db, person.hubId, {
    ...{ uploadId, person: person.contactId, name: plainName(name), sizeBytes: size, now: deps.now() },
  });
  res.setHeader('Location', `/portal/v1/uploads/${uploadId}`);
  res.status(201).json({ uploadId, offset: 0, chunkMaxBytes: PIECE_MAX_BYTES });
}

/** A name is what a person reads, never a path: no separators, no control characters, no leading dots. */
function plainName(name: string): string {
  const last = name.toWellFormed().normalize('NFC').split(/[\\/]/).at(-1) ?? '';
  const plain = last
    .replace(/[\u0000-\u001f\u007f<>:"|?*\u202a-\u202e\u2066-\u2069]/g, ' ')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  return plain === '' ? 'file' : plain;
}

async function take(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const { hubId } = session.person;
  const upload = await ownUpload(deps, session, param(req, 'uploadId'));
  const body: unknown = req.body;
  if (!Buffer.isBuffer(body)) throw new Refused('not-bytes');
  const at = Number(req.get('Upload-Offset'));
  const fits =
    Number.isSafeInteger(at) && at === upload.receivedBytes && at + body.length <= upload.sizeBytes;
  const added = fits && (body.length === 0 || (await addPiece(deps.db, hubId, upload.uploadId, at, body)));
  if (!added) {
    const now = await ownUpload(deps, session, upload.uploadId);
    res.setHeader('Upload-Offset', now.receivedBytes);
    throw new Refused('wrong-offset');
  }
  res
    .setHeader('Upload-Offset', at + body.length)
    .status(204)
    .end();
}

/** The upload of this person; a foreign one is answered like one that was never there. */
async function ownUpload(deps: PortalDeps, { person }: Session, uploadId: string): Promise<Upload> {
  const id = uploadId.toLowerCase();
  const found = UUID.test(id) ? await findUpload(deps.db, person.hubId, id) : null;
  if (found === null || !isOwn(person, found.person)) throw new Refused('no-such-upload');
  return found;
}

/** The file that a document is made of: whole, and looked at. Null where none is wanted. */
export async function completeUpload(
  deps: PortalDeps,
  session: Session,
  uploadId: string | undefined,
): Promise<Upload | null> {
  if (uploadId === undefined) return null;
  const upload = await ownUpload(deps, session, uploadId);
  if (upload.refused !== null)
    throw refusedFile(isFileRefusal(upload.refused) ? upload.refused : 'not-allowed');
  if (upload.type !== null) return upload;
  if (upload.receivedBytes < upload.sizeBytes) throw new Refused('upload-incomplete');
  const { hubId } = session.person;
  const bytes = await bytesOfUpload(deps.db, hubId, upload.uploadId);
  const found = await contentType(bytes, upload.name);
  const refusal = found.is === 'refused' ? found.why : await scanned(deps, bytes);
  if (refusal !== null) {
    await judgeUpload(deps.db, hubId, upload.uploadId, { refused: refusal }, deps.now());
    throw refusedFile(refusal);
  }
  if (found.is === 'refused') throw refusedFile(found.why);
  const digest = createHash('sha256').update(bytes).digest('hex');
  await judgeUpload(deps.db, hubId, upload.uploadId, { type: found.type, digest }, deps.now());
  return { ...upload, type: found.type, digest };
}

/** A scanner that cannot be asked lets nothing through: the upload stays, and can be asked for again. */
async function scanned({ scan }: PortalDeps, bytes: Uint8Array): Promise<'infected' | null> {
  if (scan === undefined) return null;
  let isClean: boolean;
  try {
    isClean = await scan(bytes);
  } catch {
    throw new Refused('scanner-down');
  }
  return isClean ? null : 'infected';
}

type FileRefusal = Refusal | 'too-large' | 'infected';
const isFileRefusal = (code: string): code is FileRefusal => Object.hasOwn(FILE_REFUSALS, code);

function refusedFile(code: FileRefusal): Refused {
  return new Refused('file-refused', {
    detail: FILE_REFUSALS[code],
    fields: { file: { code, message: FILE_REFUSALS[code] } },
  });
}
