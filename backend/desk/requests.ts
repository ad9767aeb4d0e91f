/** What the cards ask, as zod: parsed where it comes in. */
import { isObject } from '@tallystick/shared/ownership';
import { isRecordId } from '@tallystick/shared/ids';
import { z } from 'zod';
import { JOURNAL_KINDS } from '../store/database.ts';
import { DeskRefused } from './refusals.ts';

const key = z.string().min(8).max(200);
const object = z.string().refine(isObject);
const recordId = z.string().refine(isRecordId);
const place = { objectType: z.string().max(100), recordId: z.string().max(20) };
const digits = z.string().regex(/^\d{1,18}$/);
const TEXT_MAX = 65_536;
const NOTE_MAX = 500;

export const recordQuery = z.object({ ...place, known: z.string().max(40).optional() });
export const fieldQuery = z.object({ ...place, field: z.string().max(100) });
export const historyQuery = z.object({
  ...place,
  field: z.string().max(100).optional(),
  kind: z.enum(JOURNAL_KINDS).optional(),
  before: digits.optional(),
});
export const asOfQuery = z.object({ ...place, at: z.iso.datetime() });
export const viewAsQuery = z.object({ ...place, contactId: z.string().max(20) });
export const conflictsQuery = z.object({
  open: z.enum(['true', 'false']).default('true'),
  kind: z.enum(['conflict', 'proposal']).optional(),
  object: object.optional(),
  field: z.string().max(100).optional(),
  before: digits.optional(),
});
export const claimsQuery = z.object({
  open: z.enum(['true', 'false']).default('true'),
  before: digits.optional(),
});
export const activityQuery = z.object({
  object: object.optional(),
  recordId: recordId.optional(),
  field: z.string().max(100).optional(),
  kind: z.enum(JOURNAL_KINDS).optional(),
  before: digits.optional(),
});

const ruling = {
  ...place,
  conflictId: digits.nullable(),
  field: z.string().max(100),
  choice: z.enum(['keep', 'take', 'write']),
  version: z.string().max(30),
  value: z.string().max(TEXT_MAX).nullable().default(null),
  note: z
    .string()
    .max(NOTE_MAX)
    .nullable()
    .default(null)
    .transform((text) => (text === null || text.trim() === '' ? null : text.trim())),
};
export const rulingBody = z
  .strictObject({ ...ruling, key })
  .refine(({ choice, conflictId }) => choice === 'write' || conflictId !== null);
const BULK_MAX = 50;
export const bulkBody = z.strictObject({
  key,
  choice: z.enum(['keep', 'take']),
  note: ruling.note,
  conflicts: z
    .array(
      z.strictObject({
        objectType: place.objectType,
        recordId: place.recordId,
        conflictId: digits,
        field: ruling.field,
        version: ruling.version,
      }),
    )
    .min(1)
    .max(BULK_MAX),
});

const reason = z.string().trim().min(3).max(NOTE_MAX);
const contact = z.literal('contact');
/** Of a held set, as it was shown. */
const version = z.number().int().min(1).max(1_000_000_000);
const roles = z.enum(['none', 'viewer', 'admin']);
export const orderBody = z.strictObject({
  key,
  order: z.discriminatedUnion('do', [
    z.strictObject({ do: z.literal('look'), object: z.string().max(100), recordId }),
    z.strictObject({ do: z.literal('retry'), object, recordId }),
    z.strictObject({ do: z.literal('discard'), object, recordId, reason }),
    z.strictObject({
      do: z.literal('pause'),
      object: object.nullable(),
      field: z.string().max(100).nullable(),
      direction: z.enum(['out', 'in', 'both']),
      reason,
    }),
    z.strictObject({ do: z.literal('resume'), pauseId: digits }),
    z.strictObject({ do: z.literal('role'), userId: digits, role: roles.nullable() }),
    z.strictObject({ do: z.literal('everybody'), role: roles }),
    z.strictObject({ do: z.literal('link'), object: contact, recordId, claimId: digits }),
    z.strictObject({ do: z.literal('refuse'), claimId: digits }),
    z.strictObject({ do: z.literal('release'), setId: digits, version }),
    z.strictObject({ do: z.literal('discard-set'), setId: digits, version }),
    z.strictObject({ do: z.literal('unlink'), object: contact, recordId, tieId: digits }),
    z.strictObject({
      do: z.literal('accept'),
      code: z.string().max(40),
      subject: z.string().max(500),
      shown: z.string().max(40),
    }),
  ]),
});

const moment = z.iso.datetime();
const undoFilter = {
  editId: z.uuid().optional(),
  person: z.string().max(40).optional(),
  object: object.optional(),
  field: z.string().max(100).optional(),
  since: moment.optional(),
  until: moment.optional(),
  setId: digits.optional(),
  undoId: z.string().min(8).max(100).optional(),
};
export const undoQuery = z.object(undoFilter);
const UNDO_SHOWN_MAX = 5_000;
export const undoBody = z.strictObject({
  key: z.string().min(8).max(100),
  shown: z.number().int().min(1).max(UNDO_SHOWN_MAX),
  filter: z.strictObject({ ...undoFilter, until: moment }),
});
export const undoProgressQuery = z.object({ undoId: z.string().min(8).max(100) });

/** Throws `bad-request` with the first thing that is wrong. */
export function parsed<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new DeskRefused('bad-request', {
    sentence: `${where}${issue?.message ?? 'not of the documented form'}`,
  });
}
