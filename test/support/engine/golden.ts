import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Cell, OpenEngine } from '../../../src/recurrent/engine.ts';
import type { EngineTolerance } from '../engine-battery.ts';
import { expectClose } from './tools.ts';

/** One case of test/golden/cells.json, computed by PyTorch in float64. */
interface GoldenCase {
  readonly name: string;
  readonly cell: 'lstm' | 'gru' | 'rnn';
  readonly nonlinearity: 'tanh' | 'relu' | null;
  readonly layers: number;
  readonly bidirectional: boolean;
  readonly inputs: number;
  readonly hidden: number;
  readonly steps: number;
  readonly outputs: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly mask: readonly number[];
  readonly h0: readonly number[];
  readonly c0: readonly number[] | null;
  readonly params: Readonly<Record<string, { readonly values: readonly number[] }>>;
  readonly pred: readonly number[];
  readonly loss: number;
  readonly hT: readonly number[];
  readonly cT: readonly number[] | null;
  readonly grads: Readonly<Record<string, readonly number[]>>;
  readonly grad_norm: number;
  readonly clip_norm: number;
  readonly rmsprop: {
    readonly lr: number;
    readonly after: Readonly<Record<string, readonly number[]>>;
  };
}

const FILE = new URL('../../golden/cells.json', import.meta.url);

/**
 * The file's bidirectional cases are left out: such a network reads the window from its end too, so
 * a forecaster that runs along with a stream, and does not know the end, cannot be one.
 */
export function goldenCases(): GoldenCase[] {
  const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as { cases: GoldenCase[] };
  return cases.filter((golden) => !golden.bidirectional);
}

function cellOf(golden: GoldenCase): Cell {
  if (golden.cell !== 'rnn') return golden.cell;
  return golden.nonlinearity === 'relu' ? 'rnn_relu' : 'rnn_tanh';
}

/** The file lists the parameters in the canonical order. */
function flat(rows: Iterable<readonly number[]>): Float64Array {
  return Float64Array.from([...rows].flat());
}

export function describeGolden(create: () => OpenEngine, tolerance: EngineTolerance): void {
  describe('golden cases', () => {
    it('are twelve: four cells, each with one layer, odd sizes and two layers', () => {
      expect(goldenCases().map(({ name }) => name)).toEqual(
        ['lstm', 'gru', 'rnn-tanh', 'rnn-relu'].flatMap((cell) =>
          ['1', 'odd', '2'].map((form) => `${cell}-${form}`),
        ),
      );
    });

    it.each(goldenCases())('$name', (golden) => {
      const { inputs, hidden, layers, outputs, steps } = golden;
      const network = create().create(
        { cell: cellOf(golden), inputs, hidden, layers, outputs, windowSteps: steps },
        { optimizer: 'rmsprop', learningRate: golden.rmsprop.lr, clipNorm: golden.clip_norm },
        1,
      );
      network.setWeights(flat(Object.values(golden.params).map(({ values }) => values)));
      network.setFullState(flat([golden.h0, golden.c0 ?? []]));

      const predictions: number[] = [];
      const out = new Float64Array(outputs);
      for (let t = 0; t < steps; t++) {
        network.forward(Float64Array.from(golden.x.slice(t * inputs, (t + 1) * inputs)), out);
        predictions.push(...out);
      }
      const bound = tolerance.value;
      expectClose(predictions, golden.pred, bound, 'pred');
      expectClose(network.fullState(), flat([golden.hT, golden.cT ?? []]), bound, 'hT, cT');

      const report = network.train(Float64Array.from(golden.y), Uint8Array.from(golden.mask));
      expectClose([report.loss], [golden.loss], bound, 'loss');
      expectClose([report.gradNorm], [golden.grad_norm], bound, 'gradient norm');
      expect(report.clipped).toBe(golden.grad_norm > golden.clip_norm);
      expectClose(network.gradients(), flat(Object.values(golden.grads)), bound, 'gradients');
      const after = flat(Object.values(golden.rmsprop.after));
      expectClose(network.weights(), after, bound, 'weights after the step');
      // The update leaves the running state where the stream left it.
      expectClose(network.fullState(), flat([golden.hT, golden.cT ?? []]), bound, 'hT, cT');
    });
  });
}
