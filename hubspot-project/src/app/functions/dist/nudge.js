"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// hubspot-project/functions/nudge.ts
var nudge_exports = {};
__export(nudge_exports, {
  main: () => main
});
module.exports = __toCommonJS(nudge_exports);

// shared/ids.ts
var isHubId = (text) => /^[1-9]\d{0,15}$/.test(text);
var isRecordId = (text) => /^[1-9]\d{0,19}$/.test(text);

// shared/breakerSpec.ts
var OUT_PATTERNS = ["emptied", "oneValue", "oneOption", "person", "source"];
var IN_PATTERNS = ["emptied", "oneValue", "oneOption", "gone", "integration"];
var BREAKER = {
  windowMinutes: 60,
  out: {
    emptied: { least: 10, share: 0.05, most: 200 },
    oneValue: { least: 15, share: 0.05, most: 200 },
    oneOption: { least: 50, share: 0.3, most: 1e3 },
    person: { least: 100, share: 0, most: 1e3 },
    source: { least: 500, share: 0.9, most: 5e3 }
  },
  in: {
    emptied: { least: 25, share: 0.1, most: 1e3 },
    oneValue: { least: 25, share: 0.1, most: 1e3 },
    oneOption: { least: 200, share: 0.5, most: 5e3 },
    gone: { least: 25, share: 0.1, most: 500 },
    integration: { least: 500, share: 0.5, most: 5e3 }
  }
};
var LEAST_MIN = 2;
var MOST_MAX = 1e4;
var WINDOW_MAX_MINUTES = 1440;
function mistakesInBreaker({
  breaker: breaker2,
  objects: objects2
}) {
  if (breaker2 === void 0) return [];
  const mistakes = [];
  const { windowMinutes } = breaker2;
  if (!Number.isInteger(windowMinutes) || windowMinutes < 1 || windowMinutes > WINDOW_MAX_MINUTES)
    mistakes.push(`breaker: its window is not of 1 to ${WINDOW_MAX_MINUTES} whole minutes`);
  const each = (where, spec) => {
    const limits = [
      ...OUT_PATTERNS.flatMap((name) => named(`${where}.out.${name}`, spec.out?.[name])),
      ...IN_PATTERNS.flatMap((name) => named(`${where}.in.${name}`, spec.in?.[name]))
    ];
    for (const [name, limit] of limits) mistakes.push(...mistakesInLimit(name, limit));
  };
  each("breaker", breaker2);
  for (const [name, spec] of Object.entries(breaker2.objects ?? {})) {
    if (!Object.hasOwn(objects2, name)) mistakes.push(`breaker: there is no object "${name}"`);
    if (spec !== void 0) each(`breaker.${name}`, spec);
  }
  return mistakes;
}
var named = (name, limit) => limit === void 0 ? [] : [[name, limit]];
function mistakesInLimit(where, { least, share, most }) {
  const mistakes = [];
  if (!Number.isInteger(least) || least < LEAST_MIN)
    mistakes.push(`${where}: the least is not a whole number from ${LEAST_MIN}`);
  if (!Number.isInteger(most) || most < least || most > MOST_MAX)
    mistakes.push(`${where}: the most is not a whole number from the least to ${MOST_MAX}`);
  if (!(share >= 0 && share <= 1)) mistakes.push(`${where}: the share is not from 0 to 1`);
  return mistakes;
}

// shared/decide.ts
var STAFF = "staff";

