import type { AlignCounts, Aligner, StepSink } from '../align/aligner.ts';
import { createAligner } from '../align/series-aligner.ts';
import type { SeriesInfo } from '../decode/series.ts';
import type { SeriesForecaster, StepReport } from '../forecaster/forecaster.ts';
import { createSeriesForecaster } from '../forecaster/series-forecaster.ts';
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { Band, LeadScore, LeadWeights, SeriesPoints } from '../store/points.ts';
import { hash32 } from './hash.ts';
import { forecasterSettings, type StreamSettings } from './settings.ts';

/** What became of a stream's samples behind the journal. */
export interface ShardCounts extends AlignCounts {
  pending: number;
}

const NOTHING = new Float64Array(0);

/** One series: its grid, and its forecaster once the period of the grid is known. */
export class Series implements StepSink {
  readonly info: SeriesInfo;
  /** The newest entry that the loaded state holds already. */
  loadedAt = -1;
  /** The oldest entry that no saved state holds; undefined: there is none. */
  unsavedFrom: number | undefined;
  readonly #settings: StreamSettings;
  readonly #engine: RecurrentEngine;
  readonly #aligner: Aligner;
  /** Of the stream, over all series of the shard; `#counted` is this one's part of it. */
  readonly #total: ShardCounts;
  readonly #counted = noCounts();
  #forecaster: SeriesForecaster | undefined;
  #emit: (points: SeriesPoints) => void = () => {};

  constructor(
    info: SeriesInfo,
    settings: StreamSettings,
    engine: RecurrentEngine,
    total: ShardCounts,
  ) {
    this.info = info;
    this.#settings = settings;
    this.#engine = engine;
    this.#total = total;
    this.#aligner = createAligner({ ...settings.align, receiveTime: info.receiveTime });
  }

  get followsClock(): boolean {
    return this.info.receiveTime;
  }

  push(timeMs: number, value: number, emit: (points: SeriesPoints) => void): void {
    this.#emit = emit;
    this.#aligner.push(timeMs, value, this);
    this.#count();
  }

  tick(timeMs: number, emit: (points: SeriesPoints) => void): void {
    this.#emit = emit;
    this.#aligner.tick(timeMs, this);
    this.#count();
  }

  finish(emit: (points: SeriesPoints) => void): void {
    this.#emit = emit;
    this.#aligner.finish(this);
    this.#count();
  }

  step(timeMs: number, value: number): void {
    this.#forecaster ??= this.#createForecaster();
    this.#emit(this.#points(timeMs, value, this.#forecaster.step(timeMs, value)));
  }

  restart(): void {
    this.#forecaster?.restart();
  }

  save(): Uint8Array {
    const out = new ByteWriter().bytes(this.#aligner.save());
    return out.bytes(this.#forecaster?.save() ?? new Uint8Array(0)).finish();
  }

  /** @throws Error when the bytes are of other settings or damaged */
  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#aligner.load(from.bytes());
    const forecaster = from.bytes();
    from.end();
    if (forecaster.length > 0) {
      this.#forecaster = this.#createForecaster();
      this.#forecaster.load(forecaster);
    }
    this.#count();
  }

  /** Adds to the stream's total what is new. Every sample comes by here, hence no loop. */
  #count(): void {
    const { counts, held } = this.#aligner;
    const total = this.#total;
    const counted = this.#counted;
    total.learned += counts.learned - counted.learned;
    total.duplicate += counts.duplicate - counted.duplicate;
    total.late += counts.late - counted.late;
    total.invalid += counts.invalid - counted.invalid;
    total.filtered += counts.filtered - counted.filtered;
    total.pending += held - counted.pending;
    counted.learned = counts.learned;
    counted.duplicate = counts.duplicate;
    counted.late = counts.late;
    counted.invalid = counts.invalid;
    counted.filtered = counts.filtered;
    counted.pending = held;
  }

  #createForecaster(): SeriesForecaster {
    const everyMs = this.#aligner.everyMs;
    if (everyMs === undefined) throw new Error(`series "${this.info.name}": step without a grid`);
    // The same whatever the order in which series appear.
    const seed = hash32(this.info.name, this.#settings.seed);
    return createSeriesForecaster(forecasterSettings(this.#settings, everyMs, seed), this.#engine);
  }

  #points(timeMs: number, actual: number, report: StepReport): SeriesPoints {
    const { issued } = report;
    const cells = (values: Float64Array): Float64Array => (issued ? values.slice() : NOTHING);
    const bands = report.intervals.map(({ coverage, lower, upper }) => ({
      coverage,
      lower: cells(lower),
      upper: cells(upper),
    }));
    const [{ lower, upper }, ...inner] = bands as [Band, ...Band[]];
    const points = {
      stream: this.info.stream,
      series: this.info.name,
      issuedMs: timeMs,
      actual,
      targetMs: issued ? report.mean.map((_, i) => this.#aligner.targetMs(i + 1)) : NOTHING,
      mean: cells(report.mean),
      lower,
      upper,
      inner,
      anomaly: Number.NaN,
      change: 0,
      scores: this.#scores(actual, report),
    };
    return this.#settings.reportWeights ? { ...points, weights: this.#weights() } : points;
  }

  #scores(actual: number, report: StepReport): LeadScore[] {
    const scores: LeadScore[] = [];
    for (const { lead, forecast, naiveError, skill, intervals } of report.scores) {
      if (!this.#settings.scoreLeads.includes(lead)) continue;
      const [outer, ...inner] = intervals.map(({ covered, coverage }, i) => {
        return { level: report.intervals[i]!.coverage, covered, coverage };
      });
      const { covered, coverage } = outer!;
      const error = forecast - actual;
      scores.push({ lead, forecast, actual, error, naiveError, covered, coverage, inner, skill });
    }
    return scores;
  }

  #weights(): LeadWeights[] {
    const forecaster = this.#forecaster!;
    return this.#settings.scoreLeads.map((lead) => ({ lead, experts: forecaster.weights(lead) }));
  }
}

export function noCounts(): ShardCounts {
  return { learned: 0, duplicate: 0, late: 0, invalid: 0, filtered: 0, pending: 0 };
}
