/** A document on its way out: whose word is taken for what it is and where it is, and what becomes of it in a browser. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderOutcome } from '../../backend/store/database.ts';
import type { HUB } from '../harness/portal.ts';
import { expectProblem, startWorld, type World } from './world.ts';

describe('a document on its way out', () => {
  let world: World;
  let files: Server;
  let outcome: (place: string, fileId: string) => OrderOutcome;
  const found = (place: string, fileId: string): OrderOutcome => ({
    ...{ ok: true, code: 'done', value: `${place}/${fileId}` },
  });
  const asked: string[] = [];

  beforeAll(async () => {
    files = createServer((req, res) => {
      asked.push(req.url ?? '');
      if (req.url === '/302') res.writeHead(302, { location: '/777' }).end();
      else if (req.url === '/404') res.writeHead(404).end('not the file');
      else res.end('the file');
    });
    await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
    const place = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
    world = await startWorld();
    world.signals.onWake((hubId) => void answer(hubId));
    const answer = async (hubId: typeof HUB): Promise<void> => {
      const open = world.db
        .selectFrom('orders')
        .selectAll()
        .where('hub_id', '=', hubId)
        .where('done_at', 'is', null);
      for (const { order_id, ordered } of await open.execute()) {
        const fileId = ordered.do === 'address' ? ordered.fileId : '';
        await world.db
          .updateTable('orders')
          .set({ done_at: new Date(), outcome: JSON.stringify(outcome(place, fileId)) })
          .where('hub_id', '=', hubId)
          .where('order_id', '=', order_id)
          .execute();
      }
      world.signals.changed({ hubId, seq: 0, records: [], edits: [] });
    };
  });
  afterAll(async () => {
    await world.close();
    await new Promise((resolve) => files.close(resolve));
  });

  let ids = 600;
  async function get(fields: Record<string, string>, how = found) {
    outcome = how;
    const id = String((ids += 1));
    const on = [{ object: 'ticket' as const, id: '11' }];
    await world.crm.find({ object: 'note', id, fields: { shared: 'true', files: '777', ...fields }, on });
    return world.call('GET', `/portal/v1/records/note/${id}/file`, { token: world.ann });
  }

  test('is given as a download, of the type that it was found to be', async () => {
    const { status, headers, body } = await get({
      fileName: 'Plan é "1"\\%.pdf',
      fileType: 'application/pdf',
    });
    expect([status, body]).toEqual([200, 'the file']);
    expect(headers.get('content-type')).toBe('application/pdf');
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="Plan _ _1___.pdf"; filename*=UTF-8''Plan%20%C3%A9%20%221%22%5C%25.pdf`,
    );
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('is no page of ours whatever the CRM says of it, and its name breaks no header', async () => {
    const { status, headers } = await get({
      fileName: `${'x'.repeat(300)}\r\nX-Owned: 1.html`,
      fileType: 'text/html',
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('x-owned')).toBeNull();
    const disposition = headers.get('content-disposition') ?? '';
    expect(disposition.length).toBeLessThan(500);
    expect(disposition).not.toMatch(/%0[ad]/i);
  });

  test('is not fetched from elsewhere than its address, nor is an error given for the file', async () => {
    for (const files of ['302', '404']) expectProblem(await get({ files }), 503, 'file-unavailable');
    expect(asked).toContain('/302');
    expect(asked.filter((url) => url === '/777')).toHaveLength(2);
  });

  test('whose number makes no sense is none, and nobody is asked for it', async () => {
    const before = asked.length;
    for (const files of ['', '../777', '777/../888', '7'.repeat(30), 'x;777'])
      expectProblem(await get({ files }), 404, 'not-found');
    expect(asked).toHaveLength(before);
  });

  test('that the CRM does not give is not found, or told to be away', async () => {
    expectProblem(await get({}, () => ({ ok: false, code: 'gone' })), 404, 'not-found');
    const refused = (place: string): OrderOutcome => ({
      ok: false,
      code: 'crm-refused',
      value: `${place}/777`,
    });
    expectProblem(await get({}, refused), 503, 'file-unavailable');
  });
});
