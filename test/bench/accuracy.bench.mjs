// Accuracy against the goals: one pass over each data set, forecasts scored as score-forecasts.mjs
// does. `npm run build` first.
//
//   npm run bench:accuracy -- --data DIR [--only ETTh1,airline]
//                             [--effort simple|low|balanced|high] [--network]
//                             [--forecasts DIR] [--weights] [--seasons auto]
//
// DIR holds ETTh1.csv.gz, ETTm1.csv.gz, elec2-demand.csv.gz, airline-passengers.csv.
// --network gives every series the effort's recurrent network (GRU).
// --forecasts writes NDJSON for the independent scorer; --weights prints mean expert weights.
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const { values: args } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    effort: { type: 'string', default: 'balanced' },
    network: { type: 'boolean', default: false },
    forecasts: { type: 'string' },
    weights: { type: 'boolean', default: false },
    /** auto: found by the forecaster; else each set's own. */
    seasons: { type: 'string' },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).pathname },
  },
});
if (!args.data) throw new Error('--data DIR: where the CSV files are');
const dist = new URL(`file://${args.dist.replace(/\/?$/, '/')}`);
const { createSeriesForecaster } = await import(
  new URL('forecaster/series-forecaster.js', dist).href
);
const { readKernel } = await import(new URL('daemon/kernel-file.js', dist).href);
const { WasmEngine } = await import(new URL('recurrent/wasm.js', dist).href);
const { networkSettings } = await import('./network-settings.mjs');

const HOUR = 3_600_000;
const MONTH = 30.4375 * 24 * HOUR;
const SETS = [
  {
    name: 'ETTh1',
    file: 'ETTh1.csv.gz',
    everyMs: HOUR,
    seasons: [24],
    horizon: 48,
    leads: [1, 24, 48],
    splits: [
      { fit: [0, 2880], test: [3600, 14400], goal: [0.178, 0.585, 0.705] },
      { fit: [0, 10452], test: [12290, 17420], goal: [0.098, 0.273, 0.318] },
    ],
  },
  {
    name: 'ETTm1',
    file: 'ETTm1.csv.gz',
    everyMs: HOUR / 4,
    seasons: [96],
    horizon: 48,
    leads: [1, 24, 48],
    splits: [
      { fit: [0, 11520], test: [14400, 57600], goal: [0.091, 0.35, 0.478] },
      { fit: [0, 41808], test: [48872, 69680], goal: [0.048, 0.179, 0.236] },
    ],
  },
  {
    name: 'airline',
    file: 'airline-passengers.csv',
    everyMs: MONTH,
    seasons: [12],
    horizon: 3,
    leads: [3],
    splits: [{ test: [12, 144], maeGoal: 15 }],
  },
  {
    name: 'Elec2',
    file: 'elec2-demand.csv.gz',
    everyMs: HOUR / 2,
    seasons: [48, 336],
    horizon: 1,
    leads: [1],
    splits: [{ test: [3000, 45312], interval: true }],
  },
];

