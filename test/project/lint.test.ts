import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { ROOT } from './copy.ts';

const eslint = new ESLint({
  cwd: join(ROOT, 'hubspot-project'),
  overrideConfigFile: join(ROOT, 'hubspot-project/eslint.config.js'),
});

const FORBIDDEN = `
import { hubspot, Image, Text } from '@hubspot/ui-extensions';
import { CrmPropertyList } from '@hubspot/ui-extensions/crm';
import { Iframe } from '@hubspot/ui-extensions/experimental';
import { Other } from '../pages/SyncPages';
console.log(import.meta.env.FOO);
void fetch('https://a.example');
alert('x');
localStorage.getItem('x');
document.title = 'x';
hubspot.extend<'settings'>(() => <div><Text>{Other}</Text><Image src="a.bmp" /><CrmPropertyList /><Iframe /></div>);
`;

describe("the lint rules for cards, pages and settings, HubSpot's and ours", () => {
  it('find nothing', async () => {
    const results = await eslint.lintFiles(['src']);
    expect(results.length).toBeGreaterThan(4);
    const problems = results.flatMap(({ filePath, messages }) =>
      messages.map(({ line, ruleId, message }) => `${filePath}:${String(line)} ${ruleId ?? ''} ${message}`),
    );
    expect(problems).toEqual([]);
  }, 120_000);

  // HubSpot promises its rules for ESLint 9 only.
  it("still work under this ESLint: each of HubSpot's finds what it forbids", async () => {
    const filePath = join(ROOT, 'hubspot-project/src/app/settings/SyncSettings.tsx');
    const [result] = await eslint.lintText(FORBIDDEN, { filePath });
    const found = new Set(result?.messages.map(({ ruleId }) => ruleId));
    for (const rule of [
      'no-browser-dialogs',
      'no-browser-storage',
      'no-console',
      'no-dom-access',
      'no-experimental-imports',
      'no-html-elements',
      'no-import-meta-env',
      'no-invalid-extension-point-imports',
      'no-invalid-image-src',
      'no-native-http',
      'no-parent-imports',
    ])
      expect(found).toContain(`@hubspot/ui-extensions/${rule}`);
    expect(found).toContain('@typescript-eslint/no-unsafe-member-access');
  }, 120_000);
});
