/**
 * Which object is on which page, and which of its fields stand out there: the second file a business edits. Everything
 * else (labels, kinds, options, what may be changed) comes from the portal API. A field or object that this person does
 * not see is left out; one that is not in the ownership file does not compile.
 */
import type { FieldName } from '@tallystick/shared/defineOwnership';
import type { AppObject, AppOwnership } from '@tallystick/shared/ownership';

type Fields<N extends AppObject> = readonly FieldName<AppOwnership, N>[];
const fields = <N extends AppObject>(_object: N, ...names: Fields<N>): Fields<N> => names;

export interface ListPage {
  /** The first step of the address. */
  page: string;
  object: AppObject;
  /** Beside the title in lists. */
  columns: readonly string[];
}

export const LISTS = {
  cases: { page: 'cases', object: 'ticket', columns: fields('ticket', 'stage', 'priority', 'reference') },
  quotes: { page: 'quotes', object: 'quote', columns: fields('quote', 'amount', 'expiresOn', 'decision') },
  orders: { page: 'orders', object: 'deal', columns: fields('deal', 'stage', 'amount', 'expectedOn') },
  sites: { page: 'sites', object: 'site', columns: fields('site', 'address', 'serviceLevel') },
} as const satisfies Record<string, ListPage>;

/** Other systems, by name: where each has its page, and which of its lists the overview begins. */
export const SOURCES: Readonly<Record<string, { page: string; first: string }>> = {
  billing: { page: 'billing', first: 'invoice' },
};

export const PERSON: AppObject = 'contact';
export const COMPANY: AppObject = 'company';

/** What of the company is told at the first glance. */
export const AT_A_GLANCE = fields('company', 'renewalDate', 'orderStatus', 'supportTier', 'accountManager');

/** A case is open while its status is none of these. */
export const CASES = { object: 'ticket', status: 'stage', closed: ['4'], raise: 'raiseCase' } as const;

/** A quote waits for a decision while its decision is one of these; empty counts as well. */
export const QUOTES = {
  object: 'quote',
  decision: 'decision',
  open: ['open'],
  lines: 'lines',
  amount: 'amount',
  currency: 'currency',
  expires: 'expiresOn',
  terms: 'terms',
  /** How the decision was made, for machines. */
  hidden: ['decisionOf'],
  approve: 'approveQuote',
} as const;

/** Comments and documents. */
export const MESSAGES = {
  object: 'note',
  text: 'text',
  author: 'author',
  at: 'at',
  fileName: 'fileName',
  fileSize: 'fileSize',
  comment: 'comment',
  upload: 'uploadDocument',
} as const;

/** In which field an amount's currency stands, by object or list of another system. */
export const CURRENCY: Readonly<Record<string, string>> = {
  quote: 'currency',
  invoice: 'currency',
  subscription: 'currency',
};
