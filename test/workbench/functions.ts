/** Runs the app's functions as HubSpot would: each call in a process of its own, with its secrets and 15 seconds. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const APP = join(import.meta.dirname, '../../hubspot-project/src/app/functions');
const EXECUTION_TIMEOUT_MS = 15_000;
const FILES: Readonly<Record<string, string>> = {
  record_status: 'record-status-hsmeta.json',
  check_record: 'check-record-hsmeta.json',
  nudge: 'nudge-hsmeta.json',
};
const meta = z.object({ config: z.object({ entrypoint: z.string() }) });

const SCRIPT = `
const [file, context] = process.argv.slice(1);
Promise.resolve(require(file).main(JSON.parse(context)))
  .then((answer) => process.stdout.write(JSON.stringify(answer ?? null)));
`;

/** Answers with what the function returned; rejects when it failed, as \`hubspot.serverless\` does. */
export async function runFunction(
  name: string,
  parameters: unknown,
  secrets: Readonly<Record<string, string>>,
): Promise<unknown> {
  const file = FILES[name];
  if (file === undefined) throw new Error(`The project has no function "${name}".`);
  const { config } = meta.parse(JSON.parse(await readFile(join(APP, file), 'utf8')));
  const bundle = join(APP, '..', '..', config.entrypoint);
  const context = JSON.stringify({ parameters, propertiesToSend: {}, event: {}, secrets: {} });
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, bundle, context], {
    env: { ...secrets },
    timeout: EXECUTION_TIMEOUT_MS,
    maxBuffer: 8 * 1_048_576,
  });
  return JSON.parse(stdout) as unknown;
}
