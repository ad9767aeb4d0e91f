/** The demo's companies, their people, and the people of partner firms. */
import { sourceOf } from './acting.ts';
import {
  BILLING_CUSTOMERS,
  billingCustomer,
  byColleague,
  day,
  instant,
  money,
  past,
  phone,
  PRIMARY_COMPANY,
  some,
  type Making,
} from './seedKit.ts';
import { ACTIVE_OWNERS } from './seedSchema.ts';
import {
  CITIES,
  COMPANY_NAMES,
  FIRST_NAMES,
  INDUSTRIES,
  JOB_TITLES,
  LAST_NAMES,
  STREETS,
} from './seedWords.ts';
import type { LinkSpec } from './state.ts';

const COMPANIES = 40;
const CONTACTS = 150;
const PARTNERS = 6;

export function seedCompanies(making: Making): string[] {
  const { world, random } = making;
  return COMPANY_NAMES.slice(0, COMPANIES).map((name, index) => {
    const domain = `${name
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')}.example`;
    const [city, zip, country, code] = CITIES[index % CITIES.length]!;
    const record = world.create(
      'companies',
      {
        ...{ name, domain, city, zip, country, phone: phone(random, code), website: `https://www.${domain}` },
        address: `${random.pick(STREETS)} ${1 + random.int(140)}`,
        address2: random.chance(0.2) ? `Building ${random.pick(['A', 'B', 'C'])}` : '',
        industry: random.pick(INDUSTRIES),
        numberofemployees: 5 + random.int(900),
        annualrevenue: (1 + random.int(400)) * 100_000,
        hubspot_owner_id: random.pick(ACTIVE_OWNERS),
        description: `${name} has been a customer for ${1 + random.int(12)} years.`,
        renewal_date: day(making, -30, 400),
        support_tier: random.pick(['basic', 'standard', 'premium']),
        billing_email: `accounts@${domain}`,
        vat_number: `${country.slice(0, 2).toUpperCase()}${100_000_000 + random.int(899_999_999)}`,
        delivery_notes: random.chance(0.6)
          ? random.pick([
              'Ring at the gate.',
              'Loading bay on the east side, before 15:00.',
              'Ask for the caretaker.',
            ])
          : '',
        capabilities: some(random, ['install', 'repair', 'training', 'audit']),
        order_status: random.pick(['none', 'processing', 'shipped', 'delivered']),
        last_survey_at: instant(making, 300),
        paperless_billing: random.chance(0.6),
        credit_limit: money(random, 400),
        internal_risk: random.pick(['low', 'low', 'medium', 'high']),
        billing_customer: index < BILLING_CUSTOMERS ? billingCustomer(index) : '',
      },
      byColleague(random),
      { at: past(making, 700) },
    );
    making.companies.push({ id: record.id, domain, contacts: [] });
    return record.id;
  });
}

export function seedContacts(making: Making): string[] {
  const { world, random } = making;
  // The last company stays without contacts; the first ones get the most.
  return Array.from({ length: CONTACTS }, (_, index) => {
    const company = making.companies[Math.floor(random.next() ** 1.3 * (making.companies.length - 1))]!;
    const [firstname, lastname] = [
      FIRST_NAMES[index % FIRST_NAMES.length]!,
      LAST_NAMES[(index * 7) % LAST_NAMES.length]!,
    ];
    const contact = makeContact(making, firstname, lastname, company.domain, index);
    world.associate(['contacts', contact], ['companies', company.id], byColleague(random), [PRIMARY_COMPANY]);
    company.contacts.push(contact);
    return contact;
  });
}

export function makeContact(
  { world, random, ...making }: Making,
  firstname: string,
  lastname: string,
  domain: string,
  number: number,
): string {
  const name = `${firstname}.${lastname}`
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z.]/g, '');
  return world.create(
    'contacts',
    {
      firstname,
      lastname,
      email: `${name}${number > 0 ? number : ''}@${domain}`,
      phone: phone(random, '49'),
      mobilephone: random.chance(0.6) ? phone(random, '4915') : '',
      jobtitle: random.pick(JOB_TITLES),
      hs_language: random.pick(['en', 'de', 'fr', 'nl']),
      hubspot_owner_id: random.pick(ACTIVE_OWNERS),
      portal_newsletter_topics: some(random, ['product', 'events', 'security', 'billing']),
      portal_preferred_channel: random.pick(['email', 'phone', 'portal']),
      portal_out_of_office_until: random.chance(0.1) ? day({ world, random, ...making }, 1, 20) : '',
    },
    random.chance(0.7) ? byColleague(random) : sourceOf('import'),
    { at: past({ world, random, ...making }, 600) },
  ).id;
}

/** The first person of every company decides for it. */
export function seedAdmins({ world, random, companies }: Making, label: LinkSpec): void {
  for (const { id, contacts } of companies)
    if (contacts[0] !== undefined)
      world.associate(['contacts', contacts[0]], ['companies', id], byColleague(random), [label]);
}

/** People of partner firms who look after several customers: labelled associations. */
export function seedPartners(making: Making, label: LinkSpec): string[] {
  const { world, random } = making;
  return Array.from({ length: PARTNERS }, (_, index) => {
    const firm = making.companies[(index * 5 + 2) % (making.companies.length - 1)]!;
    const contact = firm.contacts[0] ?? makeContact(making, 'Robin', `Partner`, firm.domain, 900 + index);
    if (firm.contacts.length === 0)
      world.associate(['contacts', contact], ['companies', firm.id], byColleague(random), [PRIMARY_COMPANY]);
    for (let step = 1; step <= 2 + (index % 3); step += 1) {
      const customer = making.companies[(index * 5 + 2 + step * 3) % (making.companies.length - 1)]!;
      if (customer.id !== firm.id)
        world.associate(['contacts', contact], ['companies', customer.id], byColleague(random), [label]);
    }
    return contact;
  });
}
