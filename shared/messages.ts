/**
 * What backend, portal, cards and functions say to each other. Types only; `schemas.ts` holds the zod that fits them.
 */
import type { Value } from './values.ts';

/** How a value stands between portal and CRM. */
export type FieldState =
  /** The CRM holds it, and a read proved it. */
  | 'confirmed'
  /** The CRM announced it in an event; a read will prove it in a moment. */
  | 'reported'
  /** The customer's own edit, on its way to the CRM. */
  | 'saving'
  /** The customer's own edit is held: staff must decide. The value shown is the CRM's. */
  | 'held'
  /** The CRM's schema no longer fits the field: this is the last value that was the CRM's, as of `asOf`. */
  | 'unkept';

export interface FieldView {
  /** What the customer is shown: their own open edit where there is one, else the CRM's value. */
  value: Value;
  /** Opaque; goes back with an edit as what was seen. */
  version: string;
  /** ISO instant: when the value was last known to be the CRM's. Null: not yet known. */
  asOf: string | null;
  state: FieldState;
  /** The audience of this person may edit the field, and it can be changed at the moment. */
  editable: boolean;
  /** With `unkept`: ISO instant since when it is not kept in agreement. */
  unkeptSince?: string;
  /** With `saving` and `held`: the receipt to watch, and what the CRM holds meanwhile. */
  edit?: { editId: string; crmValue: Value };
}

export interface RecordView {
  object: string;
  id: string;
  /** Opaque; the ETag of the answer. */
  version: string;
  title: string;
  /** The oldest `asOf` of the fields shown. */
  asOf: string | null;
  /** True when a field that is kept is older than its bound and the CRM could not be asked in time. */
  stale: boolean;
  fields: Record<string, FieldView>;
  /** What it hangs on: the case of a comment, the quote of a document. Absent where the object hangs on companies only. */
  on?: { object: string; id: string }[];
}

export interface RecordList {
  object: string;
  records: RecordView[];
  /** Opaque; pass as `after` for the next page. */
  next: string | null;
}

export interface FieldMeta {
  label: string;
  help?: string;
  kind: string;
  editable: boolean;
  required: boolean;
  /** The CRM's options as they are now; absent where any value may stand. */
  options?: { value: string; label: string }[];
}

export interface ObjectMeta {
  label: { one: string; many: string };
  fields: Record<string, FieldMeta>;
  actions: { name: string; label: string }[];
}

/** Something this person may make: a request, a comment, a document. */
export interface CreationMeta {
  name: string;
  label: string;
  /** The object that comes of it. */
  object: string;
  takes: Record<string, 'required' | 'optional'>;
  /** The objects it may hang on; none: one of the person's companies. */
  on: string[];
  /** A file comes with it: the upload is made first. */
  document: boolean;
}

/** A list of another system as this audience sees it. */
export interface SourceListMeta {
  label: { one: string; many: string };
  fields: Record<string, { label: string; kind: string }>;
}

/** Another system that owns something this person may look at: `GET /sources/{name}`. */
export interface SourceMeta {
  name: string;
  label: string;
  lists: Record<string, SourceListMeta>;
}

export interface SourceItem {
  /** The other system's id; unique in its list. */
  id: string;
  fields: Record<string, Value>;
}

/** What another system holds for one company. */
export interface SourceView {
  source: string;
  label: string;
  /** `fresh`: as it answered a moment ago. `aged`: it did not answer in time; these are its words of `asOf`. `down`: nothing is known. */
  state: 'fresh' | 'aged' | 'down';
  /** ISO instant of its answer; null: it was not asked, or did not answer. */
  asOf: string | null;
  /** One plain sentence, where there is something to say. */
  message: string | null;
  /** Newest first. */
  lists: Record<string, SourceItem[]>;
}

export interface Me {
  contactId: string;
  audience: string;
  name: string;
  /** The companies in reach. */
  companies: { id: string; name: string }[];
  creations: CreationMeta[];
  /** The other systems this person may look into. */
  sources: SourceMeta[];
  /** What this person may see: objects, fields, actions. */
  objects: Record<string, ObjectMeta>;
}

/** accepted → written → verified, or one of the three other ends. */
export type EditState = 'accepted' | 'written' | 'verified' | 'refused' | 'held' | 'superseded';

export interface EditedField {
  wanted: Value;
  seen: Value;
  state: EditState;
  /** The rule of SPEC.md that decided, once it did. */
  rule: string | null;
  /** One plain sentence for the customer. */
  message: string;
  reason?: string;
  /** With `superseded` and `held`: the value that stands in the CRM. */
  crmValue?: Value;
  /** What our team wrote about it. */
  note?: string;
}

