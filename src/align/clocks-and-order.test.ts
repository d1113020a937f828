import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align, Collector, DEFAULTS, T0 } from '../../test/support/align.ts';
import type { AlignSettings } from './aligner.ts';
import { createAligner } from './series-aligner.ts';

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

describe('arrival times', () => {
  it('begin a new time line where our clock is set back; samples with times of their own do not', () => {
    const hour = 3_600;
    const samples = [...[0, 1, 2, 3], ...[4, 5, 6, 7].map((s) => s - hour)].map(
      (s, i) => [s, i] as const,
    );
    const { steps, aligner } = align({ receiveTime: true, aggregate: 'mean' }, samples, true);
    expect(steps.map((step) => (step === 'restart' ? step : step[0] / 1000))).toEqual([
      ...[0, 1, 2, 3],
      'restart',
      ...[4, 5, 6, 7].map((s) => s - hour),
    ]);
    expect(aligner.counts).toMatchObject({ learned: 8, late: 0 });
    expect(align({ aggregate: 'mean' }, samples, true).aligner.counts.late).toBe(4);
  });

  it('leave it to the ticks where these come: some samples may bring a time, and an old one', () => {
    const aligner = createAligner({ ...DEFAULTS, receiveTime: true });
    const sink = new Collector();
    for (let s = 0; s < 5; s++) {
      aligner.push(T0 + s * 1000, s, sink);
      aligner.tick(T0 + s * 1000 + 500, sink);
    }
    for (let s = 0; s < 5; s++) aligner.push(T0 - 3_600_000 + s * 1000, 99, sink);
    aligner.push(T0 + 5_000, 5, sink);
    expect(sink.steps.map((step) => step[1])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(aligner.counts).toMatchObject({ learned: 6, late: 5 });
  });

  it('take steps of an hour for late until the time is there again, three at most', () => {
    const settings = { receiveTime: true, every: { ms: 3_600_000 } } as const;
    const hours = [0, 1, 2, 3, 4, 5, 4, 5, 6, 7].map((h) => [3_600 * h, h] as const);
    const { aligner } = align(settings, hours, true);
    expect(aligner.counts).toMatchObject({ learned: 8, duplicate: 2 });
    const back = [0, 1, 2, 3, 4, 5, 1, 2, 3].map((h, i) => [3_600 * h + i, h] as const);
    expect(align(settings, back, true).aligner.counts).toMatchObject({ learned: 9, late: 0 });
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

  it('tell no step of a gap longer than the limit that one of them has jumped over', () => {
    const aligner = createAligner({ ...DEFAULTS, receiveTime: true });
    const sink = new Collector();
    aligner.push(T0, 1, sink);
    aligner.tick(T0 + 500, sink);
    aligner.tick(T0 + 3_600_000, sink);
    aligner.tick(T0 + 3_601_000, sink);
    expect(sink.steps).toEqual([[T0, 1]]);
    aligner.push(T0 + 3_602_000, 2, sink);
    expect(sink.steps.slice(1)).toEqual(['restart', [T0 + 3_602_000, 2]]);
  });

  it('that go back far begin a new time line, and those that go back a little do not', () => {
    const aligner = createAligner({ ...DEFAULTS, receiveTime: true });
    const sink = new Collector();
    aligner.push(T0, 1, sink);
    aligner.tick(T0 + 500, sink);
    aligner.tick(T0 - 9_000, sink);
    expect(sink.steps).toEqual([[T0, 1]]);
    aligner.tick(T0 - 30_000, sink);
    aligner.push(T0 - 29_000, 2, sink);
    aligner.push(T0 - 28_000, 3, sink);
    expect(sink.steps.slice(1)).toEqual(['restart', [T0 - 29_000, 2], [T0 - 28_000, 3]]);
    expect(aligner.counts).toMatchObject({ learned: 3, late: 0 });
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
