/** What each channel knows of each warning: so that a person is told once, whatever process dies meanwhile. */
import type { HubId } from '@tallystick/shared/ids';
import type { Db } from './database.ts';
import type { AlertChannel, AlertKind, AlertMessage } from './operatingTables.ts';

/** Which alert: of this warning, in this channel. */
export interface AlertKey {
  code: string;
  subject: string;
  channel: AlertChannel;
}

export interface Alert extends AlertKey {
  stage: 'none' | 'begun';
  toldAt: number | null;
  begunAt: number | null;
  number: number;
  attempts: number;
  notBefore: number;
  error: string | null;
  message: AlertMessage | null;
  taskId: string | null;
}

export async function loadAlerts(db: Db, hubId: HubId): Promise<Alert[]> {
  const rows = await db
    .selectFrom('alerts')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('code')
    .orderBy('subject')
    .orderBy('channel')
    .execute();
  return rows.map((row) => ({
    code: row.code,
    subject: row.subject,
    channel: row.channel,
    stage: row.stage,
    toldAt: row.told_at?.getTime() ?? null,
    begunAt: row.begun_at?.getTime() ?? null,
    number: row.number,
    attempts: row.attempts,
    notBefore: row.not_before.getTime(),
    error: row.error,
    message: row.message,
    taskId: row.task_id,
  }));
}

/** Before a message goes out: whoever comes after a crash waits, and knows that it may have arrived. */
export async function noteAttempt(
  db: Db,
  hubId: HubId,
  { code, subject, channel }: AlertKey,
  next: { attempts: number; notBefore: number },
): Promise<void> {
  const tried = { attempts: next.attempts, not_before: new Date(next.notBefore) };
  await db
    .insertInto('alerts')
    .values({ hub_id: hubId, code, subject, channel, ...tried })
    .onConflict((conflict) => conflict.columns(['hub_id', 'code', 'subject', 'channel']).doUpdateSet(tried))
    .execute();
}

/** The channel took it. */
export async function noteTold(
  db: Db,
  hubId: HubId,
  key: AlertKey,
  told: { kind: AlertKind; now: number; taskId?: string | null },
): Promise<void> {
  const at = new Date(told.now);
  await ofAlert(db, hubId, key)
    .set((eb) => ({
      stage: told.kind === 'over' ? ('none' as const) : ('begun' as const),
      told_at: at,
      ...(told.kind === 'begun' ? { begun_at: at } : {}),
      number: eb('number', '+', 1),
      attempts: 0,
      not_before: at,
      error: null,
      message: null,
      ...(told.taskId === undefined ? {} : { task_id: told.taskId }),
    }))
    .execute();
  if (told.kind !== 'begun') return;
  await db
    .updateTable('warnings')
    .set({ told_at: at })
    .where('hub_id', '=', hubId)
    .where('code', '=', key.code)
    .where('subject', '=', key.subject)
    .where('told_at', 'is', null)
    .execute();
}

/** The channel did not take it; `error` is for staff. */
export async function noteFailed(db: Db, hubId: HubId, key: AlertKey, error: string): Promise<void> {
  await ofAlert(db, hubId, key).set({ error }).execute();
}

/** What the hub's worker is to tell; repeated, it changes nothing. */
export async function orderAlert(
  db: Db,
  hubId: HubId,
  { code, subject, channel }: AlertKey,
  message: AlertMessage,
  now: number,
): Promise<void> {
  const stored = JSON.stringify(message);
  await db
    .insertInto('alerts')
    .values({ hub_id: hubId, code, subject, channel, message: stored, not_before: new Date(now) })
    .onConflict((conflict) =>
      conflict
        .columns(['hub_id', 'code', 'subject', 'channel'])
        .doUpdateSet({ message: stored })
        .where('alerts.message', 'is', null),
    )
    .execute();
}

const ofAlert = (db: Db, hubId: HubId, { code, subject, channel }: AlertKey) =>
  db
    .updateTable('alerts')
    .where('hub_id', '=', hubId)
    .where('code', '=', code)
    .where('subject', '=', subject)
    .where('channel', '=', channel);
