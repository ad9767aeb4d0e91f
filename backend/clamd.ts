/**
 * Asking ClamAV's daemon about a file: INSTREAM of clamd(8), over TCP or a Unix socket. `z` ends command and answer with
 * a zero byte; each piece follows its length (4 bytes, network order), and a length of zero ends the file.
 */
import { connect, type Socket } from 'node:net';

/** All in all; a large archive is unpacked and looked through meanwhile. */
const SCAN_WITHIN_MS = 60_000;
const PIECE_MAX_BYTES = 65_536;
const ANSWER_MAX_BYTES = 4_096;

export type ClamdPlace = { host: string; port: number } | { path: string };

/** `tcp://host:3310` or `unix:/run/clamav/clamd.ctl`; null: neither. */
export function clamdPlace(address: string): ClamdPlace | null {
  const path = /^unix:(\/.+)$/.exec(address)?.[1];
  if (path !== undefined) return { path };
  const [, host = '', port = ''] = /^tcp:\/\/\[?([^/\s]+?)\]?:(\d{1,5})$/.exec(address) ?? [];
  return host === '' || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

/** True: clean. Throws where clamd cannot be reached, does not finish in time, or says neither OK nor FOUND. */
export async function askClamd(place: ClamdPlace, bytes: Uint8Array): Promise<boolean> {
  const socket = connect(place);
  try {
    const answer = await exchange(socket, bytes);
    if (answer === 'stream: OK') return true;
    if (/^stream: .+ FOUND$/.test(answer)) return false;
    throw new Error(`clamd says: ${answer === '' ? 'nothing' : answer}`);
  } finally {
    socket.destroy();
  }
}

function exchange(socket: Socket, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const timer = setTimeout(() => reject(new Error('clamd did not answer in time')), SCAN_WITHIN_MS);
    const done = (): void => resolve(answer.toString('utf8').replace(/\0.*$/s, '').trim());
    socket.on('data', (piece: Buffer) => {
      answer = Buffer.concat([answer, piece]);
      if (answer.includes(0) || answer.length > ANSWER_MAX_BYTES) done();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      done(); // cut short is not OK: whoever asks sees that
    });
    // It may answer, and close, before all is sent: a file larger than its StreamMaxLength.
    for (const piece of piecesOf(bytes)) socket.write(piece);
  });
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  yield Buffer.from('zINSTREAM\0');
  for (let at = 0; at < bytes.length; at += PIECE_MAX_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_MAX_BYTES);
    yield lengthOf(piece.length);
    yield piece;
  }
  yield lengthOf(0);
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}
