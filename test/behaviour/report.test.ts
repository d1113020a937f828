/** The report of a backtest, opened in a real browser where there is one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foretideIn } from '../support/command.ts';
import { Random } from '../support/streams.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-report-'));
afterAll(() => rmSync(dir, { recursive: true }));
const page = join(dir, 'out.html');
const hasBrowser = spawnSync('chromium', ['--version']).status === 0;

beforeAll(async () => {
  const random = new Random(3);
  const rows = Array.from({ length: 240 }, (_, i) => {
    const time = new Date(Date.UTC(2024, 0, 1, i)).toISOString();
    return `${time},${(10 + 3 * Math.sin(i / 3.8) + random.normal()).toFixed(2)},${i}`;
  });
  writeFileSync(join(dir, 'plant.csv'), `time,a</script><b>,rising\n${rows.join('\n')}\n`);
  const args = ['plant.csv', '--effort', 'low', '--horizon', '6', '--report', 'out.html'];
  const { code, stderr } = await foretideIn(dir, 'backtest', ...args);
  expect([stderr, code]).toEqual(['', 0]);
}, 60_000);

describe('the report', () => {
  it('is one small file that asks for nothing else', () => {
    const html = readFileSync(page, 'utf8');
    expect(statSync(page).size).toBeLessThan(1_000_000);
    expect(html).not.toMatch(/<link|\bsrc=|@import|url\(/);
    expect(html).toContain("default-src 'none'");
    // The data cannot end their element.
    expect(html.match(/<\/script>/g)).toHaveLength(2);
  });

  it.skipIf(!hasBrowser)(
    'draws every chart and fills the tables',
    () => {
      const log = join(dir, 'browser.log');
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=5000'];
      const dom = execFileSync(
        'chromium',
        [
          ...flags,
          `--user-data-dir=${join(dir, 'profile')}`,
          '--enable-logging',
          `--log-file=${log}`,
          '--dump-dom',
          pathToFileURL(page).href,
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26 },
      );
      expect(readFileSync(log, 'utf8')).not.toMatch(/CONSOLE/);
      for (const chart of ['tail', 'error', 'coverage', 'weights', 'values']) {
        expect(dom).toMatch(new RegExp(`id="chart-${chart}"><div[^>]*class="uplot[^]*?<canvas`));
      }
      expect(dom).toContain('Every forecast on this page was made before');
      expect(dom).toMatch(/<b class="(good|bad)">[\d.]+ % (better|worse)<\/b>/);
      expect(dom.match(/<tr[^>]*data-series=/g)).toHaveLength(2);
      expect(dom).toContain('<td>a&lt;/script&gt;&lt;b&gt;</td>');
    },
    60_000,
  );
});
