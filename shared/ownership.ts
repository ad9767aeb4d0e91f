/**
 * THE file a business edits: which objects and fields the portal shows, whose word counts, what happens when both
 * sides change a field at once, who sees and who edits. This one is the demo business: a firm that installs and
 * services heating and cooling plants for other companies.
 */
import { defineOwnership, type FieldSpec, type ObjectName, type ObjectSpec } from './defineOwnership.ts';

export const ownership = defineOwnership({
  version: '2026-11-23.1',

  audiences: {
    direct: { label: 'Customer', reaches: { company: 'primary' } },
    partner: { label: 'Partner', reaches: { company: 'labelled', association: 'Portal partner' } },
  },

  objects: {
    contact: {
      crm: 'contacts',
      typeId: '0-1',
      label: { one: 'Person', many: 'People' },
      title: 'email',
      scope: { direct: 'self', partner: 'self' },
      fields: {
        firstName: { property: 'firstname', label: 'First name', kind: 'text', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        lastName: { property: 'lastname', label: 'Last name', kind: 'text', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'], required: true },
        email: { property: 'email', label: 'E-mail', kind: 'email', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct', 'partner'], required: true, approval: true },
        phone: { property: 'phone', label: 'Phone', kind: 'phone', owner: 'both', conflict: 'newest', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        mobile: { property: 'mobilephone', label: 'Mobile', kind: 'phone', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        jobTitle: { property: 'jobtitle', label: 'Job title', kind: 'text', owner: 'both', conflict: 'newest', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        newsletterTopics: { property: 'portal_newsletter_topics', label: 'Newsletter topics', kind: 'choices', owner: 'both', conflict: 'union', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        preferredChannel: { property: 'portal_preferred_channel', label: 'How we reach you', kind: 'choice', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        outOfOfficeUntil: { property: 'portal_out_of_office_until', label: 'Away until', kind: 'date', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        accountManager: { property: 'hubspot_owner_id', label: 'Your contact with us', kind: 'owner', owner: 'crm', see: ['direct', 'partner'] },
      },
    },

    company: {
      crm: 'companies',
      typeId: '0-2',
      label: { one: 'Company', many: 'Companies' },
      title: 'name',
      scope: { direct: 'company', partner: 'company' },
      fields: {
        name: { property: 'name', label: 'Name', kind: 'text', owner: 'crm', see: ['direct', 'partner'] },
        phone: { property: 'phone', label: 'Phone', kind: 'phone', owner: 'both', conflict: 'newest', see: ['direct', 'partner'], edit: ['direct'] },
        website: { property: 'website', label: 'Website', kind: 'url', owner: 'both', conflict: 'crm', see: ['direct', 'partner'], edit: ['direct'] },
        street: { property: 'address', label: 'Street', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct'] },
        city: { property: 'city', label: 'City', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct'] },
        zip: { property: 'zip', label: 'Postcode', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct'] },
        country: { property: 'country', label: 'Country', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct'] },
        billingEmail: { property: 'billing_email', label: 'Invoices go to', kind: 'email', owner: 'customer', see: ['direct'], edit: ['direct'], required: true },
        vatNumber: { property: 'vat_number', label: 'VAT number', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct'], edit: ['direct'], approval: true },
        paperlessBilling: { property: 'paperless_billing', label: 'Paperless billing', kind: 'boolean', owner: 'customer', see: ['direct'], edit: ['direct'] },
        deliveryNotes: { property: 'delivery_notes', label: 'Delivery notes', kind: 'longtext', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        capabilities: { property: 'capabilities', label: 'Services used', kind: 'choices', owner: 'both', conflict: 'union', see: ['direct', 'partner'], edit: ['direct'] },
        employees: { property: 'numberofemployees', label: 'Employees', kind: 'number', owner: 'both', conflict: 'crm', see: ['direct'], edit: ['direct'] },
        creditLimit: { property: 'credit_limit', label: 'Credit limit', kind: 'currency', owner: 'crm', see: ['direct'] },
        renewalDate: { property: 'renewal_date', label: 'Renewal date', kind: 'date', owner: 'crm', see: ['direct', 'partner'], freshWithinS: 60 },
        supportTier: { property: 'support_tier', label: 'Support level', kind: 'choice', owner: 'crm', see: ['direct', 'partner'] },
        orderStatus: { property: 'order_status', label: 'Order status', kind: 'choice', owner: 'crm', see: ['direct', 'partner'], freshWithinS: 60 },
        lastSurveyAt: { property: 'last_survey_at', label: 'Last survey', kind: 'datetime', owner: 'crm', see: ['direct'] },
        accountManager: { property: 'hubspot_owner_id', label: 'Your contact with us', kind: 'owner', owner: 'crm', see: ['direct', 'partner'] },
        // Staff see this on the card; no audience does.
        internalRisk: { property: 'internal_risk', label: 'Internal risk', kind: 'choice', owner: 'crm', see: [] },
      },
    },

    deal: {
      crm: 'deals',
      typeId: '0-3',
      label: { one: 'Order', many: 'Orders' },
      title: 'name',
      scope: { direct: 'company', partner: 'none' },
      fields: {
        name: { property: 'dealname', label: 'Order', kind: 'text', owner: 'crm', see: ['direct'] },
        stage: { property: 'dealstage', label: 'Stage', kind: 'choice', owner: 'crm', see: ['direct'] },
        amount: { property: 'amount', label: 'Amount', kind: 'currency', owner: 'crm', see: ['direct'] },
        expectedOn: { property: 'closedate', label: 'Expected', kind: 'datetime', owner: 'crm', see: ['direct'] },
        poNumber: { property: 'po_number', label: 'Your purchase order', kind: 'text', owner: 'customer', see: ['direct'], edit: ['direct'] },
        priority: { property: 'customer_priority', label: 'Urgency for you', kind: 'choice', owner: 'both', conflict: 'newest', see: ['direct'], edit: ['direct'] },
      },
    },

    ticket: {
      crm: 'tickets',
      typeId: '0-5',
      label: { one: 'Case', many: 'Cases' },
      title: 'subject',
      scope: { direct: 'company', partner: 'company' },
      fields: {
        subject: { property: 'subject', label: 'Subject', kind: 'text', owner: 'crm', see: ['direct', 'partner'] },
        description: { property: 'content', label: 'What happened', kind: 'longtext', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        stage: { property: 'hs_pipeline_stage', label: 'Status', kind: 'choice', owner: 'crm', see: ['direct', 'partner'], freshWithinS: 60 },
        priority: { property: 'hs_ticket_priority', label: 'Priority', kind: 'choice', owner: 'both', conflict: 'crm', see: ['direct', 'partner'], edit: ['direct'] },
        reference: { property: 'customer_reference', label: 'Your reference', kind: 'text', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        resolution: { property: 'resolution_summary', label: 'What we did', kind: 'longtext', owner: 'crm', see: ['direct', 'partner'] },
      },
    },

    quote: {
      crm: 'quotes',
      typeId: '0-14',
      label: { one: 'Quote', many: 'Quotes' },
      title: 'title',
      scope: { direct: 'company', partner: 'none' },
      fields: {
        title: { property: 'hs_title', label: 'Quote', kind: 'text', owner: 'crm', see: ['direct'] },
        amount: { property: 'hs_quote_amount', label: 'Amount', kind: 'currency', owner: 'crm', see: ['direct'], freshWithinS: 30 },
        currency: { property: 'hs_currency', label: 'Currency', kind: 'choice', owner: 'crm', see: ['direct'] },
        expiresOn: { property: 'hs_expiration_date', label: 'Valid until', kind: 'date', owner: 'crm', see: ['direct'], freshWithinS: 30 },
        terms: { property: 'hs_terms', label: 'Terms', kind: 'longtext', owner: 'crm', see: ['direct'], freshWithinS: 30 },
        decision: { property: 'customer_decision', label: 'Your decision', kind: 'choice', owner: 'both', conflict: 'ask', see: ['direct'], edit: ['direct'], byActionOnly: true },
        decisionNote: { property: 'customer_decision_note', label: 'Your note', kind: 'longtext', owner: 'customer', see: ['direct'], edit: ['direct'] },
      },
    },

    site: {
      crm: 'installed_site',
      typeId: null,
      label: { one: 'Site', many: 'Sites' },
      title: 'name',
      scope: { direct: 'company', partner: 'company' },
      fields: {
        name: { property: 'site_name', label: 'Site', kind: 'text', owner: 'crm', see: ['direct', 'partner'] },
        address: { property: 'address', label: 'Address', kind: 'text', owner: 'both', conflict: 'ask', see: ['direct', 'partner'], edit: ['direct'] },
        accessNotes: { property: 'access_notes', label: 'How to get in', kind: 'longtext', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        equipment: { property: 'equipment', label: 'Equipment', kind: 'choices', owner: 'both', conflict: 'union', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        contactPhone: { property: 'contact_phone', label: 'Phone on site', kind: 'phone', owner: 'customer', see: ['direct', 'partner'], edit: ['direct', 'partner'] },
        installedOn: { property: 'installed_on', label: 'Installed on', kind: 'date', owner: 'crm', see: ['direct', 'partner'] },
        serviceLevel: { property: 'service_level', label: 'Service level', kind: 'choice', owner: 'crm', see: ['direct', 'partner'] },
        mapUrl: { property: 'map_url', label: 'Map', kind: 'url', owner: 'both', conflict: 'crm', see: ['direct', 'partner'], edit: ['direct'] },
      },
    },
  },

  actions: {
    approveQuote: {
      object: 'quote',
      label: 'Approve',
      sets: { decision: 'approved' },
      guards: ['title', 'amount', 'currency', 'expiresOn', 'terms'],
      audiences: ['direct'],
    },
    declineQuote: {
      object: 'quote',
      label: 'Decline',
      sets: { decision: 'declined' },
      guards: ['title', 'amount', 'currency', 'expiresOn', 'terms'],
      audiences: ['direct'],
    },
  },
});

export type AppOwnership = typeof ownership;
export type AppObject = ObjectName<AppOwnership>;
export type AppAudience = keyof AppOwnership['audiences'];

/** The same rules for code that meets objects and fields by name at run time. */
export const objects: Readonly<Record<AppObject, ObjectSpec<AppAudience>>> = ownership.objects;
export const isObject = (name: string): name is AppObject => Object.hasOwn(objects, name);
export const isAudience = (name: string): name is AppAudience => Object.hasOwn(ownership.audiences, name);
export const fieldOf = (object: AppObject, name: string): FieldSpec<AppAudience> | undefined =>
  Object.hasOwn(objects[object].fields, name) ? objects[object].fields[name] : undefined;
export const OBJECTS = Object.keys(objects).filter(isObject);
