/** The portal's pages: what `npm run build` made, kept in memory, with headers of their own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { PAGE_ADDRESSES } from '@tallystick/shared/pageAddresses';
import { Router, type Request, type Response } from 'express';
import type { Logger } from 'pino';

export const PAGES_DIR = join(import.meta.dirname, 'web', 'dist');

interface Kept {
  type: string;
  plain: Buffer;
  gzip: Buffer;
  br: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** No inline script or style, nothing from elsewhere, in nobody's frame; text can never become a script. */
const POLICY = [
  "default-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
const YEAR_S = 31_536_000;

/** Mounted last: every other address goes first. Without the built pages there are none. */
export function pageRoutes({ dir = PAGES_DIR, log }: { dir?: string; log: Logger }): Router {
  const router = Router();
  if (!existsSync(join(dir, 'index.html'))) {
    log.warn('The portal’s pages are not built, so only its API is served. `npm run build` builds them.');
    return router;
  }
  const files = filesBelow(dir);
  const index = files.get('/index.html');
  router.use((req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      next();
      return;
    }
    const file = files.get(req.path);
    if (file !== undefined && file !== index) {
      // The names of assets carry a digest of what is in them.
      const isHashed = req.path.startsWith('/assets/');
      res.setHeader('Cache-Control', isHashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
      send(req, res, file);
    } else if (index !== undefined && isPage(req)) {
      res.setHeader('Cache-Control', 'no-store');
      send(req, res, index);
    } else next();
  });
  return router;
}

/** A person opens a page; a program that asks for something else is not answered with one. */
function isPage(req: Request): boolean {
  const [first] = req.path.slice(1).split('/');
  return PAGE_ADDRESSES.some((page) => page === first) && req.accepts('text/html') !== false;
}

function send(req: Request, res: Response, { type, plain, gzip, br }: Kept): void {
  res.setHeader('Content-Security-Policy', POLICY);
  res.setHeader('Content-Type', type);
  res.setHeader('Vary', 'Accept-Encoding');
  const coding = req.acceptsEncodings('br', 'gzip');
  if (coding === 'br' || coding === 'gzip') res.setHeader('Content-Encoding', coding);
  res.end(coding === 'br' ? br : coding === 'gzip' ? gzip : plain);
}

function filesBelow(dir: string): Map<string, Kept> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return new Map(
    entries.flatMap((entry): [string, Kept][] => {
      const path = join(entry.parentPath, entry.name);
      const type = TYPES[extname(path)];
      if (!entry.isFile() || type === undefined) return [];
      const plain = readFileSync(path);
      const kept = { type, plain, gzip: gzipSync(plain), br: brotliCompressSync(plain) };
      return [[`/${relative(dir, path).split(sep).join('/')}`, kept]];
    }),
  );
}
