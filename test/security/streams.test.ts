/** Live streams over the whole service: nobody hears what is not theirs, however they come back to it. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeTokens } from '../../backend/store/people.ts';
import { eventually } from '../harness/eventually.ts';
import { REP } from '../harness/whole.ts';
import { startTarget, type Target } from './kit.ts';

const FOREIGN = 'FOREIGNMARK';
/** What the limits promise, and time for a busy machine. */
const ENDS_WITHIN_MS = 8_000;

interface Heard {
  status: number;
  text: () => string;
  isOver: () => boolean;
  close: () => void;
}

describe('a live stream', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target.close());

  const listen = (token: string, headers: Record<string, string> = {}): Promise<Heard> =>
    new Promise((resolve, reject) => {
      const { port } = target.whole.service;
      const given = { authorization: `Bearer ${token}`, ...headers };
      const req = request(
        { host: '127.0.0.1', port, path: '/portal/v1/stream', headers: given, agent: false },
        (res) => {
          let text = '';
          let over = false;
          res.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
          res.on('close', () => (over = true));
          res.on('error', () => undefined);
          resolve({
            status: res.statusCode ?? 0,
            text: () => text,
            isOver: () => over,
            close: () => void req.destroy(),
          });
        },
      );
      req.on('error', reject);
      req.end();
    });
  const placeIn = (stream: Heard): Promise<string> =>
    eventually(() => /(?:^|\n)id: (\d+)\n/.exec(stream.text())?.[1], 'it says where it is');

  it('that is resumed after the person was revoked is refused, and an open one is closed within seconds', async () => {
    const { whole } = target;
    const token = await whole.token(whole.ids.ada, 'direct');
    const stream = await listen(token);
    const place = await placeIn(stream);
    await revokeTokens(whole.db, whole.hubId, recordId(whole.ids.ada), Date.now());
    await eventually(stream.isOver, 'it is closed', ENDS_WITHIN_MS);
    expect((await listen(token, { 'last-event-id': place })).status).toBe(401);
    whole.sim.world.update('companies', whole.ids.acme, { city: 'After' }, REP);
    expect(stream.text()).not.toContain('After');
  });

  it('resumed with the place of another person, or any other, tells what is one’s own and nothing else', async () => {
    const { whole } = target;
    const [ada, cleo] = [
      await whole.token(whole.ids.ada, 'direct'),
      await whole.token(whole.ids.cleo, 'direct'),
    ];
    const theirs = await listen(cleo);
    const place = await placeIn(theirs);
    whole.sim.world.update('companies', whole.ids.beta, { city: FOREIGN }, REP);
    whole.sim.world.update('tickets', whole.ids.foreign, { subject: FOREIGN }, REP);
    await eventually(() => theirs.text().includes(FOREIGN), 'they are told');
    for (const from of [
      place,
      '0',
      '1',
      '-1',
      '9'.repeat(30),
      '1e3',
      'null',
      '__proto__',
      `${place}, 0`,
      'j1',
    ]) {
      const stream = await listen(ada, { 'last-event-id': from });
      expect(stream.status).toBe(200);
      await placeIn(stream);
      whole.sim.world.update('companies', whole.ids.acme, { city: `Own ${from.slice(0, 9)}` }, REP);
      await eventually(() => stream.text().includes(`Own ${from.slice(0, 9)}`), 'what is theirs is told');
      expect(stream.text()).not.toContain(FOREIGN);
      stream.close();
    }
    theirs.close();
  });

  it('by a token of another hub, a token that was never given, or a secret in the address is refused', async () => {
    const { whole, raw } = target;
    const token = await whole.token(whole.ids.ada, 'direct');
    const secret = token.split('_').at(-1) ?? '';
    for (const other of [
      token.replace(/_\d+_/, '_999_'),
      token.toLowerCase(),
      `${token}x`,
      secret,
      randomBytes(24).toString('base64url'),
    ])
      expect((await listen(other)).status).toBe(401);
    for (const query of [`?token=${token}`, `?access_token=${token}`, `?authorization=Bearer%20${token}`])
      expect((await raw(`/portal/v1/stream${query}`)).status).toBe(401);
  });

  it('is one of a few of a person: one more is refused with a time to wait, and ending one makes room', async () => {
    const { whole } = target;
    const token = await whole.token(whole.ids.bob, 'direct');
    const open = await Promise.all(Array.from({ length: 5 }, () => listen(token)));
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const sixth = await target.raw('/portal/v1/stream', { headers: { authorization: `Bearer ${token}` } });
    expect(sixth).toMatchObject({ status: 429, json: { code: 'too-many-streams' } });
    expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(0);
    open[0]?.close();
    const again = await eventually(async () => {
      const one = await listen(token);
      if (one.status === 200) return one;
      one.close();
      return undefined;
    }, 'there is room');
    for (const stream of [...open, again]) stream.close();
  });
});
