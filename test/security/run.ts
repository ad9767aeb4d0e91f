/**
 * `npm run security -- --seed 7 --minutes 5 [--sbom sbom.json]`: the attacks of this folder with more of them, seed
 * after seed, until the time is over; then what the registry knows of our packages, and what we are made of.
 */
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const MINUTE_MS = 60_000;
const OUTPUT_MAX_BYTES = 64 * 1_048_576;
const SEEDED = ['test/security/webhooks.test.ts', 'test/security/requests.test.ts'];
/** A forgery of each kind so often, and so many wrong requests, for each seed. */
const ROUNDS = '60';
const FUZZED = '3000';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    sbom: { type: 'string' },
  },
});

const run = promisify(execFile);
const vitest = (files: readonly string[], env: Record<string, string>): Promise<number> =>
  new Promise((resolve) => {
    const args = ['vitest', 'run', '--testTimeout=600000', ...files];
    const child = spawn('npx', args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
    child.on('close', (code) => resolve(code ?? 1));
  });

async function main(): Promise<number> {
  const begun = Date.now();
  const endsAt = begun + Number(values.minutes) * MINUTE_MS;
  let failed = (await vitest(['test/security'], { TALLYSTICK_SECURITY_SEED: values.seed })) === 0 ? 0 : 1;
  let seeds = 0;
  for (let seed = Number(values.seed); Date.now() < endsAt; seed += 1, seeds += 1) {
    const env = {
      TALLYSTICK_SECURITY_SEED: String(seed),
      TALLYSTICK_SECURITY_ROUNDS: ROUNDS,
      TALLYSTICK_SECURITY_FUZZED: FUZZED,
    };
    if ((await vitest(SEEDED, env)) === 0) continue;
    failed += 1;
    console.log(`Seed ${seed} found something: npm run security -- --seed ${seed}`);
  }
  console.log(
    `Seeds ${values.seed} to ${Number(values.seed) + seeds - 1}, ${seeds} in ${Math.round((Date.now() - begun) / 1_000)} s: ${failed === 0 ? 'nothing found' : `${failed} with findings`}.`,
  );
  const isClean = await audit();
  if (values.sbom !== undefined) await sbom(values.sbom);
  return failed === 0 && isClean ? 0 : 1;
}

/** True also where the registry cannot be asked: that is said, and is no finding. */
async function audit(): Promise<boolean> {
  try {
    const { stdout } = await run('npm', ['audit', '--omit=dev'], { cwd: ROOT, maxBuffer: OUTPUT_MAX_BYTES });
    console.log(stdout.trim());
    return true;
  } catch (error) {
    const said =
      error instanceof Error && 'stdout' in error && 'stderr' in error
        ? `${String(error.stdout)}${String(error.stderr)}`
        : String(error);
    const isAway = /audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/.test(said);
    console.log(
      isAway
        ? 'The registry does not answer audits from here: known vulnerabilities were not looked up.'
        : said,
    );
    return isAway;
  }
}

async function sbom(file: string): Promise<void> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'];
  const { stdout } = await run('npm', args, { cwd: ROOT, maxBuffer: OUTPUT_MAX_BYTES });
  await writeFile(file, stdout);
  const { components } = JSON.parse(stdout) as { components: unknown[] };
  console.log(`${components.length} components are in ${file} (CycloneDX).`);
}

process.exitCode = await main();
