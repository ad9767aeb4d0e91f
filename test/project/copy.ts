/** A copy of the project in a folder of its own, for tests that spoil it. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Copy {
  root: string;
  write: (file: string, content: string) => Promise<void>;
  /** `file` from the root of the copy, JSON. */
  edit: (file: string, change: (json: Json) => void) => Promise<void>;
  remove: () => Promise<void>;
}

// The tests spoil what they like.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export async function copyProject(): Promise<Copy> {
  const root = realpathSync(await mkdtemp(join(tmpdir(), 'tallystick-project-')));
  for (const part of ['hsproject.json', '.hsignore', 'hubspot-project', 'shared']) {
    await cp(join(ROOT, part), join(root, part), {
      recursive: true,
      filter: (from) => !from.split('/').includes('node_modules'),
    });
  }
  const write = async (file: string, content: string): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), content);
  };
  return {
    root,
    write,
    edit: async (file, change) => {
      const json: Json = JSON.parse(await readFile(join(root, file), 'utf8'));
      change(json);
      await write(file, JSON.stringify(json));
    },
    remove: () => rm(root, { recursive: true }),
  };
}
