/** A card in HubSpot's own test renderer, with a desk that answers what the test says. */
import { hubspot } from '@hubspot/ui-extensions';
import type { DeskConflict, DeskField, DeskRecord, RecordAnswer } from '@tallystick/shared/deskMessages';
import { vi } from 'vitest';

export interface Asked {
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown> | undefined;
}

type Answering = (asked: Asked) => unknown;

/** Answers `hubspot.fetch` by path (below /desk/v1/); throws for a path nobody answers. Returns what was asked. */
export function deskAnswers(answers: Record<string, unknown>): Asked[] {
  const asked: Asked[] = [];
  vi.spyOn(hubspot, 'fetch').mockImplementation((address, options) => {
    const url = new URL(address);
    const path = url.pathname.replace('/desk/v1/', '');
    const one: Asked = { path, query: url.searchParams, body: options?.body };
    asked.push(one);
    const answer = answers[path];
    if (answer === undefined) return Promise.reject(new Error(`Nobody answers ${path}.`));
    const said = typeof answer === 'function' ? (answer as Answering)(one) : answer;
    if (said instanceof Error) return Promise.reject(said);
    return Promise.resolve(Response.json(said));
  });
  return asked;
}

export const field = (some: Partial<DeskField> = {}): DeskField => ({
  name: 'street',
  label: 'Street',
  owner: 'both',
  crm: { text: 'Old Street 1', who: 'Tomasz Wójcik (colleague)', at: '2026-11-23T09:00:00Z' },
  portal: 'Old Street 1',
  differs: false,
  state: 'agree',
  version: 'j10',
  seenBy: ['Customer'],
  ...some,
});

export const conflict = (some: Partial<DeskConflict> = {}): DeskConflict => ({
  conflictId: '5',
  kind: 'conflict',
  object: 'company',
  recordId: '42',
  title: 'Engines Ltd',
  field: 'street',
  label: 'Street',
  openedAt: '2026-11-23T10:00:00Z',
  crm: {
    text: 'Colleague Road 2',
    who: 'Tomasz Wójcik (colleague)',
    at: '2026-11-23T09:59:00Z',
    before: 'Old Street 1',
  },
  customer: { text: 'Customer Lane 3', who: 'Ada Byron', at: '2026-11-23T09:59:30Z', saw: 'Old Street 1' },
  now: 'Colleague Road 2',
  version: 'j12',
  moved: false,
  lost: 'Customer Lane 3',
  pending: false,
  settled: null,
  ...some,
});

export const record = (some: Partial<DeskRecord> = {}): DeskRecord => ({
  object: 'company',
  label: 'Company',
  recordId: '42',
  title: 'Engines Ltd',
  status: 'agree',
  sentence: 'The portal and the CRM agree on this record.',
  provenAt: '2026-11-23T10:00:00Z',
  onTheirWay: 0,
  people: [{ contactId: '7', name: 'Ada Byron', audience: 'Customer' }],
  fields: [field()],
  conflicts: [],
  parked: null,
  pauses: [],
  claims: [],
  signIns: [],
  ...some,
});

export const answered = (
  some: Partial<DeskRecord> = {},
  more: Partial<RecordAnswer> = {},
): RecordAnswer & { ok: true } => ({
  ok: true,
  role: 'admin',
  version: 'v1',
  againMs: 60_000,
  record: record(some),
  ...more,
});
