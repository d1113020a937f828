import type { SeriesInfo } from '../decode/series.ts';
import type { StepReport } from '../forecaster/forecaster.ts';
import { createGroupForecaster, type GroupForecaster } from '../forecaster/group-forecaster.ts';
import {
  type ForecastView,
  forecastView,
  known,
  type LearnedView,
} from '../observe/learned-view.ts';
import type { RecurrentEngine } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { MemberSummary, StateSummary } from '../store/heads.ts';
import { addCounts, Channel, noCounts, type ShardCounts } from './channel.ts';
import { hash32 } from './hash.ts';
import { KnownCovariates } from './known-covariates.ts';
import type { EmitPoints, Learned } from './learned.ts';
import { seriesPoints } from './series-points.ts';
import { forecasterSettings, partSettings, type StreamSettings } from './settings.ts';
import { type WaitingStep, WaitingSteps } from './waiting-steps.ts';

/** A channel that begins anew this much earlier has moved back in time; less is being late. */
const BACK_STEPS = 2;

/**
 * What is learned as one: a series, or the channels of one message. Each channel has its own way from
 * samples to steps; the steps of all of them go on together.
 */
export class SeriesGroup implements Learned {
  readonly id: number;
  loadedAt = -1;
  unsavedFrom: number | undefined;
  #thinning = 1;
  readonly #key: string;
  readonly #settings: StreamSettings;
  readonly #engine: RecurrentEngine;
  readonly #total: ShardCounts;
  /** How many are forecast; past covariates come behind them. */
  readonly #targets: number;
  /** [channels]; empty where none of the channel's samples has come yet. */
  readonly #channels: (Channel | undefined)[];
  readonly #waiting: WaitingSteps;
  readonly #known: KnownCovariates;
  /** Of a series that is learned alone: its value on its way. */
  readonly #single: Float64Array | undefined;
  /** [channels] 1: begun anew, and no step closed since. */
  readonly #began: Float64Array;
  #forecaster: GroupForecaster | undefined;
  /** While a sample is taken, and no longer: behind it stand the points of a whole batch. */
  #emit: EmitPoints | undefined;
  #goesBack = false;
  /** Newest step that has been learned. */
  #newestMs = Number.NaN;

  /** @param first its first member; others come with `add` */
  constructor(
    first: SeriesInfo,
    stream: StreamSettings,
    engine: RecurrentEngine,
    total: ShardCounts,
  ) {
    const settings = first.part ? partSettings(stream, first.part) : stream;
    const { past, known } = (first.group && settings.covariates) ?? { past: 0, known: 0 };
    const channels = (first.group?.channels ?? 1) - known;
    this.#targets = channels - past;
    this.#known = new KnownCovariates(known, settings.horizon, total);
    this.id = first.id;
    this.#key = first.group?.key ?? first.name;
    this.#settings = settings;
    this.#engine = engine;
    this.#total = total;
    this.#channels = Array.from({ length: channels }, () => undefined);
    this.#waiting = new WaitingSteps(channels, settings.align.gapStepsMax);
    this.#began = new Float64Array(channels);
    this.#single = channels === 1 ? new Float64Array(1) : undefined;
  }

