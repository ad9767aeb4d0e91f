/**
 * `tally hub …`: the directory of hubs that are served. Secrets are read from the environment or from standard input and
 * never stand among the words of a command, where other users of the machine and the shell's history see them.
 */
import { randomBytes } from 'node:crypto';
import { isHubId, type HubId } from '@tallystick/shared/ids';
import { ConfigError } from '../config.ts';
import { HUB_SETTINGS, keyringOf, settingsFrom, type Environment } from '../hubs/settings.ts';
import { openDatabase } from '../store/connection.ts';
import type { Db } from '../store/database.ts';
import {
  listHubs,
  removeDirectoryRow,
  reseal,
  saveDirectoryRow,
  SEALED,
  sealedOf,
  type SealedRow,
} from '../store/directory.ts';
import { keyIdOf, NONCE_BYTES, seal, unseal, VaultError, type Keyring } from '../hubs/vault.ts';
import { Misuse, type Flags, type Terminal } from './commands.ts';

interface Place {
  url: string;
  onError: (error: Error) => void;
}

export async function hubCommand(
  [name = '', ...words]: readonly string[],
  flags: Flags,
  terminal: Terminal,
  place: Place,
): Promise<number> {
  try {
    switch (name) {
      case 'add':
        return await add(hubOf(words), flags, terminal, place);
      case 'list':
        return await list(flags, terminal, place);
      case 'rotate':
        return await rotate(terminal, place);
      case 'remove':
        return await remove(hubOf(words), terminal, place);
      default:
        throw new Misuse(
          'Usage: tally hub add [--stdin] <hub id> | list [--json] | rotate | remove <hub id>',
        );
    }
  } catch (error) {
    if (error instanceof ConfigError || error instanceof VaultError) throw new Misuse(error.message);
    throw error;
  }
}

function hubOf(words: readonly string[]): HubId {
  const [hubId = '', ...more] = words;
  if (more.length > 0)
    throw new Misuse(
      'Only the hub’s id is a word of this command: secrets come from the environment or --stdin.',
    );
  if (!isHubId(hubId)) throw new Misuse(`"${hubId}" is not a hub id: it has only digits.`);
  return hubId;
}

async function add(hubId: HubId, flags: Flags, terminal: Terminal, { url, onError }: Place): Promise<number> {
  const keyring = keyringOf(terminal.env);
  const given = flags.stdin === true ? linesOf(await (terminal.readInput?.() ?? '')) : terminal.env;
  const { hubspot, appId, portalUrl, more } = settingsFrom(given, terminal.env);
  const taken = (await listed({ url, onError })).find(
    (hub) => hub.portalUrl !== null && hub.portalUrl === portalUrl && hub.hubId !== hubId,
  );
  if (taken !== undefined)
    throw new Misuse(`${portalUrl ?? ''} is the portal of hub ${taken.hubId} already.`);
  const sealed = (column: string, text: string): string =>
    seal(keyring, { hubId, column }, text, randomBytes(NONCE_BYTES));
  await bound({ url, onError }, hubId, (db) =>
    saveDirectoryRow(
      db,
      hubId,
      {
        ...{ appId, portalUrl },
        access_token: sealed('access_token', hubspot.accessToken),
        client_secrets: sealed('client_secrets', hubspot.clientSecrets),
        settings: sealed('settings', JSON.stringify(more)),
      },
      terminal.now(),
    ),
  );
  const kept = Object.keys(more).sort().join(', ');
  terminal.print(
    `Hub ${hubId} is served from now on${portalUrl === null ? '' : `, its portal at ${portalUrl}`}. Sealed with the key "${keyring.newest.id}": token, client secrets${kept === '' ? '' : `, ${kept}`}.`,
  );
  return 0;
}

async function list({ json }: Flags, terminal: Terminal, place: Place): Promise<number> {
  for (const { hubId, appId, portalUrl, version } of await listed(place)) {
    const row = await bound(place, hubId, (db) => sealedOf(db, hubId, true));
    const keys = row === null ? [] : [...new Set(Object.values(valuesOf(row)).map(keyIdOf))];
    terminal.print(
      json === true
        ? JSON.stringify({ hubId, appId, portalUrl, version, keys })
        : `${hubId}  app ${appId}  ${portalUrl ?? 'no portal address'}  sealed with ${keys.join(', ')}`,
    );
  }
  return 0;
}

/** Afterwards the older keys open nothing any more and may be taken out of TALLYSTICK_KEYS. */
async function rotate(terminal: Terminal, place: Place): Promise<number> {
  const keyring = keyringOf(terminal.env);
  let anew = 0;
  let missed = 0;
  for (const { hubId } of await listed(place)) {
    const done = await bound(place, hubId, (db) => rotateHub(db, hubId, keyring));
    if (done === 'anew') anew += 1;
    if (done === 'changed meanwhile') missed += 1;
  }
  terminal.print(`Sealed with the key "${keyring.newest.id}" now: ${anew} hubs anew, the others were.`);
  if (missed > 0) terminal.complain(`${missed} hubs were changed meanwhile: run it again.`);
  return missed > 0 ? 1 : 0;
}

async function rotateHub(
  db: Db,
  hubId: HubId,
  keyring: Keyring,
): Promise<'anew' | 'was' | 'changed meanwhile'> {
  const row = await sealedOf(db, hubId, true);
  if (row === null) return 'was';
  const values = valuesOf(row);
  if (SEALED.every((column) => keyIdOf(values[column]) === keyring.newest.id)) return 'was';
  const anew = (column: (typeof SEALED)[number]): string => {
    const place = { hubId, column };
    return seal(keyring, place, unseal(keyring, place, values[column]).reveal(), randomBytes(NONCE_BYTES));
  };
  const sealed = {
    access_token: anew('access_token'),
    client_secrets: anew('client_secrets'),
    settings: anew('settings'),
  };
  return (await reseal(db, hubId, sealed, row.version)) ? 'anew' : 'changed meanwhile';
}

async function remove(hubId: HubId, terminal: Terminal, place: Place): Promise<number> {
  const was = await bound(place, hubId, (db) => removeDirectoryRow(db, hubId));
  if (!was) {
    terminal.complain(`Hub ${hubId} is not in the directory.`);
    return 1;
  }
  terminal.print(
    `Hub ${hubId} is not served any more, and its secrets are gone. What is kept of it besides stays.`,
  );
  return 0;
}

const valuesOf = ({ access_token, client_secrets, settings }: SealedRow) => ({
  ...{ access_token: access_token ?? '', client_secrets, settings },
});

async function listed({ url, onError }: Place) {
  const door = openDatabase(url, 'door', onError, 1);
  return listHubs(door).finally(() => door.destroy());
}

async function bound<T>({ url, onError }: Place, hubId: HubId, work: (db: Db) => Promise<T>): Promise<T> {
  const db = openDatabase(url, hubId, onError, 1);
  return work(db).finally(() => db.destroy());
}

/** Lines of `NAME=value`; empty ones and those that begin with # say nothing. */
function linesOf(text: string): Environment {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  return Object.fromEntries(
    lines.map((line, index): [string, string] => {
      const at = line.indexOf('=');
      const name = line.slice(0, Math.max(0, at)).trim();
      // The line itself may be a secret: only its place is named.
      if (!HUB_SETTINGS.includes(name))
        throw new Misuse(`Line ${index + 1} is not NAME=value with the name of a hub’s setting.`);
      return [name, line.slice(at + 1).trim()];
    }),
  );
}
