/**
 * THE file a business edits: which objects and fields the portal shows, whose word counts, what happens when both
 * sides change a field at once, who sees and who edits. This one is the demo business: a firm that installs and
 * services heating and cooling plants for other companies.
 */
import { BREAKER, type BreakerSpec } from './breakerSpec.ts';
import { defineOwnership, type CreationSpec, type FieldSpec, type ObjectName, type ObjectSpec } from './defineOwnership.ts';
import type { SourceSpec } from './sourceSpec.ts';

/** The audiences a field is for. */
const everyone = ['direct', 'member', 'partner'] as const;
const customers = ['direct', 'member'] as const;
/** Those who decide for their company. */
const deciding = ['direct'] as const;

export const ownership = defineOwnership({
  version: '2026-11-24.1',

  // Who is of several audiences is of the first one here.
  audiences: {
    partner: { label: 'Partner', reaches: { company: 'labelled', association: 'Portal partner' } },
    direct: { label: 'Customer', reaches: { company: 'primary' }, admits: { association: 'Portal admin' } },
    member: { label: 'Customer’s colleague', reaches: { company: 'primary' } },
  },

  objects: {
    contact: {
      crm: 'contacts',
      typeId: '0-1',
      label: { one: 'Person', many: 'People' },
      title: 'email',
      scope: { direct: 'self', member: 'self', partner: 'self' },
      fields: {
        firstName: { property: 'firstname', label: 'First name', kind: 'text', owner: 'customer', see: everyone, edit: everyone },
        lastName: { property: 'lastname', label: 'Last name', kind: 'text', owner: 'customer', see: everyone, edit: everyone, required: true },
        email: { property: 'email', label: 'E-mail', kind: 'email', owner: 'both', conflict: 'ask', see: everyone, edit: everyone, required: true, approval: true, proof: true },
        phone: { property: 'phone', label: 'Phone', kind: 'phone', owner: 'both', conflict: 'newest', see: everyone, edit: everyone },
        mobile: { property: 'mobilephone', label: 'Mobile', kind: 'phone', owner: 'customer', see: everyone, edit: everyone },
        jobTitle: { property: 'jobtitle', label: 'Job title', kind: 'text', owner: 'both', conflict: 'newest', see: everyone, edit: everyone },
        newsletterTopics: { property: 'portal_newsletter_topics', label: 'Newsletter topics', kind: 'choices', owner: 'both', conflict: 'union', see: everyone, edit: everyone },
        preferredChannel: { property: 'portal_preferred_channel', label: 'How we reach you', kind: 'choice', owner: 'customer', see: everyone, edit: everyone },
        outOfOfficeUntil: { property: 'portal_out_of_office_until', label: 'Away until', kind: 'date', owner: 'customer', see: everyone, edit: everyone },
        accountManager: { property: 'hubspot_owner_id', label: 'Your contact with us', kind: 'owner', owner: 'crm', see: everyone },
      },
    },

    company: {
      crm: 'companies',
      typeId: '0-2',
      label: { one: 'Company', many: 'Companies' },
      title: 'name',
      scope: { direct: 'company', member: 'company', partner: 'company' },
      fields: {
        name: { property: 'name', label: 'Name', kind: 'text', owner: 'crm', see: everyone },
        phone: { property: 'phone', label: 'Phone', kind: 'phone', owner: 'both', conflict: 'newest', see: everyone, edit: deciding },
        website: { property: 'website', label: 'Website', kind: 'url', owner: 'both', conflict: 'crm', see: everyone, edit: deciding },
        street: { property: 'address', label: 'Street', kind: 'text', owner: 'both', conflict: 'ask', see: everyone, edit: deciding },
        city: { property: 'city', label: 'City', kind: 'text', owner: 'both', conflict: 'ask', see: everyone, edit: deciding },
        zip: { property: 'zip', label: 'Postcode', kind: 'text', owner: 'both', conflict: 'ask', see: everyone, edit: deciding },
        country: { property: 'country', label: 'Country', kind: 'text', owner: 'both', conflict: 'ask', see: everyone, edit: deciding },
        billingEmail: { property: 'billing_email', label: 'Invoices go to', kind: 'email', owner: 'customer', see: customers, edit: deciding, required: true },
        vatNumber: { property: 'vat_number', label: 'VAT number', kind: 'text', owner: 'both', conflict: 'ask', see: deciding, edit: deciding, approval: true },
        paperlessBilling: { property: 'paperless_billing', label: 'Paperless billing', kind: 'boolean', owner: 'customer', see: customers, edit: deciding },
        deliveryNotes: { property: 'delivery_notes', label: 'Delivery notes', kind: 'longtext', owner: 'customer', see: everyone, edit: everyone },
        capabilities: { property: 'capabilities', label: 'Services used', kind: 'choices', owner: 'both', conflict: 'union', see: everyone, edit: deciding },
        employees: { property: 'numberofemployees', label: 'Employees', kind: 'number', owner: 'both', conflict: 'crm', see: customers, edit: deciding },
        creditLimit: { property: 'credit_limit', label: 'Credit limit', kind: 'currency', owner: 'crm', see: deciding },
        renewalDate: { property: 'renewal_date', label: 'Renewal date', kind: 'date', owner: 'crm', see: everyone, freshWithinS: 60 },
        supportTier: { property: 'support_tier', label: 'Support level', kind: 'choice', owner: 'crm', see: everyone },
        orderStatus: { property: 'order_status', label: 'Order status', kind: 'choice', owner: 'crm', see: everyone, freshWithinS: 60 },
        lastSurveyAt: { property: 'last_survey_at', label: 'Last survey', kind: 'datetime', owner: 'crm', see: customers },
        accountManager: { property: 'hubspot_owner_id', label: 'Your contact with us', kind: 'owner', owner: 'crm', see: everyone },
        // The billing system's word: we write what it says, and put back what somebody else wrote.
        openBalance: { property: 'open_balance', label: 'Open balance', kind: 'currency', owner: 'source', source: 'billing', from: 'open_balance', see: deciding },
        paymentStatus: { property: 'payment_status', label: 'Payments', kind: 'choice', owner: 'source', source: 'billing', from: 'payment_status', see: deciding },
        // Staff see these on the card; no audience does.
        billingCustomer: { property: 'billing_customer', label: 'Billing customer', kind: 'text', owner: 'crm', see: [] },
        // Where the canary sings (docs/operations.md).
        canary: { property: 'portal_canary', label: 'Round trip', kind: 'text', owner: 'crm', see: [], canary: true },
        internalRisk: { property: 'internal_risk', label: 'Internal risk', kind: 'choice', owner: 'crm', see: [] },
      },
    },

    deal: {
      crm: 'deals',
      typeId: '0-3',
      label: { one: 'Order', many: 'Orders' },
      title: 'name',
      scope: { direct: 'company', member: 'company', partner: 'none' },
      fields: {
        name: { property: 'dealname', label: 'Order', kind: 'text', owner: 'crm', see: customers },
        stage: { property: 'dealstage', label: 'Stage', kind: 'choice', owner: 'crm', see: customers },
        amount: { property: 'amount', label: 'Amount', kind: 'currency', owner: 'crm', see: customers },
        expectedOn: { property: 'closedate', label: 'Expected', kind: 'datetime', owner: 'crm', see: customers },
        poNumber: { property: 'po_number', label: 'Your purchase order', kind: 'text', owner: 'customer', see: customers, edit: deciding },
        priority: { property: 'customer_priority', label: 'Urgency for you', kind: 'choice', owner: 'both', conflict: 'newest', see: customers, edit: deciding },
      },
    },

    ticket: {
      crm: 'tickets',
      typeId: '0-5',
      label: { one: 'Case', many: 'Cases' },
      title: 'subject',
      scope: { direct: 'company', member: 'company', partner: 'company' },
      fields: {
        subject: { property: 'subject', label: 'Subject', kind: 'text', owner: 'crm', see: everyone },
        description: { property: 'content', label: 'What happened', kind: 'longtext', owner: 'both', conflict: 'ask', see: everyone, edit: everyone },
        stage: { property: 'hs_pipeline_stage', label: 'Status', kind: 'choice', owner: 'crm', see: everyone, freshWithinS: 60 },
        priority: { property: 'hs_ticket_priority', label: 'Priority', kind: 'choice', owner: 'both', conflict: 'crm', see: everyone, edit: customers },
        requestKey: { property: 'portal_request_key', label: 'Request key', kind: 'text', owner: 'crm', see: [] },
        reference: { property: 'customer_reference', label: 'Your reference', kind: 'text', owner: 'customer', see: everyone, edit: everyone },
        resolution: { property: 'resolution_summary', label: 'What we did', kind: 'longtext', owner: 'crm', see: everyone },
      },
    },

    quote: {
      crm: 'quotes',
      typeId: '0-14',
      label: { one: 'Quote', many: 'Quotes' },
      title: 'title',
      scope: { direct: 'company', member: 'company', partner: 'none' },
      // A draft is nobody's business but ours.
      shownWhen: { field: 'status', is: ['APPROVED', 'APPROVAL_NOT_NEEDED'] },
      fields: {
        title: { property: 'hs_title', label: 'Quote', kind: 'text', owner: 'crm', see: customers },
        amount: { property: 'hs_quote_amount', label: 'Amount', kind: 'currency', owner: 'crm', see: customers, freshWithinS: 30 },
        currency: { property: 'hs_currency', label: 'Currency', kind: 'choice', owner: 'crm', see: customers },
        expiresOn: { property: 'hs_expiration_date', label: 'Valid until', kind: 'date', owner: 'crm', see: customers, freshWithinS: 30 },
        terms: { property: 'hs_terms', label: 'Terms', kind: 'longtext', owner: 'crm', see: customers, freshWithinS: 30 },
        status: { property: 'hs_status', label: 'Status with us', kind: 'choice', owner: 'crm', see: [], freshWithinS: 30 },
        lines: { property: 'line_items', label: 'Lines', kind: 'lines', owner: 'crm', see: customers, freshWithinS: 30 },
        decision: { property: 'customer_decision', label: 'Your decision', kind: 'choice', owner: 'both', conflict: 'ask', see: customers, edit: deciding, byActionOnly: true },
        decisionOf: { property: 'customer_decision_of', label: 'Decided on', kind: 'text', owner: 'customer', see: customers, edit: deciding, byActionOnly: true },
        decisionNote: { property: 'customer_decision_note', label: 'Your note', kind: 'longtext', owner: 'customer', see: customers, edit: deciding },
      },
    },

    site: {
      crm: 'installed_site',
      typeId: null,
      label: { one: 'Site', many: 'Sites' },
      title: 'name',
      scope: { direct: 'company', member: 'company', partner: 'company' },
      fields: {
        name: { property: 'site_name', label: 'Site', kind: 'text', owner: 'crm', see: everyone },
        address: { property: 'address', label: 'Address', kind: 'text', owner: 'both', conflict: 'ask', see: everyone, edit: deciding },
        accessNotes: { property: 'access_notes', label: 'How to get in', kind: 'longtext', owner: 'customer', see: everyone, edit: everyone },
        equipment: { property: 'equipment', label: 'Equipment', kind: 'choices', owner: 'both', conflict: 'union', see: everyone, edit: everyone },
        contactPhone: { property: 'contact_phone', label: 'Phone on site', kind: 'phone', owner: 'customer', see: everyone, edit: everyone },
        installedOn: { property: 'installed_on', label: 'Installed on', kind: 'date', owner: 'crm', see: everyone },
        serviceLevel: { property: 'service_level', label: 'Service level', kind: 'choice', owner: 'crm', see: everyone },
        mapUrl: { property: 'map_url', label: 'Map', kind: 'url', owner: 'both', conflict: 'crm', see: everyone, edit: deciding },
      },
    },

    // A comment or a document, of the customer's or shared with them. Our own notes are never shown, and their text
    // (`hs_note_body`) is not even read.
    note: {
      crm: 'notes',
      typeId: '0-46',
      label: { one: 'Message', many: 'Messages' },
      title: 'author',
      scope: { direct: 'company', member: 'company', partner: 'company' },
      shownWhen: { field: 'shared', is: ['true'] },
      parents: ['ticket', 'deal'],
      keeps: 'shown',
      fields: {
        text: { property: 'portal_text', label: 'Message', kind: 'longtext', owner: 'crm', see: everyone },
        author: { property: 'portal_author', label: 'From', kind: 'text', owner: 'crm', see: everyone },
        at: { property: 'hs_timestamp', label: 'Written', kind: 'datetime', owner: 'crm', see: everyone },
        files: { property: 'hs_attachment_ids', label: 'Files', kind: 'text', owner: 'crm', see: [] },
        fileName: { property: 'portal_file_name', label: 'File', kind: 'text', owner: 'crm', see: everyone },
        fileSize: { property: 'portal_file_size', label: 'Size in bytes', kind: 'number', owner: 'crm', see: everyone },
        fileType: { property: 'portal_file_type', label: 'Type', kind: 'text', owner: 'crm', see: everyone },
        fileDigest: { property: 'portal_file_sha256', label: 'SHA-256', kind: 'text', owner: 'crm', see: everyone },
        shared: { property: 'portal_shared', label: 'Shown in the portal', kind: 'boolean', owner: 'crm', see: [] },
        key: { property: 'portal_request_key', label: 'Request key', kind: 'text', owner: 'crm', see: [] },
      },
    },
  },

  actions: {
    approveQuote: {
      object: 'quote',
      label: 'Approve',
      sets: { decision: 'approved' },
      guards: ['title', 'amount', 'currency', 'expiresOn', 'terms', 'lines'],
      binds: { digest: 'decisionOf', voided: 'void' },
      until: 'expiresOn',
      audiences: deciding,
    },
    declineQuote: {
      object: 'quote',
      label: 'Decline',
      sets: { decision: 'declined' },
      guards: ['title', 'amount', 'currency', 'expiresOn', 'terms', 'lines'],
      binds: { digest: 'decisionOf', voided: 'void' },
      until: 'expiresOn',
      audiences: deciding,
    },
  },

  creations: {
    raiseCase: {
      object: 'ticket',
      label: 'Raise a request',
      audiences: everyone,
      key: 'requestKey',
      takes: { subject: 'required', description: 'required', priority: 'optional', reference: 'optional' },
      presets: { hs_pipeline: '0', hs_pipeline_stage: '1' },
      on: [],
    },
    comment: {
      object: 'note',
      label: 'Add a comment',
      audiences: everyone,
      key: 'key',
      takes: { text: 'required' },
      presets: { portal_shared: 'true' },
      stamps: { author: 'author', at: 'at', text: 'text', html: 'hs_note_body' },
      on: ['ticket'],
    },
    uploadDocument: {
      object: 'note',
      label: 'Upload a document',
      audiences: everyone,
      key: 'key',
      takes: { text: 'optional' },
      presets: { portal_shared: 'true' },
      stamps: { author: 'author', at: 'at', text: 'text', html: 'hs_note_body' },
      on: ['company', 'ticket'],
      document: { ids: 'files', name: 'fileName', size: 'fileSize', type: 'fileType', digest: 'fileDigest' },
    },
  },

  sources: {
    billing: {
      label: 'Billing',
      key: { object: 'company', field: 'billingCustomer' },
      view: 'portal_customer',
      lists: {
        invoice: {
          label: { one: 'Invoice', many: 'Invoices' },
          view: 'portal_invoice',
          see: customers,
          newestBy: 'issuedOn',
          fields: {
            number: { column: 'number', label: 'Number', kind: 'text', see: customers },
            issuedOn: { column: 'issued_on', label: 'Issued', kind: 'date', see: customers },
            dueOn: { column: 'due_on', label: 'Due', kind: 'date', see: customers },
            status: { column: 'status', label: 'Status', kind: 'choice', see: customers },
            total: { column: 'total', label: 'Total', kind: 'currency', see: deciding },
            open: { column: 'open', label: 'Still open', kind: 'currency', see: deciding },
            currency: { column: 'currency', label: 'Currency', kind: 'text', see: customers },
            reference: { column: 'reference', label: 'Your reference', kind: 'text', see: customers },
          },
        },
        subscription: {
          label: { one: 'Subscription', many: 'Subscriptions' },
          view: 'portal_subscription',
          see: customers,
          newestBy: 'startedOn',
          fields: {
            plan: { column: 'plan', label: 'Plan', kind: 'text', see: customers },
            status: { column: 'status', label: 'Status', kind: 'choice', see: customers },
            startedOn: { column: 'started_on', label: 'Since', kind: 'date', see: customers },
            renewsOn: { column: 'renews_on', label: 'Renews', kind: 'date', see: customers },
            price: { column: 'price', label: 'Price', kind: 'currency', see: deciding },
            currency: { column: 'currency', label: 'Currency', kind: 'text', see: customers },
          },
        },
      },
    },
  },

  // More changes of one kind than this within the window are not believed: what goes out is held for an administrator,
  // what came in is told. The usual numbers, and what differs from them; each: at least, of the records, at most.
  breaker: {
    ...BREAKER,
    objects: {
      // A quote that is gone may be a decision that is gone.
      quote: { in: { gone: { least: 5, share: 0.1, most: 50 } } },
    },
  },
});

