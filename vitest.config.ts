import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic' } },
  // One copy of HubSpot's SDK and of React: the test renderer compares components by identity.
  resolve: { dedupe: ['react', '@hubspot/ui-extensions', '@remote-ui/react'] },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'node',
    // Most tests wait for something: two on two cores, where vitest would take one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/harness/postgres.ts', 'test/harness/chromium.ts', 'test/workbench/pages.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    server: { deps: { inline: [/@hubspot\/ui-extensions/] } },
  },
});
