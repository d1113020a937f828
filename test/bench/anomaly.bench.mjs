// Anomaly scores of a folder in the layout of the Numenta Anomaly Benchmark (GROUP/FILE.csv[.gz],
// timestamp,value): every file is one series, every row one step. `npm run build` first.
//
//   npm run bench:anomaly -- --data DIR [--out DIR] [--effort low|balanced] [--seasons none|day]
//
// Writes OUT/GROUP/FILE.ndjson, one line a row: {"time", "anomaly"}. Default OUT: anomaly-scores.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const DAY_MS = 86_400_000;
const { values: args } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'anomaly-scores' },
    effort: { type: 'string', default: 'low' },
    seasons: { type: 'string', default: 'day' },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).pathname },
  },
});
if (!args.data) throw new Error('--data DIR: where GROUP/FILE.csv.gz are');
const dist = new URL(`file://${args.dist.replace(/\/?$/, '/')}`);
const { createSeriesForecaster } = await import(new URL('forecaster/series-forecaster.js', dist));
const { readKernel } = await import(new URL('daemon/kernel-file.js', dist));
const { WasmEngine } = await import(new URL('recurrent/wasm.js', dist));

function read(file) {
  const bytes = readFileSync(join(args.data, file));
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
  const rows = text.split(/\r?\n/).slice(1).filter(Boolean);
  return rows.map((row) => {
    const [time, value] = row.split(',');
    return { timeMs: Date.parse(`${time.replace(' ', 'T')}Z`), value: Number(value) };
  });
}

function cadence(rows) {
  const gaps = rows.slice(1).map((row, i) => row.timeMs - rows[i].timeMs);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1];
}

const files = readdirSync(args.data, { recursive: true }).filter((f) => /\.csv(\.gz)?$/.test(f));
for (const file of files.sort()) {
  const rows = read(file);
  const everyMs = cadence(rows);
  const day = Math.round(DAY_MS / everyMs);
  const forecaster = createSeriesForecaster(
    {
      horizon: 1,
      seasonSteps: args.seasons === 'day' && day >= 2 ? [day] : [],
      coverage: 0.9,
      everyMs,
      recurrent: undefined,
      seed: 1,
      effort: args.effort,
    },
    new WasmEngine(readKernel()),
  );
  const started = process.hrtime.bigint();
  let alarms = 0;
  const lines = rows.map(({ timeMs, value }) => {
    const { anomaly } = forecaster.step(timeMs, value);
    if (anomaly >= 0.5) alarms++;
    return JSON.stringify({ time: timeMs, anomaly });
  });
  const microseconds = Number(process.hrtime.bigint() - started) / 1e3 / rows.length;
  const out = join(args.out, file.replace(/\.csv(\.gz)?$/, '.ndjson'));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${lines.join('\n')}\n`);
  console.log(
    `${file.padEnd(52)} ${String(rows.length).padStart(6)} rows, ${alarms} scores of 0.5 up, ` +
      `${microseconds.toFixed(1)} µs a row`,
  );
}
