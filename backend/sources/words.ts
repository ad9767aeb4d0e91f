/** What staff read about a source that does not answer, beside no logic. */
import type { SourceFailure } from './source.ts';

export const FAILURES: Readonly<Record<SourceFailure['is'], string>> = {
  unreachable: 'It cannot be reached.',
  'too-slow': 'It did not answer in time.',
  barred: 'It does not let us in, or does not let us read',
  misfit: 'It does not have what the rules ask of it',
  'may-write': 'Its role may change data, so it is not used',
};

export const refusedSentence = (setting: string, label: string, why: string): string =>
  `${setting}: ${label} is refused. ${why} Make a role with SELECT on the views and nothing else (docs/install.md, “A second system”).`;
