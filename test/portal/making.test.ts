import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { freshKey, REP, startWhole, type Answered, type Whole } from '../harness/whole.ts';

describe('what customers do besides editing fields', () => {
  let whole: Whole;
  let ada: string;
  let bob: string;
  let cleo: string;
  let pia: string;
  let failNext: ((step: string) => void) | null = null;

  beforeAll(async () => {
    whole = await startWhole({ overrides: { at: (step) => failNext?.(step) } });
    const { ids } = whole;
    ada = await whole.token(ids.ada, 'direct');
    bob = await whole.token(ids.bob, 'member');
    cleo = await whole.token(ids.cleo, 'direct');
    pia = await whole.token(ids.pia, 'partner');
  });
  afterAll(() => whole.close());

  const read = async (token: string, path: string): Promise<Answered['body']> => {
    const { status, body } = await whole.call(token, 'GET', path, { headers: { prefer: 'wait=0' } });
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const value = (body: Answered['body'], field: string): string | null =>
    (body.fields as unknown as Record<string, { value: string | null }>)[field]!.value;
  describe('a quote', () => {
    const act = (token: string, action: string, version: string) =>
      whole.call(token, 'POST', `/records/quote/${whole.ids.quote}/actions/${action}`, {
        headers: { ...freshKey(), 'if-match': version },
      });
    const shown = () => read(ada, `/records/quote/${whole.ids.quote}`);

    it('is shown with its lines, and a change of one line reaches the portal', async () => {
      expect(JSON.parse(value(await shown(), 'lines')!)).toMatchObject([
        { name: 'Heat pump', price: '1000', quantity: '2' },
        { name: 'Installation', price: '500', quantity: '2' },
      ]);
      whole.sim.world.update('line_items', whole.ids.lines[1]!, { price: 450 }, REP);
      await eventually(async () => value(await shown(), 'lines')!.includes('450'), 'the new price is shown');
    });

    it('that is a draft is nobody’s business, in no list and by no action', async () => {
      const { id } = whole.sim.world.create(
        'quotes',
        { hs_title: 'Draft', hs_expiration_date: '2099-01-31', hs_status: 'DRAFT' },
        REP,
      );
      whole.sim.world.associate(['quotes', id], ['companies', whole.ids.acme], REP);
      await eventually(async () => {
        const row = await whole.db
          .selectFrom('mirror')
          .select('record_id')
          .where('record_id', '=', id as never)
          .executeTakeFirst();
        return row !== undefined;
      }, 'the draft is mirrored');
      const foreign = await whole.call(ada, 'GET', `/records/quote/999999`);
      const draft = await whole.call(ada, 'GET', `/records/quote/${id}`);
      const { instance: _, ...absent } = foreign.body;
      expect([draft.status, draft.body]).toEqual([
        foreign.status,
        { ...absent, instance: expect.any(String) as string },
      ]);
      expect(JSON.stringify(await read(ada, '/records/quote'))).not.toContain(id);
      whole.sim.world.update('quotes', id, { hs_status: 'APPROVED' }, REP);
      await eventually(
        async () => (await whole.call(ada, 'GET', `/records/quote/${id}`)).status === 200,
        'it is shown',
      );
    });

    it('is approved with a digest of what was shown, and by those who decide only', async () => {
      const { version } = await shown();
      const refused = await act(bob, 'approveQuote', version);
      expect(refused.status).toBe(404);
      const answer = await act(ada, 'approveQuote', version);
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ kind: 'action', name: 'approveQuote' });
      expect(await whole.settled(ada, answer.body.editId)).toMatchObject({ state: 'verified' });
      expect(whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision')).toBe('approved');
      expect(whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision_of')).toMatch(
        /^sha256:[0-9a-f]{64}$/,
      );
    });

    it('that a rep changes afterwards is no longer approved, and both sides see it', async () => {
      whole.sim.world.update('line_items', whole.ids.lines[0]!, { quantity: 3 }, REP);
      await eventually(
        () => whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision') === 'void',
        'the approval is void in the CRM',
      );
      expect(whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision_of') ?? '').toBe('');
      await eventually(
        async () => value(await shown(), 'decision') === 'void',
        'the approval is void in the portal',
      );
    });

    it('that changed while it was looked at is not approved', async () => {
      const { version } = await shown();
      whole.sim.world.update('line_items', whole.ids.lines[0]!, { quantity: 4 }, REP);
      const answer = await act(ada, 'approveQuote', version);
      expect(await whole.settled(ada, answer.body.editId)).toMatchObject({
        state: 'refused',
        fields: { decision: { rule: 'D11', reason: 'changed-while-looking' } },
      });
      expect(whole.sim.world.value('quotes', whole.ids.quote, 'customer_decision')).toBe('void');
    });

    it('whose day is over is not approved', async () => {
      whole.sim.world.update('quotes', whole.ids.quote, { hs_expiration_date: '2020-01-31' }, REP);
      await eventually(async () => value(await shown(), 'expiresOn') === '2020-01-31', 'the day is shown');
      const { version } = await shown();
      expect(await act(ada, 'approveQuote', version)).toMatchObject({
        status: 409,
        body: { code: 'too-late' },
      });
    });
  });

  const raise = (token: string, body: unknown, headers = freshKey()) =>
    whole.call(token, 'POST', '/creations/raiseCase', { body, headers });
  const tickets = (): string[] =>
    [...whole.sim.world.state.data.records.get('0-5')!.values()].map((record) => record.id);

  describe('a request', () => {
    it('becomes one ticket of the person and their company, and is in the portal when its receipt ends', async () => {
      const headers = freshKey();
      const body = { fields: { subject: 'No heat', description: 'Since Monday', priority: 'HIGH' } };
      const [first, again] = await Promise.all([raise(ada, body, headers), raise(ada, body, headers)]);
      expect(first.body.editId).toBe(again.body.editId);
      expect(first.body).toMatchObject({ kind: 'creation', name: 'raiseCase', object: 'ticket', id: null });
      const receipt = await whole.settled(ada, first.body.editId);
      expect(receipt).toMatchObject({ state: 'verified', fields: { subject: { wanted: 'No heat' } } });
      const id = String(receipt.id);
      expect(await read(bob, `/records/ticket/${id}`)).toMatchObject({ title: 'No heat' });
      expect(whole.sim.world.linked('tickets', id, 'contacts').map((one) => one.id)).toEqual([whole.ids.ada]);
      expect(whole.sim.world.linked('tickets', id, 'companies').map((one) => one.id)).toEqual([
        whole.ids.acme,
      ]);
      expect(whole.sim.world.value('tickets', id, 'portal_request_key')).toBe(first.body.editId);
      expect((await whole.call(cleo, 'GET', `/records/ticket/${id}`)).status).toBe(404);
      expect((await whole.call(cleo, 'GET', `/edits/${first.body.editId}`)).status).toBe(404);
    });

    it.each(['resetAfterApplyRate', 'error502AfterApplyRate', 'error502Rate'] as const)(
      'is made once although the first call ends in %s',
      async (fault) => {
        const before = tickets().length;
        let faults = 0;
        failNext = (step) => {
          const isFirst = step === 'creation.sending' && faults === 0;
          if (isFirst) faults += 1;
          whole.sim.faults.api[fault] = isFirst ? 1 : 0;
        };
        const answer = await raise(ada, { fields: { subject: `Fault ${fault}`, description: 'x' } });
        const receipt = await whole.settled(ada, answer.body.editId);
        failNext = null;
        expect([receipt.state, faults, tickets().length]).toEqual(['verified', 1, before + 1]);
      },
    );

    it('with something missing or wrong is refused with a sentence for each field, and makes nothing', async () => {
      const before = tickets().length;
      expect(await raise(ada, { fields: { subject: ' ', colour: 'red', priority: 'SOON' } })).toMatchObject({
        status: 422,
        body: {
          code: 'fields-refused',
          fields: {
            subject: { code: 'required' },
            description: { code: 'required' },
            priority: { code: 'not-an-option' },
            colour: { code: 'no-such-field' },
          },
        },
      });
      expect(await raise(ada, { fields: { subject: 'x', description: 'y' } }, {})).toMatchObject({
        status: 400,
      });
      expect(
        await raise(ada, {
          fields: { subject: 'x', description: 'y' },
          on: { object: 'company', id: whole.ids.beta },
        }),
      ).toMatchObject({ status: 404 });
      expect(
        await whole.call(ada, 'POST', '/creations/toString', { body: { fields: {} }, headers: freshKey() }),
      ).toMatchObject({ status: 404 });
      expect(tickets().length).toBe(before);
    });

    it('that the CRM refuses ends with a reason', async () => {
      whole.sim.world.archive('companies', whole.ids.beta, REP);
      const answer = await raise(cleo, { fields: { subject: 'Late', description: 'x' } });
      if (answer.status === 202)
        expect(await whole.settled(cleo, answer.body.editId)).toMatchObject({ state: 'refused' });
      else expect(answer.status).toBe(404);
      whole.sim.world.restore('companies', whole.ids.beta, REP);
    });
  });

  describe('a comment', () => {
    it('is a note on the case that staff read, and everybody who sees the case', async () => {
      const on = { object: 'ticket', id: whole.ids.ticket };
      const body = { fields: { text: 'It is <b>cold</b> &\nstill' }, on };
      const answer = await whole.call(pia, 'POST', '/creations/comment', { body, headers: freshKey() });
      const receipt = await whole.settled(pia, answer.body.editId);
      expect(receipt.state).toBe('verified');
      const note = String(receipt.id);
      expect(whole.sim.world.value('notes', note, 'hs_note_body')).toBe(
        '<p><strong>Pia Lund</strong> (customer portal)<br>It is &lt;b&gt;cold&lt;/b&gt; &amp;<br>still</p>',
      );
      const list = (await read(ada, `/records/note?on=ticket:${whole.ids.ticket}`)) as unknown as {
        records: Answered['body'][];
      };
      expect(list.records).toMatchObject([{ id: note, on: [{ object: 'ticket', id: whole.ids.ticket }] }]);
      expect(value(list.records[0]!, 'text')).toBe('It is <b>cold</b> &\nstill');
      expect(value(list.records[0]!, 'author')).toBe('Pia Lund');
      expect((await whole.call(cleo, 'GET', `/records/note/${note}`)).status).toBe(404);
      expect((await whole.call(cleo, 'GET', `/records/note?on=ticket:${whole.ids.ticket}`)).status).toBe(404);
      expect(
        (await whole.call(cleo, 'POST', '/creations/comment', { body, headers: freshKey() })).status,
      ).toBe(404);
    });

    it('of ours is not shown, nor kept, until somebody shares it', async () => {
      const { id } = whole.sim.world.create(
        'notes',
        { hs_timestamp: Date.now(), hs_note_body: 'INTERNAL', portal_text: 'Soon', portal_author: 'Nora' },
        REP,
      );
      whole.sim.world.associate(['notes', id], ['tickets', whole.ids.ticket], REP);
      const other = whole.sim.world.create(
        'notes',
        {
          hs_timestamp: Date.now(),
          hs_note_body: 'x',
          portal_text: 'Hello',
          portal_author: 'Nora',
          portal_shared: 'true',
        },
        REP,
      ).id;
      whole.sim.world.associate(['notes', other], ['tickets', whole.ids.ticket], REP);
      await eventually(
        async () => (await whole.call(ada, 'GET', `/records/note/${other}`)).status === 200,
        'the shared one is shown',
      );
      expect((await whole.call(ada, 'GET', `/records/note/${id}`)).status).toBe(404);
      const { rows } = {
        rows: await whole.db.selectFrom('mirror').select('record_id').where('object', '=', 'note').execute(),
      };
      expect(rows.map((row) => String(row.record_id))).not.toContain(id);
      whole.sim.world.update('notes', id, { portal_shared: 'true' }, REP);
      await eventually(
        async () => (await whole.call(ada, 'GET', `/records/note/${id}`)).status === 200,
        'it is shown once shared',
      );
    });
  });

  describe('a document', () => {
    const pdf = (size: number): Uint8Array => {
      const bytes = new Uint8Array(size).fill(32);
      bytes.set(Buffer.from('%PDF-1.7\n'));
      return bytes;
    };
    const announce = async (token: string, name: string, size: number): Promise<string> => {
      const { status, body } = await whole.call(token, 'POST', '/uploads', { body: { name, size } });
      expect(status, JSON.stringify(body)).toBe(201);
      return (body as unknown as { uploadId: string }).uploadId;
    };
    const piece = (token: string, id: string, at: number, bytes: Uint8Array) =>
      whole.call(token, 'PATCH', `/uploads/${id}`, { bytes, headers: { 'upload-offset': String(at) } });
    const keep = (token: string, uploadId: string) =>
      whole.call(token, 'POST', '/creations/uploadDocument', {
        body: { fields: { text: 'The plan' }, on: { object: 'ticket', id: whole.ids.ticket }, uploadId },
        headers: freshKey(),
      });
    const send = async (token: string, name: string, bytes: Uint8Array): Promise<Answered> => {
      const id = await announce(token, name, bytes.length);
      expect((await piece(token, id, 0, bytes)).status).toBe(204);
      return keep(token, id);
    };

    it('goes up in pieces, broken off and repeated, is kept privately by HubSpot and nowhere else, and comes down whole', async () => {
      const bytes = pdf(1_500_000);
      const id = await announce(ada, '../plans/.\u202ePlan é.pdf', bytes.length);
      expect((await piece(ada, id, 0, bytes.subarray(0, 1_000_000))).headers.get('upload-offset')).toBe(
        '1000000',
      );
      const twice = await piece(ada, id, 0, bytes.subarray(0, 1_000_000));
      expect([twice.status, twice.headers.get('upload-offset')]).toEqual([409, '1000000']);
      expect(await keep(ada, id)).toMatchObject({ status: 409, body: { code: 'upload-incomplete' } });
      expect((await whole.call(ada, 'HEAD', `/uploads/${id}`)).headers.get('upload-offset')).toBe('1000000');
      expect((await piece(ada, id, 1_000_000, bytes.subarray(1_000_000))).status).toBe(204);
      const answer = await keep(ada, id);
      const receipt = await whole.settled(ada, answer.body.editId);
      expect(receipt.state).toBe('verified');
      const note = await read(bob, `/records/note/${receipt.id}`);
      expect([value(note, 'fileName'), value(note, 'fileSize'), value(note, 'fileType')]).toEqual([
        'Plan é.pdf',
        '1500000',
        'application/pdf',
      ]);
      expect(value(note, 'fileDigest')).toBe(createHash('sha256').update(bytes).digest('hex'));
      const down = await whole.call(bob, 'GET', `/records/note/${receipt.id}/file`);
      expect(down.status).toBe(200);
      expect(Buffer.compare(down.bytes, bytes)).toBe(0);
      expect(down.headers.get('content-disposition')).toContain("filename*=UTF-8''Plan%20%C3%A9.pdf");
      const files = [...whole.sim.world.state.data.files.values()];
      expect(files.map((file) => file.access)).toEqual(['PRIVATE']);
      expect(await whole.db.selectFrom('upload_pieces').select('at_byte').execute()).toEqual([]);
      expect((await whole.call(cleo, 'GET', `/records/note/${receipt.id}/file`)).status).toBe(404);
      expect((await whole.call(null, 'GET', `/records/note/${receipt.id}/file`)).status).toBe(401);
    });

    it('of somebody else cannot be sent to, asked about or used', async () => {
      const id = await announce(ada, 'a.pdf', 10);
      for (const answer of [
        await piece(cleo, id, 0, pdf(10)),
        await whole.call(cleo, 'HEAD', `/uploads/${id}`),
        await keep(bob, id),
      ])
        expect(answer.status).toBe(404);
    });

    it.each([
      ['with another content than its name says', 'photo.png', () => pdf(100), 'other-content'],
      [
        'that is a program',
        'setup.pdf',
        () => Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]),
        'not-allowed',
      ],
      ['that is a web page', 'page.html', () => Buffer.from('<script>alert(1)</script>'), 'other-content'],
      ['that would unpack to too much', 'big.docx', () => bomb(), 'archive-bomb'],
    ])('%s is not taken, and not kept', async (_, name, bytes, code) => {
      const answer = await send(ada, name, bytes());
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'file-refused', fields: { file: { code } } },
      });
      expect(await whole.db.selectFrom('upload_pieces').select('at_byte').execute()).toEqual([]);
    });

    it('is one of ten under way at most, for each person', async () => {
      for (let n = 0; n < 10; n += 1) await announce(cleo, 'a.pdf', 10);
      const body = { name: 'a.pdf', size: 10 };
      expect(await whole.call(cleo, 'POST', '/uploads', { body })).toMatchObject({
        status: 429,
        body: { code: 'too-many-uploads' },
      });
      await announce(bob, 'a.pdf', 10);
    });

    it('that is too large is refused before a byte is sent', async () => {
      const body = { name: 'a.pdf', size: 21 * 1_048_576 };
      expect(await whole.call(ada, 'POST', '/uploads', { body })).toMatchObject({
        status: 422,
        body: { code: 'file-refused' },
      });
    });
  });
});

/** An office document whose list says that it unpacks to a gigabyte: a stored file with a false size. */
function bomb(): Uint8Array {
  const name = Buffer.from('word/document.xml');
  const types = Buffer.from('[Content_Types].xml');
  const content = Buffer.from(
    '<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
  );
  const parts = [
    { name: types, data: content, size: content.length, method: 0 },
    { name, data: Buffer.from([3, 0]), size: 1_073_741_824, method: 8 },
  ];
  const locals: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(part.method, 8);
    local.writeUInt32LE(part.data.length, 18);
    local.writeUInt32LE(part.size, 22);
    local.writeUInt16LE(part.name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(part.method, 10);
    entry.writeUInt32LE(part.data.length, 20);
    entry.writeUInt32LE(part.size, 24);
    entry.writeUInt16LE(part.name.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, part.name, part.data);
    list.push(entry, part.name);
    at += local.length + part.name.length + part.data.length;
  }
  const listed = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, listed, end]);
}
