/**
 * A document on its way out: only through us, so that who may see the record is asked each time and the address of
 * the file never leaves the house. The hub's worker asks HubSpot for that address; it is good for a minute.
 */
import { creations } from '@tallystick/shared/ownership';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { orderByKey, storeOrder } from '../store/orders.ts';
import type { RecordRow } from '../store/records.ts';
import { findRecord, type PortalDeps } from './access.ts';
import { isServed } from './content.ts';
import { Refused } from './problem.ts';
import { param } from './requests.ts';
import type { Session } from './session.ts';
import { until } from './waiting.ts';

const ADDRESS_WITHIN_MS = 10_000;
const FETCH_WITHIN_MS = 30_000;
/** Proxies take no endless headers. The end stays: it has the ending. */
const NAME_MAX_CHARS = 150;

export async function download(
  deps: PortalDeps,
  req: Request,
  res: Response,
  session: Session,
): Promise<void> {
  const row = await findRecord(deps, session, param(req, 'object'), param(req, 'id'));
  const file = fileOf(row);
  if (file === null) throw new Refused('not-found');
  const url = await addressOf(deps, session, row, file.fileId);
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_WITHIN_MS) }).catch(
    () => null,
  );
  if (answer?.ok !== true || answer.body === null) throw new Refused('file-unavailable');
  // Never shown by the browser as a page of ours, whatever is in it.
  res.setHeader('Content-Type', isServed(file.type) ? file.type : 'application/octet-stream');
  res.setHeader('Content-Disposition', disposition(file.name));
  res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  res.setHeader('X-Content-Type-Options', 'nosniff');
  const length = answer.headers.get('content-length');
  if (length !== null) res.setHeader('Content-Length', length);
  await pipeline(Readable.from(piecesOf(answer.body)), res).catch(() => res.destroy());
}

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    await reader.cancel();
  }
}

interface FileOf {
  fileId: string;
  name: string;
  type: string | null;
}

/** The file of a record that is a document; one that a colleague shared has no name in the portal. */
function fileOf({ object, fields }: RecordRow): FileOf | null {
  const spec = Object.values(creations).find((each) => each.object === object && each.document !== undefined);
  if (spec?.document === undefined) return null;
  const { ids, name, type } = spec.document;
  const fileId = (fields[ids]?.value ?? '').split(';')[0]?.trim() ?? '';
  if (!/^\d{1,20}$/.test(fileId)) return null;
  return { fileId, name: fields[name]?.value ?? 'document', type: fields[type]?.value ?? null };
}

async function addressOf(
  deps: PortalDeps,
  { person }: Session,
  row: RecordRow,
  fileId: string,
): Promise<string> {
  const { db, signals, now, newId } = deps;
  const { hubId, contactId } = person;
  const key = newId();
  const order = { do: 'address' as const, object: row.object, recordId: row.recordId, fileId };
  await storeOrder(db, hubId, { userId: contactId, key, order, now: now() });
  signals.wake(hubId);
  const { outcome } = await until(deps, hubId, ADDRESS_WITHIN_MS, async () => {
    const value = await orderByKey(db, hubId, contactId, key);
    return { done: value.outcome !== null, value };
  });
  if (outcome?.value !== undefined && outcome.ok) return outcome.value;
  throw new Refused(outcome?.code === 'gone' ? 'not-found' : 'file-unavailable');
}

/** RFC 6266: a plain name for old browsers, the real one beside it. The CRM's word, so it may be anything. */
function disposition(whole: string): string {
  const name = whole
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .slice(-NAME_MAX_CHARS)
    .toWellFormed();
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
