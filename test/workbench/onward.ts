/** What the workbench passes on: the portal and the stand-in behind its own origin, and the portal's pages in a frame. */
import { request, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { WorkbenchOptions } from './server.ts';

/** The portal's pages as one of the demo's people sees them: `/as/0/`, `/as/1/cases` … */
export const FRAME = /^(\/as\/(?:\d+))(?:\/|$)/;
const HOME = '<base href="/" />';

/**
 * The real pages in a frame. Only here a request is signed in by whose frame it comes from, and only here the pages may
 * stand in a frame, that of the workbench.
 */
export function framed(
  options: Pick<WorkbenchOptions, 'people' | 'portalUrl'>,
  base: string,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const person = options.people[Number(base.slice('/as/'.length))];
  if (person === undefined) {
    res.writeHead(404).end();
    return;
  }
  const url = new URL((req.url ?? '').slice(base.length) || '/', options.portalUrl);
  const headers = {
    ...req.headers,
    host: url.host,
    authorization: `Bearer ${person.token}`,
    'accept-encoding': 'identity',
  };
  const onward = request(url, { method: req.method, headers }, (answer) => {
    const policy = String(answer.headers['content-security-policy'] ?? '');
    const allowed = {
      ...answer.headers,
      'content-security-policy': policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    };
    if (answer.headers['content-type']?.startsWith('text/html') !== true) {
      res.writeHead(answer.statusCode ?? 502, allowed);
      answer.pipe(res);
      return;
    }
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const page = Buffer.concat(chunks).toString('utf8').replace(HOME, `<base href="${base}/" />`);
      res.writeHead(answer.statusCode ?? 502, { ...allowed, 'content-length': Buffer.byteLength(page) });
      res.end(page);
    });
  });
  passOn(req, res, onward);
}

/** Streams in both directions, so that server-sent events pass unbuffered. */
export function proxy(target: string, req: IncomingMessage, res: ServerResponse): void {
  const url = new URL(req.url ?? '/', target);
  const onward = request(
    url,
    { method: req.method, headers: { ...req.headers, host: url.host } },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    },
  );
  passOn(req, res, onward);
}

function passOn(req: IncomingMessage, res: ServerResponse, onward: ClientRequest): void {
  onward.on('error', () => {
    if (!res.headersSent) res.writeHead(502);
    res.end();
  });
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}
