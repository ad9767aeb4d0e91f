/** Errors as RFC 9457 problem documents. */
import type { Problem } from '@tallystick/shared/messages';
import type { ErrorRequestHandler, Response } from 'express';
import { PROBLEMS } from './words.ts';

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
  const problem: Problem = { type: `urn:tallystick:problem:${code}`, title, status, code, detail, ...more };
  res.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Expected problems are answered here; everything else is a bug and goes on to the service's last handler. */
export const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const code = error instanceof Refused ? error.code : BY_STATUS.get(statusOf(error) ?? 0);
  if (code === undefined || res.headersSent) next(error);
  else sendProblem(res, code, error instanceof Refused ? error.more : {});
};

const BY_STATUS = new Map<number, ProblemCode>([
  [400, 'bad-json'],
  [413, 'too-large'],
  [415, 'not-json'],
]);

/** Express's body parser throws errors that carry a status. */
function statusOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null;
}
