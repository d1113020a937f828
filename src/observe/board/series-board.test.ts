import { describe, expect, it } from 'vitest';
import { leadScore, STEP_MS, seriesPoints, symbolPoints } from '../../../test/support/points.ts';
import type { SeriesPoints } from '../../store/points.ts';
import { SeriesBoard } from './series-board.ts';
import { STALE_STEPS, SCORES_MIN as STEPS_UNTIL_KNOWN } from './series-state.ts';

const START_MS = 1_800_000_000_000;

function board(over: { scoreLeads?: number[]; coverage?: number[] } = {}) {
  const clock = { nowMs: START_MS };
  const stream = { scoreLeads: [1, 2], coverage: [0.9], ...over };
  const own = new SeriesBoard({
    historySteps: 60,
    streamOf: (name) => (name === 'plant' ? stream : undefined),
    clock: () => clock.nowMs,
  });
  const step = (series: string, i: number, points: Partial<SeriesPoints> = {}): void => {
    own.add([seriesPoints({ series, issuedMs: START_MS + i * STEP_MS, ...points })]);
  };
  return { own, clock, step };
}

/** Enough scores to be known by. */
function steps(
  step: (series: string, i: number, points?: Partial<SeriesPoints>) => void,
  series: string,
  score: Parameters<typeof leadScore>[0] = {},
): void {
  for (let i = 0; i < STEPS_UNTIL_KNOWN; i++) step(series, i, { scores: [leadScore(score)] });
}

describe('SeriesBoard', () => {
  it('shows a series at a glance', () => {
    const { own, step } = board();
    step('a', 0, { actual: 20, scores: [] });
    step('a', 1, { actual: Number.NaN, anomaly: 0.25, scores: [] });
    step('a', 2, { actual: 22.5, anomaly: Number.NaN });
    expect(own.summary('a')).toEqual({
      series: 'a',
      stream: 'plant',
      kind: 'number',
      state: 'learning',
      lastMs: START_MS + 2 * STEP_MS,
      last: 22.5,
      next: {
        targetMs: START_MS + 3 * STEP_MS,
        mean: 21,
        lower: 20,
        upper: 22,
        probability: null,
      },
      skill: 0.25,
      coverage: 0.9,
      nominal: 0.9,
      anomaly: 0.25,
      spark: [20, null, 22.5],
    });
    expect(own.summary('b')).toBeUndefined();
    expect(own.history('b')).toBeUndefined();
  });

  it('passes over points of a stream that it does not know', () => {
    const { own, step } = board();
    step('a', 0, { stream: 'gone' });
    expect(own.size).toBe(0);
  });

  it('shows what was forecast, and what is', () => {
    const { own, step } = board({ coverage: [0.9, 0.5] });
    const inner = [
      { coverage: 0.5, lower: Float64Array.of(20.5, 21.5), upper: Float64Array.of(21.5, 22.5) },
    ];
    step('a', 0, { inner });
    step('a', 1, { inner, change: 0.5, changeKind: 'larger', anomaly: 0.5 });
    step('a', 2, { inner });
    const history = own.history('a', 2);
    expect(history).toEqual({
      leads: [1, 2],
      lead: 2,
      everyMs: STEP_MS,
      timeMs: [0, 1, 2].map((i) => START_MS + i * STEP_MS),
      actual: [20.5, 20.5, 20.5],
      forecast: [null, null, 22],
      lower: [null, null, 21],
      upper: [null, null, 23],
      anomaly: [null, 0.5, null],
      changes: [{ timeMs: START_MS + STEP_MS, kind: 'larger' }],
      future: {
        issuedMs: START_MS + 2 * STEP_MS,
        targetMs: [START_MS + 3 * STEP_MS, START_MS + 4 * STEP_MS],
        mean: [21, 22],
        bands: [
          { coverage: 0.9, lower: [20, 21], upper: [22, 23] },
          { coverage: 0.5, lower: [20.5, 21.5], upper: [21.5, 22.5] },
        ],
      },
    });
    expect(own.history('a')!.lead).toBe(1);
    expect(own.history('a', 3)).toBeUndefined();
  });

  it('keeps forecasts of four leads at most', () => {
    const { own, step } = board({ scoreLeads: [1, 2, 3, 4, 5, 6, 7, 24] });
    step('a', 0);
    expect(own.history('a')!.leads).toEqual([1, 3, 6, 24]);
  });

  it('shows symbols by their names, and the likeliest as the forecast', () => {
    const { own } = board();
    const at = (i: number, actual: number, names: string[]): void => {
      const issuedMs = START_MS + i * STEP_MS;
      const targetMs = Float64Array.of(issuedMs + STEP_MS, issuedMs + 2 * STEP_MS);
      own.add([{ ...symbolPoints(names, { actual }), issuedMs, targetMs }]);
    };
    at(0, 0, ['open', 'shut']);
    at(1, -1, ['open', 'shut']);
    at(2, 1, ['open', 'shut']);
    const [row] = own.rows({}).rows;
    expect(row).toMatchObject({ kind: 'symbol', last: 'shut', coverage: null, nominal: null });
    expect(row!.spark).toEqual([]);
    expect(row!.next).toEqual({
      targetMs: START_MS + 3 * STEP_MS,
      mean: 'shut',
      lower: null,
      upper: null,
      probability: 0.75,
    });
    expect(own.history(row!.series)).toMatchObject({
      symbols: ['open', 'shut'],
      actual: [0, null, 1],
      forecast: [null, 1, 1],
      lower: [null, null, null],
      future: {
        mean: [1, 0],
        bands: [],
        probability: [
          [0.25, 0.75],
          [0.5, 0.5],
        ],
      },
    });
  });

  it('holds no array of the points', () => {
    const { own } = board();
    const points = seriesPoints({ series: 'a', issuedMs: START_MS });
    own.add([points]);
    for (const values of [points.mean, points.lower, points.upper, points.targetMs]) values.fill(0);
    expect(own.summary('a')!.next).toMatchObject({ mean: 21, lower: 20, upper: 22 });
  });

  it('recalls a series of an earlier life, and forgets one', () => {
    const { own, step } = board();
    const summary = { newestMs: START_MS - 1_000, learned: 500, skill: 0.5, coverage: 0.875 };
    own.recall('old', 'plant', false, summary);
    expect(own.summary('old')).toMatchObject({
      state: 'good',
      lastMs: START_MS - 1_000,
      last: null,
      next: null,
      skill: 0.5,
      coverage: 0.875,
      spark: [],
    });
    expect(own.history('old')).toMatchObject({ timeMs: [], future: { issuedMs: null, bands: [] } });
    step('old', 1);
    expect(own.size).toBe(1);
    own.remove('old');
    expect(own.rows({})).toEqual({ total: 0, matched: 0, rows: [] });
  });
});

