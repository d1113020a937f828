import { describe, expect, it } from 'vitest';
import { Random } from '../../recurrent/random.ts';
import { createReferenceEngine } from '../../recurrent/reference.ts';
import { createSymbolForecaster } from './online-symbol-forecaster.ts';
import type { SymbolForecaster, SymbolReport, SymbolSettings } from './symbol-forecaster.ts';

const DAY_MS = 86_400_000;
const SHOULDER = 0;
const BICEPS = 1;
const CARDIO = 2;
const DAILY: SymbolSettings = {
  horizon: 3,
  symbolsMax: 33,
  seasonSteps: [],
  everyMs: DAY_MS,
  recurrent: undefined,
  seed: 1,
};
const GRU: SymbolSettings = {
  ...DAILY,
  recurrent: {
    cell: 'gru',
    hidden: 8,
    layers: 1,
    updateSteps: 4,
    windowSteps: 12,
    optimizer: 'adam',
    learningRate: 0.003,
    clipNorm: 1,
  },
};

function create(settings = DAILY): SymbolForecaster {
  return createSymbolForecaster(settings, createReferenceEngine());
}

/** Reports day by day. */
function run(
  forecaster: SymbolForecaster,
  days: number,
  symbolOf: (day: number) => number,
  from = 0,
): SymbolReport[] {
  return Array.from({ length: days }, (_, i) =>
    forecaster.step((from + i) * DAY_MS, symbolOf(from + i)),
  );
}

/** Probability of a symbol at a lead (1-based). */
function given({ probability, known }: SymbolReport, lead: number, symbol: number): number {
  return symbol < known ? probability[(lead - 1) * known + symbol]! : 0;
}

/** What toEqual says of large arrays takes long. */
function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Of all known symbols at lead 1. */
function total({ probability, known }: SymbolReport): number {
  return probability.subarray(0, known).reduce((sum, p) => sum + p, 0);
}

function likeliest(report: SymbolReport, lead: number): number {
  const row = Array.from({ length: report.known }, (_, s) => given(report, lead, s));
  return row.indexOf(Math.max(...row));
}

const schedule = (day: number): number => [SHOULDER, BICEPS, CARDIO][day % 3]!;

describe.each([
  ['simple experts', DAILY],
  ['with a network', GRU],
])('shoulder, biceps, cardio, %s', (_, settings) => {
  it('is certain within 100 days, at every lead', () => {
    const reports = run(create(settings), 130, schedule);
    for (let day = 99; day < 130; day++) {
      for (let lead = 1; lead <= 3; lead++) {
        expect(given(reports[day]!, lead, schedule(day + lead))).toBeGreaterThan(0.99);
      }
    }
  });

  it('guesses the next after three days already', () => {
    const report = run(create(settings), 3, schedule)[2]!;
    for (let lead = 1; lead <= 3; lead++) expect(likeliest(report, lead)).toBe(lead - 1);
    // That something new comes once more is as likely as not.
    expect(given(report, 1, SHOULDER)).toBeGreaterThan(0.34 * 0.5);
    expect(total(report)).toBeCloseTo(0.5, 9);
  });

  it('follows another schedule', () => {
    const forecaster = create(settings);
    run(forecaster, 200, schedule);
    const other = (day: number): number => [CARDIO, BICEPS, SHOULDER, SHOULDER][day % 4]!;
    const reports = run(forecaster, 100, other, 200);
    for (let lead = 1; lead <= 3; lead++) {
      expect(given(reports[20]!, lead, other(220 + lead))).toBeGreaterThan(0.8);
      expect(given(reports[99]!, lead, other(299 + lead))).toBeGreaterThan(0.97);
    }
  });
});

it('noise: at most a little above the entropy, with what is told being what comes', () => {
  const random = new Random(3);
  const odds = [0.5, 0.25, 0.15, 0.1];
  const entropy = odds.reduce((sum, p) => sum - p * Math.log(p), 0);
  const draw = (): number => {
    let left = random.uniform(0, 1);
    return odds.findIndex((p) => {
      left -= p;
      return left < 0;
    });
  };
  const reports = run(create(), 3_000, draw).slice(200);
  for (let lead = 1; lead <= 3; lead++) {
    const losses = reports.map(({ scores }) => scores[lead - 1]!.logLoss);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(mean).toBeLessThan(entropy + 0.02);
    const hits = reports.filter(({ scores }) => scores[lead - 1]!.hit).length / reports.length;
    expect(hits).toBeGreaterThan(0.46);
  }
});

it('a symbol that was never seen is scored by what was left for it, and learned', () => {
  const forecaster = create();
  const before = run(forecaster, 30, schedule)[29]!;
  const [first] = run(forecaster, 1, () => 3, 30);
  expect(total(before)).toBeCloseTo(1 - 0.5 / 28, 9);
  expect(first!.scores[0]!.probability).toBeCloseTo(0.5 / 28, 9);
  expect(first!.scores[0]!.hit).toBe(false);
  expect(first!.known).toBe(4);
  // From now on there are four, and the fourth on every fourth day.
  const reports = run(forecaster, 80, (day) => (day - 31) % 4, 31);
  expect(given(reports[79]!, 1, 0)).toBeGreaterThan(0.98);
  expect(given(reports[78]!, 1, 3)).toBeGreaterThan(0.98);
});

