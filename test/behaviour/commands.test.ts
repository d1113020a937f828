/** The command line as a user meets it: output, exit codes, and the same bytes twice. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ended, foretideIn } from '../support/command.ts';

const cases = fileURLToPath(new URL('./cases/', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'foretide-commands-'));
afterAll(() => rmSync(dir, { recursive: true }));

const foretide = (...args: string[]): Promise<Ended> => foretideIn(dir, ...args);

describe('foretide', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await foretide('--help');
    expect(code).toBe(0);
    for (const command of ['run', 'replay', 'backtest', 'check', 'demo', 'completion']) {
      expect(stdout).toContain(`foretide ${command}`);
    }
  });

  it.each([
    [['rnu'], 'Unknown command: rnu. Did you mean run?'],
    [['snapshot', 'lst'], 'Unknown command: lst. Did you mean list?'],
    [[], 'Name a command.'],
    [['run'], 'Something is missing: foretide run <config>\n\nSee foretide run --help.'],
    [['run', 'absent.yaml'], 'absent.yaml: does not exist'],
    [['check', 'absent.yaml'], 'absent.yaml: does not exist'],
    [['replay', 'a.csv'], 'config'],
    [['demo', '--for', 'soon'], '--for: "soon" is not a duration'],
  ])('%j ends with code 2 and says why', async (args, message) => {
    const { code, stderr } = await foretide(...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

describe('foretide replay', () => {
  const input = join(cases, 'gru-forecasts/input.csv');
  const config = join(cases, 'gru-forecasts/config.yaml');

  it('gives the same bytes each time, and says how the forecasts fared', async () => {
    const outs = ['one.lp', 'two.lp'];
    for (const out of outs) {
      const { code, stderr } = await foretide('replay', input, '--config', config, '--out', out);
      expect(code).toBe(0);
      expect(stderr).toMatch(
        /^series\s+lead\s+scored\s+MAE\s+last value\s+seasonal naive\s+covered/m,
      );
      expect(stderr).toMatch(/^load\s+1\s+95\s/m);
      expect(stderr).toContain('192 received = 192 learned');
      expect(stderr).toMatch(/192 steps in [\d.]+ s/);
    }
    const [one, two] = outs.map((out) => readFileSync(join(dir, out), 'utf8'));
    expect(two).toBe(one);
    const expected = readFileSync(join(cases, 'gru-forecasts/expected.lp'), 'utf8');
    expect(one).toBe(expected);
  });

  it('keeps the pace it is told to', async () => {
    const lines = [0, 1, 2].map(
      (i) => `{"topic": "t", "payload": "${i}", "time": ${1.7e12 + 600 * i}}`,
    );
    writeFileSync(join(dir, 'slow.ndjson'), `${lines.join('\n')}\n`);
    writeFileSync(join(dir, 'slow.yaml'), 'streams: [{ topic: t, every: 600ms, horizon: 1 }]');
    const args = ['replay', 'slow.ndjson', '--config', 'slow.yaml', '--out', 'slow.lp'];
    const startedMs = performance.now();
    expect((await foretide(...args, '--speed', '2x')).code).toBe(0);
    // Never faster than told; how much slower is the machine's affair.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(600);
  });

  it.each([
    [['absent.csv', '--config', config], 'absent.csv: there is no such file'],
    [['stream.xml', '--config', config], 'stream.xml: expected a name in .csv, .ndjson or .jsonl'],
    [[input, '--config', config, '--speed', 'fast'], '--speed fast: write a factor such as 60x'],
    [[input, '--config', config, '--out', '/dev/null/out.lp'], '/dev/null'],
  ])('%j ends with code 2 and says why', async (args, message) => {
    const { code, stderr } = await foretide('replay', ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});
