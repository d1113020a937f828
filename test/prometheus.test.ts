/** What Prometheus is given to read Foretide with: names that are exported, rules that fire. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../src/observe/metrics/families.ts';
import { ROOT } from './support/root.ts';

const dir = join(ROOT, 'deploy/prometheus');
const promtool = spawnSync('promtool', ['--version']);

describe('deploy/prometheus', () => {
  it('asks for what is exported', () => {
    const exported = new Set(FAMILIES.map(({ name }) => name));
    for (const path of ['deploy/prometheus/foretide.rules.yml', 'docs/metrics.md']) {
      const asked = new Set(readFileSync(join(ROOT, path), 'utf8').match(/\bforetide_\w+/g));
      expect(asked.size).toBeGreaterThan(5);
      for (const name of asked) expect(exported, path).toContain(name);
    }
  });

  it.runIf(!promtool.error).each([
    ['check', 'config', 'prometheus.yml'],
    ['check', 'rules', 'foretide.rules.yml'],
    ['test', 'rules', 'foretide.rules.test.yml'],
  ])('promtool %s %s', (...args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: dir, encoding: 'utf8' });
    expect(status, `${stdout}${stderr}`).toBe(0);
  });
});
