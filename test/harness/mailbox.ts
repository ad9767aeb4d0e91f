/** A mail server that keeps what it gets: for tests, and for the demo, which shows it. */
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  to: string;
  subject: string;
  /** As it was sent, headers and all. */
  raw: string;
  /** The address in it that signs somebody in; empty: there is none. */
  link: string;
  /** What stands behind the # of that address. */
  token: string;
  at: number;
}

export interface Mailbox {
  /** What `SMTP_URL` is set to. */
  url: string;
  /** The oldest first. */
  mails: readonly Mail[];
  close(): Promise<void>;
}

const MAILS_KEPT = 1_000;

export async function startMailbox(): Promise<Mailbox> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(mailOf(session.envelope.rcptTo[0]?.address ?? '', Buffer.concat(chunks).toString('utf8')));
        mails.splice(0, mails.length - MAILS_KEPT);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function mailOf(to: string, raw: string): Mail {
  // Quoted-printable: long lines are broken with "=" at their end.
  const text = raw.replace(/=\r\n/g, '').replace(/=3D/g, '=');
  const [link = '', token = ''] = /https?:\/\/\S+\/sign-in\/confirm#([\w-]+)/.exec(text) ?? [];
  const subject = /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '';
  return { to, subject, raw, link, token, at: Date.now() };
}
