import { describe, expect, it } from 'vitest';
import type { OpenEngine, OpenNetwork, TrainSettings } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import type { EngineTolerance } from '../engine-battery.ts';
import { expectClose, shakeWeights, shapeOf, stream } from './tools.ts';

const SETTINGS: TrainSettings = {
  optimizer: 'adam',
  learningRate: 0.01,
  clipNorm: 1,
  loss: { kind: 'softmax' },
};

function oneHot(symbol: number, symbols: number): Float64Array {
  const values = new Float64Array(symbols);
  values[symbol] = 1;
  return values;
}

function symbolNetwork(create: () => OpenEngine, symbols: number): OpenNetwork {
  const sizes = { inputs: symbols, outputs: symbols, hidden: 12, layers: 1, windowSteps: 8 };
  return create().create(shapeOf('gru', sizes), SETTINGS, 1);
}

export function describeSoftmax(create: () => OpenEngine, tolerance: EngineTolerance): void {
  describe('softmax', () => {
    it('gives probabilities; untrained, all the same', () => {
      const network = symbolNetwork(create, 5);
      const out = new Float64Array(5);
      network.forward(oneHot(2, 5), out);
      expectClose(out, new Float64Array(5).fill(0.2), tolerance.value, 'probabilities');
      shakeWeights(network, 1);
      for (const row of stream(network, 4, new Random(2))) {
        expectClose([row.reduce((sum, p) => sum + p, 0)], [1], tolerance.value, 'sum');
        expect(row.every((p) => p > 0 && p < 1)).toBe(true);
      }
    });

    it('the loss is the mean of −log p of the symbols that came', () => {
      const network = symbolNetwork(create, 3);
      shakeWeights(network, 3);
      const rows = stream(network, 4, new Random(4));
      const came = [2, 0, 1, 1];
      const targets = Float64Array.from(came.flatMap((symbol) => [...oneHot(symbol, 3)]));
      const mask = new Uint8Array(12).fill(1);
      // The third is not known.
      mask.fill(0, 6, 9);
      const logs = [0, 1, 3].map((t) => -Math.log(rows[t]![came[t]!]!));
      const mean = logs.reduce((sum, log) => sum + log, 0) / 3;
      expectClose([network.train(targets, mask, 0).loss], [mean], tolerance.value, 'loss');
    });

    it('outputs of any size do not overflow', () => {
      const network = symbolNetwork(create, 4);
      const weights = network.weights();
      weights.fill(0, weights.length - 4);
      weights.set([800, -800, 0, 799], weights.length - 4);
      network.setWeights(weights);
      const out = new Float64Array(4);
      network.forward(oneHot(0, 4), out);
      const rest = 1 / (1 + Math.exp(-1));
      expectClose(out, [rest, 0, 0, 1 - rest], tolerance.value, 'probabilities');
    });

    it('learns a cycle of symbols with a repeat, which needs memory', () => {
      const cycle = [0, 1, 0, 2];
      const network = symbolNetwork(create, 3);
      const out = new Float64Array(3);
      let wrong = 0;
      for (let t = 0; t < 1200; t++) {
        network.forward(oneHot(cycle[t % 4]!, 3), out);
        if (t >= 1000 && out[cycle[(t + 1) % 4]!]! < 0.9) wrong++;
        const rows = network.windowLength;
        const steps = Array.from({ length: rows }, (_, row) => t - rows + 2 + row);
        const targets = Float64Array.from(steps.flatMap((s) => [...oneHot(cycle[s % 4]!, 3)]));
        if (t % 4 === 3) network.train(targets, new Uint8Array(targets.length).fill(1));
      }
      expect(wrong).toBe(0);
    });

    it('has one softmax a group, each with a mask of its own', () => {
      const shape = shapeOf('gru', { inputs: 2, outputs: 6, hidden: 5, layers: 1, windowSteps: 4 });
      const loss = { kind: 'softmax', groups: 2 } as const;
      const network = create().create(shape, { ...SETTINGS, loss }, 1);
      shakeWeights(network, 5);
      const rows = stream(network, 2, new Random(6));
      for (const row of rows) {
        const sums = [0, 3].map((at) => row[at]! + row[at + 1]! + row[at + 2]!);
        expectClose(sums, [1, 1], tolerance.value, 'sums');
      }
      const targets = Float64Array.from([0, 1, 0, 1, 0, 0, 0, 0, 1, 9, 9, 9]);
      const mask = Uint8Array.from([1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
      const came = [rows[0]![1]!, rows[0]![3]!, rows[1]![2]!];
      const mean = came.reduce((sum, p) => sum - Math.log(p), 0) / 3;
      expectClose([network.train(targets, mask, 0).loss], [mean], tolerance.value, 'loss');
      expect(() => create().create({ ...shape, outputs: 5 }, { ...SETTINGS, loss }, 1)).toThrow(
        /2 equal groups/,
      );
    });

    it('needs two symbols at least', () => {
      expect(() => create().create(shapeOf('gru', { outputs: 1 }), SETTINGS, 1)).toThrow(/softmax/);
    });
  });
}