function read(file) {
  const bytes = readFileSync(join(args.data, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
  const rows = text.split(/\r?\n/).filter(Boolean);
  const cells = (row) => row.split(',').map((cell) => cell.replace(/^"|"$/g, ''));
  const names = cells(rows[0]).slice(1);
  const times = rows.slice(1).map((row) => Date.parse(iso(cells(row)[0])));
  const columns = names.map((_, i) =>
    Float64Array.from(rows.slice(1), (row) => Number(cells(row)[i + 1] || Number.NaN)),
  );
  return { names, times, columns };
}

function iso(text) {
  if (/^\d{4}-\d\d$/.test(text)) return `${text}-01T00:00:00Z`;
  return text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`;
}

function spread(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) || 1;
}

function run(set) {
  const { names, times, columns } = read(set.file);
  const sums = set.splits.map(() => set.leads.map(() => ({ squared: 0, absolute: 0, count: 0 })));
  const interval = { inside: 0, count: 0, width: 0, winkler: 0, blocks: new Map() };
  const weights = new Map();
  const out = args.forecasts ? output(set.name) : undefined;
  const engine = new WasmEngine(readKernel());
  let spent = 0n;
  for (const [channel, column] of columns.entries()) {
    const scales = set.splits.map(({ fit }) => (fit ? spread(column.slice(...fit)) : 1));
    const others = columns.filter((_, i) => i !== channel);
    const forecaster = createSeriesForecaster(
      {
        horizon: set.horizon,
        seasonSteps: args.seasons ?? set.seasons,
        coverage: 0.9,
        everyMs: set.everyMs,
        recurrent: args.network ? networkSettings(args) : undefined,
        seed: 1,
        effort: args.effort,
        companions: others.length,
      },
      engine,
    );
    for (let row = 0; row < column.length; row++) {
      const companions = others.map((other) => other[row]);
      const started = process.hrtime.bigint();
      const report = forecaster.step(times[row], column[row], companions);
      spent += process.hrtime.bigint() - started;
      if (!report.issued) continue;
      set.splits.forEach((split, s) => {
        set.leads.forEach((lead, l) => {
          if (row + 1 < split.test[0] || row + 1 + lead > split.test[1]) return;
          const sum = sums[s][l];
          for (let h = 0; h < lead; h++) {
            const error = (report.mean[h] - column[row + 1 + h]) / scales[s];
            sum.squared += error * error;
            sum.absolute += Math.abs(error);
            sum.count++;
          }
        });
        if (split.interval) cover(interval, report, column[row + 1], row + 1 - split.test[0]);
      });
      out?.write(
        `${JSON.stringify({
          series: names[channel],
          issued: times[row],
          mean: [...report.mean],
          lower: [...report.lower],
          upper: [...report.upper],
        })}\n`,
      );
      if (args.weights && row % 50 === 0) weigh(weights, forecaster, set.leads);
    }
  }
  out?.end();
  const samples = columns.length * times.length;
  report(set, sums, interval, Number(spent) / 1e3 / samples);
  for (const [expert, total] of weights) {
    const line = total.sum.map((w) => (w / total.count).toFixed(3)).join(' ');
    console.log(`    ${expert.padEnd(24)} ${line}`);
  }
}

function cover(interval, report, actual, row) {
  if (row < 0 || !Number.isFinite(actual)) return;
  const [lower, upper] = [report.lower[0], report.upper[0]];
  const inside = actual >= lower && actual <= upper ? 1 : 0;
  interval.count++;
  interval.inside += inside;
  interval.width += upper - lower;
  interval.winkler += upper - lower + 20 * Math.max(0, lower - actual, actual - upper);
  const block = Math.floor(row / 500);
  const [hits, count] = interval.blocks.get(block) ?? [0, 0];
  interval.blocks.set(block, [hits + inside, count + 1]);
}

function weigh(weights, forecaster, leads) {
  leads.forEach((lead, l) => {
    for (const { expert, weight } of forecaster.weights(lead)) {
      const total = weights.get(expert) ?? { sum: leads.map(() => 0), count: 0 };
      total.sum[l] += weight;
      if (l === 0) total.count++;
      weights.set(expert, total);
    }
  });
}

function output(name) {
  mkdirSync(args.forecasts, { recursive: true });
  return createWriteStream(join(args.forecasts, `${name}.ndjson`));
}

function report(set, sums, interval, microseconds) {
  set.splits.forEach((split, s) => {
    const rows = split.test.join(':');
    const figures = set.leads.map((lead, l) => {
      const sum = sums[s][l];
      const mse = sum.squared / sum.count;
      const goal = split.goal?.[l];
      const verdict = goal === undefined ? '' : mse <= goal ? ` ≤ ${goal} ok` : ` > ${goal} MISSED`;
      return `H=${lead} mse ${mse.toPrecision(4)}${verdict}, mae ${(sum.absolute / sum.count).toPrecision(4)}`;
    });
    console.log(`${set.name} ${rows}: ${figures.join(' | ')}`);
    if (split.maeGoal) console.log(`    mae goal ≤ ${split.maeGoal}`);
  });
  if (interval.count > 0) {
    const blocks = [...interval.blocks.values()]
      .filter(([, n]) => n === 500)
      .map(([h, n]) => h / n);
    const { count } = interval;
    console.log(
      `    interval: coverage ${(interval.inside / count).toFixed(4)} (.89–.91), ` +
        `width ${(interval.width / count).toFixed(4)}, ` +
        `winkler ${(interval.winkler / count).toFixed(5)} (≤ .040), ` +
        `blocks ${Math.min(...blocks).toFixed(3)}–${Math.max(...blocks).toFixed(3)} (.87–.93)`,
    );
  }
  console.log(`    ${microseconds.toFixed(1)} µs a sample and channel`);
}

const only = args.only?.split(',');
for (const set of SETS) if (!only || only.includes(set.name)) run(set);
