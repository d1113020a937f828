import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CELLS, expectClose, shapeOf, streamAndTrain } from '../../../test/support/engine/tools.ts';
import { describeEngine } from '../../../test/support/engine-battery.ts';
import { tf } from '../../../test/support/tfjs-cpu.ts';
import type { TrainSettings } from '../engine.ts';
import { Random } from '../random.ts';
import { createReferenceEngine } from '../reference.ts';
import { createTfjsEngine } from './engine.ts';

// In plain JavaScript an update takes milliseconds, and the battery makes thousands.
vi.setConfig({ testTimeout: 180_000 });

/** float32 */
const VALUE = 2e-5;
const OPTIMIZERS = ['sgd', 'rmsprop', 'adam'] as const;
const RMSPROP: TrainSettings = { optimizer: 'rmsprop', learningRate: 0.01, clipNorm: 1 };

describeEngine('tfjs', () => createTfjsEngine(tf), {
  value: VALUE,
  differenceStep: 1e-2,
  difference: 5e-3,
  differenceRuns: 4,
  // Below it is shown to learn as the reference does, which learns them.
  learnsTasks: false,
});

describe('the tfjs engine beside the reference', () => {
  it.each(CELLS)('%s: the same initial weights, to float32', (cell) => {
    const weights = createTfjsEngine(tf).create(shapeOf(cell), RMSPROP, 7).weights();
    const expected = createReferenceEngine().create(shapeOf(cell), RMSPROP, 7).weights();
    expect(weights).toEqual(expected.map(Math.fround));
  });

  it('the same forecasts and reports while both learn, for random shapes', () => {
    const cases = fc.record({
      cell: fc.constantFrom(...CELLS),
      inputs: fc.integer({ min: 1, max: 5 }),
      hidden: fc.integer({ min: 1, max: 9 }),
      layers: fc.integer({ min: 1, max: 3 }),
      outputs: fc.integer({ min: 1, max: 4 }),
      windowSteps: fc.integer({ min: 1, max: 10 }),
      optimizer: fc.constantFrom(...OPTIMIZERS),
    });
    const property = fc.property(cases, fc.nat(), ({ optimizer, ...shape }, seed) => {
      // RMSprop and Adam make a step even of a gradient that is only rounding: a small one here.
      const settings = { ...RMSPROP, optimizer, learningRate: optimizer === 'sgd' ? 0.05 : 1e-3 };
      const ours = createTfjsEngine(tf).create(shape, settings, seed);
      const reference = createReferenceEngine().create(shape, settings, seed);
      const found = streamAndTrain(ours, 24, new Random(seed));
      const expected = streamAndTrain(reference, 24, new Random(seed));
      for (const [t, out] of expected.outputs.entries()) {
        expectClose(found.outputs[t]!, out, 1e-3, `forecast ${t}`);
      }
      for (const [n, report] of expected.reports.entries()) {
        expectClose([found.reports[n]!.loss], [report.loss], 1e-3, `loss ${n}`);
        expect(found.reports[n]!.skipped).toBe(report.skipped);
      }
      ours.dispose();
    });
    fc.assert(property, { seed: 20_240_102, numRuns: 60 });
  });
});

describe('tensors', () => {
  it.each(CELLS)('%s: as many after 200 updates as before', (cell) => {
    const network = createTfjsEngine(tf).create(shapeOf(cell, { windowSteps: 3 }), RMSPROP, 1);
    const random = new Random(1);
    streamAndTrain(network, 8, random);
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    const { reports } = streamAndTrain(network, 800, random);
    expect(reports.length).toBe(200);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers, numBytes });
    network.dispose();
  });

  it('none stay of an update that was skipped, of saving, loading and refusals', () => {
    const network = createTfjsEngine(tf).create(shapeOf('lstm'), RMSPROP, 1);
    streamAndTrain(network, 9, new Random(1));
    const { numTensors, numDataBuffers } = tf.memory();
    const cells = network.windowLength * network.shape.outputs;
    const known = new Uint8Array(cells).fill(1);
    expect(network.train(new Float64Array(cells).fill(Number.NaN), known).skipped).toBe(true);
    network.load(network.save());
    network.setWeights(network.weights());
    expect(() => network.load(new Uint8Array(3))).toThrow(/saved network/);
    expect(() => network.setWeights(network.weights().fill(1e300))).toThrow(/not finite/);
    network.restart();
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
    network.dispose();
  });

  it('all go with the networks that hold them', () => {
    const { numTensors, numDataBuffers } = tf.memory();
    const engine = createTfjsEngine(tf);
    const networks = OPTIMIZERS.flatMap((optimizer) =>
      CELLS.map((cell) => engine.create(shapeOf(cell), { ...RMSPROP, optimizer }, 1)),
    );
    for (const network of networks) streamAndTrain(network, 5, new Random(1));
    expect(tf.memory().numTensors).toBeGreaterThan(numTensors);
    for (const network of networks) {
      network.dispose();
      network.dispose();
    }
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });
});

describe('float32', () => {
  it('an input beyond its range is limited, so that the network can be saved and loaded', () => {
    const network = createTfjsEngine(tf).create(shapeOf('lstm'), RMSPROP, 1);
    network.forward(Float64Array.of(1e300, -1e300, 1), new Float64Array(2));
    expect(network.replacedInputs).toBe(0);
    const copy = createTfjsEngine(tf).create(shapeOf('lstm'), RMSPROP, 2);
    copy.load(network.save());
    expect(copy.save()).toEqual(network.save());
  });
});
