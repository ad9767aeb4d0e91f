/** State that outlives the process: one JSON file, written whole to a neighbour and renamed over the old one. */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

const SAVE_EVERY_MS = 1_000;

export interface Saver {
  /** Something changed: save within a second. */
  dirty(): void;
  save: () => Promise<void>;
  close(): Promise<void>;
}

/** Null when there is no file yet; a file that cannot be read is an error, not an empty world. */
export function loadSnapshot(file: string | undefined): unknown {
  if (file === undefined) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'), revive) as unknown;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

export function createSaver(file: string | undefined, whole: () => unknown): Saver {
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    if (file === undefined) return;
    await writeFile(`${file}.next`, JSON.stringify(whole(), replace));
    await rename(`${file}.next`, file);
  };
  const save = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    writing = writing.then(write);
    return writing;
  };
  return {
    save,
    dirty: () => {
      if (file === undefined || timer !== null) return;
      timer = setTimeout(() => void save(), SAVE_EVERY_MS);
      timer.unref();
    },
    close: save,
  };
}

const replace = (_: string, value: unknown): unknown =>
  value instanceof Map ? { $map: [...(value as Map<string, unknown>)] } : value;
function revive(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$map' in value)) return value;
  return new Map(value.$map as [string, unknown][]);
}
