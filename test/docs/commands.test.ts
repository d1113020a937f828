/** What the documentation tells people to type, typed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/root.ts';
import { readPage } from './page.ts';
import { Stage } from './stage.ts';

const PAGE_MS_MAX = 180_000;

const pages = ['README.md', 'CONTRIBUTING.md', ...documents('docs'), ...documents('deploy')]
  .map((name) => ({ name, steps: readPage(name, readFileSync(join(ROOT, name), 'utf8')) }))
  .filter(({ steps }) => steps.length > 0);

describe('commands of the documentation', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.end());

  it.each(pages)('$name', { timeout: PAGE_MS_MAX }, async ({ name, steps }) => {
    const dir = stage.folder(name);
    try {
      for (const step of steps) if (step.kind !== 'elsewhere') await stage.run(step, dir);
    } finally {
      await stage.clear();
    }
  });

  it('those that are not run here say where, or why', () => {
    const left = pages.flatMap(({ steps }) => steps.filter(({ kind }) => kind === 'elsewhere'));
    for (const { where, name } of left) {
      expect(name, where).toMatch(/^(needs|installs|run by) .{3,}/);
    }
  });
});

function documents(dir: string): string[] {
  const all = readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' });
  return all
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${dir}/${name}`)
    .sort();
}
