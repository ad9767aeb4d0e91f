/**
 * What `hs project upload` would put in its archive, laid out in a folder. Which files of srcDir go is asked of the
 * CLI's own function; what happens to packages from outside srcDir follows the CLI (8.14, lib/projects/workspaces.js).
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import {
  collectFileDependencies,
  collectWorkspaceDirectories,
  findAndParsePackageJsonFiles,
  getPackableFiles,
} from '@hubspot/project-parsing-lib/workspaces';
import { z } from 'zod';
import { filesBelow } from './hsmeta.ts';

const SCRIPT = `
const { shouldIgnoreFile } = await import(process.argv[1]);
let text = '';
for await (const part of process.stdin) text += part;
process.stdout.write(JSON.stringify(JSON.parse(text).filter((file) => !shouldIgnoreFile(file, true))));`;

/** The files of srcDir that go up, when the CLI is started in `cwd`: it reads .hsignore once, from there upwards. */
export async function uploadedFiles(root: string, cwd: string): Promise<string[]> {
  const files = await filesBelow(join(root, 'hubspot-project/src'));
  const rules = import.meta.resolve('@hubspot/local-dev-lib/ignoreRules');
  const asked = promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT, rules], { cwd });
  asked.child.stdin?.end(JSON.stringify(files));
  return z.array(z.string()).parse(JSON.parse((await asked).stdout));
}

/** The packages from outside srcDir that the package.json files below it name, and which of those names them. */
export async function outsidePackages(root: string) {
  const srcDir = join(root, 'hubspot-project/src');
  const parsed = await findAndParsePackageJsonFiles(srcDir);
  const workspaces = await collectWorkspaceDirectories(parsed);
  return {
    srcDir,
    files: await collectFileDependencies(parsed),
    internal: workspaces.filter(({ workspaceDir }) => workspaceDir.startsWith(srcDir)),
    external: workspaces.filter(({ workspaceDir }) => !workspaceDir.startsWith(srcDir)),
  };
}

const packageJson = z.looseObject({ name: z.string(), workspaces: z.array(z.string()).optional() });

/** Lays the archive out in `out`; answers where each workspace lies in it, by package name. */
export async function stageUpload(root: string, out: string): Promise<Map<string, string>> {
  const { srcDir, internal, external } = await outsidePackages(root);
  for (const file of await uploadedFiles(root, root)) await place(join(srcDir, file), join(out, file));
  const members = new Map<string, string>();
  for (const { workspaceDir } of internal) {
    members.set(await packageName(workspaceDir), join(out, relative(srcDir, workspaceDir)));
  }
  for (const { workspaceDir } of external) {
    const hash = createHash('sha256').update(workspaceDir).digest('hex').slice(0, 8);
    const to = join(out, '_workspaces', `${basename(workspaceDir)}-${hash}`);
    for (const file of await getPackableFiles(workspaceDir)) {
      await place(join(workspaceDir, file), join(to, file));
    }
    members.set(await packageName(workspaceDir), to);
  }
  for (const owner of new Set([...internal, ...external].map((one) => one.sourcePackageJsonPath))) {
    const staged = join(out, relative(srcDir, owner));
    const json = packageJson.parse(JSON.parse(await readFile(owner, 'utf8')));
    json.workspaces = [...members.values()].map((member) => relative(dirname(staged), member));
    await writeFile(staged, JSON.stringify(json, null, 2));
  }
  return members;
}

async function packageName(folder: string): Promise<string> {
  return packageJson.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).name;
}

async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}
