import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The law alone: no database is started. `npx vitest run --config test/law/vitest.config.ts` */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: { include: ['test/law/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
});
