/** The messages as zod: parsed where they come in, and the source of the OpenAPI document. Fitted to `messages.ts`. */
import { z } from 'zod';
import type {
  CreationRequest,
  Me,
  Problem,
  Receipt,
  RecordList,
  RecordView,
  SessionEntry,
  SessionInfo,
  SessionList,
  SignInWays,
  SourceView,
  Statement,
  StreamMessage,
} from './messages.ts';

const value = z.string().nullable().describe('A value in canonical form; null is "absent".');
const version = z
  .string()
  .regex(/^j\d{1,18}$/)
  .describe('Opaque: the state of the record as it was read.');
const instant = z.iso.datetime().describe('ISO 8601 instant, UTC.');

export const fieldView = z.object({
  value,
  version,
  asOf: instant.nullable().describe('When the value was last known to be the CRM’s.'),
  state: z
    .enum(['confirmed', 'reported', 'saving', 'held', 'unkept'])
    .describe('unkept: not kept in agreement at the moment; the value is the last one that was the CRM’s.'),
  editable: z.boolean(),
  unkeptSince: instant.describe('With `unkept`: since when.').exactOptional(),
  edit: z.object({ editId: z.uuid(), crmValue: value }).exactOptional(),
});

export const recordView = z.object({
  object: z.string(),
  id: z.string(),
  version,
  title: z.string(),
  asOf: instant.nullable(),
  stale: z
    .boolean()
    .describe('A field that is kept is older than its bound, and the CRM could not be asked in time.'),
  fields: z.record(z.string(), fieldView),
  on: z
    .array(z.object({ object: z.string(), id: z.string() }))
    .describe('What it hangs on.')
    .exactOptional(),
}) satisfies z.ZodType<RecordView>;

export const recordList = z.object({
  object: z.string(),
  records: z.array(recordView),
  next: z.string().nullable().describe('Pass as `after` for the next page.'),
}) satisfies z.ZodType<RecordList>;

const fieldMeta = z.object({
  label: z.string(),
  help: z.string().exactOptional(),
  kind: z.string(),
  editable: z.boolean(),
  required: z.boolean(),
  options: z.array(z.object({ value: z.string(), label: z.string() })).exactOptional(),
});

const creationMeta = z.object({
  name: z.string(),
  label: z.string(),
  object: z.string(),
  takes: z.record(z.string(), z.enum(['required', 'optional'])),
  on: z.array(z.string()).describe('The objects it may hang on; none: one of the person’s companies.'),
  document: z.boolean().describe('A file comes with it: the upload is made first.'),
});

const sourceMeta = z.object({
  name: z.string(),
  label: z.string(),
  lists: z.record(
    z.string(),
    z.object({
      label: z.object({ one: z.string(), many: z.string() }),
      fields: z.record(z.string(), z.object({ label: z.string(), kind: z.string() })),
    }),
  ),
});

export const sourceView = z.object({
  source: z.string(),
  label: z.string(),
  state: z
    .enum(['fresh', 'aged', 'down'])
    .describe('aged: it did not answer in time, and these are its words of `asOf`; down: nothing is known.'),
  asOf: instant.nullable().describe('When the other system said so.'),
  message: z.string().nullable(),
  lists: z
    .record(z.string(), z.array(z.object({ id: z.string(), fields: z.record(z.string(), value) })))
    .describe('Newest first.'),
}) satisfies z.ZodType<SourceView>;

export const me = z.object({
  contactId: z.string(),
  audience: z.string(),
  name: z.string(),
  companies: z.array(z.object({ id: z.string(), name: z.string() })),
  creations: z.array(creationMeta),
  sources: z.array(sourceMeta).describe('Other systems: GET /sources/{name}.'),
  objects: z.record(
    z.string(),
    z.object({
      label: z.object({ one: z.string(), many: z.string() }),
      fields: z.record(z.string(), fieldMeta),
      actions: z.array(z.object({ name: z.string(), label: z.string() })),
    }),
  ),
}) satisfies z.ZodType<Me>;

const editState = z.enum(['accepted', 'written', 'verified', 'refused', 'held', 'superseded']);

export const receipt = z.object({
  editId: z.uuid(),
  kind: z.enum(['edit', 'action', 'creation']),
  name: z.string().nullable().describe('The action’s or the creation’s name.'),
  object: z.string(),
  id: z.string().nullable().describe('Null: the record is still to be made.'),
  acceptedAt: instant,
  state: editState.describe('accepted → written (in the CRM) → verified; or refused, held, superseded.'),
  final: z.boolean(),
  message: z.string(),
  fields: z.record(
    z.string(),
    z.object({
      wanted: value,
      seen: value,
      state: editState,
      rule: z.string().nullable(),
      message: z.string(),
      reason: z.string().exactOptional(),
      crmValue: value.exactOptional(),
      note: z.string().exactOptional(),
    }),
  ),
  statement: z
    .string()
    .describe('The signed statement of a decision (compact JWS); the keys are at GET /keys.')
    .exactOptional(),
}) satisfies z.ZodType<Receipt>;