// shared/sourceSpec.ts
var PREFIX = "source:";
var isSourceAudience = (audience) => audience.startsWith(PREFIX);
function mistakesInSources({ audiences, objects: objects2, sources: sources2 = {} }) {
  const mistakes = Object.keys(audiences).filter(isSourceAudience).map((name) => `"${name}" is not an audience of customers`);
  for (const [name, source] of Object.entries(sources2)) mistakes.push(...mistakesIn(objects2, name, source));
  for (const [object, { fields }] of Object.entries(objects2))
    for (const [field, { owner, source = "", from = "" }] of Object.entries(fields)) {
      if (owner !== "source") continue;
      const spec = Object.hasOwn(sources2, source) ? sources2[source] : void 0;
      if (spec === void 0)
        mistakes.push(`${object}.${field}: it is owned by the source "${source}", which does not exist`);
      else if (spec.key.object !== object)
        mistakes.push(
          `${object}.${field}: the source "${source}" knows records of "${spec.key.object}" only`
        );
      if (!isColumn(from)) mistakes.push(`${object}.${field}: "${from}" is not the name of a column`);
    }
  return mistakes;
}
function mistakesIn(objects2, name, source) {
  const mistakes = [];
  const { key, view, lists } = source;
  if (!/^[a-z][A-Za-z0-9]{0,29}$/.test(name))
    mistakes.push(`source ${name}: its name is not of up to 30 letters and digits`);
  const field = objects2[key.object]?.fields[key.field];
  if (field === void 0) mistakes.push(`source ${name}: its key ${key.object}.${key.field} does not exist`);
  else if (field.owner !== "crm")
    mistakes.push(`source ${name}: its key ${key.object}.${key.field} is not owned by the CRM`);
  if (!isView(view)) mistakes.push(`source ${name}: "${view}" is not the name of a view`);
  for (const [listName, list] of Object.entries(lists)) {
    const where = `source ${name}.${listName}`;
    if (!isView(list.view)) mistakes.push(`${where}: "${list.view}" is not the name of a view`);
    if (!Object.hasOwn(list.fields, list.newestBy))
      mistakes.push(`${where}: it is ordered by "${list.newestBy}", which does not exist`);
    for (const [fieldName, { column, see }] of Object.entries(list.fields)) {
      if (!isColumn(column)) mistakes.push(`${where}.${fieldName}: "${column}" is not the name of a column`);
      const blind = see.find((audience) => !list.see.includes(audience));
      if (blind !== void 0)
        mistakes.push(`${where}.${fieldName}: the audience "${blind}" sees the field but not the list`);
    }
  }
  return mistakes;
}
var isColumn = (name) => /^[a-z_][a-z0-9_]{0,62}$/.test(name);
var isView = (name) => name.split(".").length <= 2 && name.split(".").every(isColumn);

// shared/defineOwnership.ts
function defineOwnership(literal) {
  const mistakes = mistakesIn2(literal);
  if (mistakes.length > 0) throw new Error(`ownership.ts cannot be used: ${mistakes.join("; ")}.`);
  return literal;
}
var isEditable = (field) => field.owner !== "crm" && field.owner !== "source";
function mistakesIn2(literal) {
  const mistakes = [];
  if (Object.hasOwn(literal.audiences, STAFF)) mistakes.push(`"${STAFF}" is not an audience of customers`);
  for (const [name, object] of Object.entries(literal.objects)) {
    if (!(object.title in object.fields))
      mistakes.push(`${name}: the title field "${object.title}" does not exist`);
    const properties = Object.values(object.fields).map((field) => field.property);
    const twice = properties.find((property, index) => properties.indexOf(property) !== index);
    if (twice !== void 0) mistakes.push(`${name}: two fields map the property "${twice}"`);
    for (const [fieldName, field] of Object.entries(object.fields)) {
      const blind = isEditable(field) ? field.edit.find((audience) => !field.see.includes(audience)) : void 0;
      if (blind !== void 0)
        mistakes.push(`${name}.${fieldName}: the audience "${blind}" may edit but not see it`);
    }
  }
  for (const [name, object] of Object.entries(literal.objects)) {
    const field = object.shownWhen?.field;
    if (field !== void 0 && !(field in object.fields))
      mistakes.push(`${name}: it is shown by the field "${field}", which does not exist`);
    for (const parent of object.parents ?? [])
      if (!(parent in literal.objects))
        mistakes.push(`${name}: it hangs on "${parent}", which does not exist`);
  }
  for (const [name, action] of Object.entries(literal.actions))
    mistakes.push(...mistakesInAction(literal, name, action));
  mistakes.push(...mistakesInSources(literal), ...mistakesInBreaker(literal));
  return mistakes;
}
function mistakesInAction(literal, name, action) {
  const mistakes = [];
  for (const fieldName of Object.keys(action.sets)) {
    const field = literal.objects[action.object]?.fields[fieldName];
    if (field === void 0 || !isEditable(field)) {
      mistakes.push(`action ${name}: "${fieldName}" is not a field a customer may write`);
      continue;
    }
    const barred = action.audiences.find((audience) => !field.edit.includes(audience));
    if (barred !== void 0)
      mistakes.push(`action ${name}: the audience "${barred}" may not write "${fieldName}"`);
  }
  return mistakes;
}

