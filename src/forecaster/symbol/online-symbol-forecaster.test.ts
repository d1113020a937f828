import { describe, expect, it } from 'vitest';
import { createReferenceEngine } from '../../recurrent/reference.ts';
import { Random } from '../../recurrent/random.ts';
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
    hidden: 16,
    layers: 1,
    updateSteps: 4,
    windowSteps: 32,
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
  return probability[(lead - 1) * known + symbol] ?? 0;
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
    expect(given(report, 1, SHOULDER)).toBeGreaterThan(0.34);
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
