/** What the log tells of errors and requests: nothing that somebody said. */
import { describe, expect, it } from 'vitest';
import { openLog, toldError } from '../../backend/log.ts';

const CANARY = 'canaryq7x';

describe('what is told of an error', () => {
  it('is its kind, its code and where it arose: no detail of Postgres, nothing a parser quotes, no address', () => {
    const violation = Object.assign(
      new Error(`duplicate key value violates unique constraint "edits_pkey"`),
      {
        ...{
          severity: 'ERROR',
          routine: '_bt_check_unique',
          code: '23505',
          constraint: 'edits_pkey',
          table: 'edits',
        },
        ...{ detail: `Key (email)=(${CANARY}) already exists.`, where: CANARY, parameters: [CANARY] },
      },
    );
    expect(toldError(violation)).toMatchObject({ code: '23505', constraint: 'edits_pkey', table: 'edits' });
    const syntax = Object.assign(new Error(`invalid input syntax for type bigint: "${CANARY}"`), {
      ...{ severity: 'ERROR', routine: 'pg_strtoint64_safe', code: '22P02' },
    });
    const parser = (): unknown => JSON.parse(`{"a":${CANARY}`) as unknown;
    const address = (): unknown => new URL(`http://${CANARY}:x/`);
    const thrown = [parser, address].map((work) => {
      try {
        return work();
      } catch (error) {
        return error;
      }
    });
    const chained = new Error(`no mail to ${CANARY}@person.example`, { cause: thrown[0] });
    const told = JSON.stringify(
      [violation, syntax, ...thrown, chained, CANARY].map((each) => toldError(each)),
    );
    expect(told).toContain('[address]');
    expect(told).toContain('invalid input syntax for type bigint');
    expect(told).not.toContain(CANARY);
  });

  it('and members are known by their names, at the top and one below', () => {
    let line = '';
    const log = openLog('info', { write: (text) => void (line = text) });
    const personal = { email: CANARY, phone: CANARY, wanted: CANARY, 'x-hubspot-signature-v3': CANARY };
    log.info(
      { ...personal, request: { ...personal, headers: { cookie: CANARY } }, hub: '7' },
      `for ${CANARY}@x.example`,
    );
    expect(JSON.parse(line)).toMatchObject({ hub: '7', email: '[left out]', msg: 'for [address]' });
    expect(line).not.toContain(CANARY);
  });

  it('and of a request no query is told, nor an address in its path', () => {
    let line = '';
    const log = openLog('info', { write: (text) => void (line = text) });
    log.info({ req: { method: 'GET', url: `/of/${CANARY}%40x.example?email=${CANARY}` } }, 'It was asked.');
    expect(JSON.parse(line)).toMatchObject({ req: { method: 'GET', path: '/of/[address]' } });
    expect(line).not.toContain(CANARY);
  });
});
