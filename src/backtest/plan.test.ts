import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SourceConfig } from '../config/schema.ts';
import { BacktestError } from './fault.ts';
import { type Plan, type PlanOptions, planAll } from './plan.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-plan-'));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;

function csv(lines: readonly string[]): SourceConfig {
  const file = join(dir, `${files++}.csv`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { csv: { file, delimiter: ',' } };
}

/** `rows` rows with times `stepMs` apart. */
function regular(rows: number, stepMs: number, delimiter = ','): SourceConfig {
  const start = Date.parse('2024-01-01T00:00:00Z');
  const lines = Array.from({ length: rows }, (_, i) =>
    [new Date(start + i * stepMs).toISOString(), i % 7, 'up'].join(delimiter),
  );
  return csv([['when', 'load', 'state'].join(delimiter), ...lines]);
}

async function planOf(source: SourceConfig, options: PlanOptions = {}): Promise<Plan> {
  const [plan] = await planAll([source], options);
  return plan!;
}

async function faultsOf(source: SourceConfig, options: PlanOptions): Promise<string[]> {
  const error = await planAll([source], options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(BacktestError);
  const { csv } = source;
  return (error as Error).message.split('\n').map((line) => line.replace(`${csv!.file}: `, ''));
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the plan of a backtest', () => {
  it.each([
    ['a second', 1_000, { every: '1s', seasons: [], horizon: 12 }],
    ['a quarter of an hour', 15 * MINUTE, { every: '15m', seasons: ['1d'], horizon: 48 }],
    ['an hour', HOUR, { every: '1h', seasons: ['1d'], horizon: 24 }],
    ['a day', DAY, { every: '1d', seasons: ['1w'], horizon: 7 }],
    ['a week', 7 * DAY, { every: '1w', seasons: ['1y'], horizon: 48 }],
  ])('follows the cadence: rows %s apart', async (_, stepMs, expected) => {
    const plan = await planOf(regular(400, stepMs));
    expect(plan).toMatchObject(expected);
    expect(plan.config.streams[0]).toMatchObject({ values: ['load'], time: 'when' });
    expect(plan.scoring).toMatchObject({ from: 40, to: Number.POSITIVE_INFINITY });
  });

  it('knows months and years, whose length varies', async () => {
    const months = Array.from({ length: 60 }, (_, i) => {
      return `${2000 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, '0')},${i}`;
    });
    expect(await planOf(csv(['Month,Passengers', ...months]))).toMatchObject({
      every: '1mo',
      seasons: ['1y'],
      horizon: 12,
    });
    const years = Array.from({ length: 60 }, (_, i) => `${1950 + i}-01-01,${i}`);
    expect(await planOf(csv(['t,v', ...years]))).toMatchObject({ every: '1y', seasons: [] });
  });

  it('finds the delimiter, and a time in seconds in the first column', async () => {
    const semicolons = await planOf(regular(50, HOUR, ';'));
    expect(semicolons.config.source?.csv?.delimiter).toBe(';');
    const epochs = Array.from({ length: 50 }, (_, i) => `${1_700_000_000 + 600 * i},${i},${i}`);
    const plan = await planOf(csv(['t_sec,a,b', ...epochs]));
    expect(plan).toMatchObject({ every: '10m', seriesCount: 2 });
    expect(plan.config.streams[0]).toMatchObject({ time: 't_sec', values: ['a', 'b'] });
  });

  it('takes texts where they are symbols', async () => {
    const plan = await planOf(regular(50, HOUR), {
      columns: ['state'],
      set: new Map([['kind', 'symbol']]),
    });
    expect(plan.config.streams[0]).toMatchObject({ values: ['state'], kind: 'symbol' });
  });

  it('leaves covariates out of what is forecast', async () => {
    const rows = Array.from({ length: 21 }, (_, i) => `2024-01-${i + 10},1,2,3`);
    const plan = await planOf(csv(['day,a,b,c', ...rows]), { covariates: ['b'] });
    expect(plan.config.streams[0]).toMatchObject({
      values: ['a', 'c'],
      covariates: [{ field: 'b', known: false }],
    });
    expect(plan.seriesCount).toBe(2);
  });

  it('takes what it is told, any key of a stream too', async () => {
    const plan = await planOf(regular(100, HOUR), {
      every: '2h',
      horizon: 5,
      seasons: ['12h', '1d'],
      leads: [2, 5],
      set: new Map<string, unknown>([
        ['coverage', 0.5],
        ['model.hidden', 4],
      ]),
      from: '2024-01-02T00:00:00Z',
      fit: '0:10',
    });
    const [stream] = plan.config.streams;
    expect(stream).toMatchObject({ every: { ms: 2 * HOUR }, horizon: 5, coverage: 0.5 });
    expect(stream).toMatchObject({ score_leads: [2, 5], model: { hidden: 4 } });
    expect(plan.scoring).toMatchObject({ leads: [2, 5], from: 12, fit: [0, 10] });
  });

  it('says everything that is wrong, by option', async () => {
    expect(await faultsOf(csv(['name,note', 'x,y', 'z,w']), {})).toEqual([
      'no column of times was found; name it with --time (there are name, note)',
      'no column of numbers was found; there are name, note; states are read with --columns NAME --set kind=symbol',
    ]);
    expect(await faultsOf(csv(['time,v']), {})).toEqual(['holds no rows']);
    const many = await faultsOf(regular(40, HOUR), {
      columns: ['load', 'state', 'x'],
      horizon: 0,
      seasons: ['1h'],
      effort: 'lwo',
      set: new Map([['gap_limmit', 3]]),
      skip: 40,
      test: '10:50',
      fit: '9',
    });
    expect(many).toEqual([
      '--columns: "state" holds no numbers',
      '--columns: no column "x"; there are when, load, state',
      expect.stringMatching(/^--horizon: 0 is not allowed/),
      expect.stringMatching(/^--effort: "lwo" is not allowed/),
      '--set gap_limmit: unknown key; did you mean gap_limit?',
      '--season: 1h holds fewer than two steps of every: 1h; write a longer season',
      '--test: --skip is given as well; remove one',
      '--fit: "9" is no range; write FROM:TO, as in 0:1000 (TO is not in it)',
      '--test: 10:50 lies outside the file, which holds 40 steps',
    ]);
  });

  it.each([
    [{ horizon: 38 }, 'a horizon of 38 is too long: only 36 of 40 steps are scored'],
    [{ time: 'clock' }, '--time: no column "clock"; there are when, load, state'],
    [{ skip: 40 }, '--skip: 40 leaves nothing to score; the file holds 40 steps'],
    [{ from: 'soon' }, '--from: "soon" is no time'],
    [{ from: '2025-01-01' }, '--from: 2025-01-01 lies behind the end of the file'],
    [{ leads: [1, 99] }, '--leads: 99 lies beyond the horizon (10)'],
    [{ every: 'often' }, '--every: "often" is not a duration'],
  ])('%j: %s', async (options: PlanOptions, message) => {
    expect((await faultsOf(regular(40, HOUR), options)).join('\n')).toContain(message);
  });
});
