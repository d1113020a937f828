import { expect } from 'vitest';
import type { Aligner, AlignSettings, StepSink } from '../../src/align/aligner.ts';
import { createAligner } from '../../src/align/series-aligner.ts';

export const DEFAULTS: AlignSettings = {
  every: { ms: 1000 },
  aggregate: 'none',
  latenessMs: 0,
  gapStepsMax: 100,
  aheadStepsMax: 60,
  receiveTime: false,
};
export const T0 = 1_700_000_000_000;

export type Step = [timeMs: number, value: number | null] | 'restart';

export class Collector implements StepSink {
  readonly steps: Step[] = [];
  step(timeMs: number, value: number): void {
    this.steps.push([timeMs, Number.isNaN(value) ? null : value]);
  }
  restart(): void {
    this.steps.push('restart');
  }
}

/** Samples in (seconds after T0), steps out. */
export function align(
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
