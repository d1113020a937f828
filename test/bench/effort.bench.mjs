// What each effort level costs a series, without and with its network: µs a sample, bytes kept.
//
//   npm run bench:effort [-- --series 100 --steps 2000 --season 24 --companions 0]
//
// Streams are seeded: a daily wave, an autoregression around it. Time is that of one series at a
// time, after it has run for a while; bytes are JavaScript's heap and buffers after a collection,
// and the blocks taken from the kernel's memory, over `--series` series. As machines differ and are
// noisy, each time stands beside that of the yardstick, measured turn about with it: one update of
// an LSTM of 32 units over 32 steps (see bench:kernel).
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

/** An LSTM to be updated again and again. */
function createYardstick() {
  const shape = { cell: 'lstm', inputs: 4, hidden: 32, layers: 1, outputs: 1, windowSteps: 32 };
  const train = { optimizer: 'rmsprop', learningRate: 0.001, clipNorm: 1 };
  const network = new WasmEngine(kernel).create(shape, train, 1);
  const out = new Float64Array(1);
  for (let i = 0; i < 32; i++) network.forward(Float64Array.of(i / 32, 1, 0, -1), out);
  const targets = new Float64Array(32).fill(0.5);
  const mask = new Uint8Array(32).fill(1);
  return () => network.train(targets, mask);
}

/** Medians over blocks of steps: of the level, and of the yardstick. */
function microseconds(level) {
  const update = createYardstick();
  const forecaster = create(level, new WasmEngine(kernel));
  const next = stream(1);
  run(forecaster, next, 0, WARM_UP_STEPS);
  const blocks = [];
  const yardsticks = [];
  for (let t = 0; t < steps; t += BLOCK_STEPS) {
    const started = process.hrtime.bigint();
    run(forecaster, next, WARM_UP_STEPS + t, WARM_UP_STEPS + t + BLOCK_STEPS);
    const between = process.hrtime.bigint();
    for (let i = 0; i < BLOCK_STEPS; i++) update();
    blocks.push(Number(between - started) / 1e3 / BLOCK_STEPS);
    yardsticks.push(Number(process.hrtime.bigint() - between) / 1e3 / BLOCK_STEPS);
  }
  return { time: median(blocks), yardstick: median(yardsticks) };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
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
  'effort    horizon  network  µs a sample  ÷ yardstick   kB a series = heap + kernel memory    kB saved',
);
for (const effort of ['simple', 'low', 'balanced', 'high']) {
  for (const horizon of [12, 48]) {
    for (const network of [false, true]) {
      const level = { effort, horizon, network };
      const { heap, linear, saved } = bytes(level);
      const { time, yardstick } = microseconds(level);
      const name = `${effort.padEnd(9)}${String(horizon).padStart(8)}  ${network ? 'gru ' : 'none'}`;
      const times = `${time.toFixed(1).padStart(10)} ${(time / yardstick).toFixed(2).padStart(11)}`;
      const kept = `${kB(heap + linear)}    ${kB(heap)}   ${kB(linear)}        ${kB(saved)}`;
      console.log(`${name} ${times}     ${kept}`);
    }
  }
}
