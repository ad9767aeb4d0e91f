/**
 * Whoever keeps coming with wrong credentials or signatures is not listened to for the rest of the minute: it costs
 * nothing more than a look into a map. What is accepted is never counted, so bursts of HubSpot's are not held up.
 */
import type { IncomingMessage } from 'node:http';
import { ipKeyGenerator } from 'express-rate-limit';
import { isPrivate } from './hooks/addresses.ts';

/** Of one client address, refused with 401. */
export const STRIKES_PER_MINUTE = 300;
const MINUTE_MS = 60_000;
/** Beyond these in one minute nobody else is counted: what is kept must not grow with the attack. */
const ADDRESSES_MAX = 50_000;
const IPV6_PREFIX = 56;

export interface Strikes {
  /** For how many seconds this client is not listened to; null: it is. */
  outForS(req: IncomingMessage): number | null;
  note(req: IncomingMessage): void;
}

export function countStrikes(options: {
  perMinute: number;
  trustedProxies: number;
  now: () => number;
}): Strikes {
  const { perMinute, trustedProxies, now } = options;
  let counts = new Map<string, number>();
  let endsAt = -Infinity;
  const turn = (): void => {
    if (now() < endsAt) return;
    counts = new Map();
    endsAt = now() + MINUTE_MS;
  };
  return {
    outForS: (req) => {
      turn();
      const client = counts.size === 0 ? null : clientOf(req, trustedProxies);
      if (client === null || (counts.get(client) ?? 0) < perMinute) return null;
      return Math.max(1, Math.ceil((endsAt - now()) / 1_000));
    },
    note: (req) => {
      turn();
      const client = clientOf(req, trustedProxies);
      if (client !== null && (counts.has(client) || counts.size < ADDRESSES_MAX))
        counts.set(client, (counts.get(client) ?? 0) + 1);
    },
  };
}

/**
 * Where a request comes from: as many proxies are believed as the settings say, counted from us. Null for a private
 * address: that is a proxy that nobody told us of, and everybody stands behind it.
 */
export function clientOf(req: IncomingMessage, trustedProxies: number): string | null {
  const forwarded = [req.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = [
    req.socket.remoteAddress ?? '',
    ...forwarded
      .reverse()
      .map((hop) => hop.trim())
      .filter(Boolean),
  ];
  const address = hops[Math.min(trustedProxies, hops.length - 1)] ?? '';
  if (!/^[\da-f:.]+$/i.test(address) || isPrivate(address)) return null;
  return ipKeyGenerator(address, IPV6_PREFIX);
}
