// Accuracy against the goals and the simple methods: one pass over each data set, all its columns as
// the channels of one series, scored as the literature does (errors over windows × leads 1…H ×
// columns, divided by the deviation of the first rows).
//
//   npm run bench:accuracy -- --data DIR [--only ETTh1,airline] [--effort low] [--cell none]
//                             [--seasons auto] [--without analog,change] [--weights]
//                             [--ablation [--part network,ensemble]]
//
// DIR holds ETTh1.csv.gz, ETTm1.csv.gz, elec2-demand.csv.gz, airline-passengers.csv.
// --ablation scores a set again and again, each time with one part left out.
// --weights prints the mean weight of each expert at each lead.
// `foretide backtest` writes every forecast of the same pass for an independent scorer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const { values: args } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    effort: { type: 'string', default: 'balanced' },
    cell: { type: 'string', default: 'gru' },
    /** auto: found by the forecaster; else each set's own. */
    seasons: { type: 'string' },
    without: { type: 'string', default: '' },
    ablation: { type: 'boolean', default: false },
    /** Of the ablation; default: all in turn. */
    part: { type: 'string' },
    weights: { type: 'boolean', default: false },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).pathname },
  },
});
if (!args.data) throw new Error('--data DIR: where the CSV files are');
const dist = new URL(`file://${args.dist.replace(/\/?$/, '/')}`);
const { createGroupForecaster } = await import(new URL('forecaster/group-forecaster.js', dist));
const { readKernel } = await import(new URL('daemon/kernel-file.js', dist));
const { WasmEngine } = await import(new URL('recurrent/wasm.js', dist));
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
    splits: [{ test: [12, 144], maeGoal: [15] }],
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
const PARTS = [
  'seasonal_',
  'drift',
  'holt_winters',
  'analog',
  'regression_quick',
  'regression_full',
  'regression_slow',
  'regression_small',
  'reservoir',
  'regression',
  'change',
  'network',
  'ensemble',
];
/** Without an ensemble: the best single expert alone, beside the last value. */
const ALL_BUT_BEST = PARTS.filter((part) => !['regression', 'regression_full'].includes(part));

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
  return { times, columns };
}

