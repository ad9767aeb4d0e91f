/** Who is not listened to any more, and for how long; and where a request comes from. */
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientOf, countStrikes } from '../../backend/strikes.ts';

const request = (forwarded: string | undefined, remoteAddress: string): IncomingMessage =>
  ({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }) as unknown as IncomingMessage;
const from = (address: string): IncomingMessage => request(undefined, address);

describe('where a request comes from', () => {
  it('is believed only as far as the named proxies say', () => {
    expect(clientOf(request('6.6.6.6, 8.8.8.8', '8.8.4.4'), 0)).toBe('8.8.4.4');
    expect(clientOf(request('6.6.6.6, 8.8.8.8', '10.0.0.1'), 1)).toBe('8.8.8.8');
    expect(clientOf(request('6.6.6.6', '8.8.4.4'), 5)).toBe('6.6.6.6');
    expect(clientOf(from('127.0.0.1'), 0)).toBeNull();
    expect(clientOf(request('nonsense<script>', '10.0.0.1'), 1)).toBeNull();
    const one = clientOf(from('2a00:1450:4001:810::1'), 0);
    expect(clientOf(from('2a00:1450:4001:8ff::2'), 0)).toBe(one);
  });
});

describe('strikes', () => {
  it('put one client out for the rest of the minute, and nobody beside it', () => {
    let now = 1_000_000;
    const strikes = countStrikes({ perMinute: 3, trustedProxies: 0, now: () => now });
    const bad = from('8.8.8.8');
    for (let n = 0; n < 3; n += 1) {
      expect(strikes.outForS(bad)).toBeNull();
      strikes.note(bad);
    }
    now += 20_000;
    expect([strikes.outForS(bad), strikes.outForS(from('8.8.4.4'))]).toEqual([40, null]);
    now += 40_000;
    expect(strikes.outForS(bad)).toBeNull();
  });

  it('are kept of so many addresses, whatever comes: who is counted stays counted', () => {
    const strikes = countStrikes({ perMinute: 2, trustedProxies: 0, now: () => 0 });
    const many = (n: number): IncomingMessage => from(`8.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    for (let n = 0; n < 50_000; n += 1) strikes.note(many(n));
    for (let n = 0; n < 2; n += 1) for (const one of [0, 50_000]) strikes.note(many(one));
    expect([strikes.outForS(many(0)), strikes.outForS(many(50_000))]).toEqual([60, null]);
  });
});