// shared/ownership.ts
var everyone = ["direct", "member", "partner"];
var customers = ["direct", "member"];
var deciding = ["direct"];
var ownership = defineOwnership({
  version: "2026-11-24.1",
  // Who is of several audiences is of the first one here.
  audiences: {
    partner: { label: "Partner", reaches: { company: "labelled", association: "Portal partner" } },
    direct: { label: "Customer", reaches: { company: "primary" }, admits: { association: "Portal admin" } },
    member: { label: "Customer’s colleague", reaches: { company: "primary" } }
  },
  objects: {
    contact: {
      crm: "contacts",
      typeId: "0-1",
      label: { one: "Person", many: "People" },
      title: "email",
      scope: { direct: "self", member: "self", partner: "self" },
      fields: {
        firstName: { property: "firstname", label: "First name", kind: "text", owner: "customer", see: everyone, edit: everyone },
        lastName: { property: "lastname", label: "Last name", kind: "text", owner: "customer", see: everyone, edit: everyone, required: true },
        email: { property: "email", label: "E-mail", kind: "email", owner: "both", conflict: "ask", see: everyone, edit: everyone, required: true, approval: true, proof: true },
        phone: { property: "phone", label: "Phone", kind: "phone", owner: "both", conflict: "newest", see: everyone, edit: everyone },
        mobile: { property: "mobilephone", label: "Mobile", kind: "phone", owner: "customer", see: everyone, edit: everyone },
        jobTitle: { property: "jobtitle", label: "Job title", kind: "text", owner: "both", conflict: "newest", see: everyone, edit: everyone },
        newsletterTopics: { property: "portal_newsletter_topics", label: "Newsletter topics", kind: "choices", owner: "both", conflict: "union", see: everyone, edit: everyone },
        preferredChannel: { property: "portal_preferred_channel", label: "How we reach you", kind: "choice", owner: "customer", see: everyone, edit: everyone },
        outOfOfficeUntil: { property: "portal_out_of_office_until", label: "Away until", kind: "date", owner: "customer", see: everyone, edit: everyone },
        accountManager: { property: "hubspot_owner_id", label: "Your contact with us", kind: "owner", owner: "crm", see: everyone }
      }
    },
    company: {
      crm: "companies",
      typeId: "0-2",
      label: { one: "Company", many: "Companies" },
      title: "name",
      scope: { direct: "company", member: "company", partner: "company" },
      fields: {
        name: { property: "name", label: "Name", kind: "text", owner: "crm", see: everyone },
        phone: { property: "phone", label: "Phone", kind: "phone", owner: "both", conflict: "newest", see: everyone, edit: deciding },
        website: { property: "website", label: "Website", kind: "url", owner: "both", conflict: "crm", see: everyone, edit: deciding },
        street: { property: "address", label: "Street", kind: "text", owner: "both", conflict: "ask", see: everyone, edit: deciding },
        city: { property: "city", label: "City", kind: "text", owner: "both", conflict: "ask", see: everyone, edit: deciding },
        zip: { property: "zip", label: "Postcode", kind: "text", owner: "both", conflict: "ask", see: everyone, edit: deciding },
        country: { property: "country", label: "Country", kind: "text", owner: "both", conflict: "ask", see: everyone, edit: deciding },
        billingEmail: { property: "billing_email", label: "Invoices go to", kind: "email", owner: "customer", see: customers, edit: deciding, required: true },
        vatNumber: { property: "vat_number", label: "VAT number", kind: "text", owner: "both", conflict: "ask", see: deciding, edit: deciding, approval: true },
        paperlessBilling: { property: "paperless_billing", label: "Paperless billing", kind: "boolean", owner: "customer", see: customers, edit: deciding },
        deliveryNotes: { property: "delivery_notes", label: "Delivery notes", kind: "longtext", owner: "customer", see: everyone, edit: everyone },
        capabilities: { property: "capabilities", label: "Services used", kind: "choices", owner: "both", conflict: "union", see: everyone, edit: deciding },
        employees: { property: "numberofemployees", label: "Employees", kind: "number", owner: "both", conflict: "crm", see: customers, edit: deciding },
        creditLimit: { property: "credit_limit", label: "Credit limit", kind: "currency", owner: "crm", see: deciding },
        renewalDate: { property: "renewal_date", label: "Renewal date", kind: "date", owner: "crm", see: everyone, freshWithinS: 60 },
        supportTier: { property: "support_tier", label: "Support level", kind: "choice", owner: "crm", see: everyone },
        orderStatus: { property: "order_status", label: "Order status", kind: "choice", owner: "crm", see: everyone, freshWithinS: 60 },
        lastSurveyAt: { property: "last_survey_at", label: "Last survey", kind: "datetime", owner: "crm", see: customers },
        accountManager: { property: "hubspot_owner_id", label: "Your contact with us", kind: "owner", owner: "crm", see: everyone },
        // The billing system's word: we write what it says, and put back what somebody else wrote.
        openBalance: { property: "open_balance", label: "Open balance", kind: "currency", owner: "source", source: "billing", from: "open_balance", see: deciding },
        paymentStatus: { property: "payment_status", label: "Payments", kind: "choice", owner: "source", source: "billing", from: "payment_status", see: deciding },
        // Staff see these on the card; no audience does.
        billingCustomer: { property: "billing_customer", label: "Billing customer", kind: "text", owner: "crm", see: [] },
        // Where the canary sings (docs/operations.md).
        canary: { property: "portal_canary", label: "Round trip", kind: "text", owner: "crm", see: [], canary: true },
        internalRisk: { property: "internal_risk", label: "Internal risk", kind: "choice", owner: "crm", see: [] }
      }
    },
    deal: {
      crm: "deals",
      typeId: "0-3",
      label: { one: "Order", many: "Orders" },
      title: "name",
      scope: { direct: "company", member: "company", partner: "none" },
      fields: {
        name: { property: "dealname", label: "Order", kind: "text", owner: "crm", see: customers },
        stage: { property: "dealstage", label: "Stage", kind: "choice", owner: "crm", see: customers },
        amount: { property: "amount", label: "Amount", kind: "currency", owner: "crm", see: customers },
        expectedOn: { property: "closedate", label: "Expected", kind: "datetime", owner: "crm", see: customers },
        poNumber: { property: "po_number", label: "Your purchase order", kind: "text", owner: "customer", see: customers, edit: deciding },
        priority: { property: "customer_priority", label: "Urgency for you", kind: "choice", owner: "both", conflict: "newest", see: customers, edit: deciding }
      }
    },
    ticket: {
      crm: "tickets",
      typeId: "0-5",
      label: { one: "Case", many: "Cases" },
      title: "subject",
      scope: { direct: "company", member: "company", partner: "company" },
      fields: {
        subject: { property: "subject", label: "Subject", kind: "text", owner: "crm", see: everyone },
        description: { property: "content", label: "What happened", kind: "longtext", owner: "both", conflict: "ask", see: everyone, edit: everyone },
        stage: { property: "hs_pipeline_stage", label: "Status", kind: "choice", owner: "crm", see: everyone, freshWithinS: 60 },
        priority: { property: "hs_ticket_priority", label: "Priority", kind: "choice", owner: "both", conflict: "crm", see: everyone, edit: customers },
        requestKey: { property: "portal_request_key", label: "Request key", kind: "text", owner: "crm", see: [] },
        reference: { property: "customer_reference", label: "Your reference", kind: "text", owner: "customer", see: everyone, edit: everyone },
        resolution: { property: "resolution_summary", label: "What we did", kind: "longtext", owner: "crm", see: everyone }
      }
    },
    quote: {
      crm: "quotes",
      typeId: "0-14",
      label: { one: "Quote", many: "Quotes" },
      title: "title",
      scope: { direct: "company", member: "company", partner: "none" },
      // A draft is nobody's business but ours.
      shownWhen: { field: "status", is: ["APPROVED", "APPROVAL_NOT_NEEDED"] },
      fields: {
        title: { property: "hs_title", label: "Quote", kind: "text", owner: "crm", see: customers },
        amount: { property: "hs_quote_amount", label: "Amount", kind: "currency", owner: "crm", see: customers, freshWithinS: 30 },
        currency: { property: "hs_currency", label: "Currency", kind: "choice", owner: "crm", see: customers },
        expiresOn: { property: "hs_expiration_date", label: "Valid until", kind: "date", owner: "crm", see: customers, freshWithinS: 30 },
        terms: { property: "hs_terms", label: "Terms", kind: "longtext", owner: "crm", see: customers, freshWithinS: 30 },
        status: { property: "hs_status", label: "Status with us", kind: "choice", owner: "crm", see: [], freshWithinS: 30 },
        lines: { property: "line_items", label: "Lines", kind: "lines", owner: "crm", see: customers, freshWithinS: 30 },
        decision: { property: "customer_decision", label: "Your decision", kind: "choice", owner: "both", conflict: "ask", see: customers, edit: deciding, byActionOnly: true },
        decisionOf: { property: "customer_decision_of", label: "Decided on", kind: "text", owner: "customer", see: customers, edit: deciding, byActionOnly: true },
        decisionNote: { property: "customer_decision_note", label: "Your note", kind: "longtext", owner: "customer", see: customers, edit: deciding }
      }
    },
    site: {
      crm: "installed_site",
      typeId: null,
      label: { one: "Site", many: "Sites" },
      title: "name",
      scope: { direct: "company", member: "company", partner: "company" },
      fields: {
        name: { property: "site_name", label: "Site", kind: "text", owner: "crm", see: everyone },
        address: { property: "address", label: "Address", kind: "text", owner: "both", conflict: "ask", see: everyone, edit: deciding },
        accessNotes: { property: "access_notes", label: "How to get in", kind: "longtext", owner: "customer", see: everyone, edit: everyone },
        equipment: { property: "equipment", label: "Equipment", kind: "choices", owner: "both", conflict: "union", see: everyone, edit: everyone },
        contactPhone: { property: "contact_phone", label: "Phone on site", kind: "phone", owner: "customer", see: everyone, edit: everyone },
        installedOn: { property: "installed_on", label: "Installed on", kind: "date", owner: "crm", see: everyone },
        serviceLevel: { property: "service_level", label: "Service level", kind: "choice", owner: "crm", see: everyone },
        mapUrl: { property: "map_url", label: "Map", kind: "url", owner: "both", conflict: "crm", see: everyone, edit: deciding }
      }
    },
    // A comment or a document, of the customer's or shared with them. Our own notes are never shown, and their text
    // (`hs_note_body`) is not even read.
    note: {
      crm: "notes",
      typeId: "0-46",
      label: { one: "Message", many: "Messages" },
      title: "author",
      scope: { direct: "company", member: "company", partner: "company" },
      shownWhen: { field: "shared", is: ["true"] },
      parents: ["ticket", "deal"],
      keeps: "shown",
      fields: {
        text: { property: "portal_text", label: "Message", kind: "longtext", owner: "crm", see: everyone },
        author: { property: "portal_author", label: "From", kind: "text", owner: "crm", see: everyone },
        at: { property: "hs_timestamp", label: "Written", kind: "datetime", owner: "crm", see: everyone },
        files: { property: "hs_attachment_ids", label: "Files", kind: "text", owner: "crm", see: [] },
        fileName: { property: "portal_file_name", label: "File", kind: "text", owner: "crm", see: everyone },
        fileSize: { property: "portal_file_size", label: "Size in bytes", kind: "number", owner: "crm", see: everyone },
        fileType: { property: "portal_file_type", label: "Type", kind: "text", owner: "crm", see: everyone },
        fileDigest: { property: "portal_file_sha256", label: "SHA-256", kind: "text", owner: "crm", see: everyone },
        shared: { property: "portal_shared", label: "Shown in the portal", kind: "boolean", owner: "crm", see: [] },
        key: { property: "portal_request_key", label: "Request key", kind: "text", owner: "crm", see: [] }
      }
    }
  },
  actions: {
    approveQuote: {
      object: "quote",
      label: "Approve",
      sets: { decision: "approved" },
      guards: ["title", "amount", "currency", "expiresOn", "terms", "lines"],
      binds: { digest: "decisionOf", voided: "void" },
      until: "expiresOn",
      audiences: deciding
    },
    declineQuote: {
      object: "quote",
      label: "Decline",
      sets: { decision: "declined" },
      guards: ["title", "amount", "currency", "expiresOn", "terms", "lines"],
      binds: { digest: "decisionOf", voided: "void" },
      until: "expiresOn",
      audiences: deciding
    }
  },
  creations: {
    raiseCase: {
      object: "ticket",
      label: "Raise a request",
      audiences: everyone,
      key: "requestKey",
      takes: { subject: "required", description: "required", priority: "optional", reference: "optional" },
      presets: { hs_pipeline: "0", hs_pipeline_stage: "1" },
      on: []
    },
    comment: {
      object: "note",
      label: "Add a comment",
      audiences: everyone,
      key: "key",
      takes: { text: "required" },
      presets: { portal_shared: "true" },
      stamps: { author: "author", at: "at", text: "text", html: "hs_note_body" },
      on: ["ticket"]
    },
    uploadDocument: {
      object: "note",
      label: "Upload a document",
      audiences: everyone,
      key: "key",
      takes: { text: "optional" },
      presets: { portal_shared: "true" },
      stamps: { author: "author", at: "at", text: "text", html: "hs_note_body" },
      on: ["company", "ticket"],
      document: { ids: "files", name: "fileName", size: "fileSize", type: "fileType", digest: "fileDigest" }
    }
  },
  sources: {
    billing: {
      label: "Billing",
      key: { object: "company", field: "billingCustomer" },
      view: "portal_customer",
      lists: {
        invoice: {
          label: { one: "Invoice", many: "Invoices" },
          view: "portal_invoice",
          see: customers,
          newestBy: "issuedOn",
          fields: {
            number: { column: "number", label: "Number", kind: "text", see: customers },
            issuedOn: { column: "issued_on", label: "Issued", kind: "date", see: customers },
            dueOn: { column: "due_on", label: "Due", kind: "date", see: customers },
            status: { column: "status", label: "Status", kind: "choice", see: customers },
            total: { column: "total", label: "Total", kind: "currency", see: deciding },
            open: { column: "open", label: "Still open", kind: "currency", see: deciding },
            currency: { column: "currency", label: "Currency", kind: "text", see: customers },
            reference: { column: "reference", label: "Your reference", kind: "text", see: customers }
          }
        },
        subscription: {
          label: { one: "Subscription", many: "Subscriptions" },
          view: "portal_subscription",
          see: customers,
          newestBy: "startedOn",
          fields: {
            plan: { column: "plan", label: "Plan", kind: "text", see: customers },
            status: { column: "status", label: "Status", kind: "choice", see: customers },
            startedOn: { column: "started_on", label: "Since", kind: "date", see: customers },
            renewsOn: { column: "renews_on", label: "Renews", kind: "date", see: customers },
            price: { column: "price", label: "Price", kind: "currency", see: deciding },
            currency: { column: "currency", label: "Currency", kind: "text", see: customers }
          }
        }
      }
    }
  },
  // More changes of one kind than this within the window are not believed: what goes out is held for an administrator,
  // what came in is told. The usual numbers, and what differs from them; each: at least, of the records, at most.
  breaker: {
    ...BREAKER,
    objects: {
      // A quote that is gone may be a decision that is gone.
      quote: { in: { gone: { least: 5, share: 0.1, most: 50 } } }
    }
  }
});
var objects = ownership.objects;
var sources = ownership.sources ?? {};
var isObject = (name) => Object.hasOwn(objects, name);
var creations = ownership.creations;
var breaker = ownership.breaker ?? BREAKER;
var OBJECTS = Object.keys(objects).filter(isObject);

