/** What the demo business added to its CRM: custom properties, a custom object, a label for partners, its people. */
import { options } from './catalog.ts';
import { bothWays, pairNames } from './linkTypes.ts';
import { createProperty } from './properties.ts';
import { createSchema } from './schemas.ts';
import type { LinkSpec, Option, State } from './state.ts';
import type { World } from './world.ts';

/** `object name type/fieldType Label`, then options after a bar. */
const PROPERTIES = `
contacts portal_newsletter_topics enumeration/checkbox Portal: newsletter topics | product:Product events:Events security:Security billing:Billing
contacts portal_preferred_channel enumeration/select Portal: preferred channel | email:E-mail phone:Phone portal:Portal
contacts portal_out_of_office_until date/date Portal: away until
companies renewal_date date/date Renewal date
companies support_tier enumeration/select Support tier | basic:Basic standard:Standard premium:Premium
companies billing_email string/text Billing e-mail
companies vat_number string/text VAT number
companies delivery_notes string/textarea Delivery notes
companies capabilities enumeration/checkbox Services used | install:Installation repair:Repair training:Training audit:Audit
companies order_status enumeration/select Order status | none:None processing:Processing shipped:Shipped delivered:Delivered
companies last_survey_at datetime/date Last survey
companies paperless_billing bool/booleancheckbox Paperless billing | true:Yes false:No
companies credit_limit number/number Credit limit
companies billing_customer string/text Billing customer
companies open_balance number/number Open balance
companies payment_status enumeration/select Payment status | paid:Paid_up open:Open overdue:Overdue
companies portal_canary string/text Round trip
companies internal_risk enumeration/select Internal risk | low:Low medium:Medium high:High
deals po_number string/text Customer's PO number
deals customer_priority enumeration/select Customer's priority | low:Low normal:Normal high:High
tickets customer_reference string/text Customer's reference
tickets resolution_summary string/textarea Resolution summary
tickets portal_request_key string/text Portal: request key
quotes customer_decision enumeration/select Customer's decision | open:Open approved:Approved declined:Declined void:Void
quotes customer_decision_of string/text Customer's decision: on what
quotes customer_decision_note string/textarea Customer's note
notes portal_request_key string/text Portal: request key
notes portal_shared bool/booleancheckbox Shown in the portal | true:Yes false:No
notes portal_text string/textarea Portal: message
notes portal_author string/text Portal: from
notes portal_file_name string/text Portal: file
notes portal_file_size number/number Portal: file size
notes portal_file_type string/text Portal: file type
notes portal_file_sha256 string/text Portal: SHA-256 of the file
`;
const UNIQUE = new Set(['portal_request_key']);
const SITE = `
site_name string/text Site name
address string/text Address
access_notes string/textarea Access notes
equipment enumeration/checkbox Equipment | boiler:Boiler chiller:Chiller solar:Solar heatpump:Heat_pump
installed_on date/date Installed on
contact_phone string/text Phone on site
service_level enumeration/select Service level | bronze:Bronze silver:Silver gold:Gold
map_url string/text Map
`;
const OWNERS: [id: string, userId: number, first: string, last: string, archived: boolean][] = [
  ['701001', 51446676, 'Nora', 'Lindqvist', false],
  ['701002', 51446677, 'Tomasz', 'Wójcik', false],
  ['701003', 51446678, 'Amara', 'Okafor', false],
  ['701004', 51446679, 'Jeroen', 'de Vries', false],
  ['701005', 51446680, 'Priya', 'Raman', false],
  // Left the firm: records still name him.
  ['701006', 51446681, 'Karl', 'Brandt', true],
];
export const ACTIVE_OWNERS = OWNERS.filter(([, , , , archived]) => !archived).map(([id]) => id);
export const ARCHIVED_OWNER = '701006';
export const PARTNER_LABEL = 'Portal partner';
export const ADMIN_LABEL = 'Portal admin';

/** The association types of the portal's labels, as seen from a contact. */
export interface PortalLabels {
  partner: LinkSpec;
  admin: LinkSpec;
}

export function seedDefinitions(world: World): PortalLabels {
  const { state } = world;
  for (const { object, ...property } of parse(PROPERTIES, true))
    createProperty(state, world.type(object), {
      ...property,
      groupName: 'portal',
      hasUniqueValue: UNIQUE.has(property.name),
    });
  createSchema(state, {
    name: 'installed_site',
    labels: { singular: 'Installed site', plural: 'Installed sites' },
    primaryDisplayProperty: 'site_name',
    secondaryDisplayProperties: ['address'],
    searchableProperties: ['site_name', 'address'],
    requiredProperties: ['site_name'],
    properties: parse(SITE, false),
    associatedObjects: ['contacts', 'companies', 'deals', 'tickets'],
  });
  const at = state.clock.now();
  for (const [id, userId, firstName, lastName, archived] of OWNERS) {
    const email = `${firstName}.${lastName}@tallyheat.example`
      .toLowerCase()
      .replaceAll(' ', '')
      .normalize('NFD')
      .replace(/[^\x20-\x7e]/g, '');
    state.data.owners.push({
      id,
      userId,
      email,
      firstName,
      lastName,
      archived,
      createdAt: at,
      updatedAt: at,
    });
  }
  return { partner: companyLabel(state, PARTNER_LABEL, 91), admin: companyLabel(state, ADMIN_LABEL, 93) };
}

function companyLabel(state: State, label: string, there: number): LinkSpec {
  const [contact, company] = [state.data.types.get('0-1')!, state.data.types.get('0-2')!];
  const pair = {
    from: '0-1',
    to: '0-2',
    there,
    back: there + 1,
    label,
    inverseLabel: label,
    primary: false,
  };
  state.data.linkTypes.push(...bothWays({ ...pair, category: 'USER_DEFINED' }, pairNames(contact, company)));
  return { category: 'USER_DEFINED', typeId: there };
}

interface Parsed {
  object: string;
  name: string;
  type: 'string';
  fieldType: 'text';
  label: string;
  options: Option[];
}

function parse(lines: string, withObject: boolean): Parsed[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [head = '', choices = ''] = line.split(' | ');
      const words = head.split(' ');
      const object = withObject ? words.shift()! : '';
      const [name = '', types = '', ...label] = words;
      // The two types are checked where the property is made.
      const [type, fieldType] = types.split('/') as ['string', 'text'];
      return { object, name, type, fieldType, label: label.join(' '), options: options(choices) };
    });
}
