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
 * A second readout, the learned reservoir (registry.ts), reads the state through `features`.
 */
import type { Network, RecurrentEngine, TrainReport } from '../../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { RecurrentSettings, SeasonedSettings } from '../forecaster.ts';
import { clamp, MeanSize, Scaler } from '../scaler.ts';
import type { Features } from './autoregression.ts';
import { calendarPeriodsMs, calendarPhase } from './calendar.ts';
import type { Expert, History } from './expert.ts';
import {
  leadEmphasis,
  learningRate,
  networkShape,
  SEASONS_MAX,
  seasonLeads,
  updateSteps,
} from './network-plan.ts';
import { seasonalValue } from './seasonal-naive.ts';

/** Bounds of inputs, of targets and of outputs, in typical changes. */
const INPUT_MAX = 5;
const TARGET_MAX = 5;
/** Right after a jump, or early on, a network may extrapolate; no trained head says more than this. */
const OUTPUT_MAX = 5;
/** Memory of the scales, in steps and in longest seasons. */
const SCALE_STEPS = 2_000;
const SCALE_SEASONS = 8;

export class RecurrentExpert implements Expert, Features {
  readonly name: string;
  readonly historySteps: number;
  /** What the newest update did; undefined before the first. */
  lastUpdate: TrainReport | undefined;

  readonly #settings: SeasonedSettings;
  readonly #recurrent: RecurrentSettings;
  readonly #updateSteps: number;
  readonly #windowSteps: number;
  readonly #network: Network;
  readonly #level: Scaler;
  readonly #change: MeanSize;
  readonly #periodsMs: readonly number[];
  readonly #seasonLeads: readonly number[];
  readonly #input: Float64Array;
  readonly #targets: Float64Array;
  readonly #mask: Uint8Array;
  /** Last known value at each step of the window, in a ring. */
  readonly #bases: Float64Array;
  /** √w [horizon] */
  readonly #emphasis: Float64Array;
  #forwards = 0;
  #sinceUpdate = 0;
  /** Since the series began. */
  #steps = 0;

  constructor(settings: SeasonedSettings, recurrent: RecurrentSettings, engine: RecurrentEngine) {
    const { horizon, everyMs, seed } = settings;
    const seasons = settings.seasonSteps.slice(0, SEASONS_MAX);
    const longest = seasons.at(-1) ?? 0;
    this.name = recurrent.cell;
    this.#settings = { ...settings, seasonSteps: seasons };
    this.#recurrent = recurrent;
    const shape = networkShape(settings, recurrent);
    this.#windowSteps = shape.windowSteps;
    this.#updateSteps = updateSteps(recurrent, this.#windowSteps);
    this.historySteps = Math.max(this.#windowSteps, horizon, longest * 3) + 1;
    const memory = Math.max(SCALE_STEPS, longest * SCALE_SEASONS);
    this.#level = new Scaler(memory);
    this.#change = new MeanSize(horizon, memory);
    this.#periodsMs = calendarPeriodsMs(everyMs);
    this.#seasonLeads = seasonLeads(horizon);
    this.#input = new Float64Array(shape.inputs);
    this.#targets = new Float64Array(this.#windowSteps * horizon);
    this.#mask = new Uint8Array(this.#windowSteps * horizon);
    this.#bases = new Float64Array(this.#windowSteps);
    this.#emphasis = leadEmphasis(horizon);
    this.#network = engine.create(shape, recurrent, seed);
    if (recurrent.initialWeights) this.#network.setWeights(recurrent.initialWeights);
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
    this.#steps++;
    this.#sinceUpdate++;
    if (this.#sinceUpdate < this.#updateSteps || this.#network.windowLength === 0) return;
    if (!this.#fillTargets(history)) return;
    this.#sinceUpdate = 0;
    const cells = this.#network.windowLength * this.#settings.horizon;
    this.lastUpdate = this.#network.train(
      this.#targets.subarray(0, cells),
      this.#mask.subarray(0, cells),
      learningRate(this.#recurrent, this.#steps),
    );
  }

  forecast(history: History, out: Float64Array): void {
    this.#fillInput(history);
    this.#network.forward(this.#input, out);
    const base = history.last;
    this.#bases[this.#forwards % this.#windowSteps] = base;
    this.#forwards++;
    for (let i = 0; i < out.length; i++) {
      const shift = clamp(out[i]! / this.#emphasis[i]!, OUTPUT_MAX) * this.#change.deviation(i);
      out[i] = Number.isFinite(shift) ? base + shift : Number.NaN;
    }
  }

  /** H */
  get featureCount(): number {
    return this.#network.shape.hidden;
  }

  /** The network's state after the newest `forecast`. */
  features(out: Float64Array): void {
    this.#network.state(out);
  }

  /** Row r of the window was issued `windowLength − r` steps before the newest value. */
  #fillTargets(history: History): boolean {
    const { horizon } = this.#settings;
    const rows = this.#network.windowLength;
    this.#mask.fill(0, 0, rows * horizon);
    let known = false;
    for (let row = 0; row < rows; row++) {
      const back = rows - row;
      const base = this.#bases[(this.#forwards - back) % this.#windowSteps]!;
      const leads = Math.min(back, horizon);
      for (let lead = 1; lead <= leads; lead++) {
        const change = history.at(back - lead) - base;
        if (Number.isNaN(change)) continue;
        const size = this.#change.deviation(lead - 1);
        const cell = row * horizon + lead - 1;
        const z = size > 0 ? clamp(change / size, TARGET_MAX) : 0;
        this.#targets[cell] = z * this.#emphasis[lead - 1]!;
        this.#mask[cell] = 1;
        known = true;
      }
    }
    return known;
  }

  #fillInput(history: History): void {
    const x = this.#input;
    const base = history.last;
    let i = 0;
    x[i++] = this.#level.scaled(base, INPUT_MAX) / 2;
    x[i++] = this.#scaledChange(history.at(0) - history.at(1), 0);
    x[i++] = history.age > 0 ? 1 : 0;
    x[i++] = Math.log1p(history.age) / 4;
    for (const periodMs of this.#periodsMs) {
      const phase = calendarPhase(history.timeMs, periodMs);
      x[i++] = Math.sin(phase);
      x[i++] = Math.cos(phase);
    }
    for (const season of this.#settings.seasonSteps) {
      for (const lead of this.#seasonLeads) {
        x[i++] = this.#scaledChange(seasonalValue(history, season, lead) - base, lead - 1);
      }
    }
  }

  /** 0 where the change is not known. */
  #scaledChange(change: number, index: number): number {
    const size = this.#change.deviation(index);
    return Number.isNaN(change) || size === 0 ? 0 : clamp(change / size, INPUT_MAX);
  }

  restart(): void {
    this.#network.restart();
    this.#forwards = 0;
    this.#sinceUpdate = 0;
  }

  save(): Uint8Array {
    const out = new ByteWriter();
    this.#level.save(out);
    this.#change.save(out);
    out.numbers(this.#bases).number(this.#forwards).number(this.#sinceUpdate).number(this.#steps);
    return out.bytes(this.#network.save()).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#level.load(from);
    this.#change.load(from);
    from.numbers(this.#bases, 'window');
    this.#forwards = from.number();
    this.#sinceUpdate = from.number();
    this.#steps = from.number();
    this.#network.load(from.bytes());
    from.end();
  }
}