// hubspot-project/functions/parameters.ts
var got = (value) => ({ ok: true, value });
var refuse = (code, sentence) => ({
  ok: false,
  code,
  sentence
});
var isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
var member = (map, name) => isMap(map) && Object.hasOwn(map, name) ? map[name] : void 0;
var textOf = (value) => typeof value === "string" ? value : null;
var idOf = (value) => typeof value === "number" ? String(value) : textOf(value);
function namedRecord(parameters) {
  const objectType = textOf(member(parameters, "objectTypeId") ?? member(parameters, "object"));
  if (objectType === null || !/^[\w-]{1,100}$/.test(objectType))
    return refuse("bad-request", "Name the object by its type id or its name, as objectTypeId or object.");
  const recordId2 = idOf(member(parameters, "objectId"));
  if (recordId2 === null || !isRecordId(recordId2))
    return refuse("bad-request", "Name the record by its number, as objectId.");
  return got({ objectType, recordId: recordId2 });
}

// hubspot-project/functions/hubspot.ts
var DEADLINE_MS = 1e4;
var NO_RECORD = refuse("unknown-record", "The CRM has no such record, or it is archived.");
var NO_OBJECT = refuse("unknown-object", "Tallystick keeps no records of this kind.");
var NOT_TOLD = refuse("unexpected", "The CRM’s answer has another shape than documented.");
var objectNamed = (objectType) => isObject(objectType) ? objectType : OBJECTS.find((each) => [objects[each].typeId, objects[each].crm].includes(objectType));
var isCustomTypeId = (objectType) => /^2-\d+$/.test(objectType);