/** The public face of an edit. */
export interface Receipt {
  editId: string;
  /** A change of fields, an action, or the making of a record. */
  kind: 'edit' | 'action' | 'creation';
  /** The action's or the creation's name. */
  name: string | null;
  object: string;
  /** Null: the record is still to be made. */
  id: string | null;
  /** ISO instant. */
  acceptedAt: string;
  /** The least advanced state of its fields; `final` when none will move by itself any more. */
  state: EditState;
  final: boolean;
  message: string;
  fields: Record<string, EditedField>;
  /** Of an action that was decided on what was shown, once the CRM holds it: a `Statement`, signed (a compact JWS, Ed25519). */
  statement?: string;
}

/** Who decided, as of then, and how they had proven who they are. */
export interface StatementEvidence {
  name: string;
  email: string | null;
  /** A bearer token proves its holder's server; signing in proves an address (null: none was given) at an instant. */
  session: { by: 'token' } | { by: 'sign-in'; sessionId: string; address: string | null; provenAt: string };
}

/** What the service states and signs of a decision. Instants are ISO 8601. */
export interface Statement {
  version: 1;
  hubId: string;
  editId: string;
  object: string;
  recordId: string;
  /** The action's name, and what its button said. */
  action: string;
  label: string;
  /** The fields it set. */
  decided: Record<string, Value>;
  who: { contactId: string; audience: string } & StatementEvidence;
  /** Every value the decision depends on, as it was shown, and the digest of them that stands in the CRM beside it. */
  shown: { digest: string; content: Record<string, Value> };
  decidedAt: string;
  /** When the CRM was found to hold it. */
  result: { state: 'verified'; at: string };
}

/** Makes a record: `POST /creations/{name}`, answered with a receipt. */
export interface CreationRequest {
  fields: Record<string, string | number | boolean | null | string[]>;
  /** What it hangs on. A company where the creation names no objects; it may be left out with one company in reach. */
  on?: { object: string; id: string };
  /** With a document: the upload that was completed. */
  uploadId?: string;
}

/** The ways in that this portal offers. */
export interface SignInWays {
  /** A link by e-mail. */
  mail: boolean;
  /** Identity providers: `GET /sign-in/with/{name}` begins. */
  providers: { name: string; label: string }[];
}

/** Whose browser this is: `GET /session`. It answers 200 to everybody. */
export type SessionInfo =
  | { state: 'signed-out' }
  /** Signed in, but it is not certain which customer this is; `message` says what happens next. No address: empty. */
  | { state: 'unlinked'; email: string; reason: UnlinkedReason; message: string; expiresAt: string }
  | {
      state: 'signed-in';
      email: string;
      contactId: string;
      /** ISO instants: whatever happens, and when nothing happens. */
      expiresAt: string;
      idleUntil: string;
      /** ISO instant of the last proof of who this is; some changes want a recent one. 1970: the provider does not say. */
      provenAt: string;
    };

export type UnlinkedReason =
  /** It is being looked up; ask again in a moment. */
  | 'checking'
  | 'no-contact'
  | 'several-contacts'
  | 'shared-address'
  | 'reused-address'
  | 'no-company'
  /** The identity provider does not vouch for an address. */
  | 'unproven-address'
  /** The contact has another address than the proven one now. */
  | 'address-moved'
  | 'gone'
  | 'refused';

/** One of the person's own sessions. */
export interface SessionEntry {
  sessionId: string;
  /** This very one. */
  current: boolean;
  /** What the browser says it is, and where the request came from. */
  browser: string;
  address: string;
  createdAt: string;
  seenAt: string;
}

/** `GET /sessions`. */
export interface SessionList {
  sessions: SessionEntry[];
}

/** One change on the live stream; the SSE id is the hub's journal number. */
export type StreamMessage =
  | { type: 'record'; record: RecordView }
  | { type: 'gone'; object: string; id: string }
  | { type: 'receipt'; receipt: Receipt }
  /** The stream cannot be resumed from where it was: read everything again. */
  | { type: 'resync' };

/** RFC 9457. `code` is for the machine, `detail` is one sentence for the reader. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  /** `urn:uuid:` and the id of the request, which the service's log has too. */
  instance?: string;
  /** One message a field. */
  fields?: Record<string, { code: string; message: string }>;
}
