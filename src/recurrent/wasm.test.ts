import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectClose,
  shakeWeights,
  shapeOf,
  stream,
  targetsFor,
} from '../../test/support/engine/tools.ts';
import { describeEngine } from '../../test/support/engine-battery.ts';
import { readKernel } from '../daemon/kernel-file.ts';
import type { NetworkShape, TrainSettings } from './engine.ts';
import { memoryLayout } from './layout.ts';
import { Random } from './random.ts';
import { createReferenceEngine } from './reference.ts';
import { WasmEngine } from './wasm.ts';

const kernel = readKernel();
const GRU16: NetworkShape = shapeOf('gru', {
  inputs: 4,
  hidden: 16,
  layers: 1,
  outputs: 6,
  windowSteps: 32,
});
const RMSPROP: TrainSettings = { optimizer: 'rmsprop', learningRate: 0.01, clipNorm: 1 };

/** float32: seven digits a number, of which sums over a window cost two or three. */
const TOLERANCE = 2e-5;

describeEngine('wasm', () => new WasmEngine(kernel), {
  value: TOLERANCE,
  differenceStep: 1e-2,
  difference: 5e-3,
});

const shapes = fc.record({
  cell: fc.constantFrom('lstm', 'gru', 'rnn_tanh', 'rnn_relu'),
  inputs: fc.integer({ min: 1, max: 13 }),
  hidden: fc.integer({ min: 1, max: 41 }),
  layers: fc.integer({ min: 1, max: 3 }),
  outputs: fc.integer({ min: 1, max: 9 }),
  windowSteps: fc.integer({ min: 1, max: 11 }),
}) as fc.Arbitrary<NetworkShape>;

describe('wasm against reference', () => {
  it('agrees over random shapes: outputs, state, loss, gradients, weights after SGD steps', () => {
    const fast = new WasmEngine(kernel);
    const exact = createReferenceEngine();
    fc.assert(
      fc.property(shapes, fc.nat({ max: 25 }), fc.nat(), (shape, steps, seed) => {
        const settings: TrainSettings = { optimizer: 'sgd', learningRate: 0.05, clipNorm: 0.5 };
        const a = fast.create(shape, settings, seed);
        const b = exact.create(shape, settings, seed);
        // Weights that both can hold, so that what differs is the arithmetic.
        shakeWeights(a, seed + 1);
        b.setWeights(a.weights());
        for (let round = 0; round < 3; round++) {
          const found = stream(a, steps, new Random(seed + round));
          const wanted = stream(b, steps, new Random(seed + round));
          for (const [t, out] of found.entries()) {
            expectClose(out, wanted[t]!, TOLERANCE, `output ${t}`);
          }
          expectClose(a.fullState(), b.fullState(), TOLERANCE, 'state');
          if (a.windowLength === 0) continue;
          const { targets, mask } = targetsFor(b, new Random(seed + round));
          const report = a.train(targets, mask);
          const expected = b.train(targets, mask);
          expectClose([report.loss], [expected.loss], TOLERANCE, 'loss');
          expectClose([report.gradNorm], [expected.gradNorm], TOLERANCE, 'norm');
          expectClose([report.clippedNorm], [expected.clippedNorm], TOLERANCE, 'clipped norm');
          expectClose([report.gradientReach], [expected.gradientReach], TOLERANCE, 'reach');
          expectClose(a.gradients(), b.gradients(), TOLERANCE, 'gradient');
          expectClose(a.weights(), b.weights(), TOLERANCE, 'weights');
        }
        a.dispose();
        b.dispose();
      }),
      { seed: 20_250_101, numRuns: 120 },
    );
    expect(fast.memory.usedBytes).toBe(0);
  });

  it('starts from the same weights, rounded', () => {
    const a = new WasmEngine(kernel).create(GRU16, RMSPROP, 7);
    const b = createReferenceEngine().create(GRU16, RMSPROP, 7);
    expect(a.weights()).toEqual(b.weights().map(Math.fround));
  });
});

describe('wasm memory', () => {
  it('a series needs at most 1.5 times its weights and moments', () => {
    const engine = new WasmEngine(kernel);
    engine.create(GRU16, RMSPROP, 1);
    const before = engine.memory.usedBytes;
    for (let n = 0; n < 20; n++) engine.create(GRU16, RMSPROP, n);
    const bytes = (engine.memory.usedBytes - before) / 20;
    const learned = memoryLayout(GRU16, 'rmsprop').mean * 4;
    expect(bytes / learned).toBeLessThanOrEqual(1.5);
  });

  it('what a series leaves, the next one uses, as new', () => {
    const engine = new WasmEngine(kernel);
    const kept = engine.create(GRU16, RMSPROP, 1);
    const first = engine.create(GRU16, RMSPROP, 2);
    const fresh = first.save();
    stream(first, 9, new Random(1));
    const { targets, mask } = targetsFor(first, new Random(2));
    first.train(targets, mask);
    const used = engine.memory.usedBytes;
    first.dispose();
    first.dispose();
    expect(engine.create(GRU16, RMSPROP, 2).save()).toEqual(fresh);
    expect(engine.memory.usedBytes).toBe(used);
    kept.dispose();
  });

  it('growth leaves the networks as they are', () => {
    const engine = new WasmEngine(kernel, { growBytes: 1 });
    const network = engine.create(GRU16, RMSPROP, 1);
    stream(network, 40, new Random(1));
    const before = network.save();
    const bytes = engine.memory.bytes;
    while (engine.memory.bytes < bytes + 300_000) engine.create(GRU16, RMSPROP, 2);
    expect(network.save()).toEqual(before);
    expect(
      stream(network, 3, new Random(2))
        .flat()
        .every((out) => out.every(Number.isFinite)),
    ).toBe(true);
  });

  it('is refused past its limit, and goes on for those who have it', () => {
    const engine = new WasmEngine(kernel, { bytesMax: 400_000, growBytes: 65_536 });
    const first = engine.create(GRU16, RMSPROP, 1);
    const fill = (): void => {
      for (let n = 0; n < 100; n++) engine.create(GRU16, RMSPROP, n);
    };
    expect(fill).toThrow(/kernel memory: \d+ bytes more do not fit.*limit is 393216\. Raise/);
    const used = engine.memory.usedBytes;
    expect(() => engine.create(shapeOf('lstm', { hidden: 64 }), RMSPROP, 1)).toThrow(/do not fit/);
    expect(engine.memory.usedBytes).toBe(used);
    expect(engine.memory.bytes).toBeLessThanOrEqual(400_000);
    expect(stream(first, 2, new Random(1)).length).toBe(2);
    first.dispose();
    expect(() => engine.create(GRU16, RMSPROP, 5)).not.toThrow();
  });
});
