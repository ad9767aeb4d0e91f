/** Faults planted in how we speak with HubSpot, and with the endpoints that are told of changes. */
import { inFile, type Room } from './mutant.ts';

const speaking = [
  ...inFile(
    'backend/hubspot/signature.ts',
    ['backend/signature'],
    [
      {
        id: 'signed-in-the-future',
        find: 'Math.abs(now - Number(timestamp))',
        replace: '(now - Number(timestamp))',
      },
      {
        id: 'replayed-for-ever',
        find: '> SIGNATURE_MAX_AGE_MS) {',
        replace: '> SIGNATURE_MAX_AGE_MS * 1_000) {',
      },
      { id: 'method-unsigned', find: '    .update(method)\n', replace: '' },
      { id: 'time-unsigned', find: '    .update(timestamp)\n', replace: '' },
      { id: 'newest-secret-only', find: 'fits.includes(true)', replace: 'fits[0] === true' },
      { id: 'at-sign-not-decoded', find: "  '%40': '@',\n", replace: '' },
      {
        id: 'every-escape-decoded',
        find: 'DECODED[escape.toUpperCase()] ?? escape',
        replace: 'decodeURIComponent(escape)',
      },
    ],
  ),
  ...inFile(
    'backend/hubspot/failure.ts',
    ['backend/failure'],
    [
      { id: 'lock-is-a-refusal', find: 'if (status === 423) return', replace: 'if (status === 424) return' },
      {
        id: 'gateway-error-is-a-refusal',
        find: 'status >= 500 || status === 408 || status === 477',
        replace: 'status > 599 || status === 408 || status === 477',
      },
      {
        id: 'day-is-over-in-a-second',
        find: "body.policyName === 'DAILY' || message.includes('daily limit')",
        replace: 'false',
      },
      { id: 'refused-without-names', find: 'properties: perProperty(body) };', replace: 'properties: [] };' },
      {
        id: 'gone-is-a-refusal',
        find: 'if (status === 404 || status === 410)',
        replace: 'if (status === 410)',
      },
      {
        id: 'unreachable-is-a-refusal',
        find: "return { is: 'ambiguous', message: `HubSpot could not",
        replace: "return { is: 'gone', message: `HubSpot could not",
      },
      {
        id: 'html-is-a-crash',
        find: 'return {}; // gateways',
        replace: 'throw new Error(text); // gateways',
      },
    ],
  ),
  ...inFile(
    'backend/hubspot/transport.ts',
    ['backend/transport'],
    [
      {
        id: 'waits-for-ever',
        find: 'return await Promise.race([work(), expired]);',
        replace: 'return await Promise.race([work()]);',
      },
      { id: 'limits-unread', find: '    limits = limitsOf(headers);\n', replace: '' },
      {
        id: 'any-shape-believed',
        find: 'if (parsed.success) return',
        replace: 'if (parsed.success || text.length > 0) return',
      },
      {
        id: 'redirect-is-an-answer',
        find: 'if (status < 200 || status > 299)',
        replace: 'if (status < 200 || status > 399)',
      },
      {
        id: 'no-limit-is-zero',
        find: 'text === null || !/^\\d+$/.test(text) ? null : Number(text)',
        replace: 'Number(text)',
      },
    ],
  ),
];

export const HUBSPOT: Room = {
  name: 'hubspot',
  needsDatabase: true,
  mutants: [speaking].flat(),
  stages: [
    { name: 'pure', tests: ['backend/signature', 'backend/failure', 'backend/transport'] },
    { name: 'loop', tests: ['backend/loop', 'backend/webhooks', 'hooks/dispatch', 'portal/making'] },
    { name: 'world', tests: ['world/world'] },
  ],
};
