/** Faults that can be planted in the worker, to show that the checks would find them (`--break <name>`). */
export const FAULTS = {
  none: 'nothing is broken',
  'believe-every-event': 'a webhook overwrites the mirror, however old it is',
  'believe-every-read': 'an answer overwrites the mirror, however late it comes',
  'never-due-by-event': 'a webhook does not make its record due',
  'trust-the-answer': 'a write that was answered is not looked for in the history',
  'send-again-at-once': 'a write that nobody answered is decided again without looking',
  'never-wait': 'a write that nobody answered is given up at the first look',
  'forget-the-base': 'what the read found before the write is not kept',
  'forget-what-was-seen': 'the edit does not carry what its person saw',
  'forget-whose-write': 'our own writes are not attributed to the person who asked',
  'forget-given-up': 'a write that was given up is not looked for any more',
  'forget-the-guards': 'what an edit depends on is not looked at',
  'promises-in-memory': 'promises do not survive a crash',
  'edits-in-memory': 'accepted edits do not survive a crash',
  'never-restore': 'a value that is owed back is not written back',
  'no-journal-of-overtaken': 'a value overwritten by us is not journaled',
} as const;

export type Fault = keyof typeof FAULTS;
export const isFault = (name: string): name is Fault => Object.hasOwn(FAULTS, name);
