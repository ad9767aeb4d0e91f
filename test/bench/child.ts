/** A part of a benchmark in a process of its own, so that its work is not counted as the service's. */
import { fork } from 'node:child_process';

export interface Child {
  answer: unknown;
  pid: number;
  stop: () => void;
}

/** Runs `file` there and sends it `job`; resolves with what it answers. The process stays until it is stopped. */
export function startChild(file: string, job: object, nodeOptions: readonly string[] = []): Promise<Child> {
  return new Promise((resolve, reject) => {
    const child = fork(file, {
      execArgv: [...nodeOptions, '--import', 'tsx'],
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${file} ended before it answered.`)));
    child.once('message', (answer) =>
      resolve({ answer, pid: child.pid ?? 0, stop: () => child.disconnect() }),
    );
    child.send(job);
  });
}

/** As `startChild`, for one answer. */
export async function askChild(file: string, job: object): Promise<unknown> {
  const { answer, stop } = await startChild(file, job);
  stop();
  return answer;
}

/** The other side: does nothing unless `file` was started by `startChild`. */
export function serveParent(file: string, work: (job: never) => Promise<unknown>): void {
  if (process.send === undefined || process.argv[1] !== file) return;
  process.once('message', (job) => void work(job as never).then((answer) => process.send?.(answer)));
  process.once('disconnect', () => process.exit());
}
