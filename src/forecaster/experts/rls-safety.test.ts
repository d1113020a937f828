/** Long runs of what breaks least squares with forgetting; both forms, seeded. */
import { describe, expect, it } from 'vitest';
import { readKernel } from '../../daemon/kernel-file.ts';
import type { LinearKernel } from '../../recurrent/linear.ts';
import { referenceLinear } from '../../recurrent/linear-reference.ts';
import { Random } from '../../recurrent/random.ts';
import { WasmEngine } from '../../recurrent/wasm.ts';
import { RecursiveLeastSquares } from './rls.ts';

const REGRESSORS = 6;
const HORIZON = 2;
const INITIAL_VARIANCE = 0.1;
const { linear } = new WasmEngine(readKernel());

/** The regressors and the target of a step; the regressors' array is the caller's to fill. */
type Stream = (t: number, f: Float64Array, noise: () => number) => number;

/** Lags of x behind a bias, as the autoregression's: everything bounded by 10. */
function lags(x: (t: number, noise: () => number) => number, unit = 1): Stream {
  const past = new Float64Array(REGRESSORS);
  return (t, f, noise) => {
    past.copyWithin(1, 0);
    past[0] = x(t, noise);
    f[0] = 1;
    for (let i = 1; i < REGRESSORS; i++) {
      f[i] = Math.max(-10, Math.min(10, unit * (past[i]! - past[0]!)));
    }
    return f[1]!;
  };
}

const STREAMS: Record<string, Stream> = {
  'a constant': lags(() => 3),
  'a dead sensor': lags((t, noise) => (t < 5_000 ? noise() : 0.5)),
  'a sensor that sleeps and wakes': lags((t, noise) => (t % 20_000 < 2_000 ? noise() : 0)),
  'a jump of 1e6 and back': lags((t, noise) => (t % 30_000 > 15_000 ? 1e6 : 0) + noise()),
  'units of 1e-12, as they come': lags((_, noise) => 1e-12 * noise()),
  'units of 1e12, as they come': lags((_, noise) => 1e12 * noise()),
  'a square wave': lags((t) => (t % 100 < 50 ? 0 : 1)),
  'a pure wave': lags((t) => Math.sin(t / 7)),
};

function run(factory: LinearKernel, stream: Stream, steps: number, forgetting: number) {
  const random = new Random(11);
  const noise = () => random.uniform(-1, 1);
  const rls = new RecursiveLeastSquares(
    { regressors: REGRESSORS, horizon: HORIZON, forgetting, initialVariance: INITIAL_VARIANCE },
    factory,
  );
  const f = new Float64Array(REGRESSORS);
  const targets = new Float64Array(HORIZON);
  const out = new Float64Array(HORIZON);
  let variance = 0;
  let said = 0;
  for (let t = 0; t < steps; t++) {
    targets.fill(stream(t, f, noise));
    rls.learnAll(targets);
    rls.issue(f, 10);
    rls.predict(f, out);
    for (const value of out) said = Math.max(said, Math.abs(value));
    if (t % 100 === 0) {
      expect(rls.variance).toBeGreaterThan(0);
      variance = Math.max(variance, rls.variance);
    }
  }
  return { variance, said, resets: rls.resets };
}

describe('recursive least squares over a long time', () => {
  it.each(Object.keys(STREAMS))('is bounded, without a reset: %s', (name) => {
    for (const forgetting of [0.998, 0.9997]) {
      const { variance, said, resets } = run(linear, STREAMS[name]!, 100_000, forgetting);
      expect(resets).toBe(0);
      expect(variance).toBeLessThan(4 * INITIAL_VARIANCE);
      expect(said).toBeLessThan(100);
    }
  });

  it('the plain form likewise', () => {
    for (const stream of Object.values(STREAMS)) {
      const { variance, said, resets } = run(referenceLinear, stream, 20_000, 0.998);
      expect(resets).toBe(0);
      expect(variance).toBeLessThan(4 * INITIAL_VARIANCE);
      expect(said).toBeLessThan(100);
    }
  });

  it('goes on after regressors beyond any bound', () => {
    const rls = new RecursiveLeastSquares(
      { regressors: 2, horizon: 1, forgetting: 0.99, initialVariance: INITIAL_VARIANCE },
      linear,
    );
    const random = new Random(5);
    const out = new Float64Array(1);
    for (let t = 0; t < 3_000; t++) {
      const x = random.uniform(-1, 1);
      const size = t % 1_000 === 500 ? 1e30 : 1;
      rls.issue(Float64Array.of(1, size * x), 1);
      rls.learn(1, size * (1 + 2 * x));
      rls.predict(Float64Array.of(1, 0.5), out);
      expect(Number.isFinite(out[0])).toBe(true);
      if (t % 1_000 === 499) expect(out[0]).toBeCloseTo(2, 1);
    }
  });
});