// hubspot-project/functions/nudge.ts
async function main(context) {
  const parameters = member(context, "parameters");
  const named2 = namedRecord(parameters);
  if (!named2.ok) return named2;
  const hubId = idOf(member(parameters, "hubId"));
  if (hubId !== null && !isHubId(hubId)) return refuse("bad-request", "The hub’s id is not one.");
  const settings = readSettings();
  if (!settings.ok) return settings;
  const { objectType, recordId: recordId2 } = named2.value;
  const object = objectNamed(objectType) ?? (isCustomTypeId(objectType) ? objectType : null);
  if (object === null) return NO_OBJECT;
  const body = JSON.stringify({ ...hubId === null ? {} : { hubId }, object, recordId: recordId2 });
  return send(settings.value, body);
}
function readSettings() {
  const base = (process.env.TALLYSTICK_BACKEND_URL ?? "").replace(/\/$/, "");
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    return refuse("not-configured", "The secret TALLYSTICK_BACKEND_URL is missing or not an address.");
  const secret = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(process.env.TALLYSTICK_NUDGE_SECRET ?? "")?.[1];
  if (secret === void 0 || secret.length % 4 !== 0)
    return refuse(
      "not-configured",
      "The secret TALLYSTICK_NUDGE_SECRET is missing or not of the form whsec_…."
    );
  const key = Uint8Array.from(atob(secret), (char) => char.charCodeAt(0)).buffer;
  return got({ url: `${base}/desk/v1/nudge`, key });
}
async function send({ url, key }, body) {
  const id = `msg_${crypto.randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1e3));
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${await hmac(key, `${id}.${timestamp}.${body}`)}`
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  let status;
  try {
    ({ status } = await fetch(url, { method: "POST", headers, body, redirect: "error", signal }));
  } catch {
    return refuse("no-answer", "Tallystick could not be reached.");
  }
  if (status === 202) return { ok: true, queued: true, sentence: "Tallystick looks at the record now." };
  if (status === 401)
    return refuse("not-configured", "Tallystick does not accept the signature: the secrets differ.");
  if (status === 403) return refuse("not-configured", "Tallystick speaks for another hub.");
  if (status === 422) return NO_OBJECT;
  if (status === 404) return refuse("not-configured", "Tallystick is not set up to be asked this way.");
  if (status === 429)
    return refuse("too-many-calls", "Tallystick is asked too often. Try again in a moment.");
  if (status >= 500) return refuse("no-answer", `Tallystick failed with status ${status}.`);
  return refuse("unexpected", `Tallystick answered with status ${status}.`);
}
async function hmac(key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  main
});
