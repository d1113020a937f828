// What thinned learning saves, and what it costs: µs a step and the error, by effort and factor.
//
//   npm run bench:thin [-- --steps 3000 --seeds 3 --horizon 12]
//
// Streams are seeded: a daily wave with an autoregression around it, and a slow turn of its shape, so
// that there is something to learn all the time. The error is the mean of 1 − skill over the leads of
// the second half: mean absolute error ÷ that of the last value. The time is the median over blocks of
// 160 steps of that half.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createSeriesForecaster } from '../../dist/forecaster/series-forecaster.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';
import { networkSettings } from './network-settings.mjs';

const HOUR = 3_600_000;
const BLOCK_STEPS = 160;
const { values: args } = parseArgs({
  options: {
    steps: { type: 'string', default: '3000' },
    seeds: { type: 'string', default: '3' },
    horizon: { type: 'string', default: '12' },
  },
});
const [steps, seeds, horizon] = [args.steps, args.seeds, args.horizon].map(Number);
const kernel = new WebAssembly.Module(
  readFileSync(new URL('../../dist/kernel.wasm', import.meta.url)),
);

/** Linear congruential: the same everywhere. */
function stream(seed) {
  let state = seed >>> 0;
  let level = 0;
  let step = 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    level = 0.8 * level + state / 2 ** 32 - 0.5;
    const day = (2 * Math.PI * step) / 24;
    const turn = (2 * Math.PI * step++) / 2_000;
    return 10 + level + Math.sin(day) + Math.sin(2 * day + turn);
  };
}

function measure(effort, factor) {
  let [error, scored] = [0, 0];
  const blocksMs = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const engine = new WasmEngine(kernel);
    const forecaster = createSeriesForecaster(
      {
        horizon,
        effort,
        coverage: 0.9,
        everyMs: HOUR,
        seed,
        seasonSteps: [24],
        recurrent: networkSettings({ effort }),
      },
      engine,
    );
    forecaster.thin(factor);
    const next = stream(seed);
    let start = 0;
    for (let s = 0; s < steps; s++) {
      const inBlock = (s - (steps >> 1)) % BLOCK_STEPS;
      if (inBlock === 0) {
        const now = performance.now();
        if (s > steps >> 1) blocksMs.push(now - start);
        start = now;
      }
      const { scores } = forecaster.step(s * HOUR, next());
      if (s < steps >> 1) continue;
      for (const { skill } of scores) error += 1 - skill;
      scored += scores.length;
    }
  }
  const median = blocksMs.sort((a, b) => a - b)[blocksMs.length >> 1];
  return { us: (1_000 * median) / BLOCK_STEPS, error: error / scored };
}

console.log('effort    factor   µs a step   error ÷ last value’s');
for (const effort of ['low', 'balanced', 'high']) {
  for (const factor of [1, 2, 4, 8, 16]) {
    const { us, error } = measure(effort, factor);
    const row = [effort.padEnd(9), String(factor).padStart(6), us.toFixed(0).padStart(11)];
    console.log(`${row.join(' ')}   ${error.toFixed(4).padStart(18)}`);
  }
}