export const statement = z.strictObject({
  version: z.literal(1),
  hubId: z.string(),
  editId: z.uuid(),
  object: z.string(),
  recordId: z.string(),
  action: z.string(),
  label: z.string(),
  decided: z.record(z.string(), value),
  who: z.strictObject({
    contactId: z.string(),
    audience: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    session: z.discriminatedUnion('by', [
      z.strictObject({ by: z.literal('token') }),
      z.strictObject({
        by: z.literal('sign-in'),
        sessionId: z.string(),
        address: z.string().nullable(),
        provenAt: instant,
      }),
    ]),
  }),
  shown: z.strictObject({ digest: z.string(), content: z.record(z.string(), value) }),
  decidedAt: instant,
  result: z.strictObject({ state: z.literal('verified'), at: instant }),
}) satisfies z.ZodType<Statement>;

export const keys = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).describe('A JWK Set (RFC 7517).'),
});

export const receiptList = z.object({ receipts: z.array(receipt) });

export const streamMessage = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('record'), record: recordView }),
    z.object({ type: z.literal('gone'), object: z.string(), id: z.string() }),
    z.object({ type: z.literal('receipt'), receipt }),
    z.object({ type: z.literal('resync') }),
  ])
  .describe('The `data` of an event; its name is the `type`.') satisfies z.ZodType<StreamMessage>;

export const signInWays = z.object({
  mail: z.boolean(),
  providers: z.array(z.object({ name: z.string(), label: z.string() })),
}) satisfies z.ZodType<SignInWays>;

export const sessionInfo = z.discriminatedUnion('state', [
  z.object({ state: z.literal('signed-out') }),
  z.object({
    state: z.literal('unlinked'),
    email: z.string(),
    reason: z.enum([
      'checking',
      'no-contact',
      'several-contacts',
      'shared-address',
      'reused-address',
      'no-company',
      'unproven-address',
      'address-moved',
      'gone',
      'refused',
    ]),
    message: z.string(),
    expiresAt: instant,
  }),
  z.object({
    state: z.literal('signed-in'),
    email: z.string(),
    contactId: z.string(),
    expiresAt: instant,
    idleUntil: instant,
    provenAt: instant,
  }),
]) satisfies z.ZodType<SessionInfo>;

export const sessionEntry = z.object({
  sessionId: z.string(),
  current: z.boolean(),
  browser: z.string(),
  address: z.string(),
  createdAt: instant,
  seenAt: instant,
}) satisfies z.ZodType<SessionEntry>;

export const sessionList = z.object({ sessions: z.array(sessionEntry) }) satisfies z.ZodType<SessionList>;

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('For the machine.'),
  detail: z.string().describe('One sentence for the reader.'),
  instance: z.string().describe('The request, as our log names it.').exactOptional(),
  fields: z.record(z.string(), z.object({ code: z.string(), message: z.string() })).exactOptional(),
}) satisfies z.ZodType<Problem>;

const FIELDS_MAX = 50;
const OPTIONS_MAX = 200;

const asked = z.union([
  z.string().max(70_000),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.string().max(1_000)).max(OPTIONS_MAX),
]);
const few = (fields: Record<string, unknown>): boolean => Object.keys(fields).length <= FIELDS_MAX;
/** What is in a version is judged where it is looked up, with an answer of its own. */
const seen = z.record(z.string(), z.string().max(100)).refine(few, `At most ${FIELDS_MAX} fields.`);

export const editRequest = z.strictObject({
  fields: z
    .record(z.string(), asked)
    .refine((fields) => Object.keys(fields).length > 0, 'Name at least one field.')
    .refine(few, `At most ${FIELDS_MAX} fields.`),
  seen: seen.optional().describe('The version of each field as it was seen; wins over If-Match.'),
});

export const uploadRequest = z.strictObject({
  name: z.string().min(1).max(200),
  size: z.int().min(1),
});

export const upload = z.object({
  uploadId: z.uuid(),
  offset: z.int(),
  chunkMaxBytes: z.int().describe('The largest piece that is taken.'),
});

export const creationRequest = z.strictObject({
  fields: z.record(z.string(), asked).refine(few, `At most ${FIELDS_MAX} fields.`),
  on: z.strictObject({ object: z.string().max(100), id: z.string().max(20) }).exactOptional(),
  uploadId: z.uuid().exactOptional(),
}) satisfies z.ZodType<CreationRequest>;

const ADDRESS_MAX_CHARS = 254;
export const mailRequest = z.strictObject({ email: z.string().max(ADDRESS_MAX_CHARS) });
export const confirmRequest = z.strictObject({
  token: z
    .string()
    .regex(/^[\w-]{43}$/)
    .describe('What stands behind # in the mail’s link.'),
});
export const signOutRequest = z.strictObject({
  everywhere: z.boolean().default(false).describe('Ends every session of the person.'),
});

export const actionRequest = z.strictObject({ seen: seen.optional() });

export const sourceQuery = z.object({ company: z.string().max(20).exactOptional() });

export const listQuery = z.object({
  on: z
    .string()
    .regex(/^\w{1,50}:\d{1,20}$/, '`on` names a record, as in ticket:123.')
    .exactOptional(),
  after: z
    .string()
    .regex(/^\d{1,20}$/, '`after` is not a page mark.')
    .exactOptional(),
  limit: z.coerce.number().int().min(1).max(50).default(50),
});
