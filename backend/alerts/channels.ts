/** The channels that need no worker: e-mail, and a signed webhook. Each takes a message or says why it did not. */
import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { HubId } from '@tallystick/shared/ids';
import type { Hook } from '../hooks/hook.ts';
import { openPoster } from '../hooks/post.ts';
import { signWebhook } from '../standardWebhook.ts';
import type { AlertChannel, AlertMessage } from '../store/operatingTables.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SEND_TIMEOUT_MS = 30_000;

export interface AlertSettings {
  mail: { to: readonly string[]; smtpUrl: string; from: string } | null;
  webhook: Hook | null;
  /** The CRM user who gets tasks, by owner id. */
  taskOwner: string | null;
}

export interface Channel {
  name: AlertChannel;
  /** `number` is the same when the message is sent again. Resolves with null when it was taken, or with the reason. */
  send(message: AlertMessage, number: number, now: number, signal: AbortSignal): Promise<string | null>;
  close(): void;
}

export function openChannels(hubId: HubId, settings: AlertSettings): Channel[] {
  const { mail, webhook } = settings;
  return [
    ...(mail === null ? [] : [mailChannel(hubId, mail)]),
    ...(webhook === null ? [] : [webhookChannel(hubId, webhook)]),
  ];
}

export const channelNames = ({ mail, webhook, taskOwner }: AlertSettings): AlertChannel[] => [
  ...(mail === null ? [] : (['mail'] as const)),
  ...(webhook === null ? [] : (['webhook'] as const)),
  ...(taskOwner === null ? [] : (['task'] as const)),
];

/** The same for the same message, so that a repetition can be dropped. */
export function messageId(hubId: HubId, { code, subject, kind }: AlertMessage, number: number): string {
  const about = createHash('sha256').update(`${code}\n${subject}`).digest('hex').slice(0, 16);
  return `${hubId}_alert_${about}_${number}_${kind}`;
}

function mailChannel(hubId: HubId, { to, smtpUrl, from }: NonNullable<AlertSettings['mail']>): Channel {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
  });
  return {
    name: 'mail',
    send: async (message, number) => {
      try {
        await transport.sendMail({
          ...{ from, to: [...to], subject: `[Tallystick ${hubId}] ${message.title}`, text: message.text },
          // A mail that is sent twice is shown once by most mailboxes.
          messageId: `<${messageId(hubId, message, number)}@tallystick.invalid>`,
          ...{ disableFileAccess: true, disableUrlAccess: true },
        });
        return null;
      } catch (error) {
        return `The mail server did not take it (${codeOf(error)}).`;
      }
    },
    close: () => transport.close(),
  };
}

function webhookChannel(hubId: HubId, hook: Hook): Channel {
  const poster = openPoster(hook);
  return {
    name: 'webhook',
    send: async (message, number, now, signal) => {
      const { kind, ...data } = message;
      const timestamp = new Date(now).toISOString();
      const body = Buffer.from(
        JSON.stringify({ type: `warning.${kind}`, timestamp, data: { hubId, ...data } }),
      );
      const id = messageId(hubId, message, number);
      const signed = hook.keys.map((key) => signWebhook(key, id, now, body));
      const signature = signed.map((headers) => headers['webhook-signature']).join(' ');
      const [first] = signed;
      if (first === undefined) return 'It has no secret.';
      const answer = await poster.post({ ...first, 'webhook-signature': signature }, body, signal);
      if (answer.is === 'failed') return answer.reason;
      return answer.status >= 200 && answer.status <= 299 ? null : `It answered ${answer.status}.`;
    },
    close: () => poster.close(),
  };
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
