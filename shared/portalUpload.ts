/** A file in pieces: each says where it belongs, and after a break the service says how far it got. */
import type { Platform } from './portalPlatform.ts';
import { backOffMs, pause, PortalError, send, understood, type Wire } from './portalRequest.ts';
import { isUpload } from './portalShapes.ts';
import type { UploadOptions } from './portalTypes.ts';

/** Small enough to show progress, and to lose little. */
const PIECE_BYTES = 1_048_576;
const PIECE_TIMEOUT_MS = 120_000;
/** Somebody who has closed the laptop comes back to an upload that goes on. */
const PATIENCE_MS = 3_600_000;
const NOT_WHERE_IT_WAS = 409;

export async function upload(
  wire: Wire,
  file: Blob,
  name: string,
  { signal, onProgress, onPause }: UploadOptions = {},
): Promise<string> {
  const { platform } = wire;
  const begun = await send(wire, {
    method: 'POST',
    path: '/uploads',
    json: { name, size: file.size },
    headers: { 'Idempotency-Key': platform.newId() },
    signal,
  });
  const { uploadId, offset: from, chunkMaxBytes } = await understood(begun, isUpload);
  const path = `/uploads/${encodeURIComponent(uploadId)}`;
  const pieceBytes = Math.min(PIECE_BYTES, chunkMaxBytes);
  let offset = from;
  let failures = 0;
  while (offset < file.size) {
    onProgress?.(offset, file.size);
    try {
      const answer = await send(wire, {
        method: 'PATCH',
        path,
        bytes: file.slice(offset, offset + pieceBytes),
        headers: { 'Upload-Offset': String(offset), 'Content-Type': 'application/octet-stream' },
        signal,
        patienceMs: 0,
        timeoutMs: PIECE_TIMEOUT_MS,
      });
      offset = offsetOf(answer);
      failures = 0;
    } catch (error) {
      if (!(error instanceof PortalError) || !mayGoOn(error)) throw error;
      onPause?.(true);
      await untilOnline(platform, backOffMs(platform, failures), signal);
      failures += 1;
      offset = offsetOf(await send(wire, { method: 'HEAD', path, signal, patienceMs: PATIENCE_MS }));
      onPause?.(false);
    }
  }
  onProgress?.(file.size, file.size);
  return uploadId;
}

const mayGoOn = ({ status }: PortalError): boolean =>
  status === 0 || status === NOT_WHERE_IT_WAS || status === 429 || status >= 500;

function offsetOf(answer: Response): number {
  const offset = Number(answer.headers.get('Upload-Offset') ?? 'none');
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new PortalError(
    'not-understood',
    'The portal does not say how much of the file it has.',
    answer.status,
  );
}

async function untilOnline(platform: Platform, pauseMs: number, signal?: AbortSignal): Promise<void> {
  do await pause(platform, pauseMs, signal);
  while (!platform.isOnline());
}
