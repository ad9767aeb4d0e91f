import { describe, expect, it } from 'vitest';
import { allImports, broken } from './imports.ts';

describe('the import rules of the house', () => {
  it('are kept by every file', async () => {
    const imports = await allImports();
    expect(imports.length).toBeGreaterThan(50);
    expect(imports.map(broken).filter((rule) => rule !== null)).toEqual([]);
  });

  it.each([
    { from: 'shared/decide.ts', to: 'npm:zod' },
    { from: 'shared/decide.ts', to: 'shared/schemas.ts' },
    { from: 'shared/observe.ts', to: 'node:fs' },
    { from: 'backend/store/work.ts', to: 'backend/sync/plan.ts' },
    { from: 'backend/hubspot/crm.ts', to: 'backend/store/work.ts' },
    { from: 'backend/sync/worker.ts', to: 'backend/portal/router.ts' },
    { from: 'backend/sources/sql.ts', to: 'backend/store/edits.ts' },
    { from: 'backend/sources/sql.ts', to: 'backend/hubspot/crm.ts' },
    { from: 'backend/hooks/dispatch.ts', to: 'backend/sync/worker.ts' },
    { from: 'backend/hooks/dispatch.ts', to: 'backend/portal/router.ts' },
    { from: 'backend/sync/worker.ts', to: 'backend/hooks/dispatch.ts' },
    { from: 'backend/sync/worker.ts', to: 'npm:express' },
    { from: 'backend/portal/records.ts', to: 'backend/hubspot/crm.ts' },
    { from: 'backend/portal/records.ts', to: 'backend/sync/worker.ts' },
    { from: 'backend/portal/web/src/App.tsx', to: 'backend/portal/words.ts' },
    { from: 'backend/portal/web/src/App.tsx', to: 'shared/schemas.ts' },
    { from: 'backend/portal/web/src/App.tsx', to: 'node:fs' },
    { from: 'backend/desk/explain.ts', to: 'backend/sync/plan.ts' },
    { from: 'backend/intake/webhooks.ts', to: 'backend/sync/apply.ts' },
    { from: 'backend/alerts/watch.ts', to: 'backend/sync/worker.ts' },
    { from: 'backend/alerts/watch.ts', to: 'backend/hubspot/crm.ts' },
    { from: 'backend/sync/alertTasks.ts', to: 'backend/alerts/words.ts' },
    { from: 'backend/main.ts', to: 'test/simulator/simulator.ts' },
    { from: 'hubspot-project/src/app/cards/Card.tsx', to: 'backend/main.ts' },
  ])('refuse $from importing $to', (one) => {
    expect(broken(one)).toContain('may not import');
  });
});
