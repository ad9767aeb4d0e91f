/** Opens the sources that are configured. One whose role may write is refused at once; one that is away is waited for. */
import { sources } from '@tallystick/shared/ownership';
import { openSqlSource } from './sql.ts';
import type { Source, SourceFailure } from './source.ts';
import { refusedSentence } from './words.ts';

/** The service must not start with such a role; the message says what to do. */
export class SourceRefused extends Error {
  override name = 'SourceRefused';
}

export interface OpenDeps {
  now: () => number;
  /** Hears of a source that does not answer at the start, and of connections that die while idle. */
  onTrouble: (source: string, trouble: SourceFailure | Error) => void;
}

/** The setting that says where a source is: `BILLING_DATABASE_URL`. */
export const settingOf = (source: string): string =>
  `${source.replace(/[A-Z]/g, '_$&').toUpperCase()}_DATABASE_URL`;

/** `urls`: by source; a source without one is simply not there. */
export async function openSources(
  urls: Readonly<Record<string, string>>,
  { now, onTrouble }: OpenDeps,
): Promise<Source[]> {
  const opened = Object.entries(sources).flatMap(([name, spec]) => {
    const url = urls[name];
    if (url === undefined) return [];
    return [openSqlSource({ name, spec, url, now, onError: (error) => onTrouble(name, error) })];
  });
  const proofs = await Promise.all(opened.map((source) => source.prove()));
  const refused = opened.flatMap(({ name, spec }, index) => {
    const proof = proofs[index];
    if (proof === undefined || proof.ok) return [];
    if (proof.failure.is !== 'may-write') onTrouble(name, proof.failure);
    return proof.failure.is === 'may-write'
      ? [refusedSentence(settingOf(name), spec.label, proof.failure.message)]
      : [];
  });
  if (refused.length === 0) return opened;
  await Promise.all(opened.map((source) => source.close()));
  throw new SourceRefused(refused.join(' '));
}
