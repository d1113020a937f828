import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aligner, AlignSettings } from './aligner.ts';
import { createAligner } from './series-aligner.ts';

const DEFAULTS: AlignSettings = {
  every: undefined,
  aggregate: 'auto',
  latenessMs: 0,
  gapStepsMax: 5,
  aheadStepsMax: 60,
  receiveTime: false,
};
const T0 = 1_700_000_000_000;

type Event = readonly [kind: 'sample' | 'tick', seconds: number, value: number];

function feed(aligner: Aligner, events: readonly Event[]): unknown[] {
  const out: unknown[] = [];
  const sink = {
    step: (timeMs: number, value: number) =>
      void out.push([timeMs, value, aligner.targetMs(timeMs, 3)]),
    restart: () => void out.push('restart'),
  };
  for (const [kind, seconds, value] of events) {
    if (kind === 'tick') aligner.tick(T0 + seconds * 1000, sink);
    else aligner.push(T0 + seconds * 1000, value, sink);
    out.push({ ...aligner.counts, held: aligner.held, everyMs: aligner.everyMs });
  }
  aligner.finish(sink);
  out.push({ ...aligner.counts, held: aligner.held });
  return out;
}

function moved(aligner: Aligner, settings: AlignSettings): Aligner {
  const copy = createAligner(settings);
  copy.load(aligner.save());
  return copy;
}

const nowhere = { step: () => {}, restart: () => {} };

describe('a saved aligner', () => {
  const seconds = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 200 }).map((n) => n / 2) },
    { weight: 1, arbitrary: fc.integer({ min: -1e9, max: 1e9 }) },
  );
  const event = fc.tuple(
    fc.constantFrom<('sample' | 'tick')[]>('sample', 'sample', 'sample', 'tick'),
    seconds,
    fc.integer(),
  );
  const settings = fc.record({
    every: fc.constantFrom({ ms: 1000 }, { ms: 10_000 }, { months: 1 }, undefined),
    aggregate: fc.constantFrom<AlignSettings['aggregate'][]>('auto', 'none', 'mean', 'last'),
    latenessMs: fc.constantFrom(0, 3000, 60_000),
    gapStepsMax: fc.constantFrom(1, 5, 100),
    aheadStepsMax: fc.constantFrom(3, 60),
    receiveTime: fc.boolean(),
  });

  it('goes on exactly as if it had never been saved, wherever that was', () => {
    fc.assert(
      fc.property(settings, fc.array(event), fc.array(event), (given, before, after) => {
        const aligner = createAligner(given);
        for (const [kind, s, value] of before) {
          if (kind === 'tick') aligner.tick(T0 + s * 1000, nowhere);
          else aligner.push(T0 + s * 1000, value, nowhere);
        }
        const copy = moved(aligner, given);
        expect(copy.save()).toEqual(aligner.save());
        expect(feed(copy, after)).toEqual(feed(aligner, after));
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('keeps what was folded together to make room', () => {
    const given: AlignSettings = { ...DEFAULTS, every: { ms: 3_600_000 }, aggregate: 'mean' };
    const aligner = createAligner(given);
    for (let i = 0; i < 70_000; i++) aligner.push(T0 + i, i, nowhere);
    const copy = moved(aligner, given);
    expect(copy.held).toBe(70_000);
    const late: Event[] = [['sample', 3_600, 1]];
    const steps = feed(copy, late);
    expect(steps[0]).toEqual([T0 - (T0 % 3_600_000), 34_999.5, expect.any(Number)]);
    expect(steps).toEqual(feed(aligner, late));
  });

  it('is small', () => {
    const aligner = createAligner({ ...DEFAULTS, every: { ms: 1000 }, aggregate: 'none' });
    for (let i = 0; i < 1_000; i++) aligner.push(T0 + i * 1000, i, nowhere);
    expect(aligner.save().length).toBeLessThan(1_000);
  });

  it('refuses another grid, another format and damaged bytes', () => {
    const given: AlignSettings = { ...DEFAULTS, every: { ms: 1000 }, aggregate: 'none' };
    const aligner = createAligner(given);
    aligner.push(T0, 1, nowhere);
    expect(() => moved(aligner, { ...given, every: { ms: 2000 } })).toThrow(
      'steps of 1000 ms, but "every" is now another',
    );
    expect(() => moved(aligner, { ...given, every: { months: 1 } })).toThrow('another');
    expect(() => moved(aligner, { ...given, aggregate: 'mean' })).toThrow(
      'aggregate is "none", but these settings need "mean"',
    );
    const bytes = aligner.save();
    expect(() => createAligner(given).load(bytes.slice(0, -1))).toThrow('saved state: ends at');
    const other = bytes.slice();
    new DataView(other.buffer).setFloat64(0, 1, true);
    expect(() => createAligner(given).load(other)).toThrow('format 1, but this program reads 3');
  });
});
