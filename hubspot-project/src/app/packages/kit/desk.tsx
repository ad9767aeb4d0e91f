/** Asking the desk from a card. HubSpot carries the request, signs it, and says who the user is. */
import { hubspot, useExtensionContext } from '@hubspot/ui-extensions';
import type { DeskAnswer, DeskRefusal } from '@tallystick/shared/deskMessages';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

const TIMEOUT_MS = 10_000;

export type Query = Record<string, string | null | undefined>;

export interface Desk {
  ask<T>(path: string, query?: Query): Promise<DeskAnswer<T>>;
  send<T>(path: string, body: Record<string, unknown>): Promise<DeskAnswer<T>>;
}

export const UNREACHABLE: DeskRefusal = {
  ok: false,
  code: 'unreachable',
  sentence:
    'The Tallystick service cannot be reached. What it had accepted is kept, and passed on when it is back.',
};

/** HubSpot lets an app have 20 requests of an account under way at once. */
export const BUSY: DeskRefusal = {
  ok: false,
  code: 'busy',
  sentence: 'HubSpot is passing on too many requests at the moment. Please try again.',
};
const TOO_MANY_REQUESTS = 429;

function createDesk(base: string): Desk {
  const call = async <T,>(url: URL, body?: Record<string, unknown>): Promise<DeskAnswer<T>> => {
    try {
      const answer = await hubspot.fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        timeout: TIMEOUT_MS,
        ...(body === undefined ? {} : { body }),
      });
      if (answer.status === TOO_MANY_REQUESTS) return BUSY;
      const said: unknown = answer.ok ? await answer.json() : null;
      return isDeskAnswer<T>(said) ? said : UNREACHABLE;
    } catch {
      return UNREACHABLE;
    }
  };
  return {
    ask: (path, query = {}) => {
      const url = new URL(`/desk/v1/${path}`, base);
      for (const [name, value] of Object.entries(query)) {
        if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
      }
      return call(url);
    },
    send: (path, body) => call(new URL(`/desk/v1/${path}`, base), body),
  };
}

/** What comes from elsewhere than the desk (HubSpot's own error, say) is no answer of the desk. */
function isDeskAnswer<T>(said: unknown): said is DeskAnswer<T> {
  return typeof said === 'object' && said !== null && 'ok' in said && typeof said.ok === 'boolean';
}

/** The service's address comes from the configuration profile the project was uploaded with. */
export function useDesk(): Desk {
  const { variables } = useExtensionContext<'settings'>();
  const base = String(variables?.BACKEND_URL ?? '');
  return useMemo(() => createDesk(base), [base]);
}

export interface Question<T> {
  /** The last answer that was one; kept while the service is away. */
  answer: (T & { ok: true }) | null;
  refusal: DeskRefusal | null;
  isLoading: boolean;
  reload: () => void;
}

/** Asks once, and again whenever the question changes. A null path asks nothing. */
export function useQuestion<T>(path: string | null, query: Query = {}): Question<T> {
  const desk = useDesk();
  const [answer, setAnswer] = useState<(T & { ok: true }) | null>(null);
  const [refusal, setRefusal] = useState<DeskRefusal | null>(null);
  const [isLoading, setLoading] = useState(path !== null);
  const [turn, setTurn] = useState(0);
  const asked = JSON.stringify(query);
  useEffect(() => {
    if (path === null) return undefined;
    let isOver = false;
    setLoading(true);
    void desk.ask<T>(path, JSON.parse(asked) as Query).then((said) => {
      if (isOver) return;
      if (said.ok) setAnswer(said);
      setRefusal(said.ok ? null : said);
      setLoading(false);
    });
    return () => {
      isOver = true;
    };
  }, [desk, path, asked, turn]);
  return { answer, refusal, isLoading, reload: useCallback(() => setTurn((before) => before + 1), []) };
}

/**
 * One change at a time. The key is made once for what the person decided, so that a second click, or HubSpot
 * repeating the request, does nothing twice; the next decision gets a new one.
 */
export function useChange<T>(path: string): {
  isBusy: boolean;
  send: (body: Record<string, unknown>) => Promise<DeskAnswer<T> | null>;
} {
  const desk = useDesk();
  const [isBusy, setBusy] = useState(false);
  const key = useRef<string | null>(null);
  const sent = useRef('');
  const running = useRef(false);
  const send = async (body: Record<string, unknown>): Promise<DeskAnswer<T> | null> => {
    if (running.current) return null;
    running.current = true;
    setBusy(true);
    const text = JSON.stringify(body);
    if (key.current === null || sent.current !== text) key.current = crypto.randomUUID();
    sent.current = text;
    const answer = await desk.send<T>(path, { ...body, key: key.current });
    // Not reached: the same decision goes out under the same key when it is made again.
    if (answer.ok || !isLost(answer)) key.current = null;
    running.current = false;
    setBusy(false);
    return answer;
  };
  return { isBusy, send };
}

/** Nobody knows whether it arrived. */
const isLost = ({ code }: DeskRefusal): boolean => code === UNREACHABLE.code || code === BUSY.code;