it.each([
  ['simple experts', DAILY],
  ['with a network', GRU],
])('room grows with the symbols, up to the cap, %s', (_, settings) => {
  const forecaster = create({ ...settings, symbolsMax: 11 });
  const cycle = (day: number): number => (day < 40 ? day % 3 : day % 11);
  const reports = run(forecaster, 300, cycle);
  expect(reports.at(-1)!.known).toBe(11);
  for (let lead = 1; lead <= 3; lead++) {
    expect(given(reports.at(-1)!, lead, (299 + lead) % 11)).toBeGreaterThan(0.9);
  }
  // What is no code is a gap.
  for (const code of [11, -1, 0.5, Number.POSITIVE_INFINITY]) {
    expect(forecaster.step(300 * DAY_MS, code).scores).toEqual([]);
  }
});

it('a weekly plan with gaps: the season serves', () => {
  const forecaster = create({ ...DAILY, seasonSteps: [7] });
  const random = new Random(5);
  const week = [0, 0, 1, 0, 2, 2, 1];
  const reports = run(forecaster, 300, (day) =>
    random.uniform(0, 1) < 0.2 ? Number.NaN : week[day % 7]!,
  );
  for (let day = 200; day < 300; day++) {
    expect(given(reports[day]!, 1, week[(day + 1) % 7]!)).toBeGreaterThan(0.95);
  }
});

it.each([
  ['simple experts', { ...DAILY, seasonSteps: [7] }],
  ['with a network', { ...GRU, seasonSteps: [7] }],
])('probabilities are finite, above 0 and sum to 1, whatever comes, %s', (_, settings) => {
  const random = new Random(8);
  const forecaster = create({ ...settings, symbolsMax: 6 });
  for (let day = 0; day < 600; day++) {
    if (random.uniform(0, 1) < 0.01) forecaster.restart();
    const code = Math.floor(random.uniform(-1, Math.min(7, 1 + day / 40)));
    const { probability, known, scores, issued } = forecaster.step(day * DAY_MS, code);
    if (!issued) continue;
    for (let i = 0; i < 3; i++) {
      const row = probability.subarray(i * known, (i + 1) * known);
      expect(row.every((p) => p > 0 && p <= 1)).toBe(true);
      const sum = row.reduce((sum, p) => sum + p, 0);
      if (known === 6) expect(sum).toBeCloseTo(1, 9);
      else expect(sum).toBeLessThan(1);
    }
    for (const score of scores) {
      expect(Number.isFinite(score.logLoss) && Number.isFinite(score.skill)).toBe(true);
    }
  }
});

const wander = (seed: number) => {
  const random = new Random(seed);
  return Array.from({ length: 400 }, (_, day) =>
    random.uniform(0, 1) < 0.1 ? Number.NaN : Math.floor(random.uniform(0, day < 100 ? 3 : 7)),
  );
};

describe.each([
  ['simple experts', { ...DAILY, seasonSteps: [7] }],
  ['with a network', { ...GRU, seasonSteps: [7] }],
])('state, %s', (_, settings) => {
  it.each([0, 1, 50, 99, 250])('continues byte for byte after day %d', (saveDay) => {
    const symbols = wander(2);
    const first = create(settings);
    run(first, saveDay, (day) => symbols[day]!);
    const second = create(settings);
    second.load(first.save());
    expect(sameBytes(second.save(), first.save())).toBe(true);
    for (let day = saveDay; day < 400; day++) {
      if (day === 300) for (const forecaster of [first, second]) forecaster.restart();
      const report = first.step(day * DAY_MS, symbols[day]!);
      expect(second.step(day * DAY_MS, symbols[day]!)).toEqual(report);
    }
    expect(sameBytes(second.save(), first.save())).toBe(true);
  });

  it('what is scored is what was said before, and the future cannot change it', () => {
    const [symbols, others] = [wander(3), wander(4)];
    const until = 200;
    const [real, noise] = [symbols, [...symbols.slice(0, until), ...others.slice(until)]].map(
      (codes) => run(create(settings), 400, (day) => codes[day]!),
    ) as [SymbolReport[], SymbolReport[]];
    expect(noise.slice(0, until)).toEqual(real.slice(0, until));
    expect(noise[until + 1]).not.toEqual(real[until + 1]);
    for (const [day, { scores }] of noise.entries()) {
      for (const { lead, probability } of scores) {
        const said = given(
          noise[day - lead]!,
          lead,
          [...symbols.slice(0, until), ...others.slice(until)][day]!,
        );
        if (said > 0) expect(probability).toBe(said);
      }
    }
  });

  it('of other settings is refused', () => {
    const forecaster = create(settings);
    run(forecaster, 10, schedule);
    const bytes = forecaster.save();
    expect(() => create({ ...settings, horizon: 4 }).load(bytes)).toThrow(/horizon is "3"/);
    expect(() => create({ ...settings, seasonSteps: [] }).load(bytes)).toThrow(/number of experts/);
    expect(() => create(settings).load(bytes.subarray(0, -8))).toThrow(/saved state/);
  });
});