describe('the state of a series', () => {
  it.each([
    [{ skill: 0.2, coverage: 0.88 }, 'good'],
    [{ skill: -0.05, coverage: 0.81 }, 'good'],
    [{ skill: -0.11, coverage: 0.9 }, 'failing'],
    [{ skill: 0.2, coverage: 0.79 }, 'drifting'],
  ])('%o → %s', (score, state) => {
    const { own, step } = board();
    steps(step, 'a', score);
    expect(own.summary('a')!.state).toBe(state);
  });

  it('is learning before enough is scored, whatever the scores', () => {
    const { own, step } = board();
    for (let i = 0; i < STEPS_UNTIL_KNOWN - 1; i++) {
      step('a', i, { scores: [leadScore({ skill: -5 })] });
    }
    expect(own.summary('a')!.state).toBe('learning');
    step('a', STEPS_UNTIL_KNOWN, { scores: [leadScore({ skill: -5 })] });
    expect(own.summary('a')!.state).toBe('failing');
  });

  it('is drifting for a sparkline’s length after a change for the worse', () => {
    const { own, step } = board();
    steps(step, 'a');
    step('a', 100, { change: 0.5, changeKind: 'smaller' });
    expect(own.summary('a')!.state).toBe('good');
    step('a', 101, { change: 0.5, changeKind: 'above' });
    for (let i = 0; i < 60; i++) step('a', 102 + i);
    expect(own.summary('a')!.state).toBe('drifting');
    step('a', 162);
    expect(own.summary('a')!.state).toBe('good');
  });

  it('is stale after several steps without a value, by the clock; gaps are none', () => {
    const { own, clock, step } = board();
    steps(step, 'a');
    clock.nowMs += STALE_STEPS * STEP_MS;
    step('a', 100, { actual: Number.NaN });
    expect(own.states()).toEqual({ learning: 0, good: 1, drifting: 0, stale: 0, failing: 0 });
    clock.nowMs += 1;
    expect(own.states()).toMatchObject({ good: 0, stale: 1 });
    step('a', 101);
    expect(own.summary('a')!.state).toBe('good');
  });
});

describe('the rows of the board', () => {
  function three() {
    const { own, clock, step } = board();
    steps(step, 'Hall/b temp', { skill: 0.5 });
    steps(step, 'hall/A hum', { skill: -0.5 });
    step('press/c', 0, { actual: 99, scores: [] });
    const names = (query: Parameters<typeof own.rows>[0]): string[] =>
      own.rows(query).rows.map(({ series }) => series);
    return { own, clock, names };
  }

  it('searches and filters without regard to case', () => {
    const { own, names } = three();
    expect(names({})).toEqual(['Hall/b temp', 'hall/A hum', 'press/c']);
    expect(names({ search: 'TEMP hall' })).toEqual(['Hall/b temp']);
    expect(names({ search: 'hall press' })).toEqual([]);
    expect(names({ state: 'failing' })).toEqual(['hall/A hum']);
    expect(names({ stream: 'PLANT', state: 'learning' })).toEqual(['press/c']);
    expect(names({ stream: 'plan' })).toEqual([]);
    expect(own.rows({ search: 'hall', limit: 1, offset: 1 })).toMatchObject({
      total: 3,
      matched: 2,
      rows: [{ series: 'hall/A hum' }],
    });
  });

  it('sorts, what is not known last in either direction', () => {
    const { names } = three();
    expect(names({ sort: 'series' })).toEqual(['hall/A hum', 'Hall/b temp', 'press/c']);
    expect(names({ sort: 'skill' })).toEqual(['hall/A hum', 'Hall/b temp', 'press/c']);
    expect(names({ sort: 'skill', descending: true })).toEqual([
      'Hall/b temp',
      'hall/A hum',
      'press/c',
    ]);
    expect(names({ sort: 'last', descending: true })[0]).toBe('press/c');
    expect(names({ sort: 'state' })).toEqual(['press/c', 'Hall/b temp', 'hall/A hum']);
    expect(names({ sort: 'coverage' })).toEqual(['Hall/b temp', 'hall/A hum', 'press/c']);
    expect(names({ descending: true })).toEqual(['press/c', 'hall/A hum', 'Hall/b temp']);
  });
});
