/**
 * The demo's second system: a billing database of its own, made anew from one seed at every start, read by a role that
 * can do nothing else, behind a gate that can be shut.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { billingCustomer, BILLING_CUSTOMERS } from '../simulator/seedKit.ts';
import { startGate, type Gate } from './gate.ts';

export interface Billing {
  /** What the service is given: the reader's address, through the gate. */
  url: string;
  gate: Gate;
  /** As the billing system's own people. */
  run<Row extends object>(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The customer pays their oldest open invoice, or gets a new one where none is open. One sentence of what was done. */
  changeInvoice(customer: string): Promise<string>;
  /** Removes the database and the role. */
  close(): Promise<void>;
}

/** `adminUrl` leads to a server on which databases and roles may be made. */
export async function startBilling(adminUrl: string): Promise<Billing> {
  const base = decodeURIComponent(new URL(adminUrl).pathname.slice(1));
  const [name, role] = [`${base}_billing`, `${base}_billing_reader`];
  const password = randomBytes(18).toString('base64url');
  const remove = [
    `drop database if exists ${quoted(name)} with (force)`,
    `drop role if exists ${quoted(role)}`,
  ];
  await asAdmin(adminUrl, [
    ...remove,
    `create database ${quoted(name)}`,
    `create role ${quoted(role)} login password '${password}'`,
  ]);
  const ownUrl = at(adminUrl, { database: name });
  const pool = new pg.Pool({ connectionString: ownUrl, max: 2 });
  pool.on('error', () => undefined);
  for (const statement of [...BOOKS, ...seed(), ...VIEWS, ...grants(quoted(role))])
    await pool.query(statement);
  const { hostname, port } = new URL(adminUrl);
  const gate = await startGate({ host: hostname, port: Number(port === '' ? 5432 : port) });
  const run: Billing['run'] = async <Row extends object>(
    statement: string,
    values: readonly unknown[] = [],
  ) => (await pool.query<Row>(statement, [...values])).rows;
  return {
    url: at(adminUrl, { database: name, host: `127.0.0.1:${gate.port}`, role, password }),
    gate,
    run,
    changeInvoice: (customer) => changeInvoice(run, customer),
    close: async () => {
      await gate.close();
      await pool.end();
      await asAdmin(adminUrl, remove);
    },
  };
}

async function changeInvoice(run: Billing['run'], customer: string): Promise<string> {
  const [paid] = await run<{ number: string }>(
    `update books.invoice set paid = total where number = (
       select number from books.invoice where customer = $1 and paid < total order by due_on limit 1) returning number`,
    [customer],
  );
  if (paid !== undefined) return `Invoice ${paid.number} of ${customer} is paid.`;
  const [sent] = await run<{ number: string }>(
    `insert into books.invoice (number, customer, issued_on, due_on, total, reference)
     select 'R-' || (90000 + count(*)), $1, current_date, current_date + 14, 480.00, 'Maintenance' from books.invoice
     returning number`,
    [customer],
  );
  return `Invoice ${sent?.number ?? ''} was sent to ${customer}.`;
}

/** As a billing system keeps it: its own names and types, in a schema the service never sees. */
const BOOKS = [
  'create schema books',
  `create table books.customer (number text primary key, name text not null)`,
  `create table books.invoice (number text primary key, customer text not null references books.customer,
    issued_on date not null, due_on date not null, total numeric(12, 2) not null, paid numeric(12, 2) not null default 0,
    currency char(3) not null default 'EUR', reference text)`,
  `create table books.subscription (id bigint generated always as identity primary key,
    customer text not null references books.customer, plan text not null, started_on date not null, renews_on date,
    price numeric(12, 2) not null, currency char(3) not null default 'EUR', cancelled boolean not null default false)`,
];

/** What the service may see. docs/install.md shows the same. */
const VIEWS = [
  `create view portal_customer as
    select c.number as customer, coalesce(sum(i.total - i.paid), 0) as open_balance,
      case when coalesce(bool_or(i.paid < i.total and i.due_on < current_date), false) then 'overdue'
           when coalesce(sum(i.total - i.paid), 0) > 0 then 'open' else 'paid' end as payment_status
    from books.customer c left join books.invoice i on i.customer = c.number group by c.number`,
  `create view portal_invoice as
    select customer, number as id, number, issued_on, due_on, total, total - paid as open, currency, reference,
      case when paid >= total then 'paid' when due_on < current_date then 'overdue' else 'open' end as status
    from books.invoice`,
  `create view portal_subscription as
    select customer, id::text as id, plan, started_on, renews_on, price, currency,
      case when cancelled then 'cancelled' else 'active' end as status
    from books.subscription`,
];

const grants = (role: string): string[] => [
  `grant usage on schema public to ${role}`,
  `grant select on portal_customer, portal_invoice, portal_subscription to ${role}`,
];

const INVOICES_EACH = 6;
const PLANS = ['Maintenance basic', 'Maintenance plus', 'Remote monitoring'];

/** Deterministic but for the day: the same customers, sums and ages at every start. */
function seed(): string[] {
  const customers = Array.from({ length: BILLING_CUSTOMERS }, (_, index) => billingCustomer(index));
  const invoices = customers.flatMap((customer, c) =>
    Array.from({ length: INVOICES_EACH }, (_, i) => {
      const [age, total] = [
        12 + 58 * i + ((c * 7) % 23),
        180 + ((c * 131 + i * 377) % 4_200) + 0.5 * (c % 2),
      ];
      // Old ones are paid; of the newer ones every customer has another mixture.
      const paid = i > 2 || (c + i) % 3 === 0 ? total : (c + i) % 5 === 0 ? Math.floor(total / 2) : 0;
      return `('R-${String(20_000 + c * INVOICES_EACH + i)}', '${customer}', current_date - ${age}, current_date - ${age} + 30, ${total}, ${paid}, 'PO-${String(c * 11 + i)}')`;
    }),
  );
  const subscriptions = customers.flatMap((customer, c) =>
    PLANS.slice(0, 1 + (c % PLANS.length)).map(
      (plan, i) =>
        `('${customer}', '${plan}', current_date - ${200 + c * 9 + i * 30}, current_date + ${40 + ((c * 17) % 300)}, ${45 + 30 * i}, ${(c + i) % 7 === 6})`,
    ),
  );
  return [
    `insert into books.customer values ${customers.map((each) => `('${each}', 'Account ${each}')`).join(', ')}`,
    `insert into books.invoice (number, customer, issued_on, due_on, total, paid, reference) values ${invoices.join(', ')}`,
    `insert into books.subscription (customer, plan, started_on, renews_on, price, cancelled) values ${subscriptions.join(', ')}`,
  ];
}

const quoted = (name: string): string => pg.escapeIdentifier(name);

function at(
  url: string,
  { database, host, role, password }: { database: string; host?: string; role?: string; password?: string },
): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  if (host !== undefined) changed.host = host;
  if (role !== undefined) changed.username = role;
  if (password !== undefined) changed.password = password;
  return changed.toString();
}

async function asAdmin(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
