/** The first steps of the addresses at which the portal has a page; the service answers these with the pages. */
export const PAGE_ADDRESSES = [
  '',
  'sign-in',
  'details',
  'company',
  'cases',
  'quotes',
  'orders',
  'sites',
  'documents',
  'billing',
  'activity',
  'sessions',
] as const;
