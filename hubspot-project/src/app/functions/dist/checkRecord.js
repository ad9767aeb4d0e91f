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

// hubspot-project/functions/checkRecord.ts
var checkRecord_exports = {};
__export(checkRecord_exports, {
  main: () => main
});
module.exports = __toCommonJS(checkRecord_exports);

// shared/values.ts
var TEXT_MAX_CHARS = 1e3;
var LONGTEXT_MAX_CHARS = 65536;
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
function equal(kind, a, b) {
  return comparable(kind, a) === comparable(kind, b);
}
function comparable(kind, raw) {
  const value = canonical(kind, raw);
  return kind === "phone" && value !== null ? value.replace(/^\+/, "") : value;
}
function parse(kind, input) {
  const value = canonical(kind, input);
  if (value === null) return { ok: true, value };
  const problem = problemOf(kind, value);
  return problem === null ? { ok: true, value } : { ok: false, problem };
}
function members(value) {
  return value === null ? [] : value.split(";");
}
function fromMembers(options) {
  return canonicalChoices([...options].join(";"));
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
function problemOf(kind, value) {
  if (value.length > (kind === "longtext" ? LONGTEXT_MAX_CHARS : TEXT_MAX_CHARS)) return "too-long";
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value)) return "control-characters";
  switch (kind) {
    case "text":
      return value.includes("\n") ? "control-characters" : null;
    case "longtext":
    case "choice":
    case "choices":
    case "lines":
      return null;
    case "email":
      return /^[^\s@<>()[\],;:"]+@[^\s@.]+(\.[^\s@.]+)+$/.test(value) ? null : "not-an-email";
    case "phone":
      return /^\+?\d{4,15}$/.test(value) ? null : "not-a-phone";
    case "url":
      return /^https?:\/\/[^\s/?#]+\.[^\s/?#.]+([/?#]\S*)?$/.test(value) ? null : "not-a-url";
    case "number":
    case "currency":
      return /^-?\d+(\.\d+)?$/.test(value) ? null : "not-a-number";
    case "date":
      return dayNumber(value) === null ? "not-a-date" : null;
    case "datetime":
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(value) ? null : "not-a-time";
    case "boolean":
      return value === "true" || value === "false" ? null : "not-yes-or-no";
    case "owner":
      return /^\d+$/.test(value) ? null : "not-an-owner";
    default:
      return kind;
  }
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
var SKEW_TOLERANCE_MS = 2e3;
function decide(rule, property, crm, asked) {
  const isRuling = asked.actor.audience === STAFF;
  if (!isRuling && !rule.writers.includes(asked.actor.audience)) return refuse("D2", "not-yours-to-change");
  const moved = (asked.guards ?? []).find((guard) => !equal(guard.kind, guard.seen, guard.crm));
  if (moved !== void 0) return { ...refuse("D11", "changed-while-looking"), field: moved.field };
  if (equal(rule.kind, asked.wanted, crm.value)) return { do: "already", rule: "D1" };
  const reason = unfit(rule, property, asked.wanted);
  if (reason !== null) return refuse("D2", reason);
  if (isRuling) return write("R1", asked.wanted, crm);
  if (rule.approval) return { do: "propose", rule: "D10" };
  if (equal(rule.kind, asked.seen, crm.value)) return write("D3", asked.wanted, null);
  if (crm.by.person === asked.actor.person && rule.conflict !== "union")
    return write("D4", asked.wanted, null);
  return collide(rule, crm, asked);
}
function unfit(rule, property, wanted) {
  if (!property.exists) return "property-gone";
  if (property.readOnly) return "property-read-only";
  if (property.unfit === true) return "property-unfit";
  if (wanted === null) return rule.required ? "required" : null;
  const parsed = parse(rule.kind, wanted);
  if (!parsed.ok) return parsed.problem;
  const { options } = property;
  if (options === null) return null;
  const chosen = rule.kind === "choices" ? members(wanted) : [wanted];
  return chosen.every((option) => options.includes(option)) ? null : "not-an-option";
}
function collide(rule, crm, asked) {
  switch (rule.conflict) {
    case "crm":
      return { do: "yield", rule: "D5", to: crm };
    case "customer":
      return write("D6", asked.wanted, crm);
    case "newest":
      return asked.at > crm.at + SKEW_TOLERANCE_MS ? write("D7", asked.wanted, crm) : { do: "yield", rule: "D7", to: crm };
    case "union": {
      const merged = merge(asked.seen, crm.value, asked.wanted);
      if (merged === null && rule.required) return refuse("D2", "required");
      return equal("choices", merged, crm.value) ? { do: "already", rule: "D8" } : write("D8", merged, crm);
    }
    case "ask":
      return { do: "hold", rule: "D9", against: crm };
    default:
      return rule.conflict;
  }
}
function merge(seen, theirs, wanted) {
  const before = new Set(members(seen));
  const after = new Set(members(wanted));
  const added = [...after].filter((option) => !before.has(option));
  const kept = members(theirs).filter((option) => after.has(option) || !before.has(option));
  return fromMembers([...kept, ...added]);
}
function refuse(rule, reason) {
  return { do: "refuse", rule, reason, field: null };
}
function write(rule, value, overwrites) {
  return { do: "write", rule, value, overwrites };
}

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

// shared/sourceSpec.ts
var PREFIX = "source:";
var sourceAudience = (source) => `${PREFIX}${source}`;
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
function ruleOf(field) {
  const { kind } = field;
  if (field.owner === "crm" && field.canary === true)
    return {
      kind,
      conflict: "customer",
      writers: [sourceAudience("canary")],
      approval: false,
      required: false
    };
  if (field.owner === "crm") return { kind, conflict: "crm", writers: [], approval: false, required: false };
  if (field.owner === "source") {
    const writers = [sourceAudience(field.source)];
    return { kind, conflict: "customer", writers, approval: false, required: false };
  }
  return {
    kind,
    conflict: field.owner === "customer" ? "customer" : field.conflict,
    writers: field.edit,
    approval: field.approval === true,
    required: field.required === true
  };
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
var isAudience = (name) => Object.hasOwn(ownership.audiences, name);
var fieldOf = (object, name) => Object.hasOwn(objects[object].fields, name) ? objects[object].fields[name] : void 0;
var creations = ownership.creations;
var breaker = ownership.breaker ?? BREAKER;
var OBJECTS = Object.keys(objects).filter(isObject);

// shared/ids.ts
var isRecordId = (text) => /^[1-9]\d{0,19}$/.test(text);
var recordId = (text) => checked(String(text), isRecordId, "record id");
function checked(text, is, what) {
  if (!is(text)) throw new Error(`"${text.slice(0, 40)}" is not a ${what}.`);
  return text;
}

// shared/words.ts
var CONFLICT_SENTENCES = {
  crm: "If both change it at once, the CRM’s value stands.",
  customer: "If both change it at once, the customer’s value is written; ours is kept and can be restored.",
  newest: "If both change it at once, the later change counts.",
  union: "If both change it at once, the two changes are put together.",
  ask: "If both change it at once, a colleague decides.",
  source: "A change in the CRM is put back to what the other system says; it is kept and attributed."
};

// hubspot-project/functions/parameters.ts
var got = (value) => ({ ok: true, value });
var refuse2 = (code, sentence) => ({
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
    return refuse2("bad-request", "Name the object by its type id or its name, as objectTypeId or object.");
  const recordId2 = idOf(member(parameters, "objectId"));
  if (recordId2 === null || !isRecordId(recordId2))
    return refuse2("bad-request", "Name the record by its number, as objectId.");
  return got({ objectType, recordId: recordId2 });
}
var FIELDS_MAX = 50;
function askedEdits(parameters) {
  const edits = member(parameters, "edits") ?? {};
  if (!isMap(edits)) return refuse2("bad-request", "Give the edits as an object: field names and values.");
  const entries = Object.entries(edits);
  if (entries.length > FIELDS_MAX) return refuse2("bad-request", `At most ${FIELDS_MAX} fields at once.`);
  const asked = [];
  for (const [field, value] of entries) {
    if (!isAsked(value))
      return refuse2("bad-request", `The value for “${field.slice(0, 100)}” is neither a value nor a list.`);
    asked.push({ field, asked: value });
  }
  return got(asked);
}
function isAsked(value) {
  if (Array.isArray(value)) return value.every((option) => typeof option === "string");
  return value === null || ["string", "number", "boolean"].includes(typeof value);
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
var NO_RECORD = refuse2("unknown-record", "The CRM has no such record, or it is archived.");
var NO_OBJECT = refuse2("unknown-object", "Tallystick keeps no records of this kind.");
var NOT_TOLD = refuse2("unexpected", "The CRM’s answer has another shape than documented.");
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
  if (token === "") return refuse2("not-configured", "The function has no access token of the app.");
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
    return signal.aborted ? refuse2("no-answer", `HubSpot did not answer within ${DEADLINE_MS / 1e3} seconds.`) : refuse2("no-answer", "HubSpot could not be reached.");
  }
  if (status !== 200) return failureOf(status, gone);
  try {
    return got(JSON.parse(text));
  } catch {
    return NOT_TOLD;
  }
}
function failureOf(status, gone) {
  if (status === 401) return refuse2("not-configured", "HubSpot does not accept the app’s access token.");
  if (status === 403) return refuse2("not-configured", "The app’s access token lacks a scope.");
  if (status === 404 || status === 410) return gone;
  if (status === 429 || status === 423)
    return refuse2("too-many-calls", "HubSpot has no room for this call now. Try again in a moment.");
  if (status >= 500 || status === 408 || status === 477)
    return refuse2("no-answer", `HubSpot failed with status ${status}. Try again in a moment.`);
  return refuse2("unexpected", `HubSpot answered with status ${status}.`);
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
var TEXT_MAX_CHARS2 = 300;
function shown(kind, value) {
  const text = show(kind, value);
  return text.length > TEXT_MAX_CHARS2 ? `${text.slice(0, TEXT_MAX_CHARS2 - 1)}…` : text;
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

// hubspot-project/functions/words.ts
var DECISIONS = {
  write: "It would be written, and then proven from the CRM’s history.",
  already: "The CRM already says so: nothing would be written.",
  refuse: "It would be refused:",
  propose: "It would wait for a colleague’s approval; the CRM’s value stands until then.",
  yield: "The CRM’s value would stand.",
  hold: "It would wait for a colleague’s decision; the CRM’s value stands until then."
};
var REASONS = {
  "no-such-field": "this audience sees no such field.",
  "one-value-only": "the field takes one value, not several.",
  "too-long": "the text is too long.",
  "control-characters": "the text has characters that cannot be stored.",
  "not-an-email": "this is not an e-mail address.",
  "not-a-phone": "this is not a phone number.",
  "not-a-url": "this is not a web address.",
  "not-a-number": "this is not a number.",
  "not-a-date": "this is not a date.",
  "not-a-time": "this is not a date with a time.",
  "not-yes-or-no": "this is neither yes nor no.",
  "not-an-option": "this is not one of the CRM’s options.",
  "not-an-owner": "this is not the id of an owner.",
  "not-yours-to-change": "this audience may not change the field this way.",
  required: "the rules want a value here.",
  "property-gone": "the CRM has no such property.",
  "property-read-only": "the CRM lets nobody write the property.",
  "property-unfit": "the CRM’s property is of a type that cannot hold the field.",
  "changed-while-looking": "something that was read changed meanwhile.",
  declined: "a colleague declined it.",
  "settled-before": "it had been decided before.",
  "held-back": "an administrator did not let it through.",
  "record-gone": "the record is no longer there.",
  "record-merged": "the record was merged into another one.",
  "crm-refused": "the CRM does not take this value."
};

// hubspot-project/functions/checkRecord.ts
async function main(context) {
  const parameters = member(context, "parameters");
  const named2 = namedRecord(parameters);
  if (!named2.ok) return named2;
  const edits = askedEdits(parameters);
  if (!edits.ok) return edits;
  const audience = audienceOf(parameters);
  if (!audience.ok) return audience;
  const hubspot = openHubSpot();
  const resolved = await hubspot.resolve(named2.value.objectType);
  if (!resolved.ok) return resolved;
  const { object } = resolved.value;
  const [reading, properties] = await Promise.all([
    hubspot.readRecord(resolved.value, named2.value.recordId),
    hubspot.readProperties(resolved.value)
  ]);
  if (!reading.ok) return reading;
  if (!properties.ok) return properties;
  const crm = { object, reading: reading.value, properties: properties.value, now: Date.now() };
  const fields = fieldsOf(crm);
  return {
    ok: true,
    ...readRecordOf(object, reading.value, crm.now),
    ruleVersion: ownership.version,
    audience: audience.value,
    fits: fields.every((field) => field.fits),
    fields,
    edits: edits.value.map(({ field, asked }) => editOf(crm, audience.value, field, asked))
  };
}
var AUDIENCES = Object.keys(ownership.audiences).filter(isAudience);
var mayChange = (audience) => OBJECTS.flatMap((object) => Object.values(objects[object].fields)).filter(
  (field) => ruleOf(field).writers.includes(audience)
).length;
var MOST = [...AUDIENCES].sort((a, b) => mayChange(b) - mayChange(a))[0];
function audienceOf(parameters) {
  const audience = member(parameters, "audience") ?? MOST;
  return typeof audience === "string" && isAudience(audience) ? got(audience) : refuse2("bad-request", `There is no such audience. The rules know ${AUDIENCES.join(", ")}.`);
}
var GONE = { exists: false, readOnly: false, options: null };
function fieldsOf({ object, reading, properties }) {
  return Object.entries(objects[object].fields).map(([name, spec]) => {
    const value = valueOf(reading, name);
    const property = { ...properties.get(spec.property) ?? GONE, readOnly: false };
    const problem = unfit(ruleOf(spec), property, value);
    return {
      name,
      label: spec.label,
      text: shown(spec.kind, value),
      fits: problem === null,
      problem,
      sentence: problem === null ? "It fits." : `It does not fit: ${REASONS[problem]}`
    };
  });
}
function editOf(crm, audience, field, asked) {
  const { object, reading, properties } = crm;
  const spec = fieldOf(object, field);
  if (spec === void 0 || objects[object].scope[audience] === "none" || !spec.see.includes(audience))
    return refused(field, null, "no-such-field");
  if (isEditable(spec) && spec.byActionOnly === true) return refused(field, null, "not-yours-to-change");
  if (Array.isArray(asked) && spec.kind !== "choices") return refused(field, null, "one-value-only");
  const rule = ruleOf(spec);
  const parsed = readValue(spec, asked);
  if (!parsed.ok && rule.writers.includes(audience)) return refused(field, null, parsed.problem);
  const wanted = parsed.ok ? parsed.value : null;
  const newest = reading.history.get(field)?.[0];
  const standing = newest ?? { value: null, at: 0, by: { via: "UNKNOWN", id: null, person: null } };
  const decision = decide(rule, properties.get(spec.property) ?? GONE, standing, {
    seen: standing.value,
    wanted,
    at: crm.now,
    actor: { person: "", audience }
  });
  if (decision.do === "refuse") return { ...refused(field, wanted, decision.reason), rule: decision.rule };
  return {
    field,
    wanted,
    decision: decision.do,
    rule: decision.rule,
    reason: null,
    sentence: `${DECISIONS[decision.do]}${isNational(spec, asked) ? NATIONAL : ""}`,
    collision: collisionOf(rule, decision)
  };
}
function refused(field, wanted, reason) {
  const sentence = `${DECISIONS.refuse} ${REASONS[reason]}`;
  return { field, wanted, decision: "refuse", rule: null, reason, sentence, collision: null };
}
function readValue(spec, asked) {
  if (Array.isArray(asked) && asked.some((option) => option.includes(";")))
    return { ok: false, problem: "not-an-option" };
  const text = Array.isArray(asked) ? asked.join(";") : asked === null ? null : String(asked);
  if (spec.kind === "phone" && text !== null && !/^\s*\+?[\d\s().\-/]*$/.test(text))
    return { ok: false, problem: "not-a-phone" };
  return parse(spec.kind, text);
}
var NATIONAL = " The portal reads a phone number without a country code as one of the record’s country; here it was taken as it stands.";
var isNational = (spec, asked) => spec.kind === "phone" && /^\s*[^\s+0]|^\s*0[^0]/.test(String(asked ?? ""));
function collisionOf(rule, decision) {
  if (decision.do !== "write" && decision.do !== "propose") return null;
  return rule.approval ? "Whatever the CRM holds by then, a colleague decides." : CONFLICT_SENTENCES[rule.conflict];
}
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  main
});
