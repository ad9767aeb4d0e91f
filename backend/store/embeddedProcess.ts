/** Processes, as the embedded Postgres needs them: who serves a data directory, running programs, reading failures. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

const COMMAND_TIMEOUT_MS = 60_000;
export const POLL_MS = 25;

const NOTHING: Record<string, string> = {};
/** The server gets none of our environment: it holds secrets, and the locale would change sorting. */
export const ENVIRONMENT = {
  PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
  LC_ALL: 'C',
  TZ: 'UTC',
};

export interface Account {
  uid: number;
  gid: number;
}
export interface Postmaster {
  pid: number;
  port: number;
  status: string;
}
export interface Place {
  dataDir: string;
  account: Account;
}

/** The live server of this data, by the lock file: process, port and status stand on lines 1, 4 and 8. */
export async function postmasterOf(place: Place): Promise<Postmaster | undefined> {
  const lock = await fs.readFile(join(place.dataDir, 'postmaster.pid'), 'utf8').catch(unlessAbsent);
  const lines = lock?.split('\n').map((line) => line.trim()) ?? [];
  const pid = Number(lines[0]);
  if (!(await isPostmaster(pid, place))) return undefined;
  return { pid, port: Number(lines[3]), status: lines[7] ?? 'starting' };
}

/**
 * Postgres trusts a lock file whose process number is taken, be it by a zombie (a container without an init reaps
 * none) or by another program. It finds out itself about a number that is free.
 */
export async function removeFalseLock(place: Place): Promise<void> {
  const file = join(place.dataDir, 'postmaster.pid');
  const lock = await fs.readFile(file, 'utf8').catch(unlessAbsent);
  if (lock === undefined) return;
  const pid = Number.parseInt(lock, 10);
  if (Number.isNaN(pid) || (seemsAlive(pid) && !(await isPostmaster(pid, place))))
    await fs.rm(file, { force: true });
}

export async function isPostmaster(pid: number, { dataDir, account }: Place): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || !seemsAlive(pid)) return false;
  if (platform() !== 'linux') {
    const shown = await execute('ps', ['-o', 'stat=,comm=', '-p', String(pid)]).catch(() => '');
    return /^[^Z]\S*\s.*postgres\s*$/.test(shown);
  }
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (!/^\d+ \(postgres\) [^ZX]/.test(stat)) return false;
  /* Asked as the server's user: root without CAP_SYS_PTRACE, as in a container, may not look. */
  const cwd = await execute('readlink', [`/proc/${pid}/cwd`], account).catch(() => dataDir);
  return cwd === dataDir;
}

export function seemsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

export async function until(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (await condition()) return true;
    await pause(POLL_MS);
  }
  return condition();
}

export async function execute(program: string, args: string[], account?: Account): Promise<string> {
  const options = { ...account, cwd: '/', env: ENVIRONMENT, timeout: COMMAND_TIMEOUT_MS };
  return (await promisify(execFile)(program, args, options)).stdout.trim();
}

export async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await fs.readFile(file, 'utf8'));
}

export function randomName(): string {
  return randomBytes(6).toString('hex');
}

const failure = z
  .object({ code: z.coerce.string().optional(), stderr: z.string().optional() })
  .catch(NOTHING);

export function codeOf(error: unknown): string | undefined {
  return failure.parse(error).code;
}
export function reasonOf(error: unknown): string {
  const said = failure.parse(error).stderr?.trim();
  if (said !== undefined && said !== '') return said.replace(/\.$/, '');
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
}
export function unlessAbsent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
export function unlessThere(error: unknown): void {
  if (!['EEXIST', 'ENOTEMPTY'].includes(codeOf(error) ?? '')) throw error;
}
export function unlessDuplicate(error: unknown): void {
  if (!['42P04', '23505'].includes(codeOf(error) ?? '')) throw error;
}
