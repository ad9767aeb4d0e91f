/** Sending mail over SMTP. What is under way is waited for when the service stops; what fails is logged, not repeated. */
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

const CONNECT_TIMEOUT_MS = 10_000;
const SEND_TIMEOUT_MS = 30_000;

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

export interface Mailer {
  /** Takes the mail and returns at once: how long sending takes must not be seen from outside. */
  post(mail: Mail): void;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export function openMailer(options: { smtpUrl: string; from: string; log: Logger }): Mailer {
  const { smtpUrl, from, log } = options;
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
  });
  const underWay = new Set<Promise<unknown>>();
  return {
    post: (mail) => {
      const sending = transport
        .sendMail({ from, ...mail, disableFileAccess: true, disableUrlAccess: true })
        // Neither the address nor the text belongs into a log.
        .catch((error: unknown) => log.error({ code: codeOf(error) }, 'A mail could not be sent.'))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    close: async () => {
      await Promise.all(underWay);
      transport.close();
    },
  };
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
