/**
 * The recurrent network as an expert. It runs along with the series, one forward step a grid step,
 * and its linear head speaks for all leads at once, relative to the last value:
 *
 *     forecast of lead h at step s = last_s + z_h d_h
 *
 * with √w_h z_h the head's output, w_h the lead's weight in the loss, and d_h the typical |change|
 * over h steps. The head starts at zero, so an untrained network is the last value. Every k1 steps
 * the network learns by backpropagation through the last k2 steps (truncated BPTT(k1, k2);
 * R. Williams, J. Peng: An efficient gradient-based algorithm for on-line training of recurrent
 * network trajectories. 1990).
 * Target of lead h at step s: z = (y_{s+h} − last_s) / d_h, once step s + h is in the past and if
 * it is not missing; all other targets are masked, so nothing of the future can be learned.
 *
 * The channels of one series share one network (shared-network.ts); each has an expert like this.
 * A second readout, the learned reservoir (registry.ts), reads the state through `features`.
 */
import type { TrainReport } from '../../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { SeasonedSettings } from '../forecaster.ts';
import { clamp, MeanSize, Scaler } from '../scaler.ts';
import type { Features } from './autoregression.ts';
import { calendarPeriodsMs, calendarPhase } from './calendar.ts';
import type { Expert, History } from './expert.ts';
import { leadEmphasis, SEASONS_MAX, seasonLeads } from './network-plan.ts';
import { seasonalValue } from './seasonal-naive.ts';
import type { NetworkMember, SharedNetwork, TargetBatch } from './shared-network.ts';

/** Bounds of inputs, of targets and of outputs, in typical changes. */
const INPUT_MAX = 5;
const TARGET_MAX = 5;
/** Right after a jump, or early on, a network may extrapolate; no trained head says more than this. */
const OUTPUT_MAX = 5;
/** Memory of the scales, in steps and in longest seasons. */
const SCALE_STEPS = 2_000;
const SCALE_SEASONS = 8;

export class RecurrentExpert implements Expert, Features, NetworkMember {
  readonly name: string;
  readonly historySteps: number;
  readonly #settings: SeasonedSettings;
  readonly #network: SharedNetwork;
  readonly #channel: number;
  readonly #level: Scaler;
  readonly #change: MeanSize;
  readonly #periodsMs: readonly number[];
  readonly #seasonLeads: readonly number[];
  /** Last known value at each step of the window, in a ring. */
  readonly #bases: Float64Array;
  /** √w [horizon] */
  readonly #emphasis: Float64Array;
  /** Of the newest step; undefined before the first. */
  #history: History | undefined;

  constructor(settings: SeasonedSettings, network: SharedNetwork, name: string) {
    const { horizon, everyMs } = settings;
    const seasons = settings.seasonSteps.slice(0, SEASONS_MAX);
    const longest = seasons.at(-1) ?? 0;
    this.name = name;
    this.#settings = { ...settings, seasonSteps: seasons };
    this.#network = network;
    this.#channel = network.join(this);
    this.historySteps = Math.max(network.windowSteps, horizon, longest * 3) + 1;
    const memory = Math.max(SCALE_STEPS, longest * SCALE_SEASONS);
    this.#level = new Scaler(memory);
    this.#change = new MeanSize(horizon, memory);
    this.#periodsMs = calendarPeriodsMs(everyMs);
    this.#seasonLeads = seasonLeads(horizon);
    this.#bases = new Float64Array(network.windowSteps).fill(Number.NaN);
    this.#emphasis = leadEmphasis(horizon);
  }

  /** What the network's newest update did; undefined before the first. */
  get lastUpdate(): TrainReport | undefined {
    return this.#network.lastUpdate;
  }

  get network(): SharedNetwork {
    return this.#network;
  }

  learn(history: History): void {
    const value = history.at(0);
    if (!Number.isNaN(value)) {
      this.#level.add(value);
      for (let lead = 1; lead <= this.#settings.horizon; lead++) {
        const before = history.at(lead);
        if (!Number.isNaN(before)) this.#change.add(lead - 1, value - before);
      }
    }
    this.#history = history;
    this.#network.learned();
  }

  forecast(history: History, out: Float64Array): void {
    this.#network.advance();
    const base = history.last;
    const first = this.#channel * out.length;
    for (let i = 0; i < out.length; i++) {
      const z = clamp(this.#network.outputs[first + i]! / this.#emphasis[i]!, OUTPUT_MAX);
      const shift = z * this.#change.deviation(i);
      out[i] = Number.isFinite(shift) ? base + shift : Number.NaN;
    }
  }

  /** H */
  get featureCount(): number {
    return this.#network.hidden;
  }

  /** The network's state after the newest `forecast`. */
  features(out: Float64Array): void {
    this.#network.state(out);
  }

  keepBase(slot: number): void {
    this.#bases[slot] = this.#history?.last ?? Number.NaN;
  }

  fillTargets({ rows, targets, mask, stride, first, slotOf }: TargetBatch): boolean {
    const { horizon } = this.#settings;
    const history = this.#history;
    let known = false;
    for (let row = 0; history && row < rows; row++) {
      const back = rows - row;
      const base = this.#bases[slotOf(row)]!;
      const leads = Math.min(back, horizon);
      for (let lead = 1; lead <= leads; lead++) {
        const change = history.at(back - lead) - base;
        if (Number.isNaN(change)) continue;
        const size = this.#change.deviation(lead - 1);
        const cell = row * stride + first + lead - 1;
        const z = size > 0 ? clamp(change / size, TARGET_MAX) : 0;
        targets[cell] = z * this.#emphasis[lead - 1]!;
        mask[cell] = 1;
        known = true;
      }
    }
    return known;
  }

  fillInput(x: Float64Array, first: number): void {
    const history = this.#history;
    if (!history) return;
    const base = history.last;
    let i = first;
    x[i++] = this.#level.scaled(base, INPUT_MAX) / 2;
    x[i++] = this.#scaledChange(history.at(0) - history.at(1), 0);
    x[i++] = history.age > 0 ? 1 : 0;
    x[i++] = Math.log1p(history.age) / 4;
    for (const season of this.#settings.seasonSteps) {
      for (const lead of this.#seasonLeads) {
        x[i++] = this.#scaledChange(seasonalValue(history, season, lead) - base, lead - 1);
      }
    }
    // The calendar is the same for all channels.
    if (this.#channel > 0) return;
    for (const [k, periodMs] of this.#periodsMs.entries()) {
      const phase = calendarPhase(history.timeMs, periodMs);
      const at = x.length - 2 * (k + 1);
      x[at] = Math.sin(phase);
      x[at + 1] = Math.cos(phase);
    }
  }

  /** 0 where the change is not known. */
  #scaledChange(change: number, index: number): number {
    const size = this.#change.deviation(index);
    return Number.isNaN(change) || size === 0 ? 0 : clamp(change / size, INPUT_MAX);
  }

  thin(factor: number): void {
    this.#network.thin(factor);
  }

  restart(): void {
    this.#network.restart();
    this.#bases.fill(Number.NaN);
    this.#history = undefined;
  }

  /** Of several channels the first saves the network for all. */
  save(): Uint8Array {
    const out = new ByteWriter();
    this.#level.save(out);
    this.#change.save(out);
    out.numbers(this.#bases);
    if (this.#channel === 0) this.#network.save(out);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#level.load(from);
    this.#change.load(from);
    from.numbers(this.#bases, 'window');
    if (this.#channel === 0) this.#network.load(from);
    from.end();
  }
}
