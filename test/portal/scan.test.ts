/** Documents before a virus scanner: a server in this process that speaks clamd's protocol (clamd(8), INSTREAM). */
import { createServer, type Server, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askClamd, clamdPlace } from '../../backend/clamd.ts';
import { HUB } from '../harness/portal.ts';
import { expectProblem, freshKey, startWorld, type World } from './world.ts';

/** The test file that every scanner knows, in two parts so that no scanner of ours finds it here. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');
const STREAM_MAX_BYTES = 200_000;

type Mood = 'well' | 'cut' | 'odd' | 'away';

/** As clamd: reads the command and the pieces by their lengths, and answers once. */
function fakeClamd(mood: () => Mood): Server {
  return createServer((socket: Socket) => {
    let held = Buffer.alloc(0);
    let begun = false;
    const file: Buffer[] = [];
    const say = (text: string): void => void socket.end(`${text}\0`);
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      held = Buffer.concat([held, piece]);
      if (!begun) {
        const end = held.indexOf(0);
        if (end === -1) return;
        if (held.subarray(0, end).toString() !== 'zINSTREAM') return say('UNKNOWN COMMAND');
        begun = true;
        held = held.subarray(end + 1);
      }
      while (held.length >= 4) {
        const length = held.readUInt32BE();
        if (length === 0) return answer();
        if (held.length < 4 + length) return;
        file.push(held.subarray(4, 4 + length));
        held = held.subarray(4 + length);
        if (Buffer.concat(file).length > STREAM_MAX_BYTES) return say('INSTREAM size limit exceeded. ERROR');
      }
    });
    const answer = (): void => {
      if (mood() === 'cut') return void socket.destroy();
      if (mood() === 'odd') return say('stream: Access denied. ERROR');
      say(Buffer.concat(file).includes(EICAR) ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK');
    };
  });
}

describe('a document before it is taken', () => {
  let world: World;
  let dir: string;
  let mood: Mood = 'well';
  let place: { host: string; port: number };
  const server = fakeClamd(() => mood);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tallystick-clamd-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    place = { host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
    const nowhere = { path: join(dir, 'nobody.ctl') };
    world = await startWorld({ scan: (bytes) => askClamd(mood === 'away' ? nowhere : place, bytes) });
  });
  afterAll(async () => {
    await world.close();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(() => (mood = 'well'));

  async function upload(text: string): Promise<string> {
    const body = { name: 'report.txt', size: text.length };
    const made = await world.call('POST', '/portal/v1/uploads', { token: world.ann, body });
    const { uploadId } = made.body as unknown as { uploadId: string };
    const sent = await world.call('PATCH', `/portal/v1/uploads/${uploadId}`, {
      token: world.ann,
      body: text,
      headers: { 'content-type': 'application/octet-stream', 'upload-offset': '0' },
    });
    expect(sent.status).toBe(204);
    return uploadId;
  }
  const take = (uploadId: string) =>
    world.call('POST', '/portal/v1/creations/uploadDocument', {
      token: world.ann,
      body: { fields: {}, on: { object: 'ticket', id: '11' }, uploadId },
      headers: { 'idempotency-key': freshKey() },
    });
  const piecesOf = (uploadId: string) =>
    world.db
      .selectFrom('upload_pieces')
      .select('at_byte')
      .where('hub_id', '=', HUB)
      .where('upload_id', '=', uploadId)
      .execute();
  const creations = async () => (await world.db.selectFrom('creations').select('edit_id').execute()).length;

  it('is taken when the scanner finds nothing', async () => {
    const before = await creations();
    expect((await take(await upload(`clean ${'x'.repeat(150_000)}`))).status).toBe(202);
    expect(await creations()).toBe(before + 1);
  });

  it('is told where it ends by a piece for elsewhere, an empty one too', async () => {
    const uploadId = await upload('clean');
    for (const body of ['', 'x']) {
      const answer = await world.call('PATCH', `/portal/v1/uploads/${uploadId}`, {
        token: world.ann,
        body,
        headers: { 'content-type': 'application/octet-stream', 'upload-offset': '3' },
      });
      expectProblem(answer, 409, 'wrong-offset');
      expect(answer.headers.get('upload-offset')).toBe('5');
    }
  });

  it('that is infected is refused by name; nothing of it is kept, and it stays refused', async () => {
    const before = await creations();
    const uploadId = await upload(EICAR);
    for (const _ of [1, 2]) {
      const answer = await take(uploadId);
      expectProblem(answer, 422, 'file-refused');
      expect(answer.body.fields).toMatchObject({ file: { code: 'infected' } });
    }
    expect(await piecesOf(uploadId)).toEqual([]);
    expect(await creations()).toBe(before);
  });

  it.each(['away', 'cut', 'odd'] as const)(
    'is let through by no scanner that is %s: it waits',
    async (how) => {
      const before = await creations();
      const uploadId = await upload('clean');
      mood = how;
      expectProblem(await take(uploadId), 503, 'scanner-down');
      expect(await piecesOf(uploadId)).toHaveLength(1);
      expect(await creations()).toBe(before);
      mood = 'well';
      expect((await take(uploadId)).status).toBe(202);
    },
  );

  it('that is larger than the scanner takes is not let through', async () => {
    expectProblem(await take(await upload('x'.repeat(STREAM_MAX_BYTES + 70_000))), 503, 'scanner-down');
  });

  it('is asked about over a Unix socket as well', async () => {
    const path = join(dir, 'clamd.ctl');
    const local = fakeClamd(() => 'well');
    await new Promise<void>((resolve) => local.listen(path, resolve));
    expect(await askClamd({ path }, Buffer.from('clean'))).toBe(true);
    expect(await askClamd({ path }, Buffer.from(EICAR))).toBe(false);
    await new Promise((resolve) => local.close(resolve));
  });

  it.each([
    ['tcp://127.0.0.1:3310', { host: '127.0.0.1', port: 3310 }],
    ['tcp://[::1]:3310', { host: '::1', port: 3310 }],
    ['unix:/run/clamav/clamd.ctl', { path: '/run/clamav/clamd.ctl' }],
    ['clamd:3310', null],
    ['tcp://clamd', null],
    ['tcp://clamd:99999', null],
    ['unix:clamd.ctl', null],
  ])('has its scanner at %s', (address, expected) => {
    expect(clamdPlace(address)).toEqual(expected);
  });
});
