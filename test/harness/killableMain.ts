/** The service as a process to kill: TALLYSTICK_KILL_AT="<step>:<n>" ends it, as by `kill -9`, at the nth time there. */
import { pino } from 'pino';
import { parseConfig } from '../../backend/config.ts';
import { startService, stopOnSignal } from '../../backend/main.ts';

const [step, nth = '1'] = (process.env.TALLYSTICK_KILL_AT ?? '').split(':');
let left = Number(nth);

const service = await startService(parseConfig(process.env), {
  log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
  patience: { answeredMs: 2_000, ambiguousMs: 200 },
  at: (reached) => {
    if (reached === step && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
process.send?.({ url: service.url });
stopOnSignal(service);
