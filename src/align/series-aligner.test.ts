import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aligner, AlignSettings, StepSink } from './aligner.ts';
import { createAligner } from './series-aligner.ts';

const DEFAULTS: AlignSettings = {
  every: { ms: 1000 },
  aggregate: 'none',
  latenessMs: 0,
  gapStepsMax: 100,
  aheadStepsMax: 60,
  receiveTime: false,
};
const T0 = 1_700_000_000_000;

type Step = [timeMs: number, value: number | null] | 'restart';

class Collector implements StepSink {
  readonly steps: Step[] = [];
  step(timeMs: number, value: number): void {
    this.steps.push([timeMs, Number.isNaN(value) ? null : value]);
  }
  restart(): void {
    this.steps.push('restart');
  }
}

/** Samples in (seconds after T0), steps out. */
function align(
  settings: Partial<AlignSettings>,
  samples: readonly (readonly [seconds: number, value: number])[],
  finish = false,
): { steps: Step[]; aligner: Aligner } {
  const aligner = createAligner({ ...DEFAULTS, ...settings });
  const sink = new Collector();
  for (const [seconds, value] of samples) aligner.push(T0 + seconds * 1000, value, sink);
  if (finish) aligner.finish(sink);
  const { learned, duplicate, late, invalid, filtered } = aligner.counts;
  expect(learned + duplicate + late + invalid + filtered + aligner.held).toBe(samples.length);
  const steps = sink.steps.map(
    (step): Step => (step === 'restart' ? step : [step[0] - T0, step[1]]),
  );
  return { steps, aligner };
}

describe('one sample a step', () => {
  it('closes a step at once, whatever the jitter', () => {
    const { steps } = align({}, [
      [0, 1],
      [1.3, 2],
      [1.8, 3],
      [3.1, 4],
    ]);
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
  });

  it('makes gaps explicit, and restarts after a long one', () => {
    const { steps } = align({ gapStepsMax: 2 }, [
      [0, 1],
      [3, 2],
      [7, 3],
    ]);
    expect(steps).toEqual([[0, 1], [1000, null], [2000, null], [3000, 2], 'restart', [7000, 3]]);
  });

  it('counts duplicates, late samples and a second one in a step, and learns none of them', () => {
    const { steps, aligner } = align({}, [
      [0, 1],
      [1, 2],
      [1, 2],
      [0, 9],
      [1.2, 5],
      [-1, 7],
    ]);
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
    ]);
    expect(aligner.counts).toEqual({ learned: 2, duplicate: 2, late: 1, invalid: 0, filtered: 1 });
  });

  it('waits for stragglers within the lateness', () => {
    const settings = { latenessMs: 2000 };
    expect(
      align(settings, [
        [0, 1],
        [2, 3],
        [1, 2],
        [3, 4],
      ]).steps,
    ).toEqual([
      [0, 1],
      [1000, 2],
    ]);
    const { steps, aligner } = align(
      settings,
      [
        [0, 1],
        [2, 3],
        [1, 2],
        [3, 4],
      ],
      true,
    );
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
    expect(aligner.held).toBe(0);
  });

  it('labels steps with the time of exact rows', () => {
    const rows = [0.5, 1.5, 2.5].map((second, i) => [second, i] as const);
    expect(align({}, rows).steps.map(([timeMs]) => timeMs)).toEqual([500, 1500, 2500]);
  });

  it('knows the times of coming steps', () => {
    const { aligner } = align({}, [
      [0, 1],
      [1, 2],
    ]);
    expect([aligner.targetMs(0), aligner.targetMs(3)]).toEqual([T0 + 1000, T0 + 4000]);
  });
});

