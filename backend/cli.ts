/**
 * The command line: `npm run tally -- <command>`.
 *
 *   status                          how every hub stands
 *   backfill [object …]             read everything anew from the CRM, with progress; resumable
 *     --dry-run                     only say what that would change
 *   reconcile [object …]            compare everything with the CRM, and repair what differs
 *   verify [object …] [--json]      the same, with an equality certificate
 *   explain <object> <id> <field>   why the field has its value
 *   journal [--follow] [--object o] [--record id] [--field f] [--kind k] [--limit n]
 *   verify-journal                  walk the hash chain
 *   doctor [--fresh] [--json]       where the CRM's schema does not fit shared/ownership.ts of this checkout
 *     --fix [--yes | --dry-run]     have what is missing made; nothing that is there is changed
 *   undo (--edit id | --person who | --field object.field | --object o | --since t | --until t | --set id | --undo id)
 *     [--dry-run | --yes --by <CRM user id or e-mail>]
 *                                   put back what stood before our own writes; what was changed since is left alone
 *   edits [--json]                  what customers asked for and is not over yet, beside what the CRM holds
 *   discard <edit id>               ends what of an edit is still undecided; its receipt says so
 *   pause <reason> | resume         nothing goes from the portal to the CRM | it does again
 *   test-alert                      raise a warning that means nothing, to see where people are told of it
 *   token <contact id> <audience>   a new bearer token for the portal API
 *   revoke <contact id>             takes the contact's bearer tokens back
 *   hub add [--stdin] <hub id>      serve this hub; its settings come from the environment, or from lines NAME=value
 *   hub list | rotate               the hubs that are served | seal everything with the newest key
 *   hub remove <hub id>             stop serving it; what is kept of it stays
 *   receipt verify <file> [--keys f] whether the signed statement of a decision is genuine; needs no database
 */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { runCommand } from './cli/commands.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hub: { type: 'string' },
    follow: { type: 'boolean', short: 'f' },
    json: { type: 'boolean' },
    object: { type: 'string' },
    record: { type: 'string' },
    field: { type: 'string' },
    kind: { type: 'string' },
    limit: { type: 'string' },
    keys: { type: 'string' },
    'dry-run': { type: 'boolean' },
    stdin: { type: 'boolean' },
    fix: { type: 'boolean' },
    yes: { type: 'boolean' },
    fresh: { type: 'boolean' },
    edit: { type: 'string' },
    person: { type: 'string' },
    since: { type: 'string' },
    until: { type: 'string' },
    set: { type: 'string' },
    undo: { type: 'string' },
    by: { type: 'string' },
  },
});

process.exitCode = await runCommand(positionals, values, {
  env: process.env,
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  rewrite: process.stdout.isTTY ? (line) => void process.stdout.write(`\r\u001b[2K${line}`) : null,
  now: Date.now,
  readInput: () => text(process.stdin),
});
