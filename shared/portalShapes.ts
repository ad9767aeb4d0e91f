/** Whether an answer of the portal API is what it should be: looked at once, where it comes in. */
import type { Objects, ObjectName } from './defineOwnership.ts';
import type {
  Me,
  Problem,
  Receipt,
  RecordView,
  SessionEntry,
  SessionInfo,
  SignInWays,
  SourceView,
  StreamMessage,
} from './messages.ts';
import type { ListOf, RecordOf } from './portalTypes.ts';

export const isMe = (value: unknown): value is Me =>
  has(value, { contactId: 'string', name: 'string', companies: 'array', objects: 'object' });

export const isRecordOf =
  <W extends Objects, N extends ObjectName<W>>(object: N) =>
  (value: unknown): value is RecordOf<W, N> =>
    isRecord(value) && value.object === object;

export const isListOf =
  <W extends Objects, N extends ObjectName<W>>(object: N) =>
  (value: unknown): value is ListOf<W, N> =>
    isThing(value) &&
    value.object === object &&
    Array.isArray(value.records) &&
    value.records.every(isRecord);

export const isReceipt = (value: unknown): value is Receipt =>
  has(value, { editId: 'string', state: 'string', final: 'boolean', message: 'string', fields: 'object' });

export const isReceipts = (value: unknown): value is { receipts: Receipt[] } =>
  isThing(value) && Array.isArray(value.receipts) && value.receipts.every(isReceipt);

export const isSession = (value: unknown): value is SessionInfo =>
  isThing(value) &&
  ['signed-out', 'unlinked', 'signed-in'].some((state) => state === value.state) &&
  (value.state === 'signed-out' || has(value, { email: 'string', expiresAt: 'string' }));

export const isSessions = (value: unknown): value is SessionEntry[] =>
  Array.isArray(value) && value.every((each) => has(each, { sessionId: 'string', current: 'boolean' }));

/** A list of sessions stands alone or under its name. */
export const isNamedSessions = (value: unknown): value is { sessions: SessionEntry[] } =>
  isThing(value) && isSessions(value.sessions);

export const isSignInWays = (value: unknown): value is SignInWays =>
  has(value, { mail: 'boolean', providers: 'array' });

export const isSource = (value: unknown): value is SourceView =>
  has(value, { source: 'string', label: 'string', state: 'string', lists: 'object' });

export const isStreamMessage = (value: unknown): value is StreamMessage => {
  if (!isThing(value)) return false;
  if (value.type === 'record') return isRecord(value.record);
  if (value.type === 'receipt') return isReceipt(value.receipt);
  if (value.type === 'gone') return has(value, { object: 'string', id: 'string' });
  return value.type === 'resync';
};

export const isProblem = (value: unknown): value is Problem =>
  has(value, { status: 'number', code: 'string', detail: 'string' });

export const isUpload = (
  value: unknown,
): value is { uploadId: string; offset: number; chunkMaxBytes: number } =>
  has(value, { uploadId: 'string', offset: 'number', chunkMaxBytes: 'number' });

type Expected = 'string' | 'number' | 'boolean' | 'object' | 'array';

function isThing(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function has(value: unknown, shape: Readonly<Record<string, Expected>>): boolean {
  if (!isThing(value)) return false;
  return Object.entries(shape).every(([name, expected]) =>
    expected === 'array' ? Array.isArray(value[name]) : typeof value[name] === expected,
  );
}

const isRecord = (value: unknown): value is RecordView =>
  has(value, { object: 'string', id: 'string', version: 'string', title: 'string', fields: 'object' });
