/** `npm run simulator -- --port 4010 --demo`: the stand-in as a server of its own. */
import { parseArgs } from 'node:util';
import { seedDemo } from './seed.ts';
import { startSimulator, type SimulatorOptions } from './simulator.ts';

const USAGE = `npm run simulator -- [options]
  --port N            port to listen on (default 4010; 0: any free one)
  --seed N            seed of ids, faults and demo data (default 1)
  --hub N             the account's id (default 24710001)
  --webhook-target U  where webhooks go; subscriptions: PUT /_sim/webhooks
  --snapshot FILE     keep the state in a file across restarts
  --demo              fill it with the demo business
  --json              print one JSON line when ready`;

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      seed: { type: 'string', default: '1' },
      hub: { type: 'string' },
      'webhook-target': { type: 'string' },
      snapshot: { type: 'string' },
      demo: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const seed = whole('seed', values.seed);
  const options: SimulatorOptions = { port: whole('port', values.port), seed };
  if (values.hub !== undefined) options.hubId = whole('hub', values.hub);
  if (values['webhook-target'] !== undefined) options.webhookTarget = values['webhook-target'];
  if (values.snapshot !== undefined) options.snapshotFile = values.snapshot;
  const simulator = await startSimulator(options);
  if (values.demo && !simulator.restored) seedDemo(simulator.world, { seed });
  const { url, hubId, appId, accessToken, clientId, clientSecret } = simulator;
  if (values.json) console.log(JSON.stringify({ url, hubId, appId, accessToken, clientId, clientSecret }));
  else
    console.log(
      `HubSpot stand-in at ${url}\n  hub ${hubId}, app ${appId}\n  access token  ${accessToken}\n  client secret ${clientSecret}\n  control       ${url}/_sim/state`,
    );
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void simulator.close().then(() => process.exit(0)));
}

function whole(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`--${name} must be a whole number, not "${text}"`);
  process.exit(2);
}
