/** A believable B2B year: a firm that installs and services heating and cooling, its customers and partners. */
import { createRandom } from './random.ts';
import { seedDeals, seedQuotes, seedSites, seedTickets } from './seedBusiness.ts';
import { byColleague, PRIMARY_COMPANY, type Making } from './seedKit.ts';
import { makeContact, seedAdmins, seedCompanies, seedContacts, seedPartners } from './seedPeople.ts';
import { ARCHIVED_OWNER, seedDefinitions } from './seedSchema.ts';
import { LONG_TEXT } from './seedWords.ts';
import type { World } from './world.ts';

export interface Seeded {
  companies: string[];
  contacts: string[];
  partners: string[];
  deals: string[];
  tickets: string[];
  quotes: string[];
  sites: string[];
}

/** Fills an empty world; nobody is told. The same seed makes the same records with the same ids. */
export function seedDemo(world: World, { seed = 1 }: { seed?: number } = {}): Seeded {
  const random = createRandom(seed, 'seed');
  const made: Seeded = {
    companies: [],
    contacts: [],
    partners: [],
    deals: [],
    tickets: [],
    quotes: [],
    sites: [],
  };
  world.quietly(() => {
    const labels = seedDefinitions(world);
    const making: Making = { world, random, companies: [] };
    made.companies = seedCompanies(making);
    made.contacts = seedContacts(making);
    seedAdmins(making, labels.admin);
    made.partners = seedPartners(making, labels.partner);
    made.deals = seedDeals(making);
    made.tickets = seedTickets(making);
    made.quotes = seedQuotes(making, made.deals);
    made.sites = seedSites(making);
    seedMess(making, made);
  });
  return made;
}

/** What every real CRM has: odd names, endless text, duplicates, leavers. */
function seedMess(making: Making, made: Seeded): void {
  const { world, random } = making;
  const by = byColleague(random);
  world.update('contacts', made.contacts[3]!, { firstname: 'Zoë', lastname: "O'Brien <b>" }, by);
  world.update(
    'companies',
    made.companies[1]!,
    { description: LONG_TEXT, delivery_notes: 'Line one\nLine two & "three" <script>alert(1)</script>' },
    by,
  );
  world.update('companies', made.companies[4]!, { hubspot_owner_id: ARCHIVED_OWNER }, by);
  world.update('contacts', made.contacts[5]!, { mobilephone: 'ext. 12 (ask for Jo)' }, by);
  const lonely = makeContact(making, 'Sam', 'Nobody', 'nowhere.example', 0);
  const gone = makeContact(making, 'Alex', 'Archived', making.companies[0]!.domain, 0);
  world.associate(['contacts', gone], ['companies', making.companies[0]!.id], by, [PRIMARY_COMPANY]);
  world.archive('contacts', gone, by);
  const twins = [1, 2].map((number) =>
    makeContact(making, 'Marit', 'Twice', making.companies[2]!.domain, number),
  );
  for (const twin of twins)
    world.associate(['contacts', twin], ['companies', making.companies[2]!.id], by, [PRIMARY_COMPANY]);
  const merged = world.merge('contacts', twins[0]!, twins[1]!, by);
  made.contacts.push(lonely, merged.id);
}
