import { join } from 'node:path';
import { parseProjectConfig } from '@hubspot/project-parsing-lib/projects';
import { translate } from '@hubspot/project-parsing-lib/translate';
import { validateUid } from '@hubspot/project-parsing-lib/uid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyProject, ROOT, type Copy } from './copy.ts';
import { filesBelow } from './hsmeta.ts';

const ACCOUNT = 24_710_001;

describe("HubSpot's own parser", () => {
  it('reads hsproject.json', () => {
    expect(parseProjectConfig(ROOT)).toEqual({
      name: 'tallystick',
      srcDir: 'hubspot-project/src',
      platformVersion: '2026.09',
    });
  });

  it('finds every component, and passes over none', async () => {
    const { nodes, skipped } = await parsed(ROOT);
    expect(skipped).toEqual([]);
    const metas = (await filesBelow(join(ROOT, 'hubspot-project/src'))).filter((file) =>
      file.endsWith('-hsmeta.json'),
    );
    const written = nodes.filter((node) => node.componentType !== 'SERVERLESS_PACKAGE');
    expect(written.map((node) => node.metaFilePath).sort()).toEqual(metas);
    const types = new Set(written.map((node) => node.componentType));
    for (const type of ['APPLICATION', 'CARD', 'PAGE', 'SETTINGS', 'WEBHOOKS']) expect(types).toContain(type);
  });

  it('accepts every uid', async () => {
    const { nodes } = await parsed(ROOT);
    expect(nodes.map((node) => validateUid(node.uid)).filter((wrong) => wrong !== undefined)).toEqual([]);
  });

  it('puts the variables of the profile in', async () => {
    const { nodes, variables } = await parsed(ROOT);
    const config = (type: string) => nodes.find((node) => node.componentType === type)?.config;
    expect(config('APPLICATION')).toMatchObject({ permittedUrls: { fetch: ['https://sync.example.com'] } });
    expect(config('WEBHOOKS')).toMatchObject({
      settings: { targetUrl: 'https://sync.example.com/webhooks/hubspot', maxConcurrentRequests: 10 },
    });
    expect(JSON.stringify(nodes)).not.toContain('${');
    // What a card sees as `context.variables`.
    expect(variables).toEqual({
      BACKEND_URL: { variableType: 'PROFILE_STRING', value: 'https://sync.example.com' },
    });
  });
});

describe("HubSpot's own parser, asked about a spoilt project", () => {
  let copy: Copy;
  beforeEach(async () => (copy = await copyProject()));
  afterEach(() => copy.remove());

  it('reports a component in a nested folder as passed over', async () => {
    await copy.write('hubspot-project/src/app/cards/deep/deep-hsmeta.json', '{}');
    expect((await parsed(copy.root)).skipped).toEqual(['app/cards/deep/deep-hsmeta.json']);
  });

  it('refuses a variable that the profile lacks', async () => {
    await copy.edit('hubspot-project/src/hsprofile.demo.json', 'variables', {});
    await expect(parsed(copy.root)).rejects.toThrow(/BACKEND_URL/);
  });

  it('refuses a uid used twice', async () => {
    const card = 'hubspot-project/src/app/cards/portal-sync-hsmeta.json';
    await copy.edit(card, 'uid', 'sync_pages');
    await expect(parsed(copy.root)).rejects.toThrow(/sync_pages/);
  });
});

async function parsed(root: string) {
  const { intermediateRepresentation, skippedHsMetaFiles } = await translate(
    { projectSourceDir: join(root, 'hubspot-project/src'), platformVersion: '2026.09', accountId: ACCOUNT },
    { skipValidation: true, profile: 'demo' },
  );
  return {
    nodes: Object.values(intermediateRepresentation.intermediateNodesIndexedByUid),
    variables: intermediateRepresentation.profileData?.vars.profileVariables,
    skipped: skippedHsMetaFiles,
  };
}
