import {
  observe,
  observeField,
  READ_LAG_MS,
  type Held,
  type Source,
  type Told,
} from '@tallystick/shared/observe';
import type { Value } from '@tallystick/shared/values';
import { describe, expect, it } from 'vitest';

const BY: Source = { via: 'CRM_UI', id: 'userId:7', person: null };
const OTHER: Source = { via: 'IMPORT', id: '9', person: null };
const event = (value: Value, at: number, receivedAt: number, by = BY): Told => ({
  how: 'event',
  value,
  at,
  by,
  receivedAt,
});
const read = (value: Value, at: number, begunAt: number, by = BY, answeredAt = begunAt): Told => ({
  how: 'read',
  value,
  at,
  by,
  begunAt,
  answeredAt,
});
const after = (...told: Told[]): Held => {
  const held = told.reduce<Held | null>((before, one) => observeField(before, one, 'text'), null);
  if (held === null) throw new Error('Nothing was told.');
  return held;
};

describe('O: observing one field', () => {
  it('O1: the first event stands, as a claim', () => {
    expect(after(event('a', 100, 900))).toEqual({
      how: 'event',
      value: 'a',
      at: 100,
      by: BY,
      learnedAt: 900,
      asOf: 100,
    });
    expect(after(event('a', 950, 900)).asOf).toBe(900); // the CRM's clock is ahead: not known before it was told
  });

  it('O1: the first read stands, proven', () => {
    expect(after(read('a', 100, 900, BY, 940))).toEqual({
      how: 'read',
      value: 'a',
      at: 100,
      by: BY,
      begunAt: 900,
      learnedAt: 940,
      asOf: 900,
    });
  });

  it('O2: the newer event stands, in whatever order they come', () => {
    expect(after(event('a', 100, 900), event('b', 101, 901)).value).toBe('b');
    expect(after(event('b', 101, 900), event('a', 100, 901)).value).toBe('b');
    const held = after(event('b', 101, 900));
    for (const value of ['a', 'b', 'c'])
      expect(observeField(held, event(value, 100, 901), 'text')).toBe(held);
  });

  it('O2: an event newer than a proven value stands as a claim, even when it arrived before the read began', () => {
    const held = after(read('a', 100, 900), event('b', 101, 899, OTHER));
    expect(held).toMatchObject({ value: 'b', how: 'event', at: 101, by: OTHER, learnedAt: 899 });
  });

  it('O3: the same value again changes no value, counts the later instant, and stays proven', () => {
    const held = after(read('Ann', 100, 900), event(' Ann ', 120, 950, OTHER));
    expect(held).toEqual({
      ...{ how: 'read', value: 'Ann', at: 120, by: OTHER },
      ...{ begunAt: 900, learnedAt: 950, asOf: 900 },
    });
    expect(after(read('a', 100, 900, BY, 990), event('a', 120, 950)).learnedAt).toBe(990);
    expect(after(read('a', 100, 900), event('a', 920, 950)).asOf).toBe(920);
    expect(after(read('a', 100, 900), event('a', 990, 950)).asOf).toBe(950);
    expect(after(event('a', 100, 900), event('a', 120, 950))).toMatchObject({
      how: 'event',
      at: 120,
      learnedAt: 950,
    });
  });

  it('O3: exactly the same again returns the very same object', () => {
    const held = after(event('a', 100, 900));
    expect(observeField(held, event('a', 100, 905), 'text')).toBe(held);
    const proven = after(read('a', 100, 900));
    expect(observeField(proven, read('a', 100, 900), 'text')).toBe(proven);
    expect(observeField(proven, event('a', 100, 950), 'text')).toBe(proven);
  });

  it('O3: a read that proves a claim keeps the later instant, and telling it twice changes nothing', () => {
    const once = after(event('a', 120, 900), read('a', 100, 950, OTHER));
    expect(once).toEqual({
      ...{ how: 'read', value: 'a', at: 120, by: OTHER },
      ...{ begunAt: 950, learnedAt: 900, asOf: 950 },
    });
    expect(observeField(once, read('a', 100, 950, OTHER), 'text')).toEqual(once);
    expect(observeField(once, read('a', 100, 960, OTHER), 'text')).toMatchObject({
      at: 120,
      begunAt: 960,
      asOf: 960,
    });
    expect(after(event('a', 120, 900), read('a', 130, 950))).toMatchObject({ how: 'read', at: 130 });
    expect(after(event('a', 120, 900), read('a', 120, 900))).toMatchObject({ how: 'read', at: 120 });
  });

  it('O4: in one instant a read knows better than an event', () => {
    expect(after(read('a', 100, 900), event('z', 100, 950))).toMatchObject({ value: 'a', how: 'read' });
    expect(after(event('z', 100, 950), read('a', 100, 951))).toMatchObject({ value: 'a', how: 'read' });
  });

  it('O4: of two events of one instant the greater text stands, in either order', () => {
    expect(after(event('a', 100, 900), event('b', 100, 901)).value).toBe('b');
    expect(after(event('b', 100, 900), event('a', 100, 901)).value).toBe('b');
    expect(after(event(null, 100, 900), event('a', 100, 901)).value).toBe('a');
    expect(after(event('a', 100, 900), event(null, 100, 901)).value).toBe('a');
  });

  it('O4: two spellings of one phone number do not make the order of arrival matter', () => {
    const told = [event('+5555', 100, 900), event('5555', 100, 901), event('3333', 100, 902)];
    const ends = (order: number[]): string => {
      const held = order.reduce<Held | null>((before, i) => observeField(before, told[i]!, 'phone'), null);
      return (held?.value ?? '').replace('+', '');
    };
    expect(
      [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ].map(ends),
    ).toEqual(Array(6).fill('5555'));
  });

  it('O5: an older read does not overrule while it may be lagging', () => {
    const held = after(event('b', 101, 1_000));
    expect(observeField(held, read('a', 100, 1_000 + READ_LAG_MS - 1), 'text')).toBe(held);
    expect(observeField(held, read('a', 100, 900), 'text')).toBe(held);
    const proven = after(read('b', 101, 1_000));
    expect(observeField(proven, read('a', 100, 1_000 + READ_LAG_MS - 1), 'text')).toBe(proven);
  });

  it('O5: that long is counted from when the value was there: a read takes its time', () => {
    const proven = after(read('b', 101, 1_000, BY, 1_500));
    expect(observeField(proven, read('a', 100, 1_500 + READ_LAG_MS - 1), 'text')).toBe(proven);
    expect(observeField(proven, read('a', 100, 1_500 + READ_LAG_MS), 'text').value).toBe('a');
    const again = after(read('b', 101, 1_000), event('b', 102, 1_300));
    expect(observeField(again, read('a', 100, 1_300 + READ_LAG_MS - 1), 'text')).toBe(again);
  });

  it('O5: a read that began before an event, and proves it by chance, lets no lagging answer in', () => {
    const held = after(
      ...[event('5555', 300, 300), event(null, 610, 610), event('5555', 920, 920)],
      ...[read('5555', 300, 0, BY, 1_500), read(null, 610, 2_000)],
    );
    expect(held).toMatchObject({ value: '5555', at: 920, how: 'read' });
  });

  it('O5: an older read begun that much later is believed, whatever the clock said', () => {
    expect(after(event('b', 101, 1_000), read('a', 100, 1_000 + READ_LAG_MS))).toMatchObject({
      value: 'a',
      at: 100,
      how: 'read',
    });
    expect(after(read('b', 101, 1_000), read('a', 100, 1_000 + READ_LAG_MS))).toMatchObject({
      value: 'a',
      at: 100,
    });
  });

  it('O5: an event that arrived that long before the standing read began is disbelieved, newer or not', () => {
    const held = after(read('a', 100, 1_000 + READ_LAG_MS));
    expect(observeField(held, event('b', 101, 1_000), 'text')).toBe(held);
    // It may have been answered before that event: only what it was begun after counts.
    expect(after(read('a', 100, 999 + READ_LAG_MS, BY, 9_000), event('b', 101, 1_000)).value).toBe('b');
    expect(observeField(held, event('b', 101, 1_001), 'text')).toMatchObject({ value: 'b', how: 'event' });
    // Only a read can disbelieve: between two events the clock decides.
    expect(after(event('a', 100, 1_000 + READ_LAG_MS), event('b', 101, 1_000)).value).toBe('b');
  });

  it('O6: of two reads the one that began later stands', () => {
    const held = after(read('b', 101, 900));
    expect(observeField(held, read('c', 102, 899), 'text')).toBe(held);
    expect(after(read('b', 101, 900), read('c', 102, 901)).value).toBe('c');
    expect(after(read('b', 101, 900), read('c', 101, 900)).value).toBe('c');
    expect(after(read('b', 101, 900), read('b', 101, 950))).toMatchObject({ begunAt: 950, asOf: 950 });
    expect(after(read('b', 101, 900, BY, 990), read('c', 102, 950)).value).toBe('c');
    expect(after(event('b', 101, 900), read('c', 102, 100)).value).toBe('c');
  });

  it('O5, O6: a lagging answer that repeats an old value does not turn the clock back', () => {
    // a, b, a again; two reads answer from the time before b; b is announced once more.
    const held = after(event('a', 3, 200), read('a', 1, 300), read('a', 1, 400), event('b', 2, 500));
    expect(held.value).toBe('a');
  });
});

describe('O: observing a record', () => {
  const kindOf = (field: string) => (field === 'email' ? ('email' as const) : ('text' as const));

  it('O1, O2: changes the fields that are told of, and no other', () => {
    const mirror = observe(
      {},
      { told: { name: event('Ann', 100, 900), email: event('a@b.de', 100, 900) } },
      kindOf,
    );
    expect(Object.keys(mirror)).toEqual(['name', 'email']);
    const next = observe(mirror, { told: { name: event('Ben', 101, 901) } }, kindOf);
    expect(next.name?.value).toBe('Ben');
    expect(next.email).toBe(mirror.email);
    expect(mirror.name?.value).toBe('Ann');
  });

  it('O3: returns the same mirror when nothing changed, compared by the kind of each field', () => {
    const mirror = observe({}, { told: { email: event('a@b.de', 100, 900) } }, kindOf);
    expect(observe(mirror, { told: { email: event('A@B.DE', 100, 950) } }, kindOf)).toBe(mirror);
    expect(observe(mirror, { told: {} }, kindOf)).toBe(mirror);
  });
});
