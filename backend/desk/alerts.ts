/** Where people are told of warnings, and whether those channels take it. */
import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import { loadAlerts } from '../store/alerts.ts';
import type { Db } from '../store/database.ts';
import type { AlertChannel } from '../store/operatingTables.ts';
import { raise } from '../store/warnings.ts';
import { inWords } from './show.ts';
import { ALERT_CHANNELS, NO_ALERTS } from './words.ts';

type Check = SettingsAnswer['checks'][number];

/** One line a channel; one that says so where there is none. */
export async function alertChecks(
  db: Db,
  hubId: HubId,
  channels: readonly AlertChannel[],
  now: number,
): Promise<Check[]> {
  if (channels.length === 0) return [{ label: 'Alerts', state: 'unknown', ...NO_ALERTS }];
  const alerts = await loadAlerts(db, hubId);
  return channels.map((channel) => {
    const own = alerts.filter((alert) => alert.channel === channel);
    const label = `Alerts by ${ALERT_CHANNELS[channel]}`;
    const failed = own.find(({ error }) => error !== null);
    if (failed !== undefined)
      return { label, state: 'wrong', text: `Not taken: ${failed.error ?? ''} It is tried again.` };
    const last = Math.max(...own.map(({ toldAt }) => toldAt ?? -Infinity));
    return Number.isFinite(last)
      ? { label, state: 'ok', text: `The last one was taken ${inWords(now - last)} ago.` }
      : { label, state: 'unknown', text: 'Nothing had to be told yet. Send a test alert.' };
  });
}

/** Needs no worker; asked twice while it stands, it is one alert. */
export async function testAlert(
  db: Db,
  hubId: HubId,
  channels: readonly AlertChannel[],
  now: number,
): Promise<{ sentence: string }> {
  if (channels.length === 0) return { sentence: NO_ALERTS.text };
  await raise(db, hubId, [{ code: 'test', count: 1, detail: null }], now);
  const named = channels.map((channel) => ALERT_CHANNELS[channel]).join(', ');
  return { sentence: `A test alert is on its way by ${named}. It says in a minute that it is over.` };
}
