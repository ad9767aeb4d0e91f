/** The demo's deals, tickets, quotes with their line items, and installed sites. */
import { sourceOf } from './acting.ts';
import { byColleague, day, money, past, phone, some, type Making } from './seedKit.ts';
import { ACTIVE_OWNERS } from './seedSchema.ts';
import { CITIES, DEAL_NAMES, PRODUCTS, SITE_KINDS, STREETS, TICKETS } from './seedWords.ts';
import { integration, type LinkSpec } from './state.ts';

const DEALS = 90;
const TICKET_COUNT = 120;
const QUOTES = 60;
const SITES = 80;

/** Associates a record with a company (as its primary one where there is such a type) and with one of its people. */
function place(
  { world, random }: Making,
  type: string,
  id: string,
  company: Making['companies'][number],
  primary?: number,
): void {
  const specs: LinkSpec[] = primary === undefined ? [] : [{ category: 'HUBSPOT_DEFINED', typeId: primary }];
  world.associate([type, id], ['companies', company.id], byColleague(random), specs);
  if (company.contacts.length > 0)
    world.associate([type, id], ['contacts', random.pick(company.contacts)], byColleague(random));
}

const anyCompany = ({ random, companies }: Making): Making['companies'][number] =>
  companies[Math.floor(random.next() ** 1.3 * (companies.length - 1))]!;

export function seedDeals(making: Making): string[] {
  const { world, random } = making;
  const stages = [
    'appointmentscheduled',
    'qualifiedtobuy',
    'presentationscheduled',
    'decisionmakerboughtin',
    'contractsent',
    'closedwon',
    'closedlost',
  ];
  return Array.from({ length: DEALS }, () => {
    const company = anyCompany(making);
    const deal = world.create(
      'deals',
      {
        dealname: random.pick(DEAL_NAMES),
        amount: money(random, 300),
        closedate: day(making, -100, 260),
        dealstage: random.pick(stages),
        pipeline: 'default',
        description: random.chance(0.4) ? 'Discussed on site; see the quote.' : '',
        hubspot_owner_id: random.pick(ACTIVE_OWNERS),
        po_number: random.chance(0.5) ? `PO-${10_000 + random.int(89_999)}` : '',
        customer_priority: random.pick(['low', 'normal', 'high']),
      },
      byColleague(random),
      { at: past(making, 400) },
    );
    place(making, 'deals', deal.id, company, 5);
    return deal.id;
  });
}

export function seedTickets(making: Making): string[] {
  const { world, random } = making;
  return Array.from({ length: TICKET_COUNT }, (_, index) => {
    const company = anyCompany(making);
    const at = past(making, 200);
    const [subject, content] = random.pick(TICKETS);
    const stage = String(1 + random.int(4));
    const ticket = world.create(
      'tickets',
      {
        ...{ subject, content, hs_pipeline: '0', hs_pipeline_stage: stage },
        hs_ticket_priority: random.pick(['LOW', 'MEDIUM', 'HIGH', 'URGENT']),
        hubspot_owner_id: random.pick(ACTIVE_OWNERS),
        customer_reference: random.chance(0.5) ? `REF-${2_000 + index}` : '',
        resolution_summary: stage === '4' ? 'Replaced the part and tested for an hour.' : '',
      },
      random.chance(0.5) ? byColleague(random) : integration(world.state.appId),
      { at },
    );
    place(making, 'tickets', ticket.id, company, 26);
    return ticket.id;
  });
}

/** Every quote hangs on a deal, and on that deal's company and contact. */
export function seedQuotes(making: Making, deals: readonly string[]): string[] {
  const { world, random } = making;
  return Array.from({ length: QUOTES }, (_, index) => {
    const deal = deals[(index * 3) % deals.length]!;
    const by = byColleague(random);
    const items = Array.from({ length: 1 + random.int(3) }, () => {
      const [name, price] = random.pick(PRODUCTS);
      return { name, price, quantity: 1 + random.int(6) };
    });
    const quote = world.create(
      'quotes',
      {
        hs_title: `Quote ${2026_000 + index}: ${items[0]!.name}`,
        hs_expiration_date: day(making, 5, 60),
        hs_quote_amount: items.reduce((sum, item) => sum + item.price * item.quantity, 0),
        hs_terms: 'Payable within 30 days. Installation within six weeks of approval.',
        hs_status: random.pick(['APPROVAL_NOT_NEEDED', 'APPROVED', 'DRAFT', 'PENDING_APPROVAL']),
        hs_currency: 'EUR',
        customer_decision: 'open',
      },
      by,
      { at: past(making, 60) },
    );
    for (const item of items) {
      const line = world.create('line_items', item, by, { at: past(making, 60) });
      world.associate(['quotes', quote.id], ['line_items', line.id], by);
    }
    world.associate(['quotes', quote.id], ['deals', deal], by);
    for (const to of ['companies', 'contacts'])
      for (const { id } of world.linked('deals', deal, to))
        world.associate(['quotes', quote.id], [to, id], by);
    return quote.id;
  });
}

export function seedSites(making: Making): string[] {
  const { world, random } = making;
  return Array.from({ length: SITES }, (_, index) => {
    const company = anyCompany(making);
    const [city, zip, country, code] = random.pick(CITIES);
    const address = `${random.pick(STREETS)} ${1 + random.int(140)}, ${zip} ${city}, ${country}`;
    const site = world.create(
      'installed_site',
      {
        site_name: `${random.pick(SITE_KINDS)} ${city} ${index + 1}`,
        address,
        access_notes: random.pick([
          'Key at reception.',
          'Call half an hour ahead.',
          'Roof access through staircase 2.',
          '',
        ]),
        equipment: some(random, ['boiler', 'chiller', 'solar', 'heatpump']),
        installed_on: day(making, -2_000, 1_900),
        contact_phone: phone(random, code),
        service_level: random.pick(['bronze', 'silver', 'gold']),
        map_url: `https://maps.example/?q=${encodeURIComponent(address)}`,
      },
      sourceOf('import'),
      { at: past(making, 500) },
    );
    place(making, 'installed_site', site.id, company);
    return site.id;
  });
}
