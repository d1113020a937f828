import type { StreamAccounting } from '../../../src/observe/accounting.ts';
import type { LearnedView } from '../../../src/observe/learned-view.ts';
import type { Monitor, PipelineStatus, SeriesState } from '../../../src/observe/monitor.ts';
import { FakeBoard, LEADS } from './fake-board.ts';
import { chance, type FakeSeries, fakeSeries, mean, reach } from './fake-signals.ts';

export interface FakeMonitorOptions {
  readonly series?: number;
  /** Names of further series. */
  readonly extra?: readonly string[];
  readonly version?: string;
  readonly instance?: string;
  /** Default: this machine's. */
  readonly now?: () => number;
  /** Everything that can be wrong is. */
  readonly trouble?: boolean;
}

/** A daemon that has run for some days, as the page sees it. */
export class FakeMonitor implements Monitor {
  readonly ready = true;
  readonly unreadyReason = undefined;
  readonly board: FakeBoard;
  trouble: boolean;
  readonly #all: readonly FakeSeries[];
  readonly #now: () => number;
  readonly #version: string;
  readonly #instance: string;

  constructor(options: FakeMonitorOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#version = options.version ?? '0.1.0';
    this.#instance = options.instance ?? 'first';
    this.trouble = options.trouble ?? false;
    this.#all = fakeSeries(options.series ?? 240, options.extra);
    this.board = new FakeBoard(this.#all, this.#now);
  }

  learned(name: string): Promise<LearnedView | undefined> {
    const series = this.board.find(name);
    return Promise.resolve(series && learned(series, this.#now()));
  }

  pipeline(): PipelineStatus {
    const nowMs = this.#now();
    const startedMs = nowMs - 2.4 * 86_400_000 - (nowMs % 1_000);
    const second = Math.floor(nowMs / 1_000);
    const rate = this.#all.length / 5;
    const wobble = (seed: number): number => 1 + 0.08 * (chance(seed, second) - 0.5);
    const { trouble } = this;
    const series: Record<SeriesState, number> = {
      ...{ learning: 0, good: 0, drifting: 0, stale: 0, failing: 0 },
    };
    for (const { state } of this.#all) series[state]++;
    return {
      instance: this.#instance,
      version: this.#version,
      ...{ nowMs, startedMs, series, paused: trouble },
      source: {
        name: 'mqtt://broker.plant.example:1883',
        connected: !trouble,
        trouble: trouble ? 'connect ECONNREFUSED 10.0.4.7:1883; trying again in 8 s' : null,
        dropped: trouble ? 312 : 0,
      },
      sinks: [
        {
          name: 'influx http://influx.plant.example:8086/foretide',
          available: !trouble,
          trouble: trouble ? 'timeout: no answer within 10 s (HTTP write)' : null,
          waiting: trouble ? 48_211 : 0,
          written: Math.floor(rate * (second % 1e7)),
          dropped: trouble ? 12 : 0,
          rejected: trouble ? 3 : 0,
          retries: trouble ? 41 : 2,
        },
        {
          name: 'mqtt foretide/#',
          ...{ available: true, trouble: null, waiting: 3, dropped: 0, rejected: 0, retries: 0 },
          written: Math.floor(rate * (second % 1e7)),
        },
      ],
      state: {
        dir: '/var/lib/foretide',
        journalFullness: trouble ? 0.93 : 0.18,
        journalEntries: 41_872,
        unsavedSeries: 17,
        recoveringSeries: trouble ? 128 : 0,
      },
      accounting: new Map(this.#streams().map((stream, i) => [stream, this.#account(i, second)])),
      rates: {
        receivedPerSecond: trouble ? 0 : rate * wobble(1),
        learnedPerSecond: trouble ? 0 : rate * wobble(2),
        writtenPerSecond: trouble ? 0 : 3 * rate * wobble(3),
      },
      latencyMs: trouble ? null : { p50: 3.1 * wobble(4), p99: 18.4 * wobble(5) },
      eventLoopMs: { p50: 1.1 * wobble(6), p99: 7.9 * wobble(7) },
      residentBytes: 412e6 * wobble(8),
      thinFactor: trouble ? 4 : 1,
    };
  }

  #streams(): string[] {
    return [...new Set(this.#all.map(({ stream }) => stream))];
  }

  #account(i: number, second: number): StreamAccounting {
    const parts = {
      learned: 900_000 + 40 * (second % 100_000) + i,
      duplicate: 312 * i,
      late: 87 + i,
      invalid: 5 * i,
      filtered: 1_200 * (i % 2),
      pending: 14 + (second % 9),
    };
    const sum = Object.values(parts).reduce((a, b) => a + b);
    return { received: sum + (this.trouble && i === 1 ? 2 : 0), ...parts };
  }
}

const EXPERTS = ['network', 'regression_full', 'seasonal_90', 'analog_1', 'last_value', 'drift'];

function learned(series: FakeSeries, nowMs: number): LearnedView {
  const { id, name, everyMs, state, kind } = series;
  const newestMs = Math.floor(nowMs / everyMs) * everyMs;
  const samples = { learned: 41_200, duplicate: 3, late: 1, invalid: 0, filtered: 0, pending: 1 };
  const channel = { series: name, everyMs, newestMs, watermarkMs: newestMs, samples };
  if (state === 'learning') {
    const few = { ...samples, learned: 9, duplicate: 0 };
    return { newestMs, channels: [{ ...channel, samples: few }] };
  }
  const leads = LEADS.map((lead) => {
    const raw = EXPERTS.map((_, i) => chance(id + i, lead) ** 3 + 0.02);
    const sum = raw.reduce((a, b) => a + b);
    const centre = mean(series, newestMs / everyMs + lead, lead);
    const intervals = [0.9, 0.8].map((nominal) => {
      const half = reach(series, lead, nominal === 0.9 ? 1 : 0.78);
      const coverage = series.coverage - (0.9 - nominal) - 0.004 * Math.sqrt(lead);
      return { nominal, coverage, lower: centre - half, upper: centre + half };
    });
    return {
      ...{ lead, scored: 41_000 - lead, skill: series.skill * (1 - lead / 60), mean: centre },
      intervals: kind === 'symbol' ? [] : intervals,
      experts: EXPERTS.map((expert, i) => ({ expert, weight: raw[i]! / sum })).sort(
        (a, b) => b.weight - a.weight,
      ),
    };
  });
  const blocks = ['layer 1 input', 'layer 1 recurrent', 'layer 1 input bias', 'head'].map(
    (block, i) => ({ name: block, count: 384 * (i + 1), norm: 3.1 + i, largest: 0.42 + i / 10 }),
  );
  const network = {
    ...{ cell: 'lstm' as const, inputs: 9, hidden: 32, layers: 1, outputs: 24, windowSteps: 64 },
    ...{ weights: 6_168, updates: 20_611, skipped: 0, loss: 0.312, gradNorm: 1.84 },
    ...{ clippedNorm: 0.93, clippedShare: 0.21, gradientReach: id % 2 ? 0.004 : 0.19, blocks },
  };
  const forecast = { seasons: [series.season], putAside: 0, leads, network };
  return { newestMs, channels: [{ ...channel, forecast }] };
}
