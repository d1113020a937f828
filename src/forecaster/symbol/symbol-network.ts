/**
 * The recurrent network as an expert on symbols: one-hot symbols in, and at each lead a softmax
 * over the symbols out, which learns from the cross-entropy by truncated backpropagation through
 * time (see ../experts/recurrent.ts). It is not bound to a context of fixed length, and finds a
 * schedule behind noise.
 *
 * When symbols outgrow its inputs and outputs, a larger network takes over the weights; its new
 * cells begin as in any new network.
 */
import type { Network, NetworkShape, RecurrentEngine } from '../../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { calendarPeriodsMs, calendarPhase } from '../experts/calendar.ts';
import type { RecurrentSettings } from '../forecaster.ts';
import { UpdateRecord } from '../update-record.ts';
import { type NetworkView, networkView } from '../view.ts';
import type { SymbolExpert, SymbolPast } from './symbol-expert.ts';
import type { SymbolSettings } from './symbol-forecaster.ts';

/** Beyond so many outputs the longest leads are left to the others. */
const OUTPUTS_MAX = 1_024;
/** Inputs beside the symbols and the calendar: gap, and how long since the newest symbol. */
const PLAIN_INPUTS = 2;

export class SymbolNetwork implements SymbolExpert {
  readonly name: string;
  readonly historySteps: number;
  probability = new Float64Array(0);
  readonly #settings: SymbolSettings;
  readonly #recurrent: RecurrentSettings;
  readonly #engine: RecurrentEngine;
  readonly #periodsMs: readonly number[];
  #network: Network | undefined;
  /** Leads that it speaks for. */
  #leads = 0;
  #slots = 0;
  #input = new Float64Array(0);
  #output = new Float64Array(0);
  #targets = new Float64Array(0);
  #mask = new Uint8Array(0);
  #sinceUpdate = 0;
  readonly #record = new UpdateRecord();
  #thinning = 1;

  constructor(settings: SymbolSettings, recurrent: RecurrentSettings, engine: RecurrentEngine) {
    this.name = recurrent.cell;
    this.#settings = settings;
    this.#recurrent = recurrent;
    this.#engine = engine;
    this.#periodsMs = calendarPeriodsMs(settings.everyMs);
    this.historySteps = windowSteps(settings, recurrent) + 1;
  }

