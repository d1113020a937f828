/** Shards on real threads (dist/ must be built): the output never depends on them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { concatMap, from } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import type { StartWorker } from '../../src/daemon/shard-protocol.ts';
import { formatAccounting } from '../../src/observe/accounting.ts';
import { createSinks } from '../../src/sink/registry.ts';
import { createSource } from '../../src/source/registry.ts';
import type { MessageBatch, Source } from '../../src/source/source.ts';
import { mosquittoPub, startForetide, until, writeConfig } from '../support/foretide.ts';
import { collectLog } from '../support/log.ts';
import { startMosquitto } from '../support/servers.ts';
import { Random } from '../support/streams.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SCRIPT = new URL('../../dist/daemon/shard-worker.js', import.meta.url);
const ROWS = 300;
const SERIES = 9;

let dir: string;
let input: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'foretide-shards-'));
  input = join(dir, 'stream.csv');
  writeFileSync(input, csv());
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Walks with holes, and rows that come twice. */
function csv(): string {
  const random = new Random(5);
  const values = new Float64Array(SERIES).fill(20);
  const lines = [`time,${Array.from(values, (_, i) => `s${i}`).join(',')}`];
  for (let row = 0; row < ROWS; row++) {
    const cells = values.map((_, i) => (values[i]! += random.normal()));
    const time = new Date(1.7e12 + 60_000 * row).toISOString();
    const texts = Array.from(cells, (v) => (random.uniform() < 0.02 ? '' : v.toFixed(3)));
    lines.push(`${time},${texts.join(',')}`);
    if (random.uniform() < 0.05) lines.push(lines.at(-1)!);
  }
  return `${lines.join('\n')}\n`;
}

function configText(shards: number | string): string {
  return `
log: { level: error }
shards: ${shards}
streams:
  - { name: walks, topic: "#", payload: csv, time: time, series: "{field}", every: 1m, aggregate: none,
      horizon: 4, seasons: [7m], model: { hidden: 4, update_interval: 8, window: 16 } }
`;
}

