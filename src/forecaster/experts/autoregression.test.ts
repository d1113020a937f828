import { describe, expect, it } from 'vitest';
import { Random } from '../../../test/support/streams.ts';
import { HistoryRing } from '../history.ts';
import { Autoregression, type Features } from './autoregression.ts';
import { Regressors } from './regressors.ts';

const HOUR = 3_600_000;

function setUp(
  horizon: number,
  seasonSteps: number | undefined,
  companions = 0,
  features?: Features,
) {
  const settings = {
    name: 'test',
    horizon,
    forgetting: 0.999,
    ridge: 1,
    plan: {
      seasonSteps,
      everyMs: HOUR,
      lags: [1, 2, 3],
      harmonics: seasonSteps === undefined ? 0 : 3,
      averages: true,
      guideLeads: [],
      companions,
    },
  };
  const expert = new Autoregression(settings, { features });
  const history = new HistoryRing(4, companions);
  const out = new Float64Array(horizon);
  let steps = 0;
  const step = (value: number, others: readonly number[] = [], skip = 0) => {
    steps += skip;
    history.companions.set(others);
    history.push(steps++ * HOUR, value);
    expert.learn(history);
    expert.forecast(history, out);
    return [...out];
  };
  const restart = () => {
    history.clear();
    expert.restart();
  };
  return { expert, step, restart };
}

describe('Autoregression', () => {
  it('finds a recursion, at every lead', () => {
    const { step } = setUp(3, undefined);
    const random = new Random(1);
    const x = [0, 0];
    let squared = 0;
    let said: number[] = [];
    for (let t = 2; t < 4_000; t++) {
      x.push(1.6 * x[t - 1]! - 0.8 * x[t - 2]! + random.normal());
      if (t > 3_000) squared += (said[0]! - x[t]!) ** 2;
      said = step(x[t]!);
    }
    // The innovations have variance 1: no forecast can err less.
    expect(squared / 999).toBeLessThan(1.1);
  });

  it('uses another channel that leads', () => {
    const { step } = setUp(1, undefined, 1);
    const random = new Random(2);
    let driver = 0;
    let said = 0;
    let squared = 0;
    for (let t = 0; t < 3_000; t++) {
      const value = driver + 0.1 * random.normal();
      if (t > 2_000) squared += (said - value) ** 2;
      driver = random.normal();
      said = step(value, [driver])[0]!;
    }
    expect(squared / 999).toBeLessThan(0.03);
  });

  it('is silent while it knows nothing, and again after a restart', () => {
    const { step, restart } = setUp(2, 24);
    const values = Array.from({ length: 200 }, (_, i) => Math.sin(i / 3));
    const said = values.map((value) => step(value)[0]!);
    expect(said.slice(0, 20).every(Number.isNaN)).toBe(true);
    expect(said.slice(30).every(Number.isFinite)).toBe(true);
    restart();
    expect(step(50, [], 1_000)[0]).toBeNaN();
  });

  it('keeps its place in the season through a restart', () => {
    const { step, restart } = setUp(1, 24);
    const wave = (t: number) => 10 * Math.sin((2 * Math.PI * t) / 24);
    for (let t = 0; t < 1_000; t++) step(wave(t));
    restart();
    // 1,007 steps later: the phase is another one.
    let worst = 0;
    let said = Number.NaN;
    for (let t = 2_007; t < 2_107; t++) {
      if (t > 2_040) worst = Math.max(worst, Math.abs(said - wave(t)));
      said = step(wave(t), [], t === 2_007 ? 1_007 : 0)[0]!;
    }
    expect(worst).toBeLessThan(0.5);
  });

  it('learns nothing from a gap, and speaks through it', () => {
    const { step } = setUp(2, 24);
    const wave = (t: number) => 10 * Math.sin((2 * Math.PI * t) / 24);
    for (let t = 0; t < 600; t++) step(wave(t));
    for (let t = 600; t < 606; t++) {
      expect(Math.abs(step(Number.NaN)[0]! - wave(t + 1))).toBeLessThan(4);
    }
    let worst = 0;
    let said = step(wave(606))[0]!;
    for (let t = 607; t < 700; t++) {
      worst = Math.max(worst, Math.abs(said - wave(t)));
      said = step(wave(t))[0]!;
    }
    expect(worst).toBeLessThan(3);
  });

  it('says nothing of a constant', () => {
    const { step } = setUp(3, 24);
    for (let t = 0; t < 300; t++) expect(step(5).every(Number.isNaN)).toBe(true);
  });

  it.each([
    ['a dead sensor', 1, (t: number) => (t < 400 ? Math.sin(t) : 0)],
    ['a jump of 1e6', 1, (t: number) => (t < 400 ? 0 : 1e6) + Math.sin(t)],
    ['one outlier', 1, (t: number) => (t === 400 ? 1e12 : Math.sin(t))],
    ['tiny', 1e-90, (t: number) => 1e-90 * Math.sin(t)],
    ['huge', 1e90, (t: number) => 1e90 * Math.sin(t)],
  ])('says numbers of the series alone: %s', (_, size, value) => {
    const { step } = setUp(3, 24);
    for (let t = 0; t < 3_000; t++) {
      const said = step(value(t));
      if (t < 30) continue;
      for (const forecast of said) expect(Number.isFinite(forecast)).toBe(true);
      if (t > 1_500) expect(Math.abs(said[0]! - value(t + 1))).toBeLessThan(size);
    }
  });

  it('continues identically after load', () => {
    const random = new Random(4);
    const values = Array.from({ length: 300 }, (_, i) => Math.sin(i / 4) + random.normal());
    const a = setUp(4, 24, 1);
    const b = setUp(4, 24, 1);
    for (const value of values.slice(0, 200)) a.step(value, [value / 2]);
    // The history is the owner's; what b learned is replaced.
    for (const value of values.slice(0, 200)) b.step(2 * value + 1, [3]);
    b.expert.load(a.expert.save());
    for (const value of values.slice(200)) {
      expect(b.step(value, [value / 2])).toEqual(a.step(value, [value / 2]));
    }
  });
});

