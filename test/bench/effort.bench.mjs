// What each effort level costs a series, without and with its network: µs a sample, bytes kept.
//
//   npm run bench:effort [-- --series 100 --steps 2000 --season 24 --companions 0]
//
// Streams are seeded: a daily wave, an autoregression around it. Time is that of one series at a
// time, after it has run for a while; bytes are JavaScript's heap and buffers after a collection,
// and the blocks taken from the kernel's memory, over `--series` series.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSeriesForecaster } from '../../dist/forecaster/series-forecaster.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';
import { networkSettings } from './network-settings.mjs';

const HOUR = 3_600_000;
const WARM_UP_STEPS = 1_000;
const BLOCK_STEPS = 100;
const { values: args } = parseArgs({
  options: {
    series: { type: 'string', default: '100' },
    steps: { type: 'string', default: '2000' },
    season: { type: 'string', default: '24' },
    companions: { type: 'string', default: '0' },
  },
});
const [series, steps, season, companions] = [
  args.series,
  args.steps,
  args.season,
  args.companions,
].map(Number);
const kernel = new WebAssembly.Module(
  readFileSync(new URL('../../dist/kernel.wasm', import.meta.url)),
);

function create({ effort, horizon, network }, engine) {
  const settings = { horizon, effort, companions, coverage: 0.9, everyMs: HOUR, seed: 1 };
  const recurrent = network ? networkSettings({ effort }) : undefined;
  return createSeriesForecaster(
    { ...settings, seasonSteps: season > 1 ? [season] : [], recurrent },
    engine,
  );
}

/** Linear congruential: the same everywhere. */
function stream(seed) {
  let state = seed >>> 0;
  let level = 0;
  let step = 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    level = 0.8 * level + state / 2 ** 32 - 0.5;
    return 10 + level + Math.sin((2 * Math.PI * step++) / Math.max(2, season));
  };
}

function run(forecaster, next, from, to) {
  for (let t = from; t < to; t++) {
    const value = next();
    const others = Array.from({ length: companions }, (_, i) => value * (i + 1));
    forecaster.step(t * HOUR, value, others);
  }
}

/** Median over blocks of steps. */
function microseconds(level) {
  const forecaster = create(level, new WasmEngine(kernel));
  const next = stream(1);
  run(forecaster, next, 0, WARM_UP_STEPS);
  const blocks = [];
  for (let t = 0; t < steps; t += BLOCK_STEPS) {
    const started = process.hrtime.bigint();
    run(forecaster, next, WARM_UP_STEPS + t, WARM_UP_STEPS + t + BLOCK_STEPS);
    blocks.push(Number(process.hrtime.bigint() - started) / 1e3 / BLOCK_STEPS);
  }
  return blocks.toSorted((a, b) => a - b)[Math.floor(blocks.length / 2)];
}

function heapBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function bytes(level) {
  const engine = new WasmEngine(kernel);
  const before = heapBytes();
  const kept = Array.from({ length: series }, (_, i) => {
    const forecaster = create(level, engine);
    run(forecaster, stream(i), 0, 2 * level.horizon);
    return forecaster;
  });
  const heap = (heapBytes() - before) / series;
  return { heap, linear: engine.memory.usedBytes / series, saved: kept[0].save().length };
}

const kB = (size) => (size / 1e3).toFixed(1).padStart(8);
console.log(
  'effort    horizon  network  µs a sample   kB a series = heap + kernel memory    kB saved',
);
for (const effort of ['simple', 'low', 'balanced', 'high']) {
  for (const horizon of [12, 48]) {
    for (const network of [false, true]) {
      const level = { effort, horizon, network };
      const { heap, linear, saved } = bytes(level);
      const time = microseconds(level).toFixed(1).padStart(10);
      const name = `${effort.padEnd(9)}${String(horizon).padStart(8)}  ${network ? 'gru ' : 'none'}`;
      const kept = `${kB(heap + linear)}    ${kB(heap)}   ${kB(linear)}        ${kB(saved)}`;
      console.log(`${name} ${time}     ${kept}`);
    }
  }
}
