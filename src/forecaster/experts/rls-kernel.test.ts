import { describe, expect, it } from 'vitest';
import { readKernel } from '../../daemon/kernel-file.ts';
import { diagonal } from '../../recurrent/linear.ts';
import { referenceLinear } from '../../recurrent/linear-reference.ts';
import { Random } from '../../recurrent/random.ts';
import { createReferenceEngine } from '../../recurrent/reference.ts';
import { WasmEngine } from '../../recurrent/wasm.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { createSeriesForecaster } from '../series-forecaster.ts';
import { RecursiveLeastSquares } from './rls.ts';

const kernel = readKernel();
const { linear } = new WasmEngine(kernel);

function filters(regressors: number, horizon: number, forgetting = 0.99) {
  const settings = { regressors, horizon, forgetting, initialVariance: 0.1 };
  return {
    plain: new RecursiveLeastSquares(settings, referenceLinear),
    fast: new RecursiveLeastSquares(settings, linear),
    horizon,
  };
}

function saved(rls: RecursiveLeastSquares): Uint8Array {
  const out = new ByteWriter();
  rls.save(out);
  return out.finish();
}

/** One step of everything a filter can do, the same for both; returns what it predicts. */
function drive(
  rls: RecursiveLeastSquares,
  horizon: number,
  seed: number,
  from: number,
  to: number,
) {
  const out = new Float64Array(horizon);
  const said: number[] = [];
  for (let t = from; t < to; t++) {
    const random = new Random(seed + t);
    const targets = Float64Array.from({ length: horizon }, () =>
      random.uniform(0, 1) < 0.1 ? Number.NaN : 3 * random.uniform(-1, 1),
    );
    if (t % 7 === 0) rls.learn(1 + (t % horizon), targets[0]!);
    else rls.learnAll(targets);
    const f = Float64Array.from(
      { length: sizeOf(rls) },
      (_, i) => 10 ** (i % 3) * random.uniform(-1, 1),
    );
    if (t % 50 === 20) f.fill(1e-30);
    if (t % 50 === 21) f.fill(0);
    if (t % 500 === 200) f[0] = Number.NaN;
    if (t % 500 === 300) f.fill(1e200);
    if (t % 11 === 0) rls.skip();
    else rls.issue(f, t % 1000 < 500 ? 10 : 0);
    if (Number.isNaN(f[0])) f[0] = 0;
    rls.predict(f, out);
    said.push(...out);
  }
  return said;
}

const sizes = new WeakMap<RecursiveLeastSquares, number>();
const sizeOf = (rls: RecursiveLeastSquares): number => sizes.get(rls)!;

describe('the linear kernel', () => {
  it.each([
    [1, 1],
    [2, 3],
    [4, 4],
    [5, 9],
    [13, 1],
    [23, 6],
    [40, 12],
  ])('gives the bytes of the plain form: %i regressors, horizon %i', (regressors, horizon) => {
    const { plain, fast } = filters(regressors, horizon);
    sizes.set(plain, regressors).set(fast, regressors);
    const a = drive(plain, horizon, 7, 0, 2_000);
    const b = drive(fast, horizon, 7, 0, 2_000);
    expect(b).toEqual(a);
    expect(a.every(Number.isFinite)).toBe(true);
    expect(Buffer.from(saved(fast)).equals(saved(plain))).toBe(true);
    expect(fast.resets).toBe(plain.resets);
    expect(fast.resets).toBeGreaterThan(0);
  });

  it('saves from one form and goes on with the other', () => {
    const { plain, fast, horizon } = filters(10, 5);
    sizes.set(plain, 10).set(fast, 10);
    drive(plain, horizon, 3, 0, 600);
    fast.load(new ByteReader(saved(plain)));
    drive(fast, horizon, 3, 600, 900);
    drive(plain, horizon, 3, 600, 900);
    expect(Buffer.from(saved(fast)).equals(saved(plain))).toBe(true);
    const back = filters(10, 5).plain;
    sizes.set(back, 10);
    back.load(new ByteReader(saved(fast)));
    expect(drive(back, horizon, 3, 900, 1_000)).toEqual(drive(fast, horizon, 3, 900, 1_000));
  });

  it('keeps filters apart, also when a larger one needs more scratch', () => {
    const engine = new WasmEngine(kernel, { growBytes: 65_536 });
    const settings = { regressors: 6, horizon: 3, forgetting: 0.99, initialVariance: 0.1 };
    const first = new RecursiveLeastSquares(settings, engine.linear);
    const alone = new RecursiveLeastSquares(settings, referenceLinear);
    sizes.set(first, 6).set(alone, 6);
    drive(first, 3, 5, 0, 100);
    const large = new RecursiveLeastSquares(
      { ...settings, regressors: 150, horizon: 60 },
      engine.linear,
    );
    sizes.set(large, 150);
    drive(large, 60, 6, 0, 50);
    drive(first, 3, 5, 100, 200);
    drive(alone, 3, 5, 0, 200);
    expect(Buffer.from(saved(first)).equals(saved(alone))).toBe(true);
  });

  it('refuses what its memory cannot hold', () => {
    const engine = new WasmEngine(kernel, { bytesMax: 4 * 65_536 });
    expect(() => engine.linear.filter(300, 10)).toThrow(/Raise model.memory_mib/);
  });

  it('keeps P symmetric and what pads it zero', () => {
    for (const factory of [referenceLinear, linear]) {
      const [d, D] = [6, 8];
      const filter = factory.filter(d, 1);
      for (let i = 0; i < d; i++) filter.covariance[diagonal(i)] = 1;
      const random = new Random(1);
      for (let t = 0; t < 300; t++) {
        filter.issue(
          Float64Array.from({ length: d }, () => random.uniform(-1, 1)),
          0,
          0.98,
        );
        filter.shrink(t % d, 0.1);
      }
      const at = (i: number, j: number) => filter.covariance[diagonal(i) - i + j]!;
      for (let i = 0; i < D; i++) {
        for (let j = i & ~3; j < (i & ~3) + 4; j++) {
          if (i >= d || j >= d) expect(Math.abs(at(i, j))).toBe(0);
          else expect(at(i, j)).toBe(at(j, i));
        }
      }
    }
  });

  it('makes no difference to a forecaster, nor to its saved state', () => {
    const settings = { horizon: 12, seasonSteps: [24], coverage: 0.9, everyMs: 3_600_000, seed: 1 };
    const plainEngine = createReferenceEngine();
    const [plain, fast] = [plainEngine, { ...plainEngine, linear }].map((engine) =>
      createSeriesForecaster({ ...settings, recurrent: undefined, effort: 'balanced' }, engine),
    );
    const random = new Random(9);
    for (let t = 0; t < 250; t++) {
      const value = t % 90 === 80 ? Number.NaN : Math.sin(t / 4) + random.uniform(-1, 1);
      const said = plain!.step(t * settings.everyMs, value).mean;
      expect(fast!.step(t * settings.everyMs, value).mean).toEqual(said);
    }
    expect(Buffer.from(fast!.save()).equals(plain!.save())).toBe(true);
  });
});
