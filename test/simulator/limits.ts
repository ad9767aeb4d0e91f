/** HubSpot's rate limits: a true sliding window of ten seconds, one of a second for search, and the account's day. */
import type { Clock } from './clock.ts';

export interface Limits {
  /** Calls in any ten seconds: 190 for a private app of a Pro account (docs: usage guidelines). */
  perTenSeconds: number;
  /** 110 for an app installed by OAuth (docs: usage guidelines). */
  oauthPerTenSeconds: number;
  /** 625,000 for a Pro account (docs: usage guidelines; a changelog of 2024 says 650,000). */
  daily: number;
  /** 5 for the whole account (docs: search the CRM). */
  searchPerSecond: number;
  /** 100 for an app (spec: webhooks journal). */
  journalPerSecond: number;
}
export const DEFAULT_LIMITS: Limits = {
  perTenSeconds: 190,
  oauthPerTenSeconds: 110,
  daily: 625_000,
  searchPerSecond: 5,
  journalPerSecond: 100,
};
const WINDOW_MS = 10_000;
const SECOND_MS = 1_000;
const DAY_CHECK_MS = 15 * 60_000; // every time zone's midnight falls on a quarter of an hour

/** Which limits a call counts against. Search and the journal are exempt from the burst limit (spec). */
export type Policy = 'burst' | 'search' | 'journal' | 'none';
export interface Verdict {
  refused: 'burst' | 'daily' | 'search' | null;
  headers: Record<string, string>;
}

export interface Limiter {
  /** Counts a call at its arrival, or refuses it. */
  take(policy: Policy, caller: { appId: number; oauth: boolean }): Verdict;
  headers(policy: Policy, caller: { appId: number; oauth: boolean }): Record<string, string>;
  limits: Limits;
  audit(): { maxInAnyTenSeconds: number; refused: { burst: number; daily: number; search: number } };
}

export function createLimiter(clock: Clock, timeZone: string, given: Partial<Limits> = {}): Limiter {
  const limits: Limits = { ...DEFAULT_LIMITS, ...given };
  const windows = new Map<string, Window>();
  const attempts = slidingWindow(WINDOW_MS);
  const searches = slidingWindow(SECOND_MS);
  const journal = slidingWindow(SECOND_MS);
  const refused = { burst: 0, daily: 0, search: 0 };
  const midnight = midnightOf(timeZone);
  let day = '';
  let today = 0;
  let maxInAnyTenSeconds = 0;

  const windowOf = (appId: number, widthMs = WINDOW_MS): Window => {
    const key = `${appId}/${widthMs}`;
    const window = windows.get(key) ?? slidingWindow(widthMs);
    windows.set(key, window);
    return window;
  };
  const burstLimit = (oauth: boolean): number => (oauth ? limits.oauthPerTenSeconds : limits.perTenSeconds);
  const headers: Limiter['headers'] = (policy, { appId, oauth }) => {
    if (policy === 'none' || policy === 'journal') return {};
    // Recorded 2022, lower case. OAuth answers omit the daily ones; search answers carried only those.
    const daily = oauth
      ? {}
      : {
          'x-hubspot-ratelimit-daily': String(limits.daily),
          'x-hubspot-ratelimit-daily-remaining': String(Math.max(0, limits.daily - today)),
        };
    if (policy === 'search') return daily;
    const max = burstLimit(oauth);
    const now = clock.now();
    const secondly = Math.max(1, Math.floor(max / 10));
    return {
      ...daily,
      'x-hubspot-ratelimit-interval-milliseconds': String(WINDOW_MS),
      'x-hubspot-ratelimit-max': String(max),
      'x-hubspot-ratelimit-remaining': String(Math.max(0, max - windowOf(appId).count(now))),
      // Deprecated, still sent, no longer enforced (docs).
      'x-hubspot-ratelimit-secondly': String(secondly),
      'x-hubspot-ratelimit-secondly-remaining': String(
        Math.max(0, secondly - windowOf(appId, SECOND_MS).count(now)),
      ),
    };
  };
  return {
    limits,
    headers,
    take: (policy, caller) => {
      const now = clock.now();
      const today_ = midnight(now);
      if (today_ !== day) [day, today] = [today_, 0];
      if (policy === 'burst') maxInAnyTenSeconds = Math.max(maxInAnyTenSeconds, attempts.add(now));
      const verdict = (): Verdict['refused'] => {
        if (policy === 'none') return null;
        if (policy === 'journal') return journal.count(now) >= limits.journalPerSecond ? 'search' : null;
        if (today >= limits.daily) return 'daily';
        if (policy === 'search') return searches.count(now) >= limits.searchPerSecond ? 'search' : null;
        return windowOf(caller.appId).count(now) >= burstLimit(caller.oauth) ? 'burst' : null;
      };
      const no = verdict();
      // GUESS: a refused call does not count against any limit.
      if (no !== null) refused[no] += 1;
      else if (policy === 'journal') journal.add(now);
      else if (policy !== 'none') {
        today += 1;
        (policy === 'search' ? searches : windowOf(caller.appId)).add(now);
        if (policy === 'burst') windowOf(caller.appId, SECOND_MS).add(now);
      }
      return { refused: no, headers: headers(policy, caller) };
    },
    audit: () => ({ maxInAnyTenSeconds, refused: { ...refused } }),
  };
}

interface Window {
  /** Adds a call and answers how many there are in the window now. */
  add(now: number): number;
  count(now: number): number;
}

/** Calls at times in (now − width, now]. A queue with a moving head; trimmed when half of it is past. */
function slidingWindow(widthMs: number): Window {
  let times: number[] = [];
  let head = 0;
  const expire = (now: number): void => {
    while (head < times.length && times[head]! <= now - widthMs) head += 1;
    if (head > 1_024 && head * 2 > times.length) {
      times = times.slice(head);
      head = 0;
    }
  };
  return {
    add: (now) => {
      expire(now);
      times.push(now);
      return times.length - head;
    },
    count: (now) => {
      expire(now);
      return times.length - head;
    },
  };
}

/** The account's date at a time (docs: the daily limit resets at midnight of the account's time zone). */
function midnightOf(timeZone: string): (now: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone });
  let checked = -1;
  let date = '';
  return (now) => {
    const quarter = Math.floor(now / DAY_CHECK_MS);
    if (quarter !== checked) [checked, date] = [quarter, format.format(now)];
    return date;
  };
}
