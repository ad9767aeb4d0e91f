/** The signed statement of an approval: what it says, that it is genuine, and that nothing else is. */
import { createPublicKey, generateKeyPairSync, verify, type JsonWebKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Statement } from '@tallystick/shared/messages';
import * as schemas from '@tallystick/shared/schemas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../backend/cli/commands.ts';
import { historyAnswer } from '../../backend/desk/history.ts';
import { openSigner, verifyStatement } from '../../backend/statement.ts';
import { recordId } from '@tallystick/shared/ids';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP, startWhole, type Whole } from '../harness/whole.ts';

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the statement of an approval', () => {
  let whole: Whole;
  let ada: string;
  let dir: string;
  let jws: string;
  let editId: string;
  let beforeWriting: (() => void) | null = null;
  let afterWriting: (() => void) | null = null;
  const [key, former] = [newKey(), newKey()];

  beforeAll(async () => {
    const RECEIPT_KEY = `${key},${former}`.replaceAll('\n', '\\n');
    whole = await startWhole({
      env: () => Promise.resolve({ RECEIPT_KEY }),
      overrides: {
        at: (step) => {
          if (step === 'write.sending') {
            beforeWriting?.();
            beforeWriting = null;
          }
          if (step === 'write.answered') {
            afterWriting?.();
            afterWriting = null;
          }
        },
      },
    });
    ada = await whole.token(whole.ids.ada, 'direct');
    dir = await mkdtemp(join(tmpdir(), 'tallystick-statement-'));
  });
  afterAll(async () => {
    await whole.close();
    await rm(dir, { recursive: true, force: true });
  });

  const quote = () => `/records/quote/${whole.ids.quote}`;
  const decide = async (action: string, version?: string): Promise<string> => {
    const seen = version ?? (await whole.call(ada, 'GET', quote())).body.version;
    const headers = { ...freshKey(), 'if-match': seen };
    const answer = await whole.call(ada, 'POST', `${quote()}/actions/${action}`, { headers });
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    return answer.body.editId;
  };
  const published = async () => {
    const { body, status } = await whole.call(null, 'GET', '/keys');
    expect(status).toBe(200);
    return schemas.keys.parse(body).keys;
  };
  const tally = async (file: string, env: Record<string, string> = {}, keys?: string) => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const terminal = { env, print: say, complain: say, rewrite: null, now: Date.now };
    return { code: await runCommand(['receipt', 'verify', file], { keys }, terminal), said: said.join('\n') };
  };

  it('comes with the final receipt: who, what exactly was shown, when, and how it ended', async () => {
    editId = await decide('approveQuote');
    const receipt = await whole.settled(ada, editId);
    expect(schemas.receipt.parse(receipt)).toEqual(receipt);
    jws = receipt.statement ?? '';
    const [header = '', payload = ''] = jws.split('.');
    const decoded = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Statement;
    expect(schemas.statement.parse(decoded)).toEqual(decoded);
    expect(decoded).toMatchObject({
      ...{ version: 1, hubId: whole.hubId, editId, object: 'quote', recordId: whole.ids.quote },
      ...{ action: 'approveQuote', label: 'Approve', decided: { decision: 'approved' } },
      who: {
        ...{ contactId: whole.ids.ada, audience: 'direct', name: 'Ada Byron', email: 'ada@byron.example' },
        session: { by: 'token' },
      },
      shown: { content: { title: 'Heat pump', currency: 'EUR', terms: 'Net 30', expiresOn: '2099-01-31' } },
      ...{ decidedAt: receipt.acceptedAt, result: { state: 'verified' } },
    });
    expect(decoded.shown.content.lines).toContain('Installation');
    expect(decoded.shown.digest).toBe(
      whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision_of'),
    );
    const kept = await published();
    expect(kept).toHaveLength(2);
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      ...{ alg: 'EdDSA', typ: 'decision+jws', kid: kept[0]?.kid },
    });
    expect(JSON.stringify(kept)).not.toContain('"d"');
  });

  it('is genuine to anybody with the published key, without a line of ours', async () => {
    const [jwk] = await published();
    const [header, payload, signature] = jws.split('.');
    const signed = Buffer.from(`${header}.${payload}`);
    const publicKey = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    expect(verify(null, signed, publicKey, Buffer.from(signature!, 'base64url'))).toBe(true);
  });

  it('is no longer genuine when any member of it is changed, or somebody else signed it', async () => {
    const keys = (await openSigner([key])).keys;
    expect(await verifyStatement(jws, keys)).toMatchObject({ ok: true });
    const [header = '', payload = '', signature = ''] = jws.split('.');
    const statement = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const paths = leavesOf(statement);
    expect(paths.length).toBeGreaterThan(18);
    for (const path of paths) {
      const forged = structuredClone(statement);
      change(forged, path);
      const again = Buffer.from(JSON.stringify(forged)).toString('base64url');
      const verdict = await verifyStatement(`${header}.${again}.${signature}`, keys);
      expect(verdict.ok, path.join('.')).toBe(false);
    }
    const stranger = await openSigner([newKey()]);
    const theirs = await stranger.sign(statement as unknown as Statement);
    expect((await verifyStatement(theirs, keys)).ok).toBe(false);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    expect((await verifyStatement(unsigned, keys)).ok).toBe(false);
  });

  it('is not made true by our own signature when its digest is of other content', async () => {
    const signer = await openSigner([key]);
    const statement = JSON.parse(Buffer.from(jws.split('.')[1]!, 'base64url').toString()) as Statement;
    statement.shown.content.amount = '1';
    const verdict = await verifyStatement(await signer.sign(statement), signer.keys);
    expect(verdict).toMatchObject({ ok: false, why: expect.stringContaining('digest') as string });
  });

  it('is verified offline by the command line, in one sentence', async () => {
    const [receipt, alone, keys] = ['receipt.json', 'statement.jws', 'keys.json'].map((name) =>
      join(dir, name),
    );
    const { body } = await whole.call(ada, 'GET', `/edits/${editId}`);
    await writeFile(receipt!, JSON.stringify(body));
    await writeFile(alone!, `${jws}\n`);
    await writeFile(keys!, JSON.stringify({ keys: await published() }));
    const genuine =
      /^Genuine: Ada Byron <ada@byron\.example> \(contact \d+\) chose “Approve” on [\d-]+T.* for quote \d+ as it was shown \(Heat pump, 3000, EUR, .*sha256:.*\)/;
    for (const file of [receipt!, alone!]) {
      expect(await tally(file, {}, keys)).toEqual({
        code: 0,
        said: expect.stringMatching(genuine) as string,
      });
      expect((await tally(file, { RECEIPT_KEY: key })).code).toBe(0);
    }
    await writeFile(alone!, jws.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')).replace('.', '.e'));
    expect(await tally(alone!, {}, keys)).toEqual({
      ...{ code: 1, said: expect.stringMatching(/^Not genuine: .*\.$/) as string },
    });
    expect(await tally(join(dir, 'nothing'), {}, keys)).toMatchObject({ code: 2 });
    expect(await tally(keys!, {}, keys)).toMatchObject({
      code: 2,
      said: 'The file is no receipt with a statement.',
    });
  });

  it('is told to staff in the record’s history', async () => {
    const { entries } = await historyAnswer(whole.db, whole.hubId, {
      ...{ object: 'quote', recordId: recordId(whole.ids.quote) },
    });
    const told = entries.filter(({ sentence }) => sentence.includes(`is kept with receipt ${editId}`));
    expect(told.length).toBeGreaterThan(0);
    expect(told.every(({ kind }) => kind === 'proven')).toBe(true);
  });

  it('is never made for an approval whose quote moved, and none is added when an approval is void', async () => {
    const before = (await whole.call(ada, 'GET', quote())).body.version;
    whole.sim.world.update('line_items', whole.ids.lines[0]!, { quantity: 3 }, REP);
    await eventually(
      () => whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision') === 'void',
      'the approval is void',
    );
    const late = await whole.settled(ada, await decide('approveQuote', before));
    expect(late.state).toBe('refused');
    expect(late.statement).toBeUndefined();
    const rows = await whole.db.selectFrom('edits').select(['edit_id', 'statement']).execute();
    expect(rows.filter(({ statement }) => statement !== null).map(({ edit_id }) => edit_id)).toEqual([
      editId,
    ]);
    expect((await whole.call(ada, 'GET', `/edits/${editId}`)).body.statement).toBe(jws);
  });

  it('is not made when the quote moved between our read and our write (A2), nor for what is void by then', async () => {
    const { quote: id } = whole.ids;
    const { version } = (await whole.call(ada, 'GET', quote())).body;
    beforeWriting = () => whole.sim.world.update('quotes', id, { hs_terms: 'Net 7' }, REP);
    const edit = await decide('declineQuote', version);
    const receipt = await whole.settled(ada, edit);
    expect(receipt).toMatchObject({ state: 'superseded', fields: { decision: { rule: 'A2' } } });
    expect(receipt.statement).toBeUndefined();
    await eventually(
      () => whole.sim.world.value('quotes', id, 'customer_decision') === 'void',
      'the refusal is void',
    );
    expect((await whole.call(ada, 'GET', `/edits/${edit}`)).body.statement).toBeUndefined();
  });

  it('is not made of half a decision: a colleague took its digest away before it was proven', async () => {
    const { quote: id } = whole.ids;
    const { version } = (await whole.call(ada, 'GET', quote())).body;
    afterWriting = () => whole.sim.world.update('quotes', id, { customer_decision_of: 'by hand' }, REP);
    const receipt = await whole.settled(ada, await decide('declineQuote', version));
    expect(receipt).toMatchObject({
      state: 'superseded',
      fields: { decision: { state: 'verified' }, decisionOf: { state: 'superseded' } },
    });
    expect(receipt.statement).toBeUndefined();
  });
});

function leavesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

function change(value: Record<string, unknown>, [name = '', ...rest]: readonly string[]): void {
  if (rest.length > 0) return change(value[name] as Record<string, unknown>, rest);
  value[name] = typeof value[name] === 'number' ? value[name] + 1 : `${String(value[name])}x`;
}
