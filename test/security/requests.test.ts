/** One service, and everything that a stranger can send to it. */
import { gzipSync } from 'node:zlib';
import { connect } from 'node:net';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../backend/log.ts';
import { ADDRESSES } from '../../backend/portal/router.ts';
import type { Db } from '../../backend/store/database.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner } from '../harness/postgres.ts';
import { freshKey, REP } from '../harness/whole.ts';
import { FORGERIES, forgeries } from './forgeries.ts';
import { fuzz } from './fuzz.ts';
import { deep, HOSTILE_NAMES, HOSTILE_VALUES } from './hostile.ts';
import { HOOK_PATH, signed, startTarget, type Answer, type Target } from './kit.ts';

const SEED = Number(process.env.TALLYSTICK_SECURITY_SEED ?? 1);
const FOREIGN = 'FOREIGNMARK';
const MEGABYTE = 1_048_576;

let target: Target;
let owner: Db;
let token: string;
let lines = '';
beforeAll(async () => {
  const log = openLog('warn', { write: (line) => void (lines += line) });
  const server = { headersTimeoutMs: 400, requestTimeoutMs: 800, checkEveryMs: 100, bodyTimeoutMs: 500 };
  const limits = { requestsPerMinute: 1e6, writesPerMinute: 1e6, signInsPerMinute: 1e6, freshWaitMs: 20 };
  target = await startTarget({
    overrides: { log, server: { ...server, strikesPerMinute: 1e6 }, limits },
    prepare: ({ world }) =>
      world.quietly(() => {
        const named = (type: string, name: string) => world.list(type).find((one) => name in one.properties);
        void named;
      }),
  });
  owner = asOwner(target.whole.service.databaseUrl);
  token = await target.whole.token(target.whole.ids.ada, 'direct');
});
afterAll(async () => {
  await owner.destroy();
  await target.close();
});
