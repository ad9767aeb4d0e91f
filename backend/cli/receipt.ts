/** `tally receipt verify <file>`: whether a statement of a decision is genuine, in one sentence. Needs no database. */
import { readFile } from 'node:fs/promises';
import type { Statement } from '@tallystick/shared/messages';
import type { JWK } from 'jose';
import { z } from 'zod';
import { parseReceiptKeys } from '../config.ts';
import { keyFile } from '../receiptKeys.ts';
import { openSigner, verifyStatement } from '../statement.ts';
import { Misuse, type Flags, type Terminal } from './commands.ts';

const USAGE = 'Usage: tally receipt verify <file> [--keys <file of the published keys>]';
const receipt = z.object({ statement: z.string() });
const published = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export async function receiptCommand(
  words: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const [verb, file] = words;
  if (verb !== 'verify' || file === undefined) throw new Misuse(USAGE);
  const verdict = await verifyStatement(jwsOf(await read(file)), await keysOf(flags, terminal.env));
  if (verdict.ok) {
    terminal.print(sentenceOf(verdict.statement));
    return 0;
  }
  terminal.complain(`Not genuine: ${verdict.why}.`);
  return 1;
}

function sentenceOf({ label, who, object, recordId, decidedAt, shown, result }: Statement): string {
  const whom = who.email === null ? who.name : `${who.name} <${who.email}>`;
  const content = Object.values(shown.content).filter((value) => value !== null && value.length <= 40);
  return `Genuine: ${whom} (contact ${who.contactId}) chose “${label}” on ${decidedAt} for ${object} ${recordId} as it was shown (${content.join(', ')}; ${shown.digest}), and the CRM held it on ${result.at}.`;
}

/** The receipt as the portal gives it, or the statement alone. */
function jwsOf(text: string): string {
  if (!text.trimStart().startsWith('{')) return text.trim();
  try {
    return receipt.parse(JSON.parse(text)).statement;
  } catch {
    throw new Misuse('The file is no receipt with a statement.');
  }
}

/** The published keys from a file, or the service's own. */
async function keysOf(flags: Flags, env: Terminal['env']): Promise<JWK[]> {
  if (flags.keys !== undefined) {
    try {
      return published.parse(JSON.parse(await read(flags.keys))).keys;
    } catch {
      throw new Misuse(`${flags.keys} holds no keys as /portal/v1/keys gives them.`);
    }
  }
  const [first, ...more] = parseReceiptKeys(env.RECEIPT_KEY ?? '');
  const kept = first ?? (await read(keyFile(env.TALLYSTICK_STATE_DIR ?? '.tallystick')));
  return (await openSigner([kept, ...more])).keys;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new Misuse(`${file} could not be read.`);
  }
}
