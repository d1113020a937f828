import { expect } from 'vitest';
import type {
  Cell,
  NetworkShape,
  OpenNetwork,
  TrainReport,
  TrainSettings,
} from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';

export const CELLS: readonly Cell[] = ['lstm', 'gru', 'rnn_tanh', 'rnn_relu'];

export const RMSPROP: TrainSettings = { optimizer: 'rmsprop', learningRate: 0.01, clipNorm: 1 };

export function shapeOf(cell: Cell, changes: Partial<NetworkShape> = {}): NetworkShape {
  return { cell, inputs: 3, hidden: 5, layers: 2, outputs: 2, windowSteps: 6, ...changes };
}

/** Every value within `bound` · max(1, |expected|) of the expected one. */
export function expectClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
  what: string,
): void {
  expect(found.length, `${what}: number of values`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(found[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    if (!(error <= bound)) {
      expect.fail(`${what}[${i}]: ${found[i]} instead of ${expected[i]}, error ${error}`);
    }
  }
}

export function uniform(random: Random, count: number, size: number): Float64Array {
  return new Float64Array(count).map(() => random.uniform(-size, size));
}

/** Moves all weights, so that the head is not zero and every gradient flows. */
export function shakeWeights(network: OpenNetwork, seed: number): void {
  const random = new Random(seed);
  const noise = 0.8 / Math.sqrt(network.shape.hidden);
  network.setWeights(network.weights().map((w) => w + random.uniform(-noise, noise)));
}

/** `steps` random inputs; returns the outputs, row after row. */
export function stream(network: OpenNetwork, steps: number, random: Random): Float64Array[] {
  const outputs: Float64Array[] = [];
  for (let t = 0; t < steps; t++) {
    const out = new Float64Array(network.shape.outputs);
    network.forward(uniform(random, network.shape.inputs, 1), out);
    outputs.push(out);
  }
  return outputs;
}

/** Targets for the present window, about a third of them unknown, the very last one known. */
export function targetsFor(
  network: OpenNetwork,
  random: Random,
): { targets: Float64Array; mask: Uint8Array } {
  const cells = network.windowLength * network.shape.outputs;
  const targets = uniform(random, cells, 2);
  const mask = new Uint8Array(cells).map(() => (random.uniform(0, 3) < 1 ? 0 : 1));
  mask[cells - 1] = 1;
  return { targets, mask };
}

/** Random inputs, with an update every fourth step. Returns all that can be seen of it. */
export function streamAndTrain(
  network: OpenNetwork,
  steps: number,
  random: Random,
): { outputs: Float64Array[]; reports: TrainReport[] } {
  const outputs: Float64Array[] = [];
  const reports: TrainReport[] = [];
  for (let t = 1; t <= steps; t++) {
    outputs.push(...stream(network, 1, random));
    if (t % 4 !== 0) continue;
    const { targets, mask } = targetsFor(network, random);
    reports.push(network.train(targets, mask));
  }
  return { outputs, reports };
}
