import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { AnomalyScore } from './anomaly-score.ts';

const SIZE = { rankBins: 256, discordBlocks: 128 };
const EVERY_MS = 300_000;
const DAY = 288;

/** Noise in [-1, 1], the same every time. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** A noisy daily wave; the forecast is the wave. */
function daily(steps: number, change: (value: number, step: number) => number, unit = 1) {
  const random = noise(7);
  return Array.from({ length: steps }, (_, step) => {
    const wave = 10 * Math.sin((2 * Math.PI * step) / DAY);
    const value = change(wave + random(), step);
    return { timeMs: step * EVERY_MS, value: value * unit, error: (value - wave) * unit };
  });
}

function scores(score: AnomalyScore, steps: ReturnType<typeof daily>): number[] {
  return steps.map(({ timeMs, value, error }) => score.step(timeMs, value, error));
}

/** The step with the highest score. */
function highest(all: number[], from: number): number {
  const told = all.slice(from).filter((score) => score > 0);
  return all.indexOf(Math.max(...told), from);
}

describe('AnomalyScore', () => {
  it('tells a spike at its step, higher than anything else', () => {
    const all = scores(
      new AnomalyScore(EVERY_MS, SIZE),
      daily(3000, (v, t) => (t === 2500 ? 60 : v)),
    );
    expect(highest(all, 500)).toBe(2500);
    expect(all[2500]).toBeGreaterThan(0.6);
    expect(Math.max(...all.slice(500, 2500))).toBeLessThan(0.55);
    expect(all.every((a) => a >= 0 && a <= 1)).toBe(true);
  });

  it('tells a day that stays flat, though each value is an ordinary one', () => {
    const flat = (v: number, t: number): number => (t >= 2500 && t < 2700 ? 0.1 : v);
    const all = scores(new AnomalyScore(EVERY_MS, SIZE), daily(3000, flat));
    const at = highest(all, 500);
    expect(at).toBeGreaterThan(2500);
    expect(at).toBeLessThan(2720);
  });

  it('is the same in other units', () => {
    const change = (v: number, t: number): number => (t === 1500 ? -40 : v);
    const plain = scores(new AnomalyScore(EVERY_MS, SIZE), daily(2000, change));
    for (const unit of [2 ** -300, 2 ** 300]) {
      expect(scores(new AnomalyScore(EVERY_MS, SIZE), daily(2000, change, unit))).toEqual(plain);
    }
  });

  it('says 0 of a constant, until it changes', () => {
    const score = new AnomalyScore(EVERY_MS, SIZE);
    for (let i = 0; i < 2000; i++)
      expect(score.step(i * EVERY_MS, 20.1, i ? 0 : Number.NaN)).toBe(0);
    expect(score.step(2000 * EVERY_MS, 25, 4.9)).toBeGreaterThan(0.5);
    const after = Array.from({ length: 200 }, (_, i) =>
      score.step((2001 + i) * EVERY_MS, 20.1, i ? 0 : -4.9),
    );
    expect(after.filter((a) => a > 0).length).toBeLessThanOrEqual(1);
  });

  it('is silent in its first steps, when everything is new', () => {
    const all = scores(
      new AnomalyScore(EVERY_MS, SIZE),
      daily(30, (v) => v),
    );
    expect(Math.max(...all)).toBeLessThan(0.5);
  });

  it('gives no number at gaps and goes on after them', () => {
    const gappy = daily(3000, (v, t) => (t % 50 < 10 ? Number.NaN : t === 2505 + 10 ? 80 : v));
    const all = scores(new AnomalyScore(EVERY_MS, SIZE), gappy);
    expect(all.map(Number.isNaN)).toEqual(gappy.map(({ value }) => Number.isNaN(value)));
    expect(highest(all, 500)).toBe(2515);
  });

  it('is the same for the values that came, however many steps between them are gaps', () => {
    const steps = daily(1500, (v, t) => (t === 1200 ? 60 : v));
    const sparse = steps.flatMap((step, i) =>
      i % 3 === 0 ? [step, { ...step, value: Number.NaN, error: Number.NaN }] : [step],
    );
    const told = scores(new AnomalyScore(EVERY_MS, SIZE), sparse).filter((n) => !Number.isNaN(n));
    expect(told).toEqual(scores(new AnomalyScore(EVERY_MS, SIZE), steps));
  });

  it.each([
    ['one absurd value', 1_000, 1e15],
    ['a first value of 0', 0, 0],
    ['a wild first value', 0, -5_000],
  ])('is not blinded by %s', (_, at, value) => {
    const steps = daily(4_000, (v, t) => (t === at ? value : t === 3_500 ? 80 : v + 1_000));
    const all = scores(new AnomalyScore(EVERY_MS, SIZE), steps);
    expect(Math.max(...all.slice(3_500, 3_505))).toBeGreaterThan(0.3);
    expect(highest(all, 3_000)).toBeGreaterThanOrEqual(3_500);
  });

  it('continues identically after save and load, and after a restart', () => {
    const steps = daily(1500, (v, t) => (t % 400 === 399 ? 3 * v : t % 90 === 5 ? Number.NaN : v));
    const one = new AnomalyScore(EVERY_MS, SIZE);
    scores(one, steps.slice(0, 1000));
    const other = new AnomalyScore(EVERY_MS, SIZE);
    other.load(new ByteReader(saved(one)));
    for (const score of [one, other]) score.restart();
    expect(scores(other, steps.slice(1000))).toEqual(scores(one, steps.slice(1000)));
    expect(saved(other)).toEqual(saved(one));
  });

  it('keeps its memory in bounds', () => {
    const score = new AnomalyScore(EVERY_MS, SIZE);
    scores(
      score,
      daily(100, (v) => v),
    );
    const before = saved(score).length;
    scores(
      score,
      daily(5000, (v) => v),
    );
    expect(saved(score).length).toBe(before);
    expect(before).toBeLessThan(9_000);
  });
});

function saved(score: AnomalyScore): Uint8Array {
  const out = new ByteWriter();
  score.save(out);
  return out.finish();
}
