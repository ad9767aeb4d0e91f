/** Words for the demo's records. */
export const COMPANY_NAMES = [
  ...[
    'Bergmann Logistik',
    'Nordlicht Kliniken',
    'Atelier Dubois',
    'Harbour Foods',
    'Kestrel Hotels',
    'Van Dam Bakeries',
  ],
  ...[
    'Sólheim Fisheries',
    'Granite & Sons',
    'Ostsee Druck',
    'Lumen School Trust',
    'Polder Dairy',
    'Castell Vineyards',
  ],
  ...[
    'Meridian Labs',
    'Rhein Textil',
    'Quayside Offices',
    'Hof Brauerei Senn',
    'Aldgate Print',
    'Clermont Museum',
  ],
  ...[
    'Delft Precision',
    'Fjordline Ferries',
    'Hartmann Möbel',
    'Ivy Care Homes',
    'Jansen Greenhouses',
    'Kowalski Bau',
  ],
  ...[
    'Lindgren Paper',
    'Montclair Properties',
    'Northgate Cinemas',
    'Orchard Retail',
    'Pieters Cold Storage',
    'Quiberon Seafood',
  ],
  ...[
    'Rowan Community Centre',
    'Stadtwerke Kallbach',
    'Tilburg Foundry',
    'Union Square Theatre',
    'Vesper Data Centres',
    'Wexford Mill',
  ],
  ...['Xanten Ceramics', 'Yellowbrook Farm', 'Zandvoort Racing', 'Empty Shell Holdings'],
];
export const FIRST_NAMES = [
  ...[
    'Anna',
    'Bram',
    'Chloé',
    'Daniel',
    'Elif',
    'Finn',
    'Greta',
    'Hugo',
    'Ines',
    'Jonas',
    'Katja',
    'Liam',
    'Mei',
    'Nils',
    'Olga',
  ],
  ...[
    'Paul',
    'Quinn',
    'Rosa',
    'Sven',
    'Tara',
    'Umar',
    'Vera',
    'Wim',
    'Xenia',
    'Yusuf',
    'Zofia',
    'Claire',
    'Dirk',
    'Eva',
    'Felix',
  ],
];
export const LAST_NAMES = [
  ...[
    'Adler',
    'Bakker',
    'Castell',
    'Dubois',
    'Eriksen',
    'Fischer',
    'Gómez',
    'Hansen',
    'Ivanova',
    'Jansen',
    'Keller',
    'Lund',
  ],
  ...[
    'Moreau',
    'Novak',
    'Olsen',
    'Peeters',
    'Quist',
    'Richter',
    'Schmidt',
    'Tanaka',
    'Ulrich',
    'Visser',
    'Weber',
    'Yilmaz',
    'Zimmer',
  ],
];
export const JOB_TITLES = [
  ...[
    'Facility manager',
    'Head of operations',
    'Buyer',
    'Managing director',
    'Site engineer',
    'Office manager',
    'Accountant',
  ],
];
export const INDUSTRIES = [
  'CONSTRUCTION',
  'FOOD_PRODUCTION',
  'HOSPITAL_HEALTH_CARE',
  'HOSPITALITY',
  'MACHINERY',
  'REAL_ESTATE',
  'RETAIL',
];
export const STREETS = [
  'Hafenstraße',
  'Mill Lane',
  'Rue du Port',
  'Kerkstraat',
  'Industrieweg',
  'Station Road',
  'Am Alten Markt',
  'Quay Street',
];
export const CITIES: [city: string, zip: string, country: string, code: string][] = [
  ['Hamburg', '20095', 'Germany', '49'],
  ['Utrecht', '3511', 'Netherlands', '31'],
  ['Lyon', '69002', 'France', '33'],
  ['Bristol', 'BS1 4DJ', 'United Kingdom', '44'],
  ['Antwerpen', '2000', 'Belgium', '32'],
  ['Aarhus', '8000', 'Denmark', '45'],
  ['Köln', '50667', 'Germany', '49'],
  ['Gdańsk', '80-001', 'Poland', '48'],
];
export const DEAL_NAMES = [
  ...[
    'Boiler replacement',
    'Rooftop chiller',
    'Service contract 2027',
    'Heat pump retrofit',
    'Solar thermal extension',
  ],
  ...['Emergency cover', 'Controls upgrade', 'Annual maintenance', 'Second site roll-out', 'Energy audit'],
];
export const TICKETS: [subject: string, content: string][] = [
  ['No heat on the second floor', 'Radiators have been cold since this morning. The boiler shows E17.'],
  ['Chiller is loud at night', 'Neighbours complain. It starts at about 22:00.'],
  ['Invoice names the wrong address', 'Please send invoice 4471 again with our new address.'],
  ['When is the next inspection?', 'Our insurer asks for the date and the report of last year.'],
  ['App shows the wrong temperature', 'It reads 4 degrees less than the thermometer on the wall.'],
  ['Leak under the heat pump', 'A small puddle, about a litre a day.'],
  ['Please add a second contact', 'My colleague looks after the site from next month.'],
  ['Spare key for the plant room', 'We lost one. Can you bring another at the next visit?'],
];
export const PRODUCTS: [name: string, price: number][] = [
  ['Condensing boiler 80 kW', 8_900],
  ['Air-source heat pump', 14_500],
  ['Chiller service', 640],
  ['Control unit', 1_250],
  ['Commissioning day', 780],
  ['Solar collector', 920],
];
export const SITE_KINDS = ['Depot', 'Plant', 'Office', 'Warehouse', 'Clinic', 'Shop', 'School'];
/** Some 20,000 characters, with characters that are easily mangled. */
export const LONG_TEXT =
  'Ünïcode “quotes” — dashes, tabs\tand 漢字, emoji 🔥, then a plain sentence about the plant room.\n'
    .repeat(200)
    .trim();
