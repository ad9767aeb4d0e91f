/** The standard properties the stand-in knows: a working part of HubSpot's some 250 per object. */
import type { Option, Property } from './state.ts';

/** `name type/fieldType flags Label`, one a line. Flags: r read-only, u unique, c calculated, o owner, h hidden, - none. */
const SYSTEM = `
hs_object_id number/number ru Record ID
hs_object_source string/text r Record source
hs_object_source_id string/text r Record source ID
hs_object_source_label string/text r Record source label
hs_merged_object_ids enumeration/checkbox r Merged record IDs
hs_created_by_user_id number/number r Created by user ID
hs_updated_by_user_id number/number r Updated by user ID
hubspot_owner_id enumeration/select o Owner
`;
const CONTACTS = `
createdate datetime/date r Create Date
lastmodifieddate datetime/date r Last Modified Date
email string/text u Email
firstname string/text - First Name
lastname string/text - Last Name
phone string/phonenumber - Phone Number
mobilephone string/phonenumber - Mobile Phone Number
jobtitle string/text - Job Title
company string/text - Company Name
website string/text - Website URL
address string/text - Street Address
city string/text - City
zip string/text - Postal Code
country string/text - Country/Region
hs_language enumeration/select - Preferred language
lifecyclestage enumeration/radio - Lifecycle Stage
hs_lead_status enumeration/radio - Lead Status
hs_additional_emails enumeration/checkbox - Additional email addresses
associatedcompanyid number/number r Primary Associated Company ID
num_associated_deals number/number rc Number of Associated Deals
`;
const COMPANIES = `
createdate datetime/date r Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
name string/text - Company name
domain string/text - Company Domain Name
phone string/phonenumber - Phone Number
website string/text - Website URL
address string/text - Street Address
address2 string/text - Street Address 2
city string/text - City
state string/text - State/Region
zip string/text - Postal Code
country string/text - Country/Region
industry enumeration/select - Industry
numberofemployees number/number - Number of Employees
annualrevenue number/number - Annual Revenue
description string/textarea - Description
lifecyclestage enumeration/radio - Lifecycle Stage
hs_num_open_deals number/number r Number of open deals
num_associated_contacts number/number rc Number of Associated Contacts
`;
const DEALS = `
createdate datetime/date - Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
dealname string/text - Deal Name
amount number/number - Amount
closedate datetime/date - Close Date
dealstage enumeration/radio - Deal Stage
pipeline enumeration/select - Pipeline
dealtype enumeration/radio - Deal Type
description string/textarea - Deal Description
hs_is_closed bool/booleancheckbox rc Is Deal Closed?
`;
const TICKETS = `
createdate datetime/date - Create date
hs_lastmodifieddate datetime/date r Last modified date
subject string/text - Ticket name
content string/textarea - Ticket description
hs_pipeline enumeration/select - Pipeline
hs_pipeline_stage enumeration/select - Ticket status
hs_ticket_priority enumeration/select - Priority
hs_ticket_category enumeration/checkbox - Category
closed_date datetime/date - Close date
`;
const PRODUCTS = `
createdate datetime/date r Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
name string/text - Name
description string/textarea - Product description
price number/number - Unit price
hs_sku string/text - SKU
`;
const LINE_ITEMS = `
createdate datetime/date r Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
name string/text - Name
description string/textarea - Description
price number/number - Unit price
quantity number/number - Quantity
amount number/number rc Net price
hs_sku string/text - SKU
hs_product_id number/number - Product ID
`;
const QUOTES = `
hs_createdate datetime/date r Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
hs_title string/text - Quote Title
hs_expiration_date date/date - Expiration Date
hs_quote_amount number/number - Quote amount
hs_terms string/textarea - Terms
hs_comments string/textarea - Comments
hs_status enumeration/select - Status
hs_currency enumeration/select - Currency
hs_language enumeration/select - Language
hs_template_type enumeration/select - Template type
hs_quote_link string/text r Quote link
hs_quote_number string/text r Quote number
`;
const ACTIVITY = `
hs_createdate datetime/date r Create Date
hs_lastmodifieddate datetime/date r Last Modified Date
hs_timestamp datetime/date - Activity date
hs_attachment_ids string/text - Attached file IDs
hs_body_preview string/text r Body preview
`;
const EXTRA: Record<string, string> = {
  notes: 'hs_note_body string/html - Note body',
  tasks:
    'hs_task_subject string/text - Task title\nhs_task_body string/html - Notes\nhs_task_status enumeration/select - Status\nhs_task_priority enumeration/select - Priority',
  meetings: 'hs_meeting_title string/text - Meeting name\nhs_meeting_body string/html - Description',
  calls: 'hs_call_title string/text - Call title\nhs_call_body string/html - Call notes',
  emails: 'hs_email_subject string/text - Email subject\nhs_email_text string/textarea - Email body',
};
const CUSTOM = `
hs_createdate datetime/date r Object create date/time
hs_lastmodifieddate datetime/date r Object last modified date/time
`;
const BY_OBJECT: Record<string, string> = {
  contacts: CONTACTS,
  companies: COMPANIES,
  deals: DEALS,
  tickets: TICKETS,
  products: PRODUCTS,
  line_items: LINE_ITEMS,
  quotes: QUOTES,
};

