/** The webhook settings of classic public apps, by the developer's key (spec: webhooks v3, 2026-03, 2026-09). */
import { z } from 'zod';
import { iso } from './clock.ts';
import type { Courier } from './delivery.ts';
import { noCredentials, notFound } from './errors.ts';
import { noContent, ok, param, parseBody, under, type Call, type Reply, type Route } from './http.ts';
import type { State } from './state.ts';
import { subscribe, type Subscribed } from './webhooks.ts';

const settingsBody = z.object({
  targetUrl: z.string(),
  throttling: z.object({ maxConcurrentRequests: z.number().min(1) }),
});
const creation = z.object({
  eventType: z.string(),
  propertyName: z.string().optional(),
  objectTypeId: z.string().optional(),
  active: z.boolean().default(false), // docs: subscriptions start paused
});
const change = z.object({ active: z.boolean() });

export function webhookRoutes(state: State, courier: Courier): Route[] {
  const { settings } = courier;
  let changedAt = state.clock.now();
  const find = (call: Call): Subscribed => {
    const found = settings.subscriptions.find((each) => String(each.id) === param(call, 'subscriptionId'));
    if (found === undefined) throw notFound(`Subscription ${param(call, 'subscriptionId')} not found`); // GUESS at the words
    return found;
  };
  const current = (): Reply => {
    const at = iso(changedAt);
    const throttling = { maxConcurrentRequests: settings.maxConcurrentRequests, period: 'SECONDLY' };
    return ok({ targetUrl: settings.target ?? '', throttling, createdAt: at, updatedAt: at });
  };
  const configure = (call: Call): Reply => {
    const sent = parseBody(call, settingsBody);
    settings.maxConcurrentRequests = sent.throttling.maxConcurrentRequests;
    changedAt = state.clock.now();
    courier.change(sent.targetUrl);
    return current();
  };
  const add = (call: Call): Reply => {
    const { eventType, ...rest } = parseBody(call, creation);
    const { propertyName, objectTypeId, active } = rest;
    const given = {
      subscriptionType: eventType,
      active,
      ...(propertyName === undefined ? {} : { propertyName }),
    };
    return ok(
      view(subscribe(state, settings, { ...given, ...(objectTypeId === undefined ? {} : { objectTypeId }) })),
      201,
    );
  };
  const pause = (call: Call): Reply => {
    const found = find(call);
    found.active = parseBody(call, change).active;
    return ok(view(found));
  };
  const remove = (call: Call): Reply => {
    settings.subscriptions.splice(settings.subscriptions.indexOf(find(call)), 1);
    return noContent;
  };
  const clear = (): Reply => {
    courier.change(null);
    return noContent;
  };
  const route = (
    method: Route['method'],
    pattern: string,
    name: string,
    handle: (call: Call) => Reply,
  ): Route => ({
    ...{ method, pattern, name, access: method === 'GET' ? 'read' : 'write', limit: 'none', open: true },
    handle: (call) => {
      if ((call.query.get('hapikey') ?? '') === '') throw noCredentials();
      return handle(call);
    },
  });
  return under(
    ['/webhooks/v3/:appId', '/webhooks/2026-03/:appId', '/app-webhooks/2026-09/:appId'],
    [
      route('GET', '/settings', 'webhookSettings', current),
      route('PUT', '/settings', 'setWebhookSettings', configure),
      route('DELETE', '/settings', 'clearWebhookSettings', clear),
      route('GET', '/subscriptions', 'subscriptions', () =>
        ok({ results: settings.subscriptions.map(view) }),
      ),
      route('POST', '/subscriptions', 'subscribe', add),
      route('GET', '/subscriptions/:subscriptionId', 'subscription', (call) => ok(view(find(call)))),
      route('PATCH', '/subscriptions/:subscriptionId', 'pauseSubscription', pause),
      route('DELETE', '/subscriptions/:subscriptionId', 'unsubscribe', remove),
    ],
  );
}

const view = (each: Subscribed) => ({
  id: String(each.id),
  eventType: each.subscriptionType,
  ...(each.propertyName === null ? {} : { propertyName: each.propertyName }),
  ...(each.objectTypeId === null ? {} : { objectTypeId: each.objectTypeId }),
  active: each.active,
  createdAt: iso(each.createdAt),
  updatedAt: iso(each.createdAt),
});
