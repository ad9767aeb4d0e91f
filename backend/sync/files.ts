/** The file of a creation: taken out of the store, kept by HubSpot, and then nowhere else. */
import type { Failure } from '../hubspot/failure.ts';
import { moveCreation, type Creation } from '../store/creations.ts';
import { abandonedUploads, bytesOfUpload, eraseUploads, findUpload } from '../store/uploads.ts';
import type { Context } from './context.ts';
import type { SentFile } from './making.ts';
import { paid } from './round.ts';

export type Sending = { is: 'sent'; sent: SentFile | null } | { is: 'failed'; failure: Failure };

/** Sends it unless that was done before. */
export async function sendFile(ctx: Context, { editId, uploadId, fileId }: Creation): Promise<Sending> {
  if (uploadId === null) return { is: 'sent', sent: null };
  const upload = await findUpload(ctx.db, ctx.hubId, uploadId);
  if (upload?.type == null || upload.digest === null)
    throw new Error('A document was asked for before its upload was complete.');
  const { name, sizeBytes, type, digest } = upload;
  if (fileId !== null) return { is: 'sent', sent: { fileId, name, sizeBytes, type, digest } };
  const bytes = await bytesOfUpload(ctx.db, ctx.hubId, uploadId);
  ctx.at('file.sending');
  const answer = await paid(ctx, 'edit', () => ctx.crm.keepFile({ name, type, bytes }));
  if (!answer.ok) return { is: 'failed', failure: answer.failure };
  await ctx.lease.exclusive((db) => moveCreation(db, ctx.hubId, editId, { fileId: answer.value }));
  return { is: 'sent', sent: { fileId: answer.value, name, sizeBytes, type, digest } };
}

/** A file that was uploaded and never asked to be kept. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

export async function eraseAbandoned(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  await ctx.lease.exclusive(async (db) => {
    await eraseUploads(db, ctx.hubId, await abandonedUploads(db, ctx.hubId, now - ABANDONED_AFTER_MS), now);
  });
}
