// What a series costs as there are more of them: memory and time a sample, in the core alone (align,
// experts, network, ensemble, intervals), on one thread. GRU 16, k1 8, k2 32, horizon 6; every
// series gets a sample in turn, which is the worst order for caches. Each size runs in a process of
// its own. Prints a table and, with --json, one JSON object on the last line.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,1000,10000,100000' },
    /** Run one size here. */
    one: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const HORIZON = 6;
const BATCH = 1_000;
/** So many samples a series before anything is measured: windows fill, code is compiled. */
const WARM_UP = 40;

async function measure(count) {
  const dist = new URL('../../dist/', import.meta.url);
  const { Shard } = await import(new URL('daemon/shard.js', dist));
  const { WasmEngine } = await import(new URL('recurrent/wasm.js', dist));
  const { readKernel } = await import(new URL('daemon/kernel-file.js', dist));
  const { weightLayout } = await import(new URL('recurrent/layout.js', dist));

  const engine = new WasmEngine(readKernel(), { bytesMax: 2 ** 32 });
  const shapes = [];
  const spied = {
    name: engine.name,
    create: (shape, ...rest) => {
      shapes[0] ??= shape;
      return engine.create(shape, ...rest);
    },
  };
  const recurrent = {
    ...{ cell: 'gru', hidden: 16, layers: 1, updateSteps: 8, windowSteps: 32 },
    ...{ optimizer: 'rmsprop', learningRate: 0.002, clipNorm: 1 },
  };
  const settings = {
    name: 's',
    align: {
      every: { ms: 1000 },
      aggregate: 'none',
      latenessMs: 0,
      gapStepsMax: 100,
      aheadStepsMax: 60,
    },
    ...{
      horizon: HORIZON,
      seasons: [],
      coverage: [0.9],
      effort: 'simple',
      scoreLeads: [1, HORIZON],
      recurrent,
      seed: 1,
    },
  };
  globalThis.gc();
  const rssBefore = process.memoryUsage().rss;
  const shard = new Shard(new Map([['s', settings]]), new Map([['s', spied]]));
  for (let id = 0; id < count; id++) {
    const series = { id, stream: 's', name: `s${id}`, receiveTime: false };
    shard.apply({ kind: 'series', series }, id, () => {});
  }
  let offset = count;
  const round = (step) => {
    for (let from = 0; from < count; from += BATCH) {
      const size = Math.min(BATCH, count - from);
      const batch = {
        count: size,
        seriesId: Int32Array.from({ length: size }, (_, i) => from + i),
        timeMs: new Float64Array(size).fill(1.7e12 + 1000 * step),
        value: Float64Array.from(
          { length: size },
          (_, i) => Math.sin((step + i) / 7) + ((step * 7919 + i * 31) % 97) / 97,
        ),
      };
      shard.apply({ kind: 'samples', batch }, offset++, () => {});
    }
  };
  for (let step = 0; step < WARM_UP; step++) round(step);
  const rounds = Math.max(8, Math.ceil(200_000 / count / 8) * 8);
  const cpuBefore = process.cpuUsage();
  for (let step = 0; step < rounds; step++) round(WARM_UP + step);
  const { user, system } = process.cpuUsage(cpuBefore);
  globalThis.gc();
  const { rss } = process.memoryUsage();
  const { count: weights } = weightLayout(shapes[0]);
  return {
    series: count,
    us_sample: (user + system) / (rounds * count),
    network_bytes: engine.memory.usedBytes / count,
    // RMSprop keeps one moment a weight; float32.
    ratio_to_learned: engine.memory.usedBytes / count / (weights * 2 * 4),
    resident_bytes: (rss - rssBefore) / count,
    resident_mib: rss / 2 ** 20,
  };
}

if (options.one) {
  console.log(JSON.stringify(await measure(Number(options.one))));
} else {
  const results = options.sizes.split(',').map((size) => {
    const args = ['--expose-gc', '--max-old-space-size=16000', fileURLToPath(import.meta.url)];
    const { stdout, stderr, status } = spawnSync(process.execPath, [...args, '--one', size]);
    if (status !== 0) throw new Error(`${size} series:\n${stderr}`);
    return JSON.parse(String(stdout));
  });
  const round = (value) => Number(value.toPrecision(4));
  console.table(
    results.map((r) => Object.fromEntries(Object.entries(r).map(([k, v]) => [k, round(v)]))),
  );
  const at = (size) => results.find((r) => r.series === size)?.us_sample;
  const ratio = at(100_000) && at(1_000) ? at(100_000) / at(1_000) : null;
  console.log(`µs a sample at 100,000 series ÷ at 1,000: ${ratio?.toFixed(2) ?? '–'}`);
  if (options.json) console.log(JSON.stringify({ ratio_100k_1k: ratio, results }));
}
