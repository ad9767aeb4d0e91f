/** What a file is, told from its bytes: its name is only held against that. */
import { fileTypeFromBuffer } from 'file-type';
import { fromBufferPromise } from 'yauzl';

export type Refusal = 'empty' | 'not-allowed' | 'other-content' | 'archive-bomb' | 'macros';

/** What may be uploaded, by type; each with the endings its name may have. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'application/pdf': ['pdf'],
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/webp': ['webp'],
  'image/heic': ['heic', 'heif'],
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': ['docx'],
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': ['xlsx'],
  'application/vnd.oasis.opendocument.text': ['odt'],
  'application/vnd.oasis.opendocument.spreadsheet': ['ods'],
  'text/plain': ['txt', 'csv', 'log', 'md'],
};
/** What a file may be said to be when it goes out: what came in, and nothing that a browser would run. */
export const isServed = (type: string | null): type is string =>
  type !== null && Object.hasOwn(ALLOWED, type);
/** An office document is an archive: what it would be unpacked. */
const UNPACKED_MAX_BYTES = 200 * 1_048_576;
const UNPACKED_MAX_RATIO = 200;
const ENTRIES_MAX = 5_000;

export async function contentType(
  bytes: Uint8Array,
  name: string,
): Promise<{ is: 'allowed'; type: string } | { is: 'refused'; why: Refusal }> {
  if (bytes.length === 0) return { is: 'refused', why: 'empty' };
  const told = await fileTypeFromBuffer(bytes);
  const type = told?.mime ?? (isText(bytes) ? 'text/plain' : null);
  const endings = type !== null && Object.hasOwn(ALLOWED, type) ? ALLOWED[type] : undefined;
  if (type === null || endings === undefined) return { is: 'refused', why: 'not-allowed' };
  const ending = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? '';
  if (!endings.includes(ending)) return { is: 'refused', why: 'other-content' };
  const why = type.startsWith('application/vnd.o') ? await archiveRefusal(bytes) : null;
  return why === null ? { is: 'allowed', type } : { is: 'refused', why };
}

/** UTF-8 without control characters. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text);
  } catch {
    return false;
  }
}

/** Judged by the archive's own list, without unpacking anything. */
async function archiveRefusal(bytes: Uint8Array): Promise<Refusal | null> {
  let unpacked = 0;
  let entries = 0;
  try {
    const archive = await fromBufferPromise(Buffer.from(bytes), {
      lazyEntries: false,
      validateEntrySizes: true,
    });
    for await (const entry of archive.eachEntry()) {
      entries += 1;
      unpacked += entry.uncompressedSize;
      if (/vbaproject\.bin$/i.test(entry.fileName)) return 'macros';
      if (
        entries > ENTRIES_MAX ||
        unpacked > UNPACKED_MAX_BYTES ||
        unpacked > bytes.length * UNPACKED_MAX_RATIO
      )
        return 'archive-bomb';
    }
  } catch {
    return 'other-content';
  }
  return null;
}
