/** What the portal's client takes and gives, typed by the file a business edits. Types only. */
import type { FieldName, ObjectName, Objects, PortalEdit } from './defineOwnership.ts';
import type {
  CreationRequest,
  FieldView,
  Me,
  Receipt,
  RecordView,
  SessionEntry,
  SessionInfo,
  SignInWays,
  SourceView,
} from './messages.ts';
import type { Listener, Subscription } from './portalStream.ts';

/** A record whose fields are known by name; a field this person does not see is not there. */
export type RecordOf<W extends Objects, N extends ObjectName<W>> = Omit<RecordView, 'object' | 'fields'> & {
  object: N;
  // Where the names are not known before run time, any may be missing anyway.
  fields: string extends FieldName<W, N> ? Record<string, FieldView> : { [F in FieldName<W, N>]?: FieldView };
};

export interface ListOf<W extends Objects, N extends ObjectName<W>> {
  object: N;
  records: RecordOf<W, N>[];
  /** Pass as `after` for the next page. */
  next: string | null;
}

/** What the person was looking at: the record's version as a whole, or each field's, which wins. */
export interface Seen<F extends string> {
  record?: string;
  fields?: { readonly [K in F]?: string };
}

export interface CallOptions {
  signal?: AbortSignal;
  /** How long a call is repeated while the service cannot be reached; 30 s where nothing is said. */
  patienceMs?: number;
}

export interface ReadOptions extends CallOptions {
  /** False: answer with what is known, without asking the CRM for fresher values. */
  wait?: boolean;
}

export interface WriteOptions extends CallOptions {
  /** Made once for what the person decided; repeating the call with it repeats nothing. Made here where it is left out. */
  key?: string;
  /** Wait this long (at most 30 s) for the receipt's end. */
  waitS?: number;
}

export interface UploadOptions {
  signal?: AbortSignal;
  onProgress?: (sentBytes: number, ofBytes: number) => void;
  /** True while there is no connection; the upload goes on by itself. */
  onPause?: (paused: boolean) => void;
}

/** Every call throws a `PortalError`, and an `AbortError` when its signal is used. */
export interface PortalClient<W extends Objects> {
  me: (options?: CallOptions) => Promise<Me>;
  read: <N extends ObjectName<W>>(object: N, id: string, options?: ReadOptions) => Promise<RecordOf<W, N>>;
  list: <N extends ObjectName<W>>(
    object: N,
    options?: ReadOptions & { after?: string; limit?: number },
  ) => Promise<ListOf<W, N>>;
  /** Every page, one after the other. */
  pages: <N extends ObjectName<W>>(object: N, options?: ReadOptions) => AsyncGenerator<ListOf<W, N>, void>;
  edit: <N extends ObjectName<W>>(
    object: N,
    id: string,
    fields: PortalEdit<W, N>,
    seen: Seen<FieldName<W, N>>,
    options?: WriteOptions,
  ) => Promise<Receipt>;
  /** Refused with `changed-while-looking` on the receipt when what was seen has moved. */
  act: <N extends ObjectName<W>>(
    object: N,
    id: string,
    action: string,
    seen: Seen<FieldName<W, N>>,
    options?: WriteOptions,
  ) => Promise<Receipt>;
  /** What another system holds for a company; it may be left out where only one is in reach. */
  source: (name: string, company?: string, options?: CallOptions) => Promise<SourceView>;
  create: (name: string, request: CreationRequest, options?: WriteOptions) => Promise<Receipt>;
  /** The newest first. */
  receipts: (options?: CallOptions) => Promise<Receipt[]>;
  receipt: (editId: string, options?: CallOptions & { waitS?: number }) => Promise<Receipt>;
  /** Sends a file in pieces, goes on where it broke off; answers with the upload's id. */
  upload: (file: Blob, name: string, options?: UploadOptions) => Promise<string>;
  /** Where a document can be downloaded. */
  fileAddress: (object: ObjectName<W>, id: string) => string;
  session: (options?: CallOptions) => Promise<SessionInfo>;
  sessions: (options?: CallOptions) => Promise<SessionEntry[]>;
  endSession: (sessionId: string) => Promise<void>;
  signInWays: (options?: CallOptions) => Promise<SignInWays>;
  /** Always ends well, whoever the address belongs to. */
  mailLink: (email: string) => Promise<void>;
  confirmMail: (token: string) => Promise<void>;
  /** Where signing in with an identity provider begins. */
  providerAddress: (name: string) => string;
  signOut: (options?: { everywhere?: boolean }) => Promise<void>;
  subscribe: (listener: Listener) => Subscription;
}
