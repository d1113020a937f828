import type { SeriesInfo } from '../decode/series.ts';
import { createSymbolForecaster } from '../forecaster/symbol/online-symbol-forecaster.ts';
import type { SymbolForecaster, SymbolReport } from '../forecaster/symbol/symbol-forecaster.ts';
import {
  type ForecastView,
  forecastView,
  known,
  type LearnedView,
} from '../observe/learned-view.ts';
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { StateSummary } from '../store/heads.ts';
import type { SeriesPoints, SymbolPoints } from '../store/points.ts';
import { Channel, type ShardCounts } from './channel.ts';
import { hash32 } from './hash.ts';
import type { EmitPoints, Learned } from './learned.ts';
import { type StreamSettings, symbolSettings } from './settings.ts';

const NOTHING = new Float64Array(0);

/** One series of symbols: its grid, and its forecaster once the period of the grid is known. */
export class SymbolSeries implements Learned {
  readonly id: number;
  loadedAt = -1;
  unsavedFrom: number | undefined;
  #thinning = 1;
  readonly #info: SeriesInfo;
  readonly #settings: StreamSettings;
  readonly #engine: RecurrentEngine;
  readonly #channel: Channel;
  #forecaster: SymbolForecaster | undefined;
  /** While a sample is taken, and no longer: behind it stand the points of a whole batch. */
  #emit: EmitPoints | undefined;

  constructor(
    info: SeriesInfo,
    settings: StreamSettings,
    engine: RecurrentEngine,
    total: ShardCounts,
  ) {
    this.id = info.id;
    this.#info = info;
    this.#settings = settings;
    this.#engine = engine;
    this.#channel = new Channel(info, settings, total, {
      step: (timeMs, code) => this.#step(timeMs, code),
      restart: () => this.#forecaster?.restart(),
    });
  }

  /** It is learned alone: there is nobody to add but itself. */
  add(): void {}

  get followsClock(): boolean {
    return this.#info.receiveTime;
  }

  get thinning(): number {
    return this.#thinning;
  }

  set thinning(factor: number) {
    this.#thinning = factor;
    this.#forecaster?.thin(factor);
  }

  push(_: SeriesInfo, timeMs: number, code: number, emit: EmitPoints | undefined): void {
    this.#emit = emit;
    this.#channel.push(timeMs, code);
    this.#emit = undefined;
  }

  tick(timeMs: number, emit: EmitPoints | undefined): void {
    this.#emit = emit;
    this.#channel.tick(timeMs);
    this.#emit = undefined;
  }

  finish(emit: EmitPoints): void {
    this.#emit = emit;
    this.#channel.finish();
    this.#emit = undefined;
  }

  counts(): ShardCounts {
    return { ...this.#channel.counts };
  }

  #step(timeMs: number, code: number): void {
    this.#forecaster ??= this.#createForecaster();
    const report = this.#forecaster.step(timeMs, code);
    this.#emit?.(this.#points(timeMs, code, report, this.#forecaster), this.#info);
  }

  #points(
    timeMs: number,
    code: number,
    report: SymbolReport,
    forecaster: SymbolForecaster,
  ): SeriesPoints {
    const { horizon, scoreLeads, reportWeights } = this.#settings;
    const leads = report.issued ? horizon : 0;
    const symbols: SymbolPoints = {
      names: (this.#info.symbols ?? []).slice(0, report.known),
      actual: Number.isNaN(code) ? -1 : code,
      probability: report.probability,
      scores: report.scores.filter(({ lead }) => scoreLeads.includes(lead)),
    };
    const points = {
      stream: this.#info.stream,
      series: this.#info.name,
      issuedMs: timeMs,
      actual: Number.NaN,
      targetMs: Float64Array.from({ length: leads }, (_, i) =>
        this.#channel.targetMs(timeMs, i + 1),
      ),
      mean: NOTHING,
      lower: NOTHING,
      upper: NOTHING,
      inner: [],
      anomaly: Number.NaN,
      change: 0,
      scores: [],
      symbols,
    };
    if (!reportWeights) return points;
    const weights = scoreLeads.map((lead) => ({ lead, experts: forecaster.weights(lead) }));
    return { ...points, weights };
  }

  #createForecaster(): SymbolForecaster {
    const { everyMs } = this.#channel;
    if (everyMs === undefined) throw new Error(`series "${this.#info.name}": step without a grid`);
    // The same whatever the order in which series appear.
    const seed = hash32(this.#info.name, this.#settings.seed);
    const settings = symbolSettings(this.#settings, everyMs, seed);
    const forecaster = createSymbolForecaster(settings, this.#engine);
    forecaster.thin(this.#thinning);
    return forecaster;
  }

  summary(): StateSummary {
    const [lead = 1] = this.#settings.scoreLeads;
    const skill = known(this.#forecaster?.skill(lead));
    return { members: [{ ...this.#channel.summary(), skill, coverage: null }] };
  }

  view(): LearnedView {
    const channel = this.#channel.view();
    const forecast = this.#forecastView();
    return {
      newestMs: channel.newestMs,
      channels: [{ ...channel, ...(forecast && { forecast }) }],
    };
  }

  #forecastView(): ForecastView | undefined {
    const forecaster = this.#forecaster;
    if (!forecaster) return undefined;
    const leads = this.#settings.scoreLeads.map((lead) => {
      return { lead, skill: forecaster.skill(lead), experts: forecaster.weights(lead) };
    });
    return forecastView(forecaster.view(), leads);
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#channel.save(out);
    return out.bytes(this.#forecaster?.save() ?? new Uint8Array(0)).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#channel.load(from);
    const forecaster = from.bytes();
    from.end();
    if (forecaster.length === 0) return;
    this.#forecaster = this.#createForecaster();
    this.#forecaster.load(forecaster);
  }
}