describe('foretide replay', () => {
  it('writes the same bytes with 1, 2 and 4 shards, and the same account', () => {
    const outcomes = [1, 2, 4].map((shards) => {
      const config = join(dir, `${shards}.yaml`);
      const out = join(dir, `${shards}.lp`);
      writeFileSync(config, configText(shards));
      const args = [MAIN, 'replay', input, '--config', config, '--out', out];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(status, stderr).toBe(0);
      return {
        lines: readFileSync(out, 'utf8'),
        said: stderr.replace(/\d+ steps in .*/, ''),
      };
    });
    expect(outcomes[0]!.lines.split('\n').length).toBeGreaterThan(ROWS * SERIES * 6);
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it('refuses a number of shards that makes no sense', () => {
    const config = join(dir, 'bad.yaml');
    writeFileSync(config, configText(65));
    expect(() =>
      execFileSync(process.execPath, [MAIN, 'check', config], { stdio: 'pipe' }),
    ).toThrow(/shards/);
  });
});

describe('foretide run', () => {
  it('learns on threads from a broker, and ends in good order', async () => {
    const broker = await startMosquitto();
    const { dir: home, path } = writeConfig(`
source: { mqtt: { url: "${broker.url}" } }
shards: 3
streams: [{ name: all, topic: "live/+", values: v, every: 1s, time: receive, horizon: 2 }]
sinks: { line_protocol: { file: out.lp } }
`);
    const foretide = startForetide(['run', path], home);
    try {
      await foretide.says('source: connected');
      for (let i = 0; i < 24; i++) {
        await mosquittoPub(broker.port, `live/${i % 8}`, JSON.stringify({ v: i }));
      }
      // Steps are closed by the clock.
      const file = join(home, 'out.lp');
      await until(() => existsSync(file) && readFileSync(file, 'utf8').split('actual,').length > 8);
      foretide.process.kill('SIGTERM');
      expect(await foretide.exitCode, foretide.output()).toBe(0);
      expect(foretide.output()).toMatch(/stream all: 24 received = .* 0 invalid/);
      expect(foretide.output()).not.toContain('UNACCOUNTED');
    } finally {
      foretide.process.kill('SIGKILL');
      await broker.stop();
      rmSync(home, { recursive: true });
    }
  });
});

interface Outcome {
  readonly lines: string;
  readonly accounting: string;
  readonly said: readonly string[];
}

/** Batches of 20 rows, so that there is a middle in which to die. */
function inPieces(source: Source): Source {
  const pieces = (batch: MessageBatch): MessageBatch[] =>
    Array.from({ length: Math.ceil(batch.length / 20) }, (_, i) =>
      batch.slice(20 * i, 20 * i + 20),
    );
  return {
    events: source.events,
    messages: (gate) => source.messages(gate).pipe(concatMap((batch) => from(pieces(batch)))),
    progress: () => source.progress(),
    stop: () => source.stop(),
    close: () => source.close(),
  };
}

/** @param onSteps after each batch, with the steps so far */
async function replay(
  name: string,
  shards: number,
  startWorker?: StartWorker,
  onSteps: (steps: number) => void = () => {},
): Promise<Outcome> {
  const out = join(dir, `${name}.lp`);
  const config = {
    ...parseConfig(configText(shards), name, {}, dir),
    source: { csv: { file: input, delimiter: ',' } },
    sinks: { line_protocol: { file: out } },
  };
  const { log, lines } = collectLog();
  let steps = 0;
  const daemon = new Daemon(config, {
    ...(await prepareCore(config, log)),
    source: inPieces(await createSource(config)),
    sinks: await createSinks(config, {}),
    live: false,
    log,
    startWorker,
    onPoints: (points) => {
      steps += points.length;
      onSteps(steps);
    },
  });
  await daemon.run();
  const said = lines.map(({ msg }) => msg).filter((msg) => msg.startsWith('shard'));
  const accounting = formatAccounting(daemon.accounting().get('walks')!);
  return { lines: readFileSync(out, 'utf8'), accounting, said };
}

describe('a thread that dies', () => {
  it('is replaced in the middle of a replay: no byte of the output changes', async () => {
    const calm = await replay('calm', 1);
    expect(calm.said).toEqual([]);
    const workers: Worker[] = [];
    const start: StartWorker = (data) => {
      const worker = new Worker(SCRIPT, { workerData: data });
      workers.push(worker);
      return worker;
    };
    const killAt = [400, 1_000, 1_050, 2_000];
    const killed = await replay('killed', 2, start, (steps) => {
      if (!(steps >= killAt[0]!)) return;
      killAt.shift();
      workers.at(-1 - (killAt.length % 2))!.terminate();
    });
    expect({ ...killed, said: [] }).toEqual(calm);
    expect(killed.said.length).toBeGreaterThanOrEqual(2);
    expect(killed.said.length).toBeLessThanOrEqual(4);
    for (const line of killed.said) {
      expect(line).toMatch(
        /^shard [12] of 2: thread died \(exit code [01]\); another one took over: \d+ of \d+ series from their saved states, \d+ entr(y|ies) applied again$/,
      );
    }
  });

  it('is replaced when it runs out of memory', async () => {
    const calm = await replay('calm', 1);
    // The shard's script, and something beside it that fills the memory at the fifth message.
    const hungry = `
      const { parentPort, workerData } = require('node:worker_threads');
      let messages = 0;
      parentPort.on('message', () => {
        for (const hog = []; messages === 4; ) hog.push(new Array(1_000).fill(0.5));
        messages++;
      });
      import(workerData.script);`;
    let started = 0;
    const short = await replay('short', 2, (data) => {
      if (started++ >= 2) return new Worker(SCRIPT, { workerData: data });
      const workerData = { ...data, script: SCRIPT.href };
      return new Worker(hungry, {
        eval: true,
        workerData,
        resourceLimits: { maxOldGenerationSizeMb: 24 },
      });
    });
    expect({ ...short, said: [] }).toEqual(calm);
    expect(short.said.join('\n')).toContain('memory');
  });

  it('ends the daemon with the reason when every one dies', async () => {
    const broken: StartWorker = (data) =>
      new Worker('throw new Error("broken thread")', { eval: true, workerData: data });
    await expect(replay('broken', 2, broken)).rejects.toThrow('broken thread');
  });
});
