/** What one person, and the service, may take up. Tests set them smaller. */
export const LIMITS = {
  requestsPerMinute: 600,
  writesPerMinute: 120,
  /** Of all people of one hub together: a thousand a second. */
  hubRequestsPerMinute: 60_000,
  /** A page that needs a fresher value waits this long for the CRM, then shows what there is with its age. */
  freshWaitMs: 1_500,
  streamsPerPerson: 5,
  uploadsPerPerson: 10,
  fileMaxBytes: 20 * 1_048_576,
  streamBeatMs: 15_000,
  /** A stream's token, and what its person reaches, are read anew this often. */
  streamRecheckMs: 30_000,
  /** A stream whose session or token has ended is closed after this long at the latest. */
  streamSessionMs: 2_000,
  /** Of one client address, before anybody is signed in. */
  signInsPerMinute: 120,
  /** In fifteen minutes: links asked for by one client address, and mails sent to one address. */
  mailsPerClient: 20,
  mailsPerAddress: 5,
};
export type Limits = typeof LIMITS;
