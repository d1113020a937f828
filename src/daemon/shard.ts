/**
 * The core: journal entries in, points out. Pure: no clock, no I/O, no randomness but the seeds, so
 * the same entries give the same bytes. A shard owns its series and shares nothing.
 */
import type { AlignCounts, Aligner, StepSink } from '../align/aligner.ts';
import { createAligner } from '../align/series-aligner.ts';
import type { SampleBatch } from '../decode/sample.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { SeriesForecaster, StepReport } from '../forecaster/forecaster.ts';
import { createSeriesForecaster } from '../forecaster/series-forecaster.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { RecurrentEngine } from '../recurrent/engine.ts';
import type { LeadScore, SeriesPoints } from '../store/points.ts';
import type { Engines } from './engines.ts';
import { forecasterSettings, type StreamSettings } from './settings.ts';

/** What became of a stream's samples behind the journal. */
export interface ShardCounts extends AlignCounts {
  pending: number;
}

const NOTHING = new Float64Array(0);

export class Shard {
  readonly #settings: ReadonlyMap<string, StreamSettings>;
  readonly #engines: Engines;
  readonly #series: Series[] = [];

  constructor(settings: ReadonlyMap<string, StreamSettings>, engines: Engines) {
    this.#settings = settings;
    this.#engines = engines;
  }

  /** One entry moves the state on; what it closed comes back, in order. */
  apply(entry: JournalEntry): SeriesPoints[] {
    const out: SeriesPoints[] = [];
    switch (entry.kind) {
      case 'series':
        this.#add(entry.series);
        break;
      case 'samples':
        this.#push(entry.batch, out);
        break;
      case 'tick':
        for (const series of this.#series) series.tick(entry.timeMs, out);
        break;
    }
    return out;
  }

  /** The input has ended: open steps are closed. */
  finish(): SeriesPoints[] {
    const out: SeriesPoints[] = [];
    for (const series of this.#series) series.finish(out);
    return out;
  }

  /** Counts by stream, since the start. */
  counts(): Map<string, ShardCounts> {
    const total = new Map<string, ShardCounts>();
    for (const series of this.#series) {
      const of = total.get(series.info.stream) ?? noCounts();
      total.set(series.info.stream, of);
      const { counts, held } = series.aligner;
      of.learned += counts.learned;
      of.duplicate += counts.duplicate;
      of.late += counts.late;
      of.invalid += counts.invalid;
      of.filtered += counts.filtered;
      of.pending += held;
    }
    return total;
  }

  #add(info: SeriesInfo): void {
    const settings = this.#settings.get(info.stream);
    const engine = this.#engines.get(info.stream);
    if (!settings || !engine) {
      throw new Error(`series "${info.name}": no stream "${info.stream}"`);
    }
    this.#series[info.id] = new Series(info, settings, engine);
  }

  #push(batch: SampleBatch, out: SeriesPoints[]): void {
    for (let i = 0; i < batch.count; i++) {
      this.#series[batch.seriesId[i]!]!.push(batch.timeMs[i]!, batch.value[i]!, out);
    }
  }
}

function noCounts(): ShardCounts {
  return { learned: 0, duplicate: 0, late: 0, invalid: 0, filtered: 0, pending: 0 };
}

/** One series: its grid, and its forecaster once the period of the grid is known. */
class Series implements StepSink {
  readonly info: SeriesInfo;
  readonly aligner: Aligner;
  readonly #settings: StreamSettings;
  readonly #engine: RecurrentEngine;
  #forecaster: SeriesForecaster | undefined;
  #out: SeriesPoints[] = [];

  constructor(info: SeriesInfo, settings: StreamSettings, engine: RecurrentEngine) {
    this.info = info;
    this.#settings = settings;
    this.#engine = engine;
    this.aligner = createAligner(settings.align);
  }

  push(timeMs: number, value: number, out: SeriesPoints[]): void {
    this.#out = out;
    this.aligner.push(timeMs, value, this);
  }

  tick(timeMs: number, out: SeriesPoints[]): void {
    this.#out = out;
    this.aligner.tick(timeMs, this);
  }

  finish(out: SeriesPoints[]): void {
    this.#out = out;
    this.aligner.finish(this);
  }

  step(timeMs: number, value: number): void {
    this.#forecaster ??= this.#createForecaster();
    this.#out.push(this.#points(timeMs, value, this.#forecaster.step(timeMs, value)));
  }

  restart(): void {
    this.#forecaster?.restart();
  }

  #createForecaster(): SeriesForecaster {
    const everyMs = this.aligner.everyMs;
    if (everyMs === undefined) throw new Error(`series "${this.info.name}": step without a grid`);
    const seed = seedOf(this.info.name, this.#settings.seed);
    return createSeriesForecaster(forecasterSettings(this.#settings, everyMs, seed), this.#engine);
  }

  #points(timeMs: number, actual: number, report: StepReport): SeriesPoints {
    const { issued } = report;
    return {
      stream: this.info.stream,
      series: this.info.name,
      issuedMs: timeMs,
      actual,
      targetMs: issued ? report.mean.map((_, i) => this.aligner.targetMs(i + 1)) : NOTHING,
      mean: issued ? report.mean.slice() : NOTHING,
      lower: issued ? report.lower.slice() : NOTHING,
      upper: issued ? report.upper.slice() : NOTHING,
      scores: this.#scores(actual, report),
    };
  }

  #scores(actual: number, report: StepReport): LeadScore[] {
    const scores: LeadScore[] = [];
    for (const s of report.scores) {
      if (!this.#settings.scoreLeads.includes(s.lead)) continue;
      scores.push({
        lead: s.lead,
        forecast: s.forecast,
        actual,
        error: s.forecast - actual,
        naiveError: s.naiveError,
        covered: s.lower <= actual && actual <= s.upper,
        skill: s.skill,
      });
    }
    return scores;
  }
}

/** FNV-1a of the name, mixed with the configured seed: the same whatever the order of arrival. */
function seedOf(name: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
