import type {
  Network,
  NetworkShape,
  RecurrentEngine,
  TrainReport,
  TrainSettings,
} from '../../src/recurrent/engine.ts';

/** What a network was told, for tests that look behind it. */
export interface TrainCall {
  readonly rows: number;
  readonly targets: Float64Array;
  readonly mask: Uint8Array;
}

/** A network without memory: one linear layer from the input to the leads, trained by plain SGD. */
class LinearNetwork implements Network {
  readonly shape: NetworkShape;
  readonly weightCount: number;
  readonly calls: TrainCall[] = [];
  readonly inputs: Float64Array[] = [];
  readonly #learningRate: number;
  readonly #weights: Float64Array;
  #window: Float64Array[] = [];

  constructor(shape: NetworkShape, train: TrainSettings) {
    this.shape = shape;
    this.weightCount = shape.outputs * (shape.inputs + 1);
    this.#learningRate = train.learningRate;
    this.#weights = new Float64Array(this.weightCount);
  }

  get windowLength(): number {
    return this.#window.length;
  }

  forward(x: Float64Array, out: Float64Array): void {
    const copy = x.slice();
    this.inputs.push(copy);
    if (this.inputs.length > 100) this.inputs.shift();
    this.#window.push(copy);
    if (this.#window.length > this.shape.windowSteps) this.#window.shift();
    this.#output(copy, out);
  }

  train(targets: Float64Array, mask: Uint8Array): TrainReport {
    const { inputs, outputs } = this.shape;
    this.calls.push({
      rows: this.#window.length,
      targets: targets.slice(),
      mask: mask.slice(),
    });
    if (this.calls.length > 100) this.calls.shift();
    const out = new Float64Array(outputs);
    const gradient = new Float64Array(this.weightCount);
    let loss = 0;
    let known = 0;
    for (const [row, x] of this.#window.entries()) {
      this.#output(x, out);
      for (let o = 0; o < outputs; o++) {
        if (mask[row * outputs + o] === 0) continue;
        const error = out[o]! - targets[row * outputs + o]!;
        loss += error * error;
        known++;
        for (let i = 0; i < inputs; i++) gradient[o * (inputs + 1) + i]! += error * x[i]!;
        gradient[o * (inputs + 1) + inputs]! += error;
      }
    }
    for (let w = 0; w < this.weightCount; w++) {
      this.#weights[w]! -= (this.#learningRate * gradient[w]!) / this.#window.length;
    }
    const gradNorm = Math.hypot(...gradient);
    return {
      loss: loss / known,
      gradNorm,
      clippedNorm: gradNorm,
      clipped: false,
      skipped: false,
      gradientReach: 1,
    };
  }

  #output(x: Float64Array, out: Float64Array): void {
    const { inputs, outputs } = this.shape;
    for (let o = 0; o < outputs; o++) {
      let sum = this.#weights[o * (inputs + 1) + inputs]!;
      for (let i = 0; i < inputs; i++) sum += this.#weights[o * (inputs + 1) + i]! * x[i]!;
      out[o] = sum;
    }
  }

  state(out: Float64Array): void {
    out.fill(0);
  }

  restart(): void {
    this.#window = [];
  }

  weights(): Float64Array {
    return this.#weights.slice();
  }

  setWeights(values: Float64Array): void {
    this.#weights.set(values);
  }

  save(): Uint8Array {
    const text = JSON.stringify({
      weights: [...this.#weights],
      window: this.#window.map((x) => [...x]),
    });
    return new TextEncoder().encode(text);
  }

  load(bytes: Uint8Array): void {
    const saved = JSON.parse(new TextDecoder().decode(bytes)) as {
      weights: number[];
      window: number[][];
    };
    this.#weights.set(saved.weights);
    this.#window = saved.window.map((x) => Float64Array.from(x));
  }

  dispose(): void {}
}

/** An engine of linear networks: quick, exact, and open to inspection. */
export class LinearEngine implements RecurrentEngine {
  readonly name = 'reference';
  readonly networks: LinearNetwork[] = [];

  create(shape: NetworkShape, train: TrainSettings): Network {
    const network = new LinearNetwork(shape, train);
    this.networks.push(network);
    return network;
  }
}