describe('Regressors', () => {
  it('fills exactly as many as it counts, all bounded', () => {
    for (const seasonSteps of [undefined, 4, 24, 96]) {
      const regressors = new Regressors({
        seasonSteps,
        everyMs: HOUR,
        lags: [1, 5],
        harmonics: seasonSteps === undefined ? 0 : 1,
        averages: seasonSteps !== 96,
        guideLeads: [1, 2],
        companions: 2,
      });
      const history = new HistoryRing(2, 2);
      const out = new Float64Array(regressors.count + 1).fill(7);
      for (let t = 0; t < 100; t++) {
        history.companions.set([t, Number.NaN]);
        history.push(t * HOUR, t === 50 ? 1e9 : Math.sin(t));
        regressors.add(history);
      }
      regressors.fill(out, Float64Array.of(1e30, Number.NaN));
      expect(out.at(-1)).toBe(7);
      expect(out.subarray(0, -1).every((x) => Math.abs(x) <= 10)).toBe(true);
    }
  });

  it('uses features that others work out', () => {
    const random = new Random(5);
    let told = 0;
    const features = { featureCount: 1, features: (out: Float64Array) => out.fill(told) };
    const { step } = setUp(1, undefined, 0, features);
    let squared = 0;
    let said = [0];
    for (let t = 0; t < 3_000; t++) {
      const value = told + 0.1 * random.normal();
      if (t > 2_000) squared += (said[0]! - value) ** 2;
      told = random.normal();
      said = step(value);
    }
    expect(squared / 999).toBeLessThan(0.012);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300])('a feature of %s does no harm', (bad) => {
    const random = new Random(6);
    let told = 0;
    const features = { featureCount: 2, features: (out: Float64Array) => out.fill(told) };
    const { step } = setUp(2, undefined, 0, features);
    for (let t = 0; t < 600; t++) {
      told = t % 50 === 0 ? bad : random.normal();
      const said = step(random.normal());
      if (t < 100) continue;
      for (const forecast of said) expect(Math.abs(forecast)).toBeLessThan(20);
    }
  });
});
