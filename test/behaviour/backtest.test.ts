/** `foretide backtest` as a user meets it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { FileResult } from '../../src/backtest/result.ts';

import { type Ended, foretideIn } from '../support/command.ts';
import {
  plainErrors,
  plainInterval,
  type Recording,
  readForecasts,
} from '../support/plain-scores.ts';
import { Random } from '../support/streams.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2024-01-01T00:00:00Z');
const dir = mkdtempSync(join(tmpdir(), 'foretide-backtest-'));
afterAll(() => rmSync(dir, { recursive: true }));

const backtest = (...args: string[]): Promise<Ended> => foretideIn(dir, 'backtest', ...args);
const path = (name: string): string => join(dir, name);

/** Hourly, with a day's rhythm; a few cells of `flow` are empty. */
function recording(rows: number): Recording {
  const random = new Random(7);
  const noise = (): number => random.normal() / 2;
  const timesMs = Array.from({ length: rows }, (_, i) => START_MS + i * HOUR_MS);
  const heat = timesMs.map((_, i) => 20 + 5 * Math.sin((2 * Math.PI * i) / 24) + noise());
  const flow = heat.map((v, i) => (i % 97 === 50 ? Number.NaN : 0.1 * v + 0.05 * noise()));
  return {
    timesMs,
    columns: new Map([
      ['heat', heat],
      ['flow', flow],
    ]),
  };
}

function csv({ timesMs, columns }: Recording): string {
  const lines = timesMs.map((ms, i) => {
    const cells = [...columns.values()].map((values) => (Number.isNaN(values[i]) ? '' : values[i]));
    return [new Date(ms).toISOString(), ...cells].join(',');
  });
  return `${[['time', ...columns.keys()].join(','), ...lines].join('\n')}\n`;
}

