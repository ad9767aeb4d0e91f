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

// shared/decide.ts
var STAFF = "staff";

// shared/defineOwnership.ts
function defineOwnership(literal) {
  const mistakes = mistakesIn(literal);
  if (mistakes.length > 0) throw new Error(`ownership.ts cannot be used: ${mistakes.join("; ")}.`);
  return literal;
}
function mistakesIn(literal) {
  const mistakes = [];
  if (Object.hasOwn(literal.audiences, STAFF)) mistakes.push(`"${STAFF}" is not an audience of customers`);
  for (const [name, object] of Object.entries(literal.objects)) {
    if (!(object.title in object.fields))
      mistakes.push(`${name}: the title field "${object.title}" does not exist`);
    const properties = Object.values(object.fields).map((field) => field.property);
    const twice = properties.find((property, index) => properties.indexOf(property) !== index);
    if (twice !== void 0) mistakes.push(`${name}: two fields map the property "${twice}"`);
    for (const [fieldName, field] of Object.entries(object.fields)) {
      const blind = field.owner === "crm" ? void 0 : field.edit.find((audience) => !field.see.includes(audience));
      if (blind !== void 0)
        mistakes.push(`${name}.${fieldName}: the audience "${blind}" may edit but not see it`);
    }
  }
  for (const [name, action] of Object.entries(literal.actions))
    mistakes.push(...mistakesInAction(literal, name, action));
  return mistakes;
}
function mistakesInAction(literal, name, action) {
  const mistakes = [];
  for (const fieldName of Object.keys(action.sets)) {
    const field = literal.objects[action.object]?.fields[fieldName];
    if (field === void 0 || field.owner === "crm") {
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
var ownership = defineOwnership({
  version: "2026-11-23.1",
  audiences: {
    direct: { label: "Customer", reaches: { company: "primary" } },
    partner: { label: "Partner", reaches: { company: "labelled", association: "Portal partner" } }
  },
  objects: {
    contact: {
      crm: "contacts",
      typeId: "0-1",
      label: { one: "Person", many: "People" },
      title: "email",
      scope: { direct: "self", partner: "self" },
      fields: {
        firstName: { property: "firstname", label: "First name", kind: "text", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        lastName: { property: "lastname", label: "Last name", kind: "text", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"], required: true },
        email: { property: "email", label: "E-mail", kind: "email", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct", "partner"], required: true, approval: true },
        phone: { property: "phone", label: "Phone", kind: "phone", owner: "both", conflict: "newest", see: ["direct", "partner"], edit: ["direct", "partner"] },
        mobile: { property: "mobilephone", label: "Mobile", kind: "phone", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        jobTitle: { property: "jobtitle", label: "Job title", kind: "text", owner: "both", conflict: "newest", see: ["direct", "partner"], edit: ["direct", "partner"] },
        newsletterTopics: { property: "portal_newsletter_topics", label: "Newsletter topics", kind: "choices", owner: "both", conflict: "union", see: ["direct", "partner"], edit: ["direct", "partner"] },
        preferredChannel: { property: "portal_preferred_channel", label: "How we reach you", kind: "choice", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        outOfOfficeUntil: { property: "portal_out_of_office_until", label: "Away until", kind: "date", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        accountManager: { property: "hubspot_owner_id", label: "Your contact with us", kind: "owner", owner: "crm", see: ["direct", "partner"] }
      }
    },
    company: {
      crm: "companies",
      typeId: "0-2",
      label: { one: "Company", many: "Companies" },
      title: "name",
      scope: { direct: "company", partner: "company" },
      fields: {
        name: { property: "name", label: "Name", kind: "text", owner: "crm", see: ["direct", "partner"] },
        phone: { property: "phone", label: "Phone", kind: "phone", owner: "both", conflict: "newest", see: ["direct", "partner"], edit: ["direct"] },
        website: { property: "website", label: "Website", kind: "url", owner: "both", conflict: "crm", see: ["direct", "partner"], edit: ["direct"] },
        street: { property: "address", label: "Street", kind: "text", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct"] },
        city: { property: "city", label: "City", kind: "text", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct"] },
        zip: { property: "zip", label: "Postcode", kind: "text", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct"] },
        country: { property: "country", label: "Country", kind: "text", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct"] },
        billingEmail: { property: "billing_email", label: "Invoices go to", kind: "email", owner: "customer", see: ["direct"], edit: ["direct"], required: true },
        vatNumber: { property: "vat_number", label: "VAT number", kind: "text", owner: "both", conflict: "ask", see: ["direct"], edit: ["direct"], approval: true },
        paperlessBilling: { property: "paperless_billing", label: "Paperless billing", kind: "boolean", owner: "customer", see: ["direct"], edit: ["direct"] },
        deliveryNotes: { property: "delivery_notes", label: "Delivery notes", kind: "longtext", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        capabilities: { property: "capabilities", label: "Services used", kind: "choices", owner: "both", conflict: "union", see: ["direct", "partner"], edit: ["direct"] },
        employees: { property: "numberofemployees", label: "Employees", kind: "number", owner: "both", conflict: "crm", see: ["direct"], edit: ["direct"] },
        creditLimit: { property: "credit_limit", label: "Credit limit", kind: "currency", owner: "crm", see: ["direct"] },
        renewalDate: { property: "renewal_date", label: "Renewal date", kind: "date", owner: "crm", see: ["direct", "partner"], freshWithinS: 60 },
        supportTier: { property: "support_tier", label: "Support level", kind: "choice", owner: "crm", see: ["direct", "partner"] },
        orderStatus: { property: "order_status", label: "Order status", kind: "choice", owner: "crm", see: ["direct", "partner"], freshWithinS: 60 },
        lastSurveyAt: { property: "last_survey_at", label: "Last survey", kind: "datetime", owner: "crm", see: ["direct"] },
        accountManager: { property: "hubspot_owner_id", label: "Your contact with us", kind: "owner", owner: "crm", see: ["direct", "partner"] },
        // Staff see this on the card; no audience does.
        internalRisk: { property: "internal_risk", label: "Internal risk", kind: "choice", owner: "crm", see: [] }
      }
    },
    deal: {
      crm: "deals",
      typeId: "0-3",
      label: { one: "Order", many: "Orders" },
      title: "name",
      scope: { direct: "company", partner: "none" },
      fields: {
        name: { property: "dealname", label: "Order", kind: "text", owner: "crm", see: ["direct"] },
        stage: { property: "dealstage", label: "Stage", kind: "choice", owner: "crm", see: ["direct"] },
        amount: { property: "amount", label: "Amount", kind: "currency", owner: "crm", see: ["direct"] },
        expectedOn: { property: "closedate", label: "Expected", kind: "datetime", owner: "crm", see: ["direct"] },
        poNumber: { property: "po_number", label: "Your purchase order", kind: "text", owner: "customer", see: ["direct"], edit: ["direct"] },
        priority: { property: "customer_priority", label: "Urgency for you", kind: "choice", owner: "both", conflict: "newest", see: ["direct"], edit: ["direct"] }
      }
    },
    ticket: {
      crm: "tickets",
      typeId: "0-5",
      label: { one: "Case", many: "Cases" },
      title: "subject",
      scope: { direct: "company", partner: "company" },
      fields: {
        subject: { property: "subject", label: "Subject", kind: "text", owner: "crm", see: ["direct", "partner"] },
        description: { property: "content", label: "What happened", kind: "longtext", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct", "partner"] },
        stage: { property: "hs_pipeline_stage", label: "Status", kind: "choice", owner: "crm", see: ["direct", "partner"], freshWithinS: 60 },
        priority: { property: "hs_ticket_priority", label: "Priority", kind: "choice", owner: "both", conflict: "crm", see: ["direct", "partner"], edit: ["direct"] },
        reference: { property: "customer_reference", label: "Your reference", kind: "text", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        resolution: { property: "resolution_summary", label: "What we did", kind: "longtext", owner: "crm", see: ["direct", "partner"] }
      }
    },
    quote: {
      crm: "quotes",
      typeId: "0-14",
      label: { one: "Quote", many: "Quotes" },
      title: "title",
      scope: { direct: "company", partner: "none" },
      fields: {
        title: { property: "hs_title", label: "Quote", kind: "text", owner: "crm", see: ["direct"] },
        amount: { property: "hs_quote_amount", label: "Amount", kind: "currency", owner: "crm", see: ["direct"], freshWithinS: 30 },
        currency: { property: "hs_currency", label: "Currency", kind: "choice", owner: "crm", see: ["direct"] },
        expiresOn: { property: "hs_expiration_date", label: "Valid until", kind: "date", owner: "crm", see: ["direct"], freshWithinS: 30 },
        terms: { property: "hs_terms", label: "Terms", kind: "longtext", owner: "crm", see: ["direct"], freshWithinS: 30 },
        decision: { property: "customer_decision", label: "Your decision", kind: "choice", owner: "both", conflict: "ask", see: ["direct"], edit: ["direct"], byActionOnly: true },
        decisionNote: { property: "customer_decision_note", label: "Your note", kind: "longtext", owner: "customer", see: ["direct"], edit: ["direct"] }
      }
    },
    site: {
      crm: "installed_site",
      typeId: null,
      label: { one: "Site", many: "Sites" },
      title: "name",
      scope: { direct: "company", partner: "company" },
      fields: {
        name: { property: "site_name", label: "Site", kind: "text", owner: "crm", see: ["direct", "partner"] },
        address: { property: "address", label: "Address", kind: "text", owner: "both", conflict: "ask", see: ["direct", "partner"], edit: ["direct"] },
        accessNotes: { property: "access_notes", label: "How to get in", kind: "longtext", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        equipment: { property: "equipment", label: "Equipment", kind: "choices", owner: "both", conflict: "union", see: ["direct", "partner"], edit: ["direct", "partner"] },
        contactPhone: { property: "contact_phone", label: "Phone on site", kind: "phone", owner: "customer", see: ["direct", "partner"], edit: ["direct", "partner"] },
        installedOn: { property: "installed_on", label: "Installed on", kind: "date", owner: "crm", see: ["direct", "partner"] },
        serviceLevel: { property: "service_level", label: "Service level", kind: "choice", owner: "crm", see: ["direct", "partner"] },
        mapUrl: { property: "map_url", label: "Map", kind: "url", owner: "both", conflict: "crm", see: ["direct", "partner"], edit: ["direct"] }
      }
    }
  },
  actions: {
    approveQuote: {
      object: "quote",
      label: "Approve",
      sets: { decision: "approved" },
      guards: ["title", "amount", "currency", "expiresOn", "terms"],
      audiences: ["direct"]
    },
    declineQuote: {
      object: "quote",
      label: "Decline",
      sets: { decision: "declined" },
      guards: ["title", "amount", "currency", "expiresOn", "terms"],
      audiences: ["direct"]
    }
  }
});
var objects = ownership.objects;
var isObject = (name) => Object.hasOwn(objects, name);
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
  const named = namedRecord(parameters);
  if (!named.ok) return named;
  const hubId = idOf(member(parameters, "hubId"));
  if (hubId !== null && !isHubId(hubId)) return refuse("bad-request", "The hub’s id is not one.");
  const settings = readSettings();
  if (!settings.ok) return settings;
  const { objectType, recordId: recordId2 } = named.value;
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