function iso(text) {
  if (/^\d{4}-\d\d$/.test(text)) return `${text}-01T00:00:00Z`;
  return text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`;
}

function spread(values) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) || 1;
}

/** Sums of squared and absolute errors of what is scored over windows of `lead` leads. */
class Errors {
  squared = 0;
  absolute = 0;
  count = 0;

  add(error) {
    if (Number.isNaN(error)) return;
    this.squared += error * error;
    this.absolute += Math.abs(error);
    this.count++;
  }

  get mse() {
    return this.squared / this.count;
  }

  get mae() {
    return this.absolute / this.count;
  }
}

/** One pass; gives the errors by split, lead and method. */
function pass(set, columns, times, without) {
  const hasNetwork = args.cell !== 'none' && !without.includes('network');
  const settings = {
    horizon: set.horizon,
    seasonSteps: args.seasons === 'auto' ? 'auto' : set.seasons,
    coverage: [0.9, 0.8],
    everyMs: set.everyMs,
    recurrent: hasNetwork ? networkSettings({ ...args, cell: args.cell }) : undefined,
    seed: 1,
    effort: args.effort,
    without,
  };
  const seeds = columns.map((_, i) => i + 1);
  const forecaster = createGroupForecaster(settings, seeds, new WasmEngine(readKernel()));
  const scales = set.splits.map(({ fit }) =>
    columns.map((c) => (fit ? spread(c.slice(...fit)) : 1)),
  );
  const methods = ['forecast', 'last', 'seasonal'];
  const errors = set.splits.map(() =>
    set.leads.map(() => Object.fromEntries(methods.map((name) => [name, new Errors()]))),
  );
  const interval = { inside: 0, count: 0, width: 0, winkler: 0, blocks: new Map() };
  const weights = new Map();
  const values = new Float64Array(columns.length);
  const started = process.cpuUsage().user;
  for (let row = 0; row < times.length; row++) {
    columns.forEach((column, c) => {
      values[c] = column[row];
    });
    const reports = forecaster.step(times[row], values);
    for (const [c, report] of reports.entries()) {
      if (!report.issued) continue;
      const column = columns[c];
      for (const [s, { test, interval: wanted }] of set.splits.entries()) {
        for (const [l, lead] of set.leads.entries()) {
          if (row + 1 < test[0] || row + 1 + lead > test[1]) continue;
          score(errors[s][l], report.mean, column, row, lead, set.seasons[0], scales[s][c]);
        }
        if (wanted) cover(interval, report, column[row + 1], row + 1 - test[0]);
      }
      if (args.weights && row % 50 === 0) weigh(weights, forecaster, c, set.leads);
    }
  }
  const micros = (process.cpuUsage().user - started) / times.length / columns.length;
  return { errors, interval, weights, micros };
}

function score(errors, mean, column, row, lead, season, scale) {
  for (let h = 1; h <= lead; h++) {
    const actual = column[row + h];
    const ago = row + h - season * Math.ceil(h / season);
    errors.forecast.add((mean[h - 1] - actual) / scale);
    errors.last.add((column[row] - actual) / scale);
    errors.seasonal.add(((column[ago] ?? Number.NaN) - actual) / scale);
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

function weigh(weights, forecaster, channel, leads) {
  leads.forEach((lead, l) => {
    for (const { expert, weight } of forecaster.weights(channel, lead)) {
      const total = weights.get(expert) ?? { sum: leads.map(() => 0), count: 0 };
      total.sum[l] += weight;
      if (l === 0) total.count++;
      weights.set(expert, total);
    }
  });
}

function report(set, { errors, interval, weights, micros }) {
  const cell = (text) => text.padStart(22);
  console.log(
    `${set.name.padEnd(21)} ${['last value', 'seasonal naive', 'forecast', 'goal'].map(cell).join('')}`,
  );
  set.splits.forEach((split, s) => {
    set.leads.forEach((lead, l) => {
      const { forecast, last, seasonal } = errors[s][l];
      const figures = [last, seasonal, forecast].map(
        (e) => `${e.mse.toPrecision(4)} (${e.mae.toPrecision(4)})`,
      );
      const goal = split.goal?.[l] ?? split.maeGoal?.[l];
      const got = split.goal ? forecast.mse : forecast.mae;
      const told = goal === undefined ? '' : `${goal} ${got <= goal ? 'met' : 'MISSED'}`;
      const row = `  ${split.test.join(':')} H=${lead}`;
      console.log(`${row.padEnd(21)} ${[...figures, told].map(cell).join('')}`);
    });
  });
  if (interval.count > 0) intervalReport(interval);
  console.log(`  ${micros.toFixed(1)} µs of processor time a sample and channel`);
  for (const [expert, total] of weights) {
    const line = total.sum.map((w) => (w / total.count).toFixed(3)).join(' ');
    console.log(`    ${expert.padEnd(24)} ${line}`);
  }
}

function intervalReport({ inside, count, width, winkler, blocks }) {
  const shares = [...blocks.values()].filter(([, n]) => n === 500).map(([h, n]) => h / n);
  const told = [
    `90 % interval: coverage ${(inside / count).toFixed(4)} (goal .89–.91)`,
    `width ${(width / count).toFixed(4)}`,
    `Winkler ${(winkler / count).toFixed(5)} (goal ≤ .040)`,
    `blocks ${Math.min(...shares).toFixed(3)}–${Math.max(...shares).toFixed(3)} (goal .87–.93)`,
  ];
  console.log(`  ${told.join(', ')}`);
}

/** How much worse each part's absence makes the first split, lead by lead. */
function ablation(set, columns, times) {
  const rows = set.splits[0].test[1];
  const cut = columns.map((column) => column.slice(0, rows));
  const mse = (without) =>
    pass(
      { ...set, splits: set.splits.slice(0, 1) },
      cut,
      times.slice(0, rows),
      without,
    ).errors[0].map(({ forecast }) => forecast.mse);
  const all = mse([]);
  console.log(`${set.name} ${set.splits[0].test.join(':')}, MSE at H = ${set.leads.join('/')}`);
  console.log(`  everything          ${all.map((e) => e.toPrecision(4)).join('  ')}`);
  for (const part of args.part?.split(',') ?? PARTS) {
    const cells = mse(part === 'ensemble' ? ALL_BUT_BEST : [part]).map((e, l) => {
      const change = 100 * (e / all[l] - 1);
      return `${e.toPrecision(4)} (${change < 0 ? '' : '+'}${change.toFixed(2)} %)`;
    });
    console.log(`  without ${part.padEnd(18)} ${cells.join('  ')}`);
  }
}

const only = args.only?.split(',');
for (const set of SETS) {
  if (only && !only.includes(set.name)) continue;
  const { times, columns } = read(set.file);
  if (args.ablation) ablation(set, columns, times);
  else report(set, pass(set, columns, times, args.without.split(',').filter(Boolean)));
}
