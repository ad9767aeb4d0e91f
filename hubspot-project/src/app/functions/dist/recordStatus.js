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

// shared/words.ts
function who(source) {
  if (source === null) return "the CRM";
  const staff = /^user:(\d+)$/.exec(source.person ?? "");
  if (staff !== null) return `a colleague (CRM user ${staff[1] ?? ""})`;
  if (source.person !== null) return `customer ${source.person}`;
  const colleague = /^userId:(\d+)$/.exec(source.id ?? "");
  if (colleague !== null) return `a colleague (CRM user ${colleague[1] ?? ""})`;
  const named = SOURCES[source.via];
  if (named === void 0) return source.via.toLowerCase().replaceAll("_", " ");
  return source.via === "INTEGRATION" && source.id !== null ? `${named} ${source.id}` : named;
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
  READ: "a read of the CRM",
  UNKNOWN: "an unknown source"
};
var OWNER_SENTENCES = {
  crm: "The CRM’s word counts; customers cannot change it.",
  customer: "The customer’s word counts.",
  both: "Both sides may change it."
};

// shared/ids.ts
var isRecordId = (text) => /^[1-9]\d{0,19}$/.test(text);
var recordId = (text) => checked(String(text), isRecordId, "record id");
function checked(text, is, what) {
  if (!is(text)) throw new Error(`"${text.slice(0, 40)}" is not a ${what}.`);
  return text;
}

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
  const named = objectNamed(objectType);
  const typeId = named === void 0 ? null : objects[named].typeId;
  if (named !== void 0 && typeId !== null) return got({ object: named, typeId });
  if (named === void 0 && !isCustomTypeId(objectType)) return NO_OBJECT;
  const answer = await get(`/crm-object-schemas/${API_DATE}/schemas`, NO_OBJECT);
  if (!answer.ok) return answer;
  const schemas = member(answer.value, "results");
  if (!Array.isArray(schemas)) return NOT_TOLD;
  for (const schema of schemas) {
    const id = textOf(member(schema, "objectTypeId"));
    const object = OBJECTS.find(
      (each) => objects[each].typeId === null && objects[each].crm === member(schema, "name")
    );
    if (id !== null && object !== void 0 && (object === named || id === objectType))
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
  const named = namedRecord(member(context, "parameters"));
  if (!named.ok) return named;
  const hubspot = openHubSpot();
  const resolved = await hubspot.resolve(named.value.objectType);
  if (!resolved.ok) return resolved;
  const { object } = resolved.value;
  const reading = await hubspot.readRecord(resolved.value, named.value.recordId);
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
