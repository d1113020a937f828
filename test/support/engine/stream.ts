import { describe, expect, it } from 'vitest';
import type { NetworkShape, OpenEngine } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import type { EngineTolerance } from '../engine-battery.ts';
import {
  CELLS,
  expectClose,
  RMSPROP,
  shakeWeights,
  shapeOf,
  stream,
  streamAndTrain,
  targetsFor,
  uniform,
} from './tools.ts';

const finite = (values: Float64Array): boolean => values.every(Number.isFinite);

export function describeStream(create: () => OpenEngine, tolerance: EngineTolerance): void {
  describe('stream', () => {
    it.each(CELLS)('%s: an untrained network predicts 0', (cell) => {
      const outputs = stream(create().create(shapeOf(cell), RMSPROP, 1), 5, new Random(1));
      expect(outputs.every((out) => out.every((value) => value === 0))).toBe(true);
    });

    it.each(CELLS)('%s: training sees the window as the stream saw it', (cell) => {
      const network = create().create(shapeOf(cell), RMSPROP, 1);
      shakeWeights(network, 2);
      const { windowSteps, outputs: count } = network.shape;
      const random = new Random(3);
      // Beyond the length of the window the stored state has to move on with it.
      for (const steps of [2, windowSteps, 3 * windowSteps + 1]) {
        network.restart();
        const outputs = stream(network, steps, random);
        const rows = Math.min(steps, windowSteps);
        expect(network.windowLength).toBe(rows);
        const squares = outputs.slice(-rows).flatMap((out) => [...out].map((p) => p * p));
        const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
        const cells = rows * count;
        const report = network.train(new Float64Array(cells), new Uint8Array(cells).fill(1), 0);
        expectClose([report.loss], [mean], tolerance.value, `loss after ${steps} steps`);
      }
    });

    it('an update changes no state', () => {
      const network = create().create(shapeOf('lstm'), RMSPROP, 1);
      stream(network, 9, new Random(1));
      const before = network.fullState();
      const cells = network.windowLength * network.shape.outputs;
      network.train(new Float64Array(cells).fill(1), new Uint8Array(cells).fill(1));
      expect(network.fullState()).toEqual(before);
    });

    it("state gives the top layer's h", () => {
      const network = create().create(shapeOf('lstm'), RMSPROP, 1);
      stream(network, 3, new Random(1));
      const h = new Float64Array(5);
      network.state(h);
      expect(h).toEqual(network.fullState().slice(5, 10));
      expect(h.some((value) => value !== 0)).toBe(true);
    });

    it('after a restart a network is as new, but for what it has learnt', () => {
      const engine = create();
      const used = engine.create(shapeOf('gru'), RMSPROP, 1);
      streamAndTrain(used, 21, new Random(1));
      used.restart();
      expect(used.windowLength).toBe(0);
      const fresh = engine.create(shapeOf('gru'), RMSPROP, 1);
      fresh.setWeights(used.weights());
      expect(stream(used, 4, new Random(2))).toEqual(stream(fresh, 4, new Random(2)));
      const { targets, mask } = targetsFor(used, new Random(3));
      expect(used.train(targets, mask, 0)).toEqual(fresh.train(targets, mask, 0));
    });

    it.each(CELLS)('%s: a non-finite input is read as 0 and counted', (cell) => {
      const engine = create();
      const run = (bad: number[]): { outputs: Float64Array; replaced: number } => {
        const network = engine.create(shapeOf(cell), RMSPROP, 1);
        shakeWeights(network, 2);
        stream(network, 4, new Random(3));
        const out = new Float64Array(2);
        network.forward(Float64Array.from(bad), out);
        stream(network, 2, new Random(4));
        return { outputs: out, replaced: network.replacedInputs };
      };
      const { nan, inf } = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY };
      const clean = run([0, 0.5, 0]);
      expect(run([nan, 0.5, -inf])).toEqual({ outputs: clean.outputs, replaced: 2 });
      expect(clean.replaced).toBe(0);
      expect(finite(clean.outputs)).toBe(true);
    });

    it.each(CELLS)('%s: no input, however large, leaves a state that is not finite', (cell) => {
      const network = create().create(shapeOf(cell), RMSPROP, 1);
      network.setWeights(uniform(new Random(9), network.weightCount, 40));
      const random = new Random(10);
      const out = new Float64Array(2);
      for (let t = 0; t < 600; t++) {
        network.forward(uniform(random, 3, t % 7 === 0 ? 1e300 : 1), out);
        expect(finite(network.fullState())).toBe(true);
      }
      // Only ReLU lets a state grow without bound.
      if (cell === 'rnn_relu') expect(network.stateResets).toBeGreaterThan(0);
      network.forward(new Float64Array(3), out);
      expect(finite(out)).toBe(true);
    });

    it('networks of one engine do not disturb each other', () => {
      const alone = streamAndTrain(create().create(shapeOf('gru'), RMSPROP, 1), 20, new Random(1));
      const engine = create();
      const first = engine.create(shapeOf('gru'), RMSPROP, 1);
      const second = engine.create(shapeOf('gru'), RMSPROP, 2);
      const other = engine.create(shapeOf('lstm'), RMSPROP, 3);
      const random = new Random(1);
      const together = { outputs: [] as Float64Array[], reports: [] as unknown[] };
      for (let round = 0; round < 5; round++) {
        const part = streamAndTrain(first, 4, random);
        together.outputs.push(...part.outputs);
        together.reports.push(...part.reports);
        streamAndTrain(second, 4, new Random(round));
        streamAndTrain(other, 4, new Random(round));
        if (round === 2) other.restart();
      }
      second.dispose();
      expect(together).toEqual(alone);
    });

    it('refuses arrays of a wrong length', () => {
      const network = create().create(shapeOf('gru'), RMSPROP, 1);
      const numbers = (count: number): Float64Array => new Float64Array(count);
      expect(() => network.forward(numbers(2), numbers(2))).toThrow(/2 inputs.*must be 3/);
      expect(() => network.forward(numbers(3), numbers(3))).toThrow(/3 outputs.*must be 2/);
      expect(() => network.train(numbers(2), new Uint8Array(2))).toThrow(/2 targets.*must be 0/);
      expect(() => network.setWeights(numbers(7))).toThrow(/7 values/);
      expect(() => network.setWeights(network.weights().fill(Number.NaN))).toThrow(/not finite/);
    });

    it.each([
      [{ hidden: 0 }, /hidden must be a whole number/],
      [{ inputs: 1.5 }, /inputs must be a whole number/],
      [{ layers: -1 }, /layers/],
      [{ outputs: Number.NaN }, /outputs/],
      [{ windowSteps: 1e9 }, /windowSteps.*not 1000000000/],
      [{ cell: 'lstmm' as NetworkShape['cell'] }, /unknown cell "lstmm"; known: lstm, gru/],
    ])('refuses the shape %o', (wrong, message) => {
      expect(() => create().create(shapeOf('gru', wrong), RMSPROP, 1)).toThrow(message);
    });
  });
}