  learn({ history }: SymbolPast): void {
    this.#sinceUpdate++;
    const network = this.#network!;
    const rows = network.windowLength;
    const interval = this.#recurrent.updateSteps * this.#thinning;
    if (this.#sinceUpdate < interval || rows === 0) return;
    const outputs = this.#output.length;
    this.#targets.fill(0, 0, rows * outputs);
    this.#mask.fill(0, 0, rows * outputs);
    let known = false;
    // Row r of the window was issued `rows − r` steps before the newest step.
    for (let row = 0; row < rows; row++) {
      for (let lead = 1; lead <= Math.min(rows - row, this.#leads); lead++) {
        const symbol = history.at(rows - row - lead);
        if (Number.isNaN(symbol)) continue;
        const at = row * outputs + (lead - 1) * this.#slots;
        this.#targets[at + symbol] = 1;
        this.#mask.fill(1, at, at + this.#slots);
        known = true;
      }
    }
    if (!known) return;
    this.#sinceUpdate = 0;
    const cells = rows * outputs;
    const targets = this.#targets.subarray(0, cells);
    this.#record.add(network.train(targets, this.#mask.subarray(0, cells)));
  }

  forecast(past: SymbolPast): void {
    const { known } = past;
    const slots = this.#slots;
    this.#fillInput(past);
    this.#network!.forward(this.#input, this.#output);
    for (let i = 0; i < this.#settings.horizon; i++) {
      let sum = 0;
      const said = i < this.#leads;
      for (let s = 0; said && s < known; s++) sum += this.#output[i * slots + s]!;
      for (let s = 0; s < known; s++) {
        const at = i * slots + s;
        this.probability[at] = sum > 0 && sum < 2 ? this.#output[at]! / sum : Number.NaN;
      }
    }
  }

  #fillInput({ history }: SymbolPast): void {
    const x = this.#input.fill(0);
    let i = 0;
    x[i++] = history.age > 0 ? 1 : 0;
    x[i++] = Math.log1p(history.age) / 4;
    for (const periodMs of this.#periodsMs) {
      const phase = calendarPhase(history.timeMs, periodMs);
      x[i++] = Math.sin(phase);
      x[i++] = Math.cos(phase);
    }
    const symbol = history.at(0);
    if (!Number.isNaN(symbol)) x[i + symbol] = 1;
  }

  grow(slots: number): void {
    const { horizon, seed } = this.#settings;
    const before = this.#network;
    const slotsBefore = this.#slots;
    this.#slots = slots;
    this.#leads = Math.max(1, Math.min(horizon, Math.floor(OUTPUTS_MAX / slots)));
    const shape = this.#shape();
    this.#input = new Float64Array(shape.inputs);
    this.#output = new Float64Array(shape.outputs);
    this.#targets = new Float64Array(shape.windowSteps * shape.outputs);
    this.#mask = new Uint8Array(shape.windowSteps * shape.outputs);
    this.probability = new Float64Array(horizon * slots);
    this.#sinceUpdate = 0;
    const loss = { kind: 'softmax', groups: this.#leads } as const;
    this.#network = this.#engine.create(shape, { ...this.#recurrent, loss }, seed);
    if (!before) return;
    this.#network.setWeights(transplanted(before, this.#network, [slotsBefore, slots]));
    before.dispose();
  }

  #shape(): NetworkShape {
    const { cell, hidden, layers } = this.#recurrent;
    return {
      cell,
      inputs: PLAIN_INPUTS + 2 * this.#periodsMs.length + this.#slots,
      hidden,
      layers,
      outputs: this.#leads * this.#slots,
      windowSteps: windowSteps(this.#settings, this.#recurrent),
    };
  }

  /** undefined before the first symbol. */
  get view(): NetworkView | undefined {
    return this.#network && networkView(this.#network, this.#record);
  }

  thin(factor: number): void {
    this.#thinning = factor;
  }

  restart(): void {
    this.#network!.restart();
    this.#sinceUpdate = 0;
  }

  save(): Uint8Array {
    const out = new ByteWriter().number(this.#sinceUpdate);
    this.#record.save(out);
    return out.bytes(this.#network!.save()).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    this.#sinceUpdate = from.number();
    this.#record.load(from);
    this.#network!.load(from.bytes());
    from.end();
  }
}

/** A target of lead h arrives h steps after its issue, when that step must still be in the window. */
function windowSteps({ horizon }: SymbolSettings, recurrent: RecurrentSettings): number {
  const before = Math.max(recurrent.updateSteps, Math.ceil(recurrent.windowSteps / 2));
  return Math.max(recurrent.windowSteps, horizon + before);
}

/** Weights of the larger network `to`, with those of `from` where they mean the same. */
function transplanted(
  from: Network,
  to: Network,
  [slotsBefore, slots]: readonly [number, number],
): Float64Array {
  const old = from.weights();
  const values = to.weights();
  const { inputs, hidden, outputs } = from.shape;
  const wider = to.shape.inputs;
  // Canonical order: the first layer's W_ih, the rest of the layers, the head's W and b.
  const headOld = old.length - outputs * (hidden + 1);
  const headNew = values.length - to.shape.outputs * (hidden + 1);
  const rows = (headNew - headOld) / (wider - inputs);
  for (let row = 0; row < rows; row++) {
    values.set(old.subarray(row * inputs, (row + 1) * inputs), row * wider);
  }
  values.set(old.subarray(rows * inputs, headOld), rows * wider);
  const leads = Math.min(outputs / slotsBefore, to.shape.outputs / slots);
  const biasOld = headOld + outputs * hidden;
  const biasNew = headNew + to.shape.outputs * hidden;
  for (let lead = 0; lead < leads; lead++) {
    for (let s = 0; s < slotsBefore; s++) {
      const [at, put] = [lead * slotsBefore + s, lead * slots + s];
      values.set(
        old.subarray(headOld + at * hidden, headOld + (at + 1) * hidden),
        headNew + put * hidden,
      );
      values[biasNew + put] = old[biasOld + at]!;
    }
  }
  return values;
}
