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
 *   test-alert                      raise a warning that means nothing, to see where people are told of it
 *   token <contact id> <audience>   a new bearer token for the portal API
 *   receipt verify <file> [--keys f] whether the signed statement of a decision is genuine; needs no database
 */
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
  },
});

process.exitCode = await runCommand(positionals, values, {
  env: process.env,
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  rewrite: process.stdout.isTTY ? (line) => void process.stdout.write(`\r\u001b[2K${line}`) : null,
  now: Date.now,
});
