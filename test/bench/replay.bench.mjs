// How fast a recorded stream goes through the whole pipeline, by kind of model: seeded daily curves
// with noise, replayed at full speed into line protocol. Prints a table and, with --json, one JSON
// object on the last line. Settings are run turn about; the median of several rounds counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '2000' },
    series: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'foretide-bench-'));
const models = {
  'simple, no network': '{ effort: simple, cell: none }',
  'simple, gru 16': '{ effort: simple, cell: gru }',
  'simple, lstm 16': '{ effort: simple, cell: lstm }',
  'low, gru 16': '{ effort: low }',
  'balanced, gru 24': '{ effort: balanced }',
};

/** A small generator of the textbook kind, so that every machine replays the same file. */
function noise(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

function csv(rows, series) {
  const random = noise(1);
  const names = Array.from({ length: series }, (_, i) => `s${i}`);
  const lines = [`time,${names.join(',')}`];
  for (let r = 0; r < rows; r++) {
    const day = Math.sin((2 * Math.PI * r) / 24);
    const cells = names.map((_, i) => (20 + (i + 1) * day + random()).toFixed(4));
    lines.push(`${new Date(3_600_000 * r + 1.7e12).toISOString()},${cells.join(',')}`);
  }
  return `${lines.join('\n')}\n`;
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const input = join(dir, 'stream.csv');
writeFileSync(input, csv(Number(options.rows), Number(options.series)));
for (const [i, model] of Object.values(models).entries()) {
  writeFileSync(
    join(dir, `${i}.yaml`),
    `streams:\n  - { topic: "#", payload: csv, time: time, series: "{field}", every: 1h, aggregate: none, horizon: 12, seasons: [24h], model: ${model} }\n`,
  );
}
const seconds = Object.keys(models).map(() => []);
for (let round = 0; round < Number(options.rounds); round++) {
  for (const i of seconds.keys()) {
    const args = [main, 'replay', input, '--config', join(dir, `${i}.yaml`)];
    const { status, stderr } = spawnSync(process.execPath, [...args, '--out', join(dir, 'out.lp')]);
    const match = /steps in ([\d.]+) s/.exec(String(stderr));
    if (status !== 0 || !match) throw new Error(`replay failed:\n${stderr}`);
    seconds[i].push(Number(match[1]));
  }
}
rmSync(dir, { recursive: true });

const steps = Number(options.rows) * Number(options.series);
const results = Object.keys(models).map((model, i) => {
  const wall = median(seconds[i]);
  return { model, seconds: wall, steps_s: Math.round(steps / wall), us_step: (1e6 * wall) / steps };
});
console.log(`${steps} steps of ${options.series} series, horizon 12; median of ${options.rounds}`);
console.table(results);
if (options.json) console.log(JSON.stringify({ steps, results }));
