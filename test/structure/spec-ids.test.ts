/** Every rule of SPEC.md has a test that names it, and no test names a rule that is not there. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const LAW = join(ROOT, 'test/law');
const ID = /\b[VODFARSBK]\d{1,2}\b/g;

describe('the rule ids of SPEC.md', () => {
  it("are the ids that the titles of the law's tests quote, both ways", async () => {
    const spec = await readFile(join(ROOT, 'shared/SPEC.md'), 'utf8');
    const stated = new Set([...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map((match) => match[1]!));
    const titles = await allTitles();
    const quoted = new Set(titles.flatMap((title) => title.match(ID) ?? []));
    expect(titles.length).toBeGreaterThan(50);
    expect(sorted(quoted)).toEqual(sorted(stated));
    expect(sorted(stated)).toHaveLength(49);
  });

  it('are stated once each, except where a rule speaks twice in the order of decisions', async () => {
    const spec = await readFile(join(ROOT, 'shared/SPEC.md'), 'utf8');
    const stated = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map((match) => match[1]!);
    const twice = stated.filter((id, i) => stated.indexOf(id) !== i);
    expect(twice).toEqual(['D2']);
  });
});

const sorted = (ids: Iterable<string>): string[] =>
  [...ids].sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0) || Number(a.slice(1)) - Number(b.slice(1)));

/** The titles of every `it` and `it.each`, read from the source. */
async function allTitles(): Promise<string[]> {
  const files = (await readdir(LAW)).filter((file) => file.endsWith('.test.ts'));
  const titles: string[] = [];
  for (const file of files) {
    const source = ts.createSourceFile(file, await readFile(join(LAW, file), 'utf8'), ts.ScriptTarget.Latest);
    const look = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTest(node.expression)) {
        const [title] = node.arguments;
        if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
        else if (title !== undefined && ts.isTemplateExpression(title)) titles.push(title.getText(source));
      }
      ts.forEachChild(node, look);
    };
    look(source);
  }
  return titles;
}

function isTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'it';
  if (ts.isCallExpression(callee)) return isTest(callee.expression);
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'each' && isTest(callee.expression);
}
