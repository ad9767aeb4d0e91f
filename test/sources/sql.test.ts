/** The contract of a source, held against the one over SQL: a real Postgres, a real role, a gate that can be shut. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSources, settingOf, SourceRefused } from '../../backend/sources/open.ts';
import { KEYS_MAX, type Source, type SourceAnswer, type SourceLists } from '../../backend/sources/source.ts';
import { startBillingWorld, type BillingWorld } from './world.ts';

let world: BillingWorld;
let source: Source;
beforeAll(async () => {
  world = await startBillingWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  world.billing.gate.open();
  source = world.open();
});

const value = <T>(answer: SourceAnswer<T>): T => {
  if (!answer.ok) throw new Error(answer.failure.message);
  return answer.value;
};
const failure = (answer: SourceAnswer<unknown>) => {
  if (answer.ok) throw new Error('It answered.');
  return answer.failure;
};
const invoices = (lists: SourceLists) => lists.lists.invoice!;

describe('a source over SQL', () => {
  it('answers the values of the fields it owns by key, and nothing for a key it does not know', async () => {
    const values = value(await source.readValues(['K-10001', 'K-10002', 'nobody']));
    expect([...values.keys()].sort()).toEqual(['K-10001', 'K-10002']);
    const [row] = await world.billing.run<{ open: string }>(
      `select sum(total - paid)::float8::text as open from books.invoice where customer = 'K-10001'`,
    );
    expect(values.get('K-10001')).toEqual({
      openBalance: row!.open,
      paymentStatus: expect.stringMatching(/^(open|paid|overdue)$/) as string,
    });
    expect(value(await source.readValues([]))).toEqual(new Map());
    await expect(source.readValues(Array.from({ length: KEYS_MAX + 1 }, (_, i) => `K${i}`))).rejects.toThrow(
      'At most 500 keys',
    );
  });

  it('answers the lists of one key, newest first, in canonical values', async () => {
    const lists = value(await source.readLists('K-10003'));
    expect(lists.cut).toEqual([]);
    expect(invoices(lists)).toHaveLength(6);
    expect(lists.lists.subscription!.length).toBeGreaterThan(0);
    const days = invoices(lists).map(({ fields }) => fields.issuedOn!);
    expect(days).toEqual([...days].sort().reverse());
    for (const { id, fields } of invoices(lists)) {
      expect(fields.number).toBe(id);
      expect(fields.issuedOn).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(fields.total).toMatch(/^\d+(\.\d+)?$/);
      expect(fields.currency).toBe('EUR');
    }
    expect(value(await source.readLists('nobody')).lists).toEqual({ invoice: [], subscription: [] });
  });

  it('reads odd content as it is: quotes, line breaks, emoji, absent, infinite and huge values', async () => {
    await world.billing.run(`insert into books.customer values ('o''dd"; --', 'Odd')`);
    const long = 'x'.repeat(50_000);
    const odd = [
      ['1', `O'Brien "& Sons"; drop table x; --`, '2026-03-01', '12.30'],
      ['2', 'Zeile eins\nZeile zwei \u{1f525} \u00e9', '2026-02-01', '9999999999.99'],
      ['3', null, '2026-01-01', '0'],
      ['4', long, '2025-01-01', '-5.00'],
      ['5', '', 'infinity', 'NaN'],
    ] as const;
    for (const [id, reference, day, total] of odd)
      await world.billing.run(
        `insert into books.invoice (number, customer, issued_on, due_on, total, reference) values ($1, 'o''dd"; --', $2, $2, $3, $4)`,
        [`odd-${id}`, day, total, reference],
      );
    const items = invoices(value(await source.readLists(`o'dd"; --`)));
    const of = (id: string) => items.find((item) => item.id === `odd-${id}`)!.fields;
    expect(of('1')).toMatchObject({ reference: odd[0][1], issuedOn: '2026-03-01', total: '12.3' });
    expect(of('2')).toMatchObject({ reference: odd[1][1], total: '9999999999.99' });
    expect(of('3')).toMatchObject({ reference: null, total: '0' });
    expect(of('4').reference!.length).toBe(2_000);
    expect(of('4').total).toBe('-5');
    expect(of('5')).toMatchObject({ reference: null, issuedOn: 'infinity', total: 'NaN' });
    // A sum that is no number fits no currency: what is not a number is left out where values are pushed.
    expect(value(await source.readValues([`o'dd"; --`])).get(`o'dd"; --`)).toMatchObject({
      openBalance: 'NaN',
    });
  });

  it('says of a long list that only its newest rows are there', async () => {
    await world.billing.run(`insert into books.customer values ('many', 'Many')`);
    await world.billing.run(
      `insert into books.invoice (number, customer, issued_on, due_on, total)
       select 'M-' || i, 'many', date '2026-01-01' + i, date '2026-01-01' + i, 1 from generate_series(1, 230) i`,
    );
    const lists = value(await source.readLists('many'));
    expect(invoices(lists)).toHaveLength(200);
    expect(invoices(lists)[0]!.id).toBe('M-230');
    expect(lists.cut).toEqual(['invoice']);
  });

  it('calls a key that has several rows "twice", and says neither', async () => {
    await world.billing.run(
      `create or replace view portal_customer_twice as select * from portal_customer union all
       select 'K-10005', 1, 'paid'`,
    );
    const spec = { ...source.spec, view: 'portal_customer_twice' };
    const { openSqlSource } = await import('../../backend/sources/sql.ts');
    await world.billing.run(`grant select on portal_customer_twice to public`);
    const twice = openSqlSource({
      name: 'billing',
      spec,
      url: world.billing.url,
      now: Date.now,
      onError: () => undefined,
    });
    const values = value(await twice.readValues(['K-10005', 'K-10006']));
    await twice.close();
    expect(values.get('K-10005')).toBe('twice');
    expect(values.get('K-10006')).toMatchObject({ paymentStatus: expect.any(String) as string });
  });

  it('says why it did not answer, and answers again when it is back', async () => {
    value(await source.readValues(['K-10001']));
    world.billing.gate.shut();
    expect(failure(await source.readValues(['K-10001'])).is).toBe('unreachable');
    expect(failure(await source.readLists('K-10001')).is).toBe('unreachable');
    world.billing.gate.open();
    expect(value(await source.readValues(['K-10001'])).size).toBe(1);
  });

  it('ends a statement that takes too long, and goes on with the next one', async () => {
    await world.billing.run(
      `create or replace view portal_slow as select 'K'::text as customer, (select 1 from pg_sleep(20)) as open_balance, 'paid' as payment_status`,
    );
    await world.billing.run(`grant select on portal_slow to public`);
    const { openSqlSource } = await import('../../backend/sources/sql.ts');
    const slow = openSqlSource({
      name: 'billing',
      spec: { ...source.spec, view: 'portal_slow' },
      url: world.billing.url,
      now: Date.now,
      onError: () => undefined,
    });
    const begun = Date.now();
    expect(failure(await slow.readValues(['K'])).is).toBe('too-slow');
    expect(Date.now() - begun).toBeLessThan(8_000);
    expect(value(await slow.readLists('K-10001')).lists.invoice).toHaveLength(6);
    await slow.close();
    await world.billing.run('drop view portal_slow');
  });

  it('names what the rules ask for and the database does not have, or does not let us read', async () => {
    await world.billing.run('alter view portal_invoice rename to portal_invoice_old');
    const gone = failure(await source.readLists('K-10001'));
    await world.billing.run('alter view portal_invoice_old rename to portal_invoice');
    expect(gone.is).toBe('misfit');
    expect(gone.message).toContain('portal_invoice');
    const { username } = new URL(world.billing.url);
    await world.billing.run(`revoke select on portal_subscription from "${username}"`);
    const barred = failure(await source.readLists('K-10001'));
    await world.billing.run(`grant select on portal_subscription to "${username}"`);
    expect(barred.is).toBe('barred');
    expect(value(await source.readLists('K-10001')).lists.invoice).toHaveLength(6);
  });
});

describe('a role that may write', () => {
  const reader = (): string => new URL(world.billing.url).username;
  const powers = async (grant: string, revoke: string): Promise<string> => {
    await world.billing.run(grant);
    try {
      const proof = failure(await world.open().prove());
      expect(proof.is).toBe('may-write');
      return proof.message;
    } finally {
      await world.billing.run(revoke);
    }
  };

  it('is not used, whichever way it may: table, column, sequence, schema, database, another role', async () => {
    expect(value(await world.open().prove())).toBeNull();
    const role = `"${reader()}"`;
    expect(
      await powers(`grant update on books.invoice to ${role}`, `revoke update on books.invoice from ${role}`),
    ).toContain('may change books.invoice');
    expect(
      await powers(
        `grant insert (reference) on books.invoice to ${role}`,
        `revoke insert (reference) on books.invoice from ${role}`,
      ),
    ).toContain('may change books.invoice');
    expect(
      await powers(
        `grant usage on all sequences in schema books to ${role}`,
        `revoke usage on all sequences in schema books from ${role}`,
      ),
    ).toContain('may move the sequence');
    expect(
      await powers(`grant create on schema public to ${role}`, `revoke create on schema public from ${role}`),
    ).toContain('may create in the schema public');
    const clerk = `"${reader()}_clerk"`;
    await world.billing.run(`create role ${clerk}`);
    await world.billing.run(`grant delete on books.customer to ${clerk}`);
    expect(
      await powers(`grant ${clerk} to ${role} with inherit false`, `revoke ${clerk} from ${role}`),
    ).toContain('may change books.customer');
    await world.billing.run(`drop owned by ${clerk}`);
    await world.billing.run(`drop role ${clerk}`);
    expect(value(await world.open().prove())).toBeNull();
  });

  it('keeps the service from starting, with a sentence that names the setting and what to do', async () => {
    const owner = new URL(world.adminUrl);
    owner.pathname = new URL(world.billing.url).pathname;
    const deps = { now: Date.now, onTrouble: () => undefined };
    const opening = openSources({ billing: owner.toString() }, deps);
    await expect(opening).rejects.toBeInstanceOf(SourceRefused);
    await expect(opening).rejects.toThrow(
      /^BILLING_DATABASE_URL: Billing is refused\. .*is a superuser.*Make a role with SELECT/,
    );
    const [fine] = await openSources({ billing: world.billing.url }, deps);
    expect(value(await fine!.readLists('K-10001')).lists.invoice).toHaveLength(6);
    await fine!.close();
    expect(await openSources({}, deps)).toEqual([]);
    expect(settingOf('oldBilling')).toBe('OLD_BILLING_DATABASE_URL');
  });

  it('is found as well when it was given the right to write later', async () => {
    let now = Date.now();
    const later = world.open(world.billing.url, () => now);
    expect((await later.readValues(['K-10001'])).ok).toBe(true);
    await world.billing.run(`grant update on books.invoice to "${reader()}"`);
    now += 11 * 60_000;
    const found = failure(await later.readValues(['K-10001']));
    await world.billing.run(`revoke update on books.invoice from "${reader()}"`);
    expect(found.is).toBe('may-write');
    expect((await later.readValues(['K-10001'])).ok).toBe(true);
  });

  it('could not write even then: its sessions are read-only', async () => {
    await world.billing.run(`grant select, update on books.customer to "${reader()}"`);
    await world.billing.run(
      `create or replace function portal_evil() returns text language sql as $$ update books.customer set name = 'x' returning name $$`,
    );
    await world.billing.run(`grant usage on schema books to "${reader()}"`);
    await world.billing.run(
      `create or replace view portal_evil with (security_invoker) as select 'K'::text as customer, portal_evil() as open_balance, 'paid' as payment_status`,
    );
    await world.billing.run('grant select on portal_evil to public');
    let now = Date.now();
    const { openSqlSource } = await import('../../backend/sources/sql.ts');
    const evil = openSqlSource({
      name: 'billing',
      spec: { ...source.spec, view: 'portal_evil' },
      url: world.billing.url,
      now: () => now,
      onError: () => undefined,
    });
    await world.billing.run(`revoke update on books.customer from "${reader()}"`);
    expect((await evil.prove()).ok).toBe(true);
    await world.billing.run(`grant update on books.customer to "${reader()}"`);
    now += 1;
    expect((await evil.readValues(['K'])).ok).toBe(false);
    const names = await world.billing.run<{ name: string }>(
      `select name from books.customer where name = 'x'`,
    );
    expect(names).toEqual([]);
    await evil.close();
    await world.billing.run('drop view portal_evil');
    await world.billing.run(`revoke all on books.customer from "${reader()}"`);
  });
});
