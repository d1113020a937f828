// What the recurrent network brings on streams that are not linear in their past.
//
//   npm run bench:network [-- --effort balanced|high] [--cell gru|lstm] [--only switching]
//                         [--seeds 1,2,3] [--weights]
//
// One pass over each stream (nonlinear-streams.mjs); mean squared error of z-scored values over
// leads 1…H, for forecasts issued after step 3600 of 14,400: of the ensemble without the network and
// with it, and of each readout alone. The ratio is with ÷ without.
import { parseArgs } from 'node:util';
import { readKernel } from '../../dist/daemon/kernel-file.js';
import { createExperts } from '../../dist/forecaster/experts/registry.js';
import { HistoryRing } from '../../dist/forecaster/history.js';
import { createSeriesForecaster } from '../../dist/forecaster/series-forecaster.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';
import { networkSettings } from './network-settings.mjs';
import { mackeyGlass, switching, thresholdAutoregression } from './nonlinear-streams.mjs';

const STEPS = 14_400;
const SCORED_FROM = 3_600;
const LEADS = [1, 24, 48];
const HORIZON = 48;
/** No natural cycle of the calendar falls on this grid. */
const EVERY_MS = 1_000;
const STREAMS = [
  { name: 'Mackey–Glass', make: mackeyGlass, goal: { lead: 24, ratio: 0.25 } },
  { name: 'threshold', make: thresholdAutoregression, goal: { lead: 1, ratio: 0.55 } },
  { name: 'switching', make: switching },
];

const { values: args } = parseArgs({
  options: {
    effort: { type: 'string', default: 'balanced' },
    cell: { type: 'string', default: 'gru' },
    only: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    weights: { type: 'boolean', default: false },
  },
});

const engine = new WasmEngine(readKernel());

function settings(recurrent) {
  const { effort } = args;
  const common = { horizon: HORIZON, seasonSteps: [], coverage: 0.9, everyMs: EVERY_MS };
  return { ...common, effort, recurrent, seed: 1 };
}

/** Mean squared error over leads 1…H, for each H. */
class Score {
  #squares = LEADS.map(() => 0);
  #count = LEADS.map(() => 0);
  #values;
  #variance;

  constructor(values) {
    const scored = values.subarray(SCORED_FROM);
    const mean = scored.reduce((a, b) => a + b, 0) / scored.length;
    this.#variance = scored.reduce((a, b) => a + (b - mean) ** 2, 0) / scored.length;
    this.#values = values;
  }

  /** @param issued the step of the newest value that the forecast has seen */
  add(issued, forecast) {
    if (issued < SCORED_FROM) return;
    for (const [l, lead] of LEADS.entries()) {
      if (issued + lead >= this.#values.length) continue;
      for (let h = 0; h < lead; h++) {
        const error =
          (Number.isNaN(forecast[h]) ? this.#values[issued] : forecast[h]) -
          this.#values[issued + 1 + h];
        this.#squares[l] += error * error;
        this.#count[l]++;
      }
    }
  }

  get mse() {
    return this.#squares.map((sum, l) => sum / this.#count[l] / this.#variance);
  }
}

/** The whole forecaster; also µs a sample, and mean weights of the experts at each H. */
function runForecaster(values, recurrent) {
  const forecaster = createSeriesForecaster(settings(recurrent), engine);
  const score = new Score(values);
  const weights = new Map();
  const started = process.hrtime.bigint();
  for (let t = 0; t < values.length; t++) {
    score.add(t, forecaster.step(t * EVERY_MS, values[t]).mean);
    if (!args.weights || t < SCORED_FROM || t % 50 !== 0) continue;
    for (const [l, lead] of LEADS.entries()) {
      for (const { expert, weight } of forecaster.weights(lead)) {
        if (!weights.has(expert))
          weights.set(
            expert,
            LEADS.map(() => 0),
          );
        weights.get(expert)[l] += (50 * weight) / (values.length - SCORED_FROM);
      }
    }
  }
  const microseconds = Number(process.hrtime.bigint() - started) / 1e3 / values.length;
  return { mse: score.mse, microseconds, weights };
}

/** The experts that read the network, each alone. */
function runReadouts(values, recurrent) {
  const all = createExperts(settings(recurrent), engine);
  const readouts = all.filter(({ name }) => name === recurrent.cell || name === 'reservoir');
  const history = new HistoryRing(Math.max(...readouts.map((e) => e.historySteps)));
  const scores = readouts.map(() => new Score(values));
  const out = new Float64Array(HORIZON);
  for (let t = 0; t < values.length; t++) {
    history.push(t * EVERY_MS, values[t]);
    for (const expert of readouts) expert.learn(history);
    for (const [k, expert] of readouts.entries()) {
      expert.forecast(history, out);
      scores[k].add(t, out);
    }
  }
  return readouts.map(({ name }, k) => ({ name, mse: scores[k].mse }));
}

function print(name, figures, note = '') {
  console.log(`  ${name.padEnd(22)} ${figures.map((f) => f.toFixed(4)).join('  ')}  ${note}`);
}

function run({ name, make, goal }, seed) {
  const values = make(STEPS, seed);
  const recurrent = networkSettings(args);
  const without = runForecaster(values, undefined);
  const withIt = runForecaster(values, recurrent);
  console.log(`${name}, seed ${seed}: MSE at H = ${LEADS.join(', ')}`);
  print('without the network', without.mse, `${without.microseconds.toFixed(0)} µs a sample`);
  print('with it', withIt.mse, `${withIt.microseconds.toFixed(0)} µs a sample`);
  for (const readout of runReadouts(values, recurrent)) print(`${readout.name} alone`, readout.mse);
  const ratios = withIt.mse.map((mse, l) => mse / without.mse[l]);
  const reached = goal && ratios[LEADS.indexOf(goal.lead)];
  const verdict = reached <= goal?.ratio ? 'ok' : 'MISSED';
  print('ratio', ratios, goal ? `H = ${goal.lead} ≤ ${goal.ratio} ${verdict}` : '');
  for (const [expert, weight] of withIt.weights) print(`  ${expert}`, weight);
}

for (const stream of STREAMS) {
  if (args.only && !args.only.split(',').includes(stream.name)) continue;
  for (const seed of args.seeds.split(',')) run(stream, Number(seed));
}
