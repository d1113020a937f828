import { describe, expect, it } from 'vitest';
import type { NetworkShape, OpenEngine, TrainSettings } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import { CELLS, RMSPROP, shapeOf, streamAndTrain } from './tools.ts';

const OPTIMIZERS = ['sgd', 'rmsprop', 'adam'] as const;
const CASES = CELLS.flatMap((cell) => OPTIMIZERS.map((optimizer) => ({ cell, optimizer })));

export function describePersistence(create: () => OpenEngine): void {
  describe('persistence', () => {
    it.each(CASES)('$cell, $optimizer: loaded elsewhere, it goes on alike', (wanted) => {
      const settings: TrainSettings = { ...RMSPROP, optimizer: wanted.optimizer };
      const original = create().create(shapeOf(wanted.cell), settings, 1);
      // 1 and 4: a window half full. 21: the ring of inputs has turned, and updates lie behind it.
      for (const steps of [0, 1, 4, 21]) {
        streamAndTrain(original, steps, new Random(steps));
        const saved = original.save();
        const copy = create().create(shapeOf(wanted.cell), settings, 99);
        copy.load(saved);
        expect(copy.save()).toEqual(saved);
        expect(copy.windowLength).toBe(original.windowLength);
        expect(streamAndTrain(copy, 13, new Random(7))).toEqual(
          streamAndTrain(original, 13, new Random(7)),
        );
        expect(copy.save()).toEqual(original.save());
      }
    });

    it.each(CELLS)('%s: the same seed and stream give the same bytes', (cell) => {
      const bytes = (seed: number): Uint8Array => {
        const network = create().create(shapeOf(cell), RMSPROP, seed);
        streamAndTrain(network, 30, new Random(5));
        return network.save();
      };
      expect(bytes(1)).toEqual(bytes(1));
      expect(bytes(1)).not.toEqual(bytes(2));
    });

    it.each<[string, Partial<NetworkShape>, RegExp]>([
      ['another cell', { cell: 'lstm' }, /cell gru, but this network has cell lstm/],
      ['another width', { hidden: 6 }, /hidden 5, but this network has hidden 6/],
      ['another depth', { layers: 1 }, /layers 2, but/],
      ['other inputs', { inputs: 2 }, /inputs 3, but/],
      ['other outputs', { outputs: 1 }, /outputs 2, but/],
      ['another window', { windowSteps: 7 }, /windowSteps 6, but/],
    ])('refuses a network of %s', (_, changes, message) => {
      const saved = create().create(shapeOf('gru'), RMSPROP, 1).save();
      const other = create().create(shapeOf('gru', changes), RMSPROP, 1);
      const before = other.save();
      expect(() => other.load(saved)).toThrow(message);
      expect(other.save()).toEqual(before);
    });

    it('refuses the moments of another optimizer', () => {
      const saved = create().create(shapeOf('gru'), RMSPROP, 1).save();
      const other = create().create(shapeOf('gru'), { ...RMSPROP, optimizer: 'adam' }, 1);
      expect(() => other.load(saved)).toThrow(/optimizer rmsprop, but .* optimizer adam/);
    });

    it('refuses damaged bytes, and has not changed then', () => {
      const network = create().create(shapeOf('gru'), RMSPROP, 1);
      streamAndTrain(network, 9, new Random(1));
      const saved = network.save();
      streamAndTrain(network, 9, new Random(2));
      const before = network.save();
      const magic = saved.slice();
      magic[0] = 0;
      const version = saved.slice();
      version[4] = 77;
      const longer = new Uint8Array(saved.length + 8);
      longer.set(saved);
      const notFinite = saved.slice().fill(0xff, saved.length - 8);
      for (const bytes of [
        ...[0, 3, 7, 50, saved.length - 8, saved.length - 1].map((end) => saved.slice(0, end)),
        magic,
        version,
        longer,
        notFinite,
      ]) {
        expect(() => network.load(bytes)).toThrow(/saved network/);
        expect(network.save()).toEqual(before);
      }
    });

    it('keeps the counts of what went wrong', () => {
      const network = create().create(shapeOf('rnn_relu'), RMSPROP, 1);
      network.setWeights(network.weights().fill(1e30));
      for (let t = 0; t < 15; t++) {
        network.forward(Float64Array.of(Number.NaN, 1, 1), new Float64Array(2));
      }
      const copy = create().create(shapeOf('rnn_relu'), RMSPROP, 2);
      copy.load(network.save());
      expect(copy.replacedInputs).toBe(15);
      expect(copy.stateResets).toBe(network.stateResets);
      expect(copy.stateResets).toBeGreaterThan(0);
    });

    it('loads from bytes that lie inside a larger buffer', () => {
      const network = create().create(shapeOf('gru'), RMSPROP, 1);
      streamAndTrain(network, 9, new Random(1));
      const saved = network.save();
      const larger = new Uint8Array(saved.length + 3);
      larger.set(saved, 3);
      const copy = create().create(shapeOf('gru'), RMSPROP, 2);
      copy.load(larger.subarray(3));
      expect(copy.save()).toEqual(saved);
    });
  });
}