describe('several samples a step', () => {
  const samples = [
    [0, 1],
    [4, 3],
    [8, 5],
    [12, 7],
    [20, 9],
  ] as const;
  it.each([
    ['mean', 3, 7],
    ['sum', 9, 7],
    ['min', 1, 7],
    ['max', 5, 7],
    ['last', 5, 7],
  ] as const)('%s, closed when the watermark passes the end', (aggregate, first, second) => {
    const { steps, aligner } = align({ every: { ms: 10_000 }, aggregate }, samples);
    expect(steps).toEqual([
      [0, first],
      [10_000, second],
    ]);
    expect(aligner.held).toBe(1);
  });

  it('knows a sample again that waits in an open step, however many there are', () => {
    const many = Array.from({ length: 300 }, (_, i) => [i / 10, 1] as const);
    const settings = { every: { ms: 60_000 }, aggregate: 'sum' } as const;
    const { steps, aligner } = align(settings, [...many, ...many], true);
    expect(steps).toEqual([[-20_000, 300]]);
    expect(aligner.counts).toMatchObject({ learned: 300, duplicate: 300 });
  });

  it('never mixes steps, even where lateness keeps more open than there is room for', () => {
    const fast = Array.from(
      { length: 180_000 },
      (_, i) => [i / 100, Math.floor(i / 6000)] as const,
    );
    const settings = { every: { ms: 60_000 }, aggregate: 'mean', latenessMs: 900_000 } as const;
    // T0 lies 20 s into a minute.
    const shifted = fast.map(([s, v]) => [s + 40, v] as const);
    const { steps } = align(settings, shifted, true);
    expect(steps.map((step) => step[1])).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('keeps sums exact beyond the number of samples it holds', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => [i / 1000, 1] as const);
    const { steps, aligner } = align({ every: { ms: 1_000_000 }, aggregate: 'sum' }, many, true);
    expect(steps).toEqual([[0, 100_000]]);
    expect(aligner.counts.learned).toBe(100_000);
  });
});

describe('cadence', () => {
  const each = (seconds: number, count = 8) =>
    Array.from({ length: count }, (_, i) => [i * seconds, i] as const);

  it('learns period and one sample a step', () => {
    const jittered = each(10.2).map(([s, v]) => [s + 0.5 * (v % 2), v] as const);
    const { steps, aligner } = align({ every: undefined, aggregate: 'auto' }, jittered);
    expect(aligner.everyMs).toBe(10_000);
    expect(steps.filter((step) => step !== 'restart' && step[1] !== null)).toHaveLength(8);
  });

  it('holds samples until it knows', () => {
    const { steps, aligner } = align({ every: undefined, aggregate: 'auto' }, each(10, 7));
    expect(steps).toEqual([]);
    expect(aligner.held).toBe(7);
    expect(aligner.everyMs).toBeUndefined();
  });

  it('puts samples together where the step is longer than the cadence', () => {
    const { steps } = align({ every: { ms: 60_000 }, aggregate: 'auto' }, each(10, 20));
    expect(steps.slice(0, 2)).toEqual([
      [-20_000, 1.5],
      [40_000, 6.5],
    ]);
  });

  it('needs three samples to tell what a given period means', () => {
    const { aligner } = align({ aggregate: 'auto' }, each(1, 2));
    expect(aligner.held).toBe(2);
    expect(align({ aggregate: 'auto' }, each(1, 3)).aligner.held).toBe(0);
  });

  it('does not take a burst of waiting messages for the cadence', () => {
    const burst = Array.from({ length: 8 }, (_, i) => [i / 1000, i] as const);
    const { aligner } = align({ every: undefined, aggregate: 'auto', receiveTime: true }, burst);
    expect(aligner.everyMs).toBe(100);
  });

  it('keeps an exact period that nobody would have chosen', () => {
    const { aligner } = align({ every: undefined, aggregate: 'auto' }, each(27, 40));
    expect(aligner.everyMs).toBe(27_000);
    expect(aligner.counts.learned).toBe(40);
  });

  it('does not take a late first sample for the phase', () => {
    const samples = each(10, 50).map(([s, v]) => [s + (v === 0 ? 4.9 : 0.1), v] as const);
    const { aligner } = align({ every: { ms: 10_000 } }, samples);
    expect(aligner.counts).toMatchObject({ learned: 50, filtered: 0, late: 0 });
  });

  it('finds a step for irregular samples', () => {
    const irregular = [0, 1, 9, 10, 31, 33, 60, 61].map((s, i) => [s, i] as const);
    const { aligner } = align({ every: undefined, aggregate: 'auto' }, irregular);
    expect(aligner.everyMs).toBe(20_000);
  });

  it('steps by calendar months', () => {
    const aligner = createAligner({ ...DEFAULTS, every: { months: 1 } });
    const sink = new Collector();
    const months = ['1949-11', '1949-12', '1950-01', '1950-02', '1950-03'];
    months.forEach((month, i) => {
      aligner.push(Date.parse(`${month}-01T00:00:00Z`), i, sink);
    });
    expect(
      sink.steps.map((step) => new Date(step[0] as number).toISOString().slice(0, 10)),
    ).toEqual(months.map((month) => `${month}-01`));
    expect(new Date(aligner.targetMs(1)).toISOString()).toBe('1950-04-01T00:00:00.000Z');
  });
});

