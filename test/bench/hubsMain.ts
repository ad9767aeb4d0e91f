/** One process that serves many hubs, as `runService` would start it, for the load runs. */
import { pino } from 'pino';
import { manyHubs } from '../../backend/hubs/settings.ts';
import { serveHubs } from '../../backend/hubs/serve.ts';
import { serveParent } from './child.ts';

async function serve({ env }: { env: Record<string, string> }): Promise<{ port: number }> {
  const many = manyHubs(env);
  if (many === null) throw new Error('There are no keys.');
  const log = pino({ level: process.env.TALLYSTICK_LOG ?? 'error' });
  const { port } = await serveHubs({ ...many, env }, { log });
  return { port };
}

serveParent(import.meta.filename, serve);