describe('foretide backtest', { timeout: 120_000 }, () => {
  it('answers first: better than simple? do the intervals hold?', async () => {
    writeFileSync(path('plain.csv'), csv(recording(300)));
    const { code, stdout } = await backtest('plain.csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^plain\.csv: every 1h, seasons 1d, 24 steps ahead; 600 steps in /);
    expect(stdout).toMatch(
      /^heat: \d+ % better than the last value, [\d.]+ % (better|WORSE) than the same time yesterday; 90 % interval held [\d.]+ %$/m,
    );
    expect(stdout).toMatch(
      /^heat +scored +MAE +MSE +MASE +sMAPE +pinball +in 90 % +in 80 % +Winkler/m,
    );
    expect(stdout).toMatch(/^ {2}lead 12 +259 /m);
    expect(stdout).toMatch(/^ {2}heat, lead 1: .*(gru|last_value) \d+ %/m);
  });

  it('agrees with a plain computation from the forecasts it writes', async () => {
    const recorded = recording(320);
    writeFileSync(path('agree.csv.gz'), gzipSync(csv(recorded)));
    const [fit, test] = [
      [0, 40],
      [80, 300],
    ] as const;
    const ranges = ['--fit', '0:40', '--test', '80:300', '--leads', '1,3,6', '--horizon', '6'];
    const { code, stdout } = await backtest(
      'agree.csv.gz',
      ...ranges,
      '--json',
      '--forecasts',
      'f.ndjson.gz',
    );
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as FileResult;
    const forecasts = readForecasts(gunzipSync(readFileSync(path('f.ndjson.gz'))).toString());
    expect(forecasts).toHaveLength(640);

    expect(result.all.map(({ lead }) => lead)).toEqual([1, 3, 6]);
    for (const { lead, mse, mae, scored } of result.all) {
      const plain = plainErrors(recorded, forecasts, { fit, test, lead });
      expect(scored).toBe(plain.count);
      expect(mse / plain.mse).toBeCloseTo(1, 12);
      expect(mae / plain.mae).toBeCloseTo(1, 12);
    }
    for (const { series, leads } of result.series) {
      const own = forecasts.filter((forecast) => forecast.series === series);
      for (const { lead, mse, mae, scored } of leads) {
        const plain = plainErrors(recorded, own, { fit, test, lead, alone: true });
        expect([scored, mae / plain.mae]).toEqual([plain.count, expect.closeTo(1, 12)]);
        expect(mse / plain.mse).toBeCloseTo(1, 12);
      }
      const [widest] = leads[0]!.intervals;
      const plain = plainInterval(recorded, own, { fit, test, series, level: 0.9 });
      expect(widest!.nominal).toBe(0.9);
      expect(widest!.coverage).toBeCloseTo(plain.coverage, 12);
      expect(widest!.width).toBeCloseTo(plain.width, 12);
      expect(widest!.winkler).toBeCloseTo(plain.winkler, 12);
    }
  });

  it('never sees the future: noise after a row changes no forecast made up to it', async () => {
    const real = recording(300);
    const args = ['--effort', 'balanced', '--horizon', '8'];
    const forecastsOf = async (name: string, given: Recording): Promise<string[]> => {
      writeFileSync(path(`${name}.csv`), csv(given));
      const ended = await backtest(`${name}.csv`, ...args, '--forecasts', `${name}.ndjson`);
      expect(ended.code).toBe(0);
      return readFileSync(path(`${name}.ndjson`), 'utf8')
        .trimEnd()
        .split('\n');
    };
    const honest = await forecastsOf('real', real);
    for (const row of [3, 60, 187]) {
      const random = new Random(row);
      const columns = [...real.columns].map(([name, values]): [string, number[]] => [
        name,
        values.map((value, i) => (i <= row ? value : 1000 * random.uniform())),
      ]);
      const noisy = await forecastsOf(`noise-${row}`, { ...real, columns: new Map(columns) });
      const until = real.timesMs[row]!;
      const early = (line: string): boolean => Date.parse(JSON.parse(line).issued) <= until;
      expect(noisy.filter(early)).toEqual(honest.filter(early));
      expect(noisy.filter(early)).toHaveLength(2 * (row + 1));
      expect(noisy).not.toEqual(honest);
    }
  });

  it('writes one anomaly score a row, where rows come twice or not at all', async () => {
    const { timesMs, columns } = recording(200);
    const rows = timesMs.map((ms, i) => `${new Date(ms).toISOString()},${columns.get('heat')![i]}`);
    rows.splice(50, 0, rows[50]!, rows[49]!);
    rows.splice(120, 4);
    mkdirSync(path('in/deep'), { recursive: true });
    for (const name of ['in/a', 'in/deep/b']) {
      writeFileSync(path(`${name}.csv`), `time,heat\n${rows.join('\n')}\n`);
    }
    const { code } = await backtest('in/a.csv', 'in/deep/b.csv', '--anomalies', 'scores', '--json');
    expect(code).toBe(0);
    for (const name of ['a', 'deep/b']) {
      const lines = readFileSync(path(`scores/${name}.ndjson`), 'utf8')
        .trimEnd()
        .split('\n');
      const scores = lines.map((line) => JSON.parse(line) as { time: string; anomaly: unknown });
      expect(scores.map(({ time }) => time)).toEqual(rows.map((row) => row.split(',')[0]));
      for (const { anomaly } of scores) {
        const isScore = typeof anomaly === 'number' && anomaly >= 0 && anomaly <= 1;
        expect(anomaly === null || isScore).toBe(true);
      }
    }
  });

  it('reads recorded messages, with a configuration', async () => {
    const { timesMs, columns } = recording(120);
    const lines = timesMs.map((time, i) => {
      return JSON.stringify({ topic: 'site/heat', payload: String(columns.get('heat')![i]), time });
    });
    writeFileSync(path('rec.ndjson'), `${lines.join('\n')}\n`);
    writeFileSync(
      path('site.yaml'),
      'streams: [{ topic: site/+, every: 1h, horizon: 4, seasons: [1d], model: { cell: none } }]',
    );
    const args = ['--config', 'site.yaml', '--from', '2024-01-03T00:00:00Z', '--json'];
    const { code, stdout } = await backtest('rec.ndjson', ...args);
    expect(code).toBe(0);
    const [series] = (JSON.parse(stdout) as FileResult).series;
    expect(series).toMatchObject({
      series: 'site/heat',
      steps: 120,
      from: '2024-01-03T00:00:00.000Z',
    });
    expect(series!.leads.map(({ lead, scored }) => [lead, scored])).toEqual([
      [1, 72],
      [2, 71],
      [4, 69],
    ]);
    const bare = await backtest('rec.ndjson', '--json');
    expect((JSON.parse(bare.stdout) as FileResult).series[0]!.series).toBe('site/heat');
  });

  it('says all that is wrong at once, with code 2', async () => {
    writeFileSync(path('short.csv'), csv(recording(40)));
    const absent = await backtest('absent.csv', 'also.xml');
    const advice = 'there is no such file; check the path';
    expect(absent).toMatchObject({
      code: 2,
      stderr: `absent.csv: ${advice}\nalso.xml: ${advice}\n`,
    });
    const short = await backtest('short.csv', '--effort', 'lwo', '--test', '10:50');
    expect(short.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^short.csv: --effort: "lwo" is not allowed.*did you mean low/),
      'short.csv: --test: 10:50 lies outside the file, which holds 40 steps',
    ]);
    expect(short.code).toBe(2);
    const both = await backtest('short.csv', '--every', '1h', '--config', 'absent.yaml');
    expect(both.stderr).toBe('--every: --config is given as well; write it there\n');
  });
});