describe('wrong clocks', () => {
  const YEARS = 10 * 365 * 86_400;

  it('is not led astray by a single stamp years ahead', () => {
    const { steps, aligner } = align({}, [
      [0, 1],
      [1, 2],
      [YEARS, 99],
      [2, 3],
      [3, 4],
    ]);
    expect(steps).toEqual([
      [0, 1],
      [1000, 2],
      [2000, 3],
      [3000, 4],
    ]);
    expect(aligner.counts.invalid).toBe(1);
  });

  it('follows a pause that three samples agree on, and loses none of them', () => {
    const { steps, aligner } = align({}, [
      [0, 1],
      [500, 2],
      [501, 3],
      [502, 4],
      [503, 5],
    ]);
    expect(steps).toEqual([
      [0, 1],
      'restart',
      [500_000, 2],
      [501_000, 3],
      [502_000, 4],
      [503_000, 5],
    ]);
    expect(aligner.counts.learned).toBe(5);
  });

  it('lets no duplicate or late sample decide about a pause', () => {
    const { aligner } = align({}, [
      [0, 1],
      [1, 2],
      [500, 3],
      [1, 2],
      [501, 4],
      [0.9, 2],
      [502, 5],
    ]);
    expect(aligner.counts).toMatchObject({ learned: 5, invalid: 0, duplicate: 1 });
  });

  it('drops suspects that contradict each other', () => {
    const { aligner } = align({}, [
      [0, 1],
      [1e6, 2],
      [2e6, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(aligner.counts).toMatchObject({ learned: 3, invalid: 2 });
  });

  it('recovers when the very first stamp was years ahead', () => {
    const { steps, aligner } = align({}, [
      [YEARS, 99],
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(steps.slice(1)).toEqual(['restart', [0, 1], [1000, 2], [2000, 3]]);
    expect(aligner.counts.late).toBe(0);
  });

  it('recovers when the first stamp was ahead and its step is still open', () => {
    const good = Array.from({ length: 200 }, (_, i) => [10 * i, i] as const);
    const settings = { every: { ms: 10_000 }, aggregate: 'mean' } as const;
    const { aligner } = align(settings, [[1800, 99], ...good]);
    expect(aligner.counts.late).toBe(0);
    expect(aligner.counts.learned).toBe(200);
  });

  it('recovers when the first stamp was 1970', () => {
    const { steps } = align({}, [
      [-T0 / 1000 + 5, 99],
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(steps.slice(1)).toEqual(['restart', [0, 1], [1000, 2], [2000, 3], [3000, 4]]);
  });
});

describe('clock ticks', () => {
  it('show the silence of a sensor as a gap, up to the limit', () => {
    const aligner = createAligner({ ...DEFAULTS, receiveTime: true, gapStepsMax: 3 });
    const sink = new Collector();
    aligner.push(T0, 1, sink);
    for (let s = 1; s < 20; s++) aligner.tick(T0 + s * 1000, sink);
    expect(sink.steps.map((step) => step[0])).toEqual([T0, T0 + 1000, T0 + 2000, T0 + 3000]);
    aligner.push(T0 + 20_000, 2, sink);
    expect(sink.steps.slice(4)).toEqual(['restart', [T0 + 20_000, 2]]);
  });

  it('close a step that puts samples together', () => {
    const aligner = createAligner({ ...DEFAULTS, receiveTime: true, aggregate: 'mean' });
    const sink = new Collector();
    aligner.push(T0 + 100, 1, sink);
    aligner.push(T0 + 200, 2, sink);
    aligner.tick(T0 + 999, sink);
    expect(sink.steps).toEqual([]);
    aligner.tick(T0 + 1000, sink);
    expect(sink.steps).toEqual([[T0, 1.5]]);
  });

  it('move nothing where the payload brings the time', () => {
    const aligner = createAligner(DEFAULTS);
    const sink = new Collector();
    aligner.push(T0, 1, sink);
    aligner.tick(T0 + 60_000, sink);
    expect(sink.steps).toHaveLength(1);
  });
});

describe('whatever comes', () => {
  const seconds = fc.oneof(
    fc.integer({ min: 0, max: 400 }).map((n) => n / 2),
    fc.integer({ min: -1e9, max: 1e9 }),
  );
  const settings = fc.record({
    every: fc.constantFrom({ ms: 1000 }, { ms: 10_000 }, { months: 1 }, undefined),
    aggregate: fc.constantFrom<AlignSettings['aggregate'][]>('auto', 'none', 'mean', 'last'),
    latenessMs: fc.constantFrom(0, 3000),
    gapStepsMax: fc.constantFrom(1, 5, 100),
  });

  it('accounts for every sample and keeps steps in order, without holes', () => {
    fc.assert(
      fc.property(settings, fc.array(fc.tuple(seconds, fc.integer())), (given, samples) => {
        const { steps, aligner } = align(given, samples, true);
        const { every } = given;
        let before = Number.NaN;
        for (const step of steps) {
          if (step === 'restart') before = Number.NaN;
          else {
            const everyMs = every && 'months' in every ? undefined : aligner.everyMs;
            if (everyMs && !Number.isNaN(before)) expect(step[0] - before).toBeCloseTo(everyMs, 3);
            before = step[0];
          }
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('gives the same steps in any order within the lateness', () => {
    const jitter = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2999 }), fc.integer({ min: 200, max: 3000 })),
      {
        minLength: 3,
        maxLength: 80,
      },
    );
    fc.assert(
      fc.property(
        jitter,
        fc.constantFrom<AlignSettings['aggregate'][]>('none', 'mean', 'sum'),
        (given, aggregate) => {
          let time = 0;
          // The first in order, and on the grid: it decides where the grid begins.
          const sorted = [[0, 0], ...given].map(([delay = 0, step = 0], i) => {
            time += step;
            return { time, arrival: time + delay, value: i / 3 };
          });
          const arrived = sorted.toSorted((a, b) => a.arrival - b.arrival || a.time - b.time);
          const settings = { every: { ms: 1000 }, aggregate, latenessMs: 3000 } as const;
          const run = (list: typeof sorted) =>
            align(
              settings,
              list.map((s) => [s.time / 1000, s.value] as const),
              true,
            );
          const [a, b] = [run(sorted), run(arrived)];
          expect(b.steps).toEqual(a.steps);
          expect(b.aligner.counts).toEqual(a.aligner.counts);
        },
      ),
      { seed: 2, numRuns: 2000 },
    );
  });
});
