/** What staff order of the worker: stored once by its key, answered when it was carried out. */
import type { OrderAnswer } from '@tallystick/shared/deskMessages';
import { until } from '../portal/waiting.ts';
import type { Signals } from '../signals.ts';
import type { Db, Order } from '../store/database.ts';
import { orderByKey, storeOrder } from '../store/orders.ts';
import type { DeskUser } from './gate.ts';
import { DeskRefused } from './refusals.ts';

const ANSWER_WITHIN_MS = 3_000;

export async function order(
  deps: { db: Db; signals: Signals; now: () => number },
  user: DeskUser,
  asked: { key: string; order: Order },
): Promise<OrderAnswer> {
  const { db, signals, now } = deps;
  const { hubId, userId } = user;
  const first = await storeOrder(db, hubId, { userId, ...asked, now: now() });
  if (!sameOrder(first.order, asked.order)) throw new DeskRefused('key-reused');
  signals.wake(hubId);
  const { outcome } = await until(deps, hubId, ANSWER_WITHIN_MS, async () => {
    const value = await orderByKey(db, hubId, userId, asked.key);
    return { done: value.outcome !== null, value };
  });
  if (outcome === null)
    return { sentence: 'Your order is kept; nobody speaks for the hub at the moment, so it waits.' };
  if (!outcome.ok) throw new DeskRefused(isRefusal(outcome.code) ? outcome.code : 'nothing-there');
  return { sentence: asked.order.do === 'address' ? '' : DONE[asked.order.do] };
}

const DONE: Readonly<Record<Exclude<Order['do'], 'address'>, string>> = {
  look: 'The record is being read from the CRM now.',
  retry: 'It is being tried again now.',
  discard: 'The work was discarded, and the journal says by whom.',
  'discard-edit': 'The edit was discarded, and the customer is told.',
  pause: 'Paused. What comes meanwhile is kept.',
  resume: 'Running again. What waited is being done now.',
  role: 'The role was changed.',
  everybody: 'The role of everybody else was changed.',
  link: 'Linked: this person now sees what this contact may see.',
  refuse: 'Refused: this person sees nothing, and is told to ask you.',
  release: 'Let through: each change is decided again over what the CRM holds now.',
  'discard-set': 'Discarded: nothing of it goes to the CRM, and the customers are told.',
  unlink: 'The link was undone. Whoever is signed in by it sees nothing any more.',
  accept: 'Accepted: it is how it should be.',
  fix: 'What was missing was made.',
};

const REFUSALS = ['finding-moved', 'not-acceptable', 'set-grew'] as const;
const isRefusal = (code: string): code is (typeof REFUSALS)[number] => REFUSALS.some((each) => each === code);

/** Postgres keeps the keys of a JSON object in an order of its own. */
function sameOrder(a: Order, b: Order): boolean {
  const sorted = (order: Order): string =>
    JSON.stringify(Object.entries(order).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sorted(a) === sorted(b);
}
