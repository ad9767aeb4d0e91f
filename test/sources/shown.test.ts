/** What staff are shown of another system: on the settings page, on the health page, in a card's words. */
import { fieldOf } from '@tallystick/shared/ownership';
import { who } from '@tallystick/shared/words';
import { describe, expect, it } from 'vitest';
import { rulesAnswer } from '../../backend/desk/pages.ts';
import { sourceChannels, sourceChecks } from '../../backend/desk/sources.ts';
import type { SourceHealth } from '../../backend/store/sourceHealth.ts';

const NOW = 1_800_000_000_000;
const well: SourceHealth = {
  lookedAt: new Date(NOW - 5_000).toISOString(),
  failure: null,
  withheld: null,
  keys: 36,
  found: 36,
  shared: 0,
  unfit: 0,
};
const check = (more: Partial<SourceHealth>) => sourceChecks({ billing: { ...well, ...more } }, NOW)[0]!;

describe('another system on the settings page', () => {
  it('is well when it was reached, can only be read, and knows every key', () => {
    expect(check({})).toEqual({
      label: 'Billing',
      state: 'ok',
      text: 'Reached 5 s ago with a role that can only read; it knows 36 of 36 keys.',
    });
    expect(sourceChecks({}, NOW)).toEqual([]);
  });

  it('is wrong, with advice, when it does not answer, may be written, or was not believed', () => {
    const down = check({ failure: { code: 'unreachable', message: 'It cannot be reached.' } });
    expect(down).toMatchObject({ state: 'wrong', advice: expect.stringContaining('runs') as string });
    const writing = check({ failure: { code: 'may-write', message: 'Its role may change data.' } });
    expect(writing.advice).toContain('Take every right but SELECT');
    const withheld = check({ withheld: 'Its answer would empty 36 of 36 records.' });
    expect(withheld).toMatchObject({ state: 'wrong' });
    expect(withheld.text).toContain('nothing of it was written');
    expect(sourceChannels({ billing: { ...well, withheld: 'Its answer …' } }, NOW)).toEqual([
      { label: 'Billing', ok: false, text: 'Its answer …' },
    ]);
  });

  it('says which keys are not known or shared, and what does not fit', () => {
    const odd = check({ found: 30, shared: 2, unfit: 1 });
    expect(odd.state).toBe('unknown');
    expect(odd.text).toContain(
      '30 of 36 keys; 6 are not known to it; 2 records share a key with another; 1 values',
    );
  });
});

describe('another system in words', () => {
  it('is called by its name where staff read who did something', () => {
    expect(who({ via: 'INTEGRATION', id: '31337', person: 'source:billing' })).toBe(
      'Billing (another system)',
    );
    expect(who({ via: 'SOURCE', id: 'source:gone', person: 'source:gone' })).toBe('gone (another system)');
  });

  it('is the owner in the table of rules, and nobody edits its fields', () => {
    const company = rulesAnswer().objects.find(({ name }) => name === 'company')!;
    expect(company.fields.find(({ property }) => property === 'open_balance')).toMatchObject({
      owner: 'Billing',
      editedBy: 'nobody',
      conflict: expect.stringContaining('put back') as string,
    });
    expect(fieldOf('company', 'billingCustomer')?.see).toEqual([]);
  });
});
