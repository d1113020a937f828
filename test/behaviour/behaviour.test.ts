/**
 * Recorded stream in → exact line protocol and accounting out. A case is a folder:
 *   config.yaml   what a user would write (source and sinks are replaced)
 *   input.*       the recorded stream (.ndjson or .csv)
 *   expected.lp   the points, byte for byte
 *   expected.txt  what became of every sample
 * `UPDATE=1 npx vitest run test/behaviour` writes what came out; read the difference before you commit.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { formatAccounting, unaccounted } from '../../src/observe/accounting.ts';
import { createSinks } from '../../src/sink/registry.ts';
import { createSource } from '../../src/source/registry.ts';
import { collectLog } from '../support/log.ts';

const casesDir = fileURLToPath(new URL('./cases/', import.meta.url));
const outDir = mkdtempSync(join(tmpdir(), 'foretide-behaviour-'));
afterAll(() => rmSync(outDir, { recursive: true }));

interface Outcome {
  readonly points: string;
  readonly accounting: string;
}

async function replay(name: string, run: string, shards: number): Promise<Outcome> {
  const dir = join(casesDir, name);
  const input = readdirSync(dir).find((file) => file.startsWith('input.'));
  if (!input) throw new Error(`${dir}: no input.*`);
  const file = join(dir, input);
  const out = join(outDir, `${name}-${run}.lp`);
  const config = {
    ...loadConfig(join(dir, 'config.yaml')),
    source: input.includes('.csv') ? { csv: { file, delimiter: ',' } } : { ndjson: { file } },
    sinks: { line_protocol: { file: out } },
    shards,
  };
  const { log, lines } = collectLog();
  const core = await prepareCore(config, log);
  const source = await createSource(config);
  const daemon = new Daemon(config, {
    ...core,
    source,
    sinks: await createSinks(config, {}),
    live: false,
    log,
  });
  await daemon.run();

  const accounting = daemon.accounting();
  for (const [stream, counts] of accounting) expect(unaccounted(counts), stream).toBe(0);
  const sums = [...accounting].map(([stream, counts]) => `${stream}: ${formatAccounting(counts)}`);
  return {
    points: readFileSync(out, 'utf8'),
    accounting: `${[...sums, ...lines.map(({ msg }) => msg)].join('\n')}\n`.replaceAll(
      `${dir}/`,
      '',
    ),
  };
}

describe('recorded stream in, exact points out', () => {
  for (const name of readdirSync(casesDir)) {
    it(name, async () => {
      const outcome = await replay(name, 'one', 1);
      for (const [file, text] of [
        ['expected.lp', outcome.points],
        ['expected.txt', outcome.accounting],
      ] as const) {
        const path = join(casesDir, name, file);
        if (process.env.UPDATE) writeFileSync(path, text);
        expect(text).toBe(readFileSync(path, 'utf8'));
      }
      // As many threads as you like; dist/ must be built for this.
      expect(await replay(name, 'two', 2)).toEqual(outcome);
      expect(await replay(name, 'four', 4)).toEqual(outcome);
      expect(await replay(name, 'again', 1)).toEqual(outcome);
    });
  }
});