export type AppOwnership = typeof ownership;
export type AppObject = ObjectName<AppOwnership>;
export type AppAudience = keyof AppOwnership['audiences'];

/** The same rules for code that meets objects and fields by name at run time. */
export const objects: Readonly<Record<AppObject, ObjectSpec<AppAudience>>> = ownership.objects;
/** The other systems, by name. */
export const sources: Readonly<Record<string, SourceSpec<AppAudience, AppObject>>> = ownership.sources ?? {};
export const isObject = (name: string): name is AppObject => Object.hasOwn(objects, name);
export const isAudience = (name: string): name is AppAudience => Object.hasOwn(ownership.audiences, name);
export const fieldOf = (object: AppObject, name: string): FieldSpec<AppAudience> | undefined =>
  Object.hasOwn(objects[object].fields, name) ? objects[object].fields[name] : undefined;
/** What customers may make, by name. */
export const creations: Readonly<Record<string, CreationSpec<AppAudience, AppObject, string, AppObject>>> =
  ownership.creations;
/** When a mass change is not believed. */
export const breaker: BreakerSpec<AppObject> = ownership.breaker ?? BREAKER;
export const OBJECTS = Object.keys(objects).filter(isObject);
/** The field of the object on which the canary makes its round trips; undefined: there is none. */
export const canaryField = (object: AppObject): string | undefined =>
  Object.entries(objects[object].fields).find(([, field]) => field.owner === 'crm' && field.canary === true)?.[0];
