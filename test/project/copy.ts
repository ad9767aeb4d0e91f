/** A copy of the project in a folder of its own, for tests that spoil it. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Copy {
  root: string;
  write: (file: string, content: string) => Promise<void>;
  /** `path` is "config.auth.type"; a last step of "+" appends, and no value removes. */
  edit: (file: string, path: string, value?: unknown) => Promise<void>;
  remove: () => Promise<void>;
}

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
    edit: async (file, path, value) => {
      const json = JSON.parse(await readFile(join(root, file), 'utf8')) as Tree;
      set(json, path.split('.'), value);
      await write(file, JSON.stringify(json));
    },
    remove: () => rm(root, { recursive: true }),
  };
}

type Tree = Record<string, unknown>;

function set(json: Tree, path: readonly string[], value: unknown): void {
  const last = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce((at, step) => at[step] as Tree, json);
  if (Array.isArray(holder)) holder.push(value);
  else if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
}
