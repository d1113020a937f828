import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Loss, NetworkShape, OpenEngine } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import type { EngineTolerance } from '../engine-battery.ts';
import { CELLS, expectClose, RMSPROP, shakeWeights, shapeOf, stream, targetsFor } from './tools.ts';

const shapes = fc.record({
  cell: fc.constantFrom(...CELLS),
  inputs: fc.integer({ min: 1, max: 4 }),
  hidden: fc.integer({ min: 1, max: 5 }),
  layers: fc.integer({ min: 1, max: 3 }),
  outputs: fc.integer({ min: 1, max: 3 }),
  windowSteps: fc.integer({ min: 1, max: 7 }),
});

function lossOf(kind: Loss['kind'], shape: NetworkShape): Loss {
  if (kind === 'squared') return { kind };
  if (kind === 'softmax') return { kind, groups: shape.layers };
  if (kind === 'huber') return { kind, delta: 0.7 };
  const levels = Array.from({ length: shape.outputs }, (_, o) => (o + 1) / (shape.outputs + 1));
  return { kind, levels };
}

export function describeGradients(create: () => OpenEngine, tolerance: EngineTolerance): void {
  describe('gradients', () => {
    it.each(['squared', 'huber', 'quantile', 'softmax'] as const)(
      'equal finite differences of the %s loss, for random shapes',
      (kind) => {
        const engine = create();
        fc.assert(
          fc.property(shapes, fc.integer({ min: 1, max: 14 }), fc.nat(), (shape, steps, seed) => {
            checkDifferences(engine, shape, lossOf(kind, shape), steps, seed, tolerance);
          }),
          { seed: 20_240_101, numRuns: tolerance.differenceRuns ?? 40 },
        );
      },
    );

    it.each(CELLS)('%s: go back to the start of the window and no further', (cell) => {
      const engine = create();
      const shape = shapeOf(cell);
      const before = 9;
      const long = engine.create(shape, RMSPROP, 3);
      shakeWeights(long, 4);
      const short = engine.create(shape, RMSPROP, 3);
      short.setWeights(long.weights());
      // `short` begins where the window of `long` will begin, with the state of that moment.
      stream(long, before, new Random(1));
      short.setFullState(long.fullState());
      const random = new Random(2);
      stream(long, shape.windowSteps, random);
      stream(short, shape.windowSteps, new Random(2));
      const { targets, mask } = targetsFor(long, random);
      long.train(targets, mask, 0);
      const expected = long.gradients();
      short.train(targets, mask, 0);
      expectClose(short.gradients(), expected, tolerance.value, 'gradient');
      expect(expected.some((g) => Math.abs(g) > 1e-3)).toBe(true);
    });

    it('reach: halved at every step by a recurrent weight of one half', () => {
      const shape = { inputs: 1, hidden: 1, layers: 1, outputs: 1, windowSteps: 6 };
      const network = create().create(shapeOf('rnn_tanh', shape), RMSPROP, 1);
      // W_ih, W_hh, b_ih, b_hh, head W, head b. With inputs of zero h stays 0, where tanh' is 1.
      network.setWeights(Float64Array.of(1, 0.5, 0, 0, 1, 0));
      for (let t = 0; t < 6; t++) network.forward(new Float64Array(1), new Float64Array(1));
      for (const known of [1, 4, 6]) {
        const mask = new Uint8Array(6);
        mask[known - 1] = 1;
        const { gradientReach } = network.train(new Float64Array(6).fill(1), mask, 0);
        expectClose([gradientReach], [0.5 ** known], tolerance.value, `reach over ${known} steps`);
      }
    });

    it('are those of the last training only', () => {
      const engine = create();
      const first = engine.create(shapeOf('gru'), RMSPROP, 1);
      const second = engine.create(shapeOf('gru'), RMSPROP, 1);
      for (const network of [first, second]) {
        const random = new Random(5);
        stream(network, 6, random);
        const { targets, mask } = targetsFor(network, random);
        network.train(targets, mask);
      }
      expect(() => first.gradients()).toThrow(/last/);
      expect(second.gradients().length).toBe(second.weightCount);
    });
  });
}

function checkDifferences(
  engine: OpenEngine,
  anyShape: NetworkShape,
  loss: Loss,
  steps: number,
  seed: number,
  tolerance: EngineTolerance,
): void {
  const softmax = loss.kind === 'softmax';
  const groups = (softmax && loss.groups) || 1;
  const size = softmax ? Math.max(anyShape.outputs, 2) : anyShape.outputs;
  const outputs = groups * size;
  const network = engine.create({ ...anyShape, outputs }, { ...RMSPROP, loss }, seed);
  shakeWeights(network, seed + 1);
  const random = new Random(seed + 2);
  stream(network, steps, random);
  const { targets, mask } = targetsFor(network, random);
  if (softmax) {
    // A group's symbol is known or not.
    mask.forEach((_, cell) => {
      mask[cell] = mask[cell - (cell % size) + size - 1]!;
    });
  }
  network.train(targets, mask, 0);
  const gradients = network.gradients();
  const weights = network.weights();
  const lossAt = (weight: number, shift: number): number => {
    const shifted = weights.slice();
    shifted[weight]! += shift;
    network.setWeights(shifted);
    return network.train(targets, mask, 0).loss;
  };
  const step = tolerance.differenceStep;
  const differences = weights.map((_, j) => (lossAt(j, step) - lossAt(j, -step)) / (2 * step));
  network.dispose();
  expectClose(gradients, differences, tolerance.difference, 'gradient');
}
