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

// hubspot-project/functions/recordStatus.ts
var recordStatus_exports = {};
__export(recordStatus_exports, {
  main: () => main
});
module.exports = __toCommonJS(recordStatus_exports);

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

// shared/values.ts
var NUMBER_MAX_DIGITS = 15;
function canonical(kind, raw) {
  if (raw === null || raw === void 0) return null;
  const text = raw.toWellFormed().replaceAll("\0", "").normalize("NFC").replace(/\r+\n/g, "\n").trim();
  if (text === "") return null;
  switch (kind) {
    case "text":
    case "longtext":
    case "choice":
    case "owner":
    case "lines":
      return text;
    case "email":
      return text.toLowerCase();
    case "phone":
      return canonicalPhone(text);
    case "url":
      return canonicalUrl(text);
    case "number":
    case "currency":
      return canonicalNumber(text);
    case "date":
      return canonicalDate(text);
    case "datetime":
      return canonicalDatetime(text);
    case "boolean":
      return canonicalBoolean(text);
    case "choices":
      return canonicalChoices(text);
    default:
      return kind;
  }
}
function members(value) {
  return value === null ? [] : value.split(";");
}
function linesOf(value) {
  if (value === null) return [];
  try {
    const lines = JSON.parse(value);
    return Array.isArray(lines) ? lines.filter(isLine) : [];
  } catch {
    return [];
  }
}
function isLine(line) {
  return typeof line === "object" && line !== null && "name" in line && "amount" in line;
}
function show(kind, value) {
  if (value === null) return "—";
  switch (kind) {
    case "boolean":
      return value === "true" ? "Yes" : "No";
    case "choices":
      return members(value).join(", ");
    case "datetime":
      return value.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC");
    case "currency":
      return grouped(value);
    case "lines":
      return linesOf(value).map(showLine).join("\n");
    case "text":
    case "longtext":
    case "email":
    case "phone":
    case "url":
    case "number":
    case "date":
    case "choice":
    case "owner":
      return value;
    default:
      return kind;
  }
}
function canonicalPhone(text) {
  const digits = text.replace(/\D/g, "");
  const national = digits.replace(/^(00)+/, "");
  if (national === "") return text;
  return text.startsWith("+") || digits.startsWith("00") ? `+${national}` : digits;
}
function canonicalUrl(text) {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(text);
  if (parts === null) return text;
  const [, scheme = "", host = "", rest = ""] = parts;
  return `${scheme.toLowerCase()}://${host.toLowerCase()}${rest === "/" ? "" : rest}`;
}
function canonicalNumber(text) {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent] = parts;
  if (whole === "" && fraction === "") return text;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (exponent !== void 0 || fraction !== "" && digits.length > NUMBER_MAX_DIGITS)
    return viaDouble(text);
  const left = whole.replace(/^0+(?=\d)/, "") || "0";
  const right = fraction.replace(/0+$/, "");
  const plain = right === "" ? left : `${left}.${right}`;
  return sign === "-" && plain !== "0" ? `-${plain}` : plain;
}
function viaDouble(text) {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  const shortest = String(number === 0 ? 0 : number);
  return shortest.includes("e") ? text.toLowerCase() : shortest;
}
function canonicalDate(text) {
  if (/^-?\d{9,}$/.test(text)) return isoDay(Number(text)) ?? text;
  const parts = /^(\d{4}-\d{2}-\d{2})(T.*)?$/.exec(text);
  return parts?.[1] ?? text;
}
function canonicalDatetime(text) {
  if (/^-?\d{9,}$/.test(text)) return isoInstant(Number(text)) ?? text;
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
    text
  );
  if (parts === null) return text;
  const [, day = "", minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = parts;
  const days = dayNumber(day);
  const millisOfDay = clockMillis(minutes, seconds);
  if (days === null || millisOfDay === null) return text;
  const ms = days * DAY_MS + millisOfDay + Number(fraction.slice(0, 3).padEnd(3, "0")) - zoneMillis(zone);
  return isoInstant(ms) ?? text;
}
function canonicalBoolean(text) {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "yes") return "true";
  if (lower === "false" || lower === "no") return "false";
  return text;
}
function canonicalChoices(text) {
  const options = text.split(";").map((option) => option.trim());
  const unique = [...new Set(options.filter((option) => option !== ""))].sort();
  return unique.length === 0 ? null : unique.join(";");
}
function grouped(number) {
  const [whole = "", fraction] = number.split(".");
  const left = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === void 0 ? left : `${left}.${fraction.padEnd(2, "0")}`;
}
function showLine({ name, quantity, price, discount, amount }) {
  const off = discount === null || discount === "0" ? "" : `, less ${discount} %`;
  const sum = amount === null ? "" : ` = ${grouped(amount)}`;
  return `${quantity ?? "1"} × ${name ?? "—"} at ${grouped(price ?? "0")}${off}${sum}`;
}
var DAY_MS = 864e5;
function dayNumber(iso) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const ms = Date.parse(`${iso}T00:00:00.000Z`);
  return Number.isNaN(ms) || isoDay(ms) !== iso ? null : ms / DAY_MS;
}
function isoDay(ms) {
  return isoInstant(ms)?.slice(0, 10) ?? null;
}
function isoInstant(ms) {
  const instant = new Date(ms);
  if (Number.isNaN(instant.getTime())) return null;
  const iso = instant.toISOString();
  return iso.length === 24 ? iso : null;
}
function clockMillis(minutes, seconds) {
  const [h, m, s] = [Number(minutes.slice(0, 2)), Number(minutes.slice(3, 5)), Number(seconds)];
  return h > 23 || m > 59 || s > 59 ? null : ((h * 60 + m) * 60 + s) * 1e3;
}
function zoneMillis(zone) {
  if (/^z$/i.test(zone)) return 0;
  const digits = zone.replace(":", "");
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 6e4;
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

// shared/ids.ts
var isRecordId = (text) => /^[1-9]\d{0,19}$/.test(text);
var isSourceId = (text) => /^source:[a-z][A-Za-z0-9]{0,29}$/.test(text);
var recordId = (text) => checked(String(text), isRecordId, "record id");
function checked(text, is, what) {
  if (!is(text)) throw new Error(`"${text.slice(0, 40)}" is not a ${what}.`);
  return text;
}

// shared/words.ts
function who(source) {
  if (source === null) return "the CRM";
  const staff = /^user:(\d+)$/.exec(source.person ?? "");
  if (staff !== null) return `a colleague (CRM user ${staff[1] ?? ""})`;
  if (source.person !== null && isSourceId(source.person)) return sourceLabel(source.person);
  if (source.person !== null) return `customer ${source.person}`;
  const colleague = /^userId:(\d+)$/.exec(source.id ?? "");
  if (colleague !== null) return `a colleague (CRM user ${colleague[1] ?? ""})`;
  const named2 = SOURCES[source.via];
  if (named2 === void 0) return source.via.toLowerCase().replaceAll("_", " ");
  return source.via === "INTEGRATION" && source.id !== null ? `${named2} ${source.id}` : named2;
}
function sourceLabel(person) {
  const name = person.slice("source:".length);
  return `${sources[name]?.label ?? name} (another system)`;
}
var SOURCES = {
  CRM_UI: "a colleague",
  CRM_UI_BULK_ACTION: "a colleague, for many records at once",
  INTEGRATION: "the app",
  API: "an API call",
  IMPORT: "an import",
  AUTOMATION_PLATFORM: "a workflow",
  WORKFLOWS: "a workflow",
  CALCULATED: "a calculation of the CRM",
  MERGE_OBJECTS: "a merge",
  MERGE_CONTACTS: "a merge",
  MERGE_COMPANIES: "a merge",
  FORM: "a form",
  MOBILE_IOS: "a colleague, on the phone",
  MOBILE_ANDROID: "a colleague, on the phone",
  CUSTOMER: "a customer",
  STAFF: "a colleague",
  SOURCE: "another system",
  READ: "a read of the CRM",
  UNKNOWN: "an unknown source"
};
var OWNER_SENTENCES = {
  crm: "The CRM’s word counts; customers cannot change it.",
  customer: "The customer’s word counts.",
  both: "Both sides may change it.",
  source: "Another system’s word counts; nobody else can change it."
};

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
var API_DATE = "2026-09";
var DEFAULT_BASE = "https://api.hubapi.com";
var DEADLINE_MS = 1e4;
function openHubSpot() {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const get = (path, gone) => ask(path, gone, signal);
  return {
    resolve: (objectType) => resolve(get, objectType),
    readRecord: async ({ object, typeId }, id) => {
      const names = Object.values(objects[object].fields).map((field) => field.property).join(",");
      const query = new URLSearchParams({ properties: names, propertiesWithHistory: names });
      const answer = await get(`/crm/objects/${API_DATE}/${typeId}/${id}?${query.toString()}`, NO_RECORD);
      return answer.ok ? readingOf(object, answer.value) : answer;
    },
    readProperties: async ({ typeId }) => {
      const answer = await get(`/crm/properties/${API_DATE}/${typeId}`, NO_OBJECT);
      return answer.ok ? propertiesOf(answer.value) : answer;
    }
  };
}
var NO_RECORD = refuse("unknown-record", "The CRM has no such record, or it is archived.");
var NO_OBJECT = refuse("unknown-object", "Tallystick keeps no records of this kind.");
var NOT_TOLD = refuse("unexpected", "The CRM’s answer has another shape than documented.");
var objectNamed = (objectType) => isObject(objectType) ? objectType : OBJECTS.find((each) => [objects[each].typeId, objects[each].crm].includes(objectType));
var isCustomTypeId = (objectType) => /^2-\d+$/.test(objectType);
async function resolve(get, objectType) {
  const named2 = objectNamed(objectType);
  const typeId = named2 === void 0 ? null : objects[named2].typeId;
  if (named2 !== void 0 && typeId !== null) return got({ object: named2, typeId });
  if (named2 === void 0 && !isCustomTypeId(objectType)) return NO_OBJECT;
  const answer = await get(`/crm-object-schemas/${API_DATE}/schemas`, NO_OBJECT);
  if (!answer.ok) return answer;
  const schemas = member(answer.value, "results");
  if (!Array.isArray(schemas)) return NOT_TOLD;
  for (const schema of schemas) {
    const id = textOf(member(schema, "objectTypeId"));
    const object = OBJECTS.find(
      (each) => objects[each].typeId === null && objects[each].crm === member(schema, "name")
    );
    if (id !== null && object !== void 0 && (object === named2 || id === objectType))
      return got({ object, typeId: id });
  }
  return NO_OBJECT;
}
async function ask(path, gone, signal) {
  const token = process.env.PRIVATE_APP_ACCESS_TOKEN ?? "";
  if (token === "") return refuse("not-configured", "The function has no access token of the app.");
  const base = (process.env.HUBSPOT_API_BASE ?? DEFAULT_BASE).replace(/\/$/, "");
  let status;
  let text;
  try {
    const response = await fetch(`${base}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
      redirect: "error",
      // the token goes to HubSpot and nowhere else
      signal
    });
    ({ status } = response);
    text = await response.text();
  } catch {
    return signal.aborted ? refuse("no-answer", `HubSpot did not answer within ${DEADLINE_MS / 1e3} seconds.`) : refuse("no-answer", "HubSpot could not be reached.");
  }
  if (status !== 200) return failureOf(status, gone);
  try {
    return got(JSON.parse(text));
  } catch {
    return NOT_TOLD;
  }
}
function failureOf(status, gone) {
  if (status === 401) return refuse("not-configured", "HubSpot does not accept the app’s access token.");
  if (status === 403) return refuse("not-configured", "The app’s access token lacks a scope.");
  if (status === 404 || status === 410) return gone;
  if (status === 429 || status === 423)
    return refuse("too-many-calls", "HubSpot has no room for this call now. Try again in a moment.");
  if (status >= 500 || status === 408 || status === 477)
    return refuse("no-answer", `HubSpot failed with status ${status}. Try again in a moment.`);
  return refuse("unexpected", `HubSpot answered with status ${status}.`);
}
function readingOf(object, answer) {
  const id = idOf(member(answer, "id"));
  if (id === null) return NOT_TOLD;
  const history = /* @__PURE__ */ new Map();
  for (const [name, { kind, property }] of Object.entries(objects[object].fields)) {
    const told = member(member(answer, "propertiesWithHistory"), property) ?? [];
    if (!Array.isArray(told) || !told.every(isMap)) return NOT_TOLD;
    const entries = told.map((entry) => {
      const at = Date.parse(textOf(member(entry, "timestamp")) ?? "");
      const via = textOf(member(entry, "sourceType")) ?? "UNKNOWN";
      return {
        value: canonical(kind, textOf(member(entry, "value"))),
        at: Number.isNaN(at) ? 0 : at,
        by: { via, id: textOf(member(entry, "sourceId")), person: null }
      };
    });
    const value = canonical(kind, textOf(member(member(answer, "properties"), property)));
    if (entries.length === 0 && value !== null)
      entries.push({ value, at: 0, by: { via: "UNKNOWN", id: null, person: null } });
    history.set(name, entries);
  }
  return got({ id: recordId(id), history });
}
function propertiesOf(answer) {
  const results = member(answer, "results");
  if (!Array.isArray(results)) return NOT_TOLD;
  const found = /* @__PURE__ */ new Map();
  for (const result of results) {
    const name = textOf(member(result, "name"));
    if (name === null) return NOT_TOLD;
    const options = member(result, "options");
    const isClosed = member(result, "type") === "enumeration" && member(result, "externalOptions") !== true;
    found.set(name, {
      exists: true,
      readOnly: member(member(result, "modificationMetadata"), "readOnlyValue") === true,
      options: isClosed && Array.isArray(options) ? options.flatMap((option) => textOf(member(option, "value")) ?? []) : null
    });
  }
  return got(found);
}

// hubspot-project/functions/show.ts
var TEXT_MAX_CHARS = 300;
function shown(kind, value) {
  const text = show(kind, value);
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS - 1)}…` : text;
}
var valueOf = (reading, field) => reading.history.get(field)?.[0]?.value ?? null;
function readRecordOf(object, reading, now) {
  const { label, title, fields } = objects[object];
  const value = valueOf(reading, title);
  return {
    object,
    label: label.one,
    recordId: reading.id,
    title: value === null ? `${label.one} ${reading.id}` : shown(fields[title]?.kind ?? "text", value),
    readAt: new Date(now).toISOString()
  };
}

// hubspot-project/functions/recordStatus.ts
async function main(context) {
  const named2 = namedRecord(member(context, "parameters"));
  if (!named2.ok) return named2;
  const hubspot = openHubSpot();
  const resolved = await hubspot.resolve(named2.value.objectType);
  if (!resolved.ok) return resolved;
  const { object } = resolved.value;
  const reading = await hubspot.readRecord(resolved.value, named2.value.recordId);
  if (!reading.ok) return reading;
  return {
    ok: true,
    reduced: true,
    sentence: "Tallystick cannot be reached: this is what the CRM alone can tell.",
    ...readRecordOf(object, reading.value, Date.now()),
    fields: fieldsOf(object, reading.value)
  };
}
function fieldsOf(object, reading) {
  return Object.entries(objects[object].fields).map(([name, { label, owner, kind }]) => {
    const newest = reading.history.get(name)?.[0];
    const isKnown = newest !== void 0 && newest.at !== 0;
    return {
      name,
      label,
      owner,
      ownerSentence: OWNER_SENTENCES[owner],
      text: shown(kind, newest?.value ?? null),
      who: isKnown ? who(newest.by) : "",
      at: isKnown ? new Date(newest.at).toISOString() : null
    };
  });
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  main
});
