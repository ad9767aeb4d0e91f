/**
 * `npm start`. Without settings: the demo. With HUBSPOT_ACCESS_TOKEN: the service over the real HubSpot, with no demo
 * part loaded.
 */
import { parseArgs } from 'node:util';
import type { Demo } from './demo.ts';

const USAGE =
  'Usage: npm start -- [--json] [--port N] [--simulator-port N] [--workbench-port N] [--state-dir DIR]';

if (process.env.HUBSPOT_ACCESS_TOKEN === undefined) await demo();
else await (await import('../../backend/main.ts')).runService(process.env);

async function demo(): Promise<void> {
  const settings = readSettings();
  if (typeof settings === 'string') {
    process.stderr.write(`${settings}\n`);
    process.exitCode = 2;
    return;
  }
  if (!settings.json)
    process.stdout.write('Starting the demo: a CRM stand-in, the service and the workbench …\n');
  const { startDemo } = await import('./demo.ts');
  try {
    const running = await startDemo(settings);
    process.stdout.write(settings.json ? `${asJson(running)}\n` : asText(running));
    stopOnSignal(running);
  } catch (error) {
    process.stderr.write(
      `The demo could not start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(1);
  }
}

function readSettings() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        port: { type: 'string', default: process.env.PORT ?? '8787' },
        'simulator-port': { type: 'string', default: '8788' },
        'workbench-port': { type: 'string', default: '8789' },
        'state-dir': { type: 'string', default: process.env.TALLYSTICK_STATE_DIR ?? '.tallystick' },
      },
    });
    const ports = {
      portal: values.port,
      simulator: values['simulator-port'],
      workbench: values['workbench-port'],
    };
    const wrong = Object.entries(ports).find(([, text]) => !/^\d{1,5}$/.test(text) || Number(text) > 65_535);
    if (wrong !== undefined) return `The ${wrong[0]} port "${wrong[1]}" is not a number from 0 to 65535.`;
    return {
      json: values.json,
      stateDir: values['state-dir'],
      ports: {
        portal: Number(ports.portal),
        simulator: Number(ports.simulator),
        workbench: Number(ports.workbench),
      },
      ...(process.env.DATABASE_URL === undefined ? {} : { databaseUrl: process.env.DATABASE_URL }),
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}

function asJson({ portal, simulator, workbench, people }: Demo): string {
  return JSON.stringify({ portal, simulator, workbench, people });
}

function asText({ portal, simulator, workbench, people }: Demo): string {
  const lines = people.map(
    ({ name, audience, contactId, token }) =>
      `    ${name} (${audience}, contact ${contactId})\n      ${token}`,
  );
  return `
  Open the workbench   ${workbench}
  Portal API           ${portal}/portal/v1/me   (OpenAPI: ${portal}/portal/v1/openapi.json)
  CRM stand-in         ${simulator}

  Demo people and their bearer tokens:
${lines.join('\n')}

  Another terminal:    npm run tally -- status
  Stop with Ctrl-C; the state is kept in .tallystick.
`;
}

/** The first signal stops cleanly, a second one at once. */
function stopOnSignal(running: Demo): void {
  const stop = (): void => {
    process.on('SIGINT', () => process.exit(130));
    void running.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}