  add(info: SeriesInfo): void {
    const channel = info.group?.channel ?? 0;
    if (channel >= this.#channels.length) return;
    this.#channels[channel] = new Channel(info, this.#settings, this.#total, {
      // No trade is no price, but a volume of nothing.
      step: (timeMs, value) =>
        this.#closed(channel, timeMs, info.part === 'volume' ? value || 0 : value),
      restart: (backToMs) => this.#restarted(channel, backToMs),
    });
  }

  get followsClock(): boolean {
    return this.#channels.some((channel) => channel?.info.receiveTime);
  }

  get thinning(): number {
    return this.#thinning;
  }

  set thinning(factor: number) {
    this.#thinning = factor;
    this.#forecaster?.thin(factor);
  }

  push(info: SeriesInfo, timeMs: number, value: number, emit: EmitPoints | undefined): void {
    this.#emit = emit;
    const place = info.group?.channel ?? 0;
    const channel = this.#channels[place];
    if (channel) {
      channel.push(timeMs, value);
      this.#endRound();
    } else {
      const isGone = this.#stepOf(timeMs) <= this.#newestMs;
      this.#known.push(place - this.#channels.length, timeMs, value, isGone);
    }
    this.#emit = undefined;
  }

  tick(timeMs: number, emit: EmitPoints | undefined): void {
    this.#emit = emit;
    for (const channel of this.#channels) if (channel?.info.receiveTime) channel.tick(timeMs);
    this.#endRound();
    this.#emit = undefined;
  }

  finish(emit: EmitPoints): void {
    this.#emit = emit;
    for (const channel of this.#channels) channel?.finish();
    this.#goOnWithRest();
    this.#emit = undefined;
  }

  counts(): ShardCounts {
    const sum = noCounts();
    for (const channel of this.#channels) if (channel) addCounts(sum, channel.counts);
    addCounts(sum, this.#known.counts);
    return sum;
  }

  #closed(channel: number, timeMs: number, value: number): void {
    if (this.#single) {
      this.#single[0] = value;
      return this.#step(timeMs, this.#single);
    }
    if (timeMs <= this.#waiting.goneMs && !this.#movedBack(channel, timeMs)) {
      if (Number.isNaN(value)) return;
      this.#channels[channel]!.tooLate();
      this.#waiting.heard(channel);
      return;
    }
    const { receiveTime } = this.#channels[channel]!.info;
    if (receiveTime && this.#began[channel] === 1) this.#waiting.begins(channel, timeMs);
    this.#began[channel] = 0;
    this.#waiting.close(channel, timeMs, value);
  }

  /** A sample, or the clock, has closed what it closes: the steps that all channels have go on. */
  #endRound(): void {
    if (this.#single) return;
    this.#waiting.endRound();
    for (let step = this.#waiting.next(); step; step = this.#waiting.next()) this.#goOn(step);
  }

  /** A channel's gap is longer than the limit, its first stamps were wrong, or time was set back. */
  #restarted(channel: number, backToMs: number | undefined): void {
    // Of several channels the others may go on: whether all were silent, their steps will tell.
    if (this.#single) this.#forecaster?.restart();
    else this.#began[channel] = 1;
    if (backToMs !== undefined) this.#goBack(channel, backToMs);
  }

  /** The first stamps were the wrong ones, far ahead: the group begins anew where they belong. */
  #movedBack(channel: number, timeMs: number): boolean {
    const { everyMs, info } = this.#channels[channel]!;
    if (this.#began[channel] === 0 || info.receiveTime) return false;
    if (this.#waiting.goneMs - timeMs <= BACK_STEPS * everyMs!) return false;
    this.#goOnWithRest();
    this.#waiting.restart();
    return true;
  }

  /** Our clock was set back: what is open, of any channel, belongs to the time before. */
  #goBack(from: number, timeMs: number): void {
    if (this.#goesBack) return;
    this.#goesBack = true;
    for (const [i, channel] of this.#channels.entries()) {
      if (i !== from) channel?.followBack(timeMs);
    }
    this.#goOnWithRest();
    this.#waiting.restart();
    this.#newestMs = Number.NaN;
    this.#goesBack = false;
  }

  #goOnWithRest(): void {
    for (let step = this.#waiting.rest(); step; step = this.#waiting.rest()) this.#goOn(step);
  }

  #goOn({ timeMs, values }: WaitingStep): void {
    const steps = (timeMs - this.#newestMs) / this.#gridded!.everyMs!;
    // Steps are left out only where a channel's gap was longer than the limit.
    if (Math.round(steps) !== 1) this.#forecaster?.restart();
    this.#step(timeMs, values);
  }

  /** A channel whose grid is known; that of all of them. */
  get #gridded(): Channel | undefined {
    return this.#channels.find((channel) => channel?.everyMs);
  }

  /** Start of the step that a time belongs to, or `lead` steps after it; NaN: the grid is not known. */
  #stepOf(timeMs: number, lead = 0): number {
    return this.#gridded?.targetMs(timeMs, lead) ?? Number.NaN;
  }

  #step(timeMs: number, values: Float64Array): void {
    this.#forecaster ??= this.#createForecaster();
    this.#newestMs = timeMs;
    const ahead = this.#known.step(
      (lead) => this.#stepOf(timeMs, lead),
      (time) => this.#stepOf(time),
    );
    const reports = this.#forecaster.step(timeMs, values, ahead);
    for (let i = 0; i < reports.length; i++) {
      const channel = this.#channels[i];
      if (channel) this.#report(channel, i, timeMs, values[i]!, reports[i]!);
    }
  }

  #report(
    channel: Channel,
    place: number,
    timeMs: number,
    actual: number,
    report: StepReport,
  ): void {
    const emit = this.#emit;
    if (!emit) return;
    const { info } = channel;
    const { scoreLeads, reportWeights } = this.#settings;
    const target = (lead: number): number => channel.targetMs(timeMs, lead);
    const points = seriesPoints(info, { timeMs, actual, report, target, scoreLeads });
    if (!reportWeights) return emit(points, info);
    const weights = scoreLeads.map((lead) => {
      return { lead, experts: this.#forecaster!.weights(place, lead) };
    });
    emit({ ...points, weights }, info);
  }

  #createForecaster(): GroupForecaster {
    const everyMs = this.#gridded?.everyMs;
    if (everyMs === undefined) throw new Error(`series "${this.#key}": step without a grid`);
    // The same whatever the order in which series appear.
    const seeds = Array.from({ length: this.#targets }, (_, i) =>
      hash32(this.#single ? this.#key : `${this.#key}\n${i}`, this.#settings.seed),
    );
    const settings = forecasterSettings(this.#settings, everyMs, seeds[0]!);
    const companions = this.#channels.length - this.#targets;
    const forecaster = createGroupForecaster({ ...settings, companions }, seeds, this.#engine);
    forecaster.thin(this.#thinning);
    return forecaster;
  }

  summary(): StateSummary {
    const [lead = 1] = this.#settings.scoreLeads;
    const members: MemberSummary[] = [];
    for (const [i, channel] of this.#channels.entries()) {
      if (!channel) continue;
      const record = i < this.#targets ? this.#forecaster?.lead(i, lead) : undefined;
      const skill = known(record?.skill);
      members.push({
        ...channel.summary(),
        skill,
        coverage: known(record?.intervals[0]?.coverage),
      });
    }
    return { members };
  }

  view(): LearnedView {
    const channels = this.#channels.flatMap((channel, i) => {
      if (!channel) return [];
      const forecast = i < this.#targets ? this.#forecastView(i) : undefined;
      return { ...channel.view(), ...(forecast && { forecast }) };
    });
    return { newestMs: known(this.#newestMs), channels };
  }

  #forecastView(place: number): ForecastView | undefined {
    const forecaster = this.#forecaster;
    if (!forecaster) return undefined;
    const leads = this.#settings.scoreLeads.map((lead) => ({
      ...forecaster.lead(place, lead),
      experts: forecaster.weights(place, lead),
    }));
    return forecastView(forecaster.view(place), leads);
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    for (const channel of this.#channels) {
      out.number(channel ? 1 : 0);
      channel?.save(out);
    }
    if (!this.#single) this.#waiting.save(out);
    this.#known.save(out);
    out.numbers(this.#began).number(this.#newestMs);
    return out.bytes(this.#forecaster?.save() ?? new Uint8Array(0)).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    for (const [i, channel] of this.#channels.entries()) {
      if (from.number() === 0) continue;
      if (!channel) throw new Error(`saved series "${this.#key}": channel ${i} is missing`);
      channel.load(from);
    }
    if (!this.#single) this.#waiting.load(from);
    this.#known.load(from);
    from.numbers(this.#began, 'channels begun anew');
    this.#newestMs = from.number();
    const forecaster = from.bytes();
    from.end();
    if (forecaster.length === 0) return;
    this.#forecaster = this.#createForecaster();
    this.#forecaster.load(forecaster);
  }
}
