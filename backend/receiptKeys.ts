/** Where the key that signs decisions comes from: the setting, or a file of its own beside the service's state. */
import { generateKeyPairSync } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const keyFile = (stateDir: string): string => join(stateDir, 'receipt-key.pem');

/** Made once; of two processes that make one at the same time both use the one that was there first. */
export async function keptKey(stateDir: string, now: () => number): Promise<string> {
  const file = keyFile(stateDir);
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null) return kept;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await mkdir(stateDir, { recursive: true });
  const draft = `${file}.${process.pid}.${now()}`;
  await writeFile(draft, pem, { mode: 0o600 });
  await link(draft, file).catch(() => undefined); // it is there already
  await rm(draft);
  return readFile(file, 'utf8');
}