const LIFECYCLE =
  'subscriber:Subscriber lead:Lead marketingqualifiedlead:Marketing_Qualified_Lead salesqualifiedlead:Sales_Qualified_Lead ' +
  'opportunity:Opportunity customer:Customer evangelist:Evangelist other:Other';
const LANGUAGES = 'en:English de:German fr:French nl:Dutch es:Spanish it:Italian pl:Polish';
const OPTIONS: Record<string, string> = {
  'contacts.hs_language': LANGUAGES,
  'quotes.hs_language': LANGUAGES,
  'contacts.lifecyclestage': LIFECYCLE,
  'companies.lifecyclestage': LIFECYCLE,
  'contacts.hs_lead_status': 'NEW:New OPEN:Open IN_PROGRESS:In_Progress UNQUALIFIED:Unqualified',
  'companies.industry':
    'BUILDING_MATERIALS:Building_Materials CONSTRUCTION:Construction FOOD_PRODUCTION:Food_Production ' +
    'HOSPITAL_HEALTH_CARE:Hospital_&_Health_Care HOSPITALITY:Hospitality LOGISTICS_AND_SUPPLY_CHAIN:Logistics_and_Supply_Chain ' +
    'MACHINERY:Machinery REAL_ESTATE:Real_Estate RETAIL:Retail UTILITIES:Utilities EDUCATION_MANAGEMENT:Education_Management',
  'deals.dealtype': 'newbusiness:New_Business existingbusiness:Existing_Business',
  'tickets.hs_ticket_priority': 'LOW:Low MEDIUM:Medium HIGH:High URGENT:Urgent',
  'tickets.hs_ticket_category':
    'PRODUCT_ISSUE:Product_Issue BILLING_ISSUE:Billing_Issue FEATURE_REQUEST:Feature_Request GENERAL_INQUIRY:General_inquiry',
  'quotes.hs_status':
    'DRAFT:Draft APPROVAL_NOT_NEEDED:Published PENDING_APPROVAL:Pending_approval APPROVED:Approved REJECTED:Rejected',
  'quotes.hs_currency': 'EUR:Euro GBP:Pound USD:US_Dollar CHF:Swiss_Franc',
  'quotes.hs_template_type': 'QUOTE:Quote CPQ_QUOTE:CPQ_Quote CUSTOMIZABLE_QUOTE_TEMPLATE:Customizable',
  'tasks.hs_task_status': 'NOT_STARTED:Not_started IN_PROGRESS:In_progress COMPLETED:Completed',
  'tasks.hs_task_priority': 'LOW:Low MEDIUM:Medium HIGH:High',
};
/** Recorded: real default definitions are dated to the epoch. */
const DEFINED_AT = 0;

export function standardProperties(object: string, custom = false): Map<string, Property> {
  const own = custom ? CUSTOM : (BY_OBJECT[object] ?? `${ACTIVITY}${EXTRA[object] ?? ''}`);
  const lines = `${SYSTEM}${own}`.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => parseLine(object, line)).map((property) => [property.name, property]));
}

function parseLine(object: string, line: string): Property {
  const [name = '', types = '', flags = '', ...label] = line.split(' ');
  const [type = '', fieldType = ''] = types.split('/');
  return {
    ...blankProperty(
      name,
      label.join(' '),
      type,
      fieldType,
      `${object}information`.replace('contacts', 'contact'),
    ),
    hubspotDefined: true,
    readOnlyValue: flags.includes('r'),
    calculated: flags.includes('c'),
    hasUniqueValue: flags.includes('u'),
    externalOptions: flags.includes('o'),
    referencedObjectType: flags.includes('o') ? 'OWNER' : null,
    options: options(OPTIONS[`${object}.${name}`] ?? ''),
  };
}

export function blankProperty(
  name: string,
  label: string,
  type: string,
  fieldType: string,
  groupName: string,
): Property {
  return {
    name,
    label,
    type,
    fieldType,
    groupName,
    description: '',
    options: [],
    displayOrder: -1,
    hasUniqueValue: false,
    hidden: false,
    hubspotDefined: false,
    calculated: false,
    formField: false,
    readOnlyValue: false,
    externalOptions: false,
    referencedObjectType: null,
    createdAt: DEFINED_AT,
    updatedAt: DEFINED_AT,
    archivedAt: null,
  };
}

/** `value:Label_with_spaces`, separated by spaces; a value alone is its own label. */
export function options(text: string): Option[] {
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map((part, displayOrder) => {
      const [value = '', label = value] = part.split(':');
      return { value, label: label.replaceAll('_', ' '), displayOrder, hidden: false };
    });
}
