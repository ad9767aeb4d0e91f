/** Errors as RFC 9457 problem documents. */
import type { Problem } from '@tallystick/shared/messages';
import type { ErrorRequestHandler, Response } from 'express';
import { PROBLEMS } from './words.ts';

/** Where the limit has no window of its own: until something that is under way has ended. */
const RETRY_AFTER_S = 10;

export type ProblemCode = keyof typeof PROBLEMS;

/** An expected problem, thrown anywhere below a route and answered in one place. */
export class Refused extends Error {
  override name = 'Refused';
  readonly code: ProblemCode;
  readonly more: Partial<Pick<Problem, 'detail' | 'fields'>>;

  constructor(code: ProblemCode, more: Partial<Pick<Problem, 'detail' | 'fields'>> = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}

export function sendProblem(
  res: Response,
  code: ProblemCode,
  more: Partial<Pick<Problem, 'detail' | 'fields'>> = {},
): void {
  const [status, title, detail] = PROBLEMS[code];
  const id: unknown = res.locals.requestId;
  const problem: Problem = {
    ...{ type: `urn:tallystick:problem:${code}`, title, status, code, detail, ...more },
    // The id under which our log has the request.
    ...(typeof id === 'string' ? { instance: `urn:uuid:${id}` } : {}),
  };
  res.locals.code = code;
  // RFC 9110: who is asked to sign in is told how.
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="portal"');
  if (status === 429 && !res.hasHeader('Retry-After')) res.setHeader('Retry-After', RETRY_AFTER_S);
  res.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Expected problems are answered here; everything else is a bug and goes on to the service's last handler. */
export const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const code = error instanceof Refused ? error.code : codeOf(error);
  if (code === undefined || res.headersSent) next(error);
  else sendProblem(res, code, error instanceof Refused ? error.more : {});
};

/** Express's router and body parser throw errors that carry a status; a broken body says so in its type. */
function codeOf(error: unknown): ProblemCode | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  switch (error.status) {
    case 400:
      return 'type' in error && error.type === 'entity.parse.failed' ? 'bad-json' : 'bad-request';
    case 413:
      return 'too-large';
    case 415:
      return 'type' in error && error.type === 'encoding.unsupported' ? 'encoded' : 'not-json';
    default:
      return undefined;
  }
}
