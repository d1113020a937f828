import type { Network, RecurrentEngine, TrainReport } from '../../recurrent/engine.ts';
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { RecurrentSettings, SeasonedSettings } from '../forecaster.ts';
import { UpdateRecord } from '../update-record.ts';
import { type NetworkView, networkView } from '../view.ts';
import { channelInputs, learningRate, networkShape, updateSteps } from './network-plan.ts';

/** A channel of the network: it knows its series' scales, and reads its own outputs. */
export interface NetworkMember {
  /** Puts its inputs of this step at `first`…, where there are zeros. */
  fillInput(inputs: Float64Array, first: number): void;
  /** Notes the newest value: what the outputs of this step are relative to. */
  keepBase(slot: number): void;
  /**
   * Puts its known targets into rows of `stride`, at `first`… of each.
   * @returns whether there is one
   */
  fillTargets(batch: TargetBatch): boolean;
}

/** The window's targets, one row a step. */
export interface TargetBatch {
  readonly rows: number;
  readonly targets: Float64Array;
  readonly mask: Uint8Array;
  /** Numbers a row; those of the member begin at `first`. */
  readonly stride: number;
  readonly first: number;
  /** Place of a row's base in the member's ring. */
  readonly slotOf: (row: number) => number;
}

/**
 * One network for one series, or for the channels of one: the inputs of all of them go in, all leads
 * of all of them come out. Everybody learns the step first; whoever forecasts first makes the network
 * go on: an update every k1 steps by backpropagation through the last k2, then one step forward.
 */
export class SharedNetwork {
  /** What the newest update did; undefined before the first. */
  lastUpdate: TrainReport | undefined;
  /** [channels][horizon] of the newest step. */
  readonly outputs: Float64Array;
  readonly windowSteps: number;
  readonly channels: number;
  readonly #recurrent: RecurrentSettings;
  readonly #horizon: number;
  readonly #updateSteps: number;
  readonly #network: Network;
  readonly #members: NetworkMember[] = [];
  readonly #input: Float64Array;
  readonly #inputsEach: number;
  readonly #targets: Float64Array;
  readonly #mask: Uint8Array;
  /** Whether the step has been learned and not gone through yet. */
  readonly #record = new UpdateRecord();
  #due = false;
  #forwards = 0;
  #sinceUpdate = 0;
  #thinning = 1;
  /** Since the series began. */
  #steps = 0;

  constructor(
    settings: SeasonedSettings,
    recurrent: RecurrentSettings,
    engine: RecurrentEngine,
    channels = 1,
  ) {
    const shape = networkShape(settings, recurrent, channels);
    this.channels = channels;
    this.windowSteps = shape.windowSteps;
    this.#recurrent = recurrent;
    this.#horizon = settings.horizon;
    this.#updateSteps = updateSteps(recurrent, shape.windowSteps);
    this.#input = new Float64Array(shape.inputs);
    this.#inputsEach = channelInputs(settings);
    this.outputs = new Float64Array(shape.outputs);
    this.#targets = new Float64Array(shape.windowSteps * shape.outputs);
    this.#mask = new Uint8Array(shape.windowSteps * shape.outputs);
    this.#network = engine.create(shape, recurrent, settings.seed);
    if (recurrent.initialWeights) this.#network.setWeights(recurrent.initialWeights);
  }

  /** @returns the member's channel */
  join(member: NetworkMember): number {
    return this.#members.push(member) - 1;
  }

  /** H */
  get hidden(): number {
    return this.#network.shape.hidden;
  }

  /** h after the newest step [H]. */
  state(out: Float64Array): void {
    this.#network.state(out);
  }

  /** A member has taken the newest step in. */
  learned(): void {
    this.#due = true;
  }

  /** Goes through the newest step, if that has not been done. */
  advance(): void {
    if (!this.#due) return;
    this.#due = false;
    this.#steps++;
    this.#sinceUpdate++;
    const interval = this.#updateSteps * this.#thinning;
    if (this.#sinceUpdate >= interval && this.#network.windowLength > 0) this.#train();
    this.#input.fill(0);
    for (const [i, member] of this.#members.entries()) {
      member.fillInput(this.#input, i * this.#inputsEach);
      member.keepBase(this.#forwards % this.windowSteps);
    }
    this.#network.forward(this.#input, this.outputs);
    this.#forwards++;
  }

  /** Row r of the window was issued `windowLength − r` steps before the newest value. */
  #train(): void {
    const rows = this.#network.windowLength;
    const stride = this.outputs.length;
    const targets = this.#targets.subarray(0, rows * stride);
    const mask = this.#mask.subarray(0, rows * stride);
    const slotOf = (row: number): number => (this.#forwards - rows + row) % this.windowSteps;
    mask.fill(0);
    let known = false;
    for (const [i, member] of this.#members.entries()) {
      const first = i * this.#horizon;
      known = member.fillTargets({ rows, targets, mask, stride, first, slotOf }) || known;
    }
    if (!known) return;
    this.#sinceUpdate = 0;
    const rate = learningRate(this.#recurrent, this.#steps);
    this.lastUpdate = this.#network.train(targets, mask, rate);
    this.#record.add(this.lastUpdate);
  }

  get view(): NetworkView {
    return networkView(this.#network, this.#record);
  }

  /** Only every `factor`-th update is made; k1 is so many times longer. */
  thin(factor: number): void {
    this.#thinning = factor;
  }

  restart(): void {
    this.#network.restart();
    this.#due = false;
    this.#forwards = 0;
    this.#sinceUpdate = 0;
  }

  save(out: ByteWriter): void {
    out.number(this.#due ? 1 : 0).number(this.#forwards);
    out.number(this.#sinceUpdate).number(this.#steps);
    this.#record.save(out);
    out.numbers(this.outputs).bytes(this.#network.save());
  }

  load(from: ByteReader): void {
    this.#due = from.number() === 1;
    this.#forwards = from.number();
    this.#sinceUpdate = from.number();
    this.#steps = from.number();
    this.#record.load(from);
    from.numbers(this.outputs, 'outputs');
    this.#network.load(from.bytes());
  }
}
