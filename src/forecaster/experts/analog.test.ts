import { describe, expect, it } from 'vitest';
import { Random } from '../../../test/support/streams.ts';
import { HistoryRing } from '../history.ts';
import { Analog } from './analog.ts';

const SEASON = 12;

function setUp(seasons = 60, horizon = 6) {
  const expert = new Analog({ name: 'a', horizon, seasonSteps: SEASON, memorySteps: 4, seasons });
  const history = new HistoryRing(expert.historySteps);
  const out = new Float64Array(horizon);
  const step = (value: number) => {
    history.push(0, value);
    expert.learn(history);
    expert.forecast(history, out);
    return [...out];
  };
  return { expert, history, step };
}

/** Days of two kinds, told apart by their first half alone. */
function twoKinds(days: number, seed: number): { values: number[]; kinds: boolean[] } {
  const random = new Random(seed);
  const values: number[] = [];
  const kinds: boolean[] = [];
  for (let day = 0; day < days; day++) {
    const high = random.normal() > 0;
    kinds.push(high);
    for (let i = 0; i < SEASON; i++) {
      const first = high ? i : -i;
      const second = high ? 10 : -10;
      values.push((i < 6 ? first : second) + 0.1 * random.normal());
    }
  }
  return { values, kinds };
}

describe('Analog', () => {
  it('says what followed the days most like today', () => {
    const { step } = setUp();
    const { values, kinds } = twoKinds(60, 1);
    let said: number[] = [];
    for (const value of values.slice(0, 59 * SEASON + 6)) said = step(value);
    const expected = kinds[59] ? 10 : -10;
    for (const forecast of said) expect(Math.abs(forecast - expected)).toBeLessThan(1.5);
  });

  it('keeps the recursive distance equal to the plain sum', () => {
    const { step, expert, history } = setUp(10, 2);
    const { values } = twoKinds(12, 2);
    for (const value of values) step(value);
    const saved = new DataView(expert.save().buffer);
    // Layout: latest [2], squares [11]; each with its length before.
    const squares = (k: number) => saved.getFloat64((1 + 2 + 1 + k) * 8, true);
    for (const k of [1, 4]) {
      let sum = 0;
      for (let i = 0; history.steps - 1 - i - k * SEASON >= 0; i++) {
        const difference =
          values[values.length - 1 - i]! - values[values.length - 1 - i - k * SEASON]!;
        sum += Math.exp(-i / 4) * difference ** 2;
      }
      expect(squares(k)).toBeCloseTo(sum, 8);
    }
  });

  it('is silent until there are days to compare, and after a restart', () => {
    const { expert, history, step } = setUp();
    const { values } = twoKinds(40, 3);
    const said = values.map((value) => step(value)[0]!);
    expect(said.slice(0, 3 * SEASON).every(Number.isNaN)).toBe(true);
    expect(Number.isFinite(said.at(-1)!)).toBe(true);
    expert.restart();
    history.clear();
    expect(step(1)).toEqual(new Array(6).fill(Number.NaN));
  });

  it('passes over gaps and over what overflows', () => {
    const { step } = setUp();
    const { values } = twoKinds(40, 4);
    let said: number[] = [];
    for (const [i, value] of values.entries()) {
      said = step(i % 7 === 0 ? Number.NaN : i === 100 ? 1e200 : value);
    }
    expect(said.every(Number.isFinite)).toBe(true);
  });

  it('continues identically after load', () => {
    const { values } = twoKinds(40, 5);
    const a = setUp();
    const b = setUp();
    for (const value of values.slice(0, 300)) {
      a.step(value);
      b.step(value);
    }
    const c = setUp();
    c.expert.load(a.expert.save());
    expect(c.expert.save()).toEqual(b.expert.save());
    expect(c.expert.latest).toEqual(a.expert.latest);
  });
});
