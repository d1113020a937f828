import { describe, expect, it } from 'vitest';
import type { Cell, OpenEngine } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';
import { CELLS } from './tools.ts';

const WINDOW_STEPS = 12;
const UPDATE_STEPS = 4;

/**
 * Online: each step is first predicted, later learned.
 * @param target of the step, known at once
 * @returns mean squared error over the last `scored` steps
 */
function learnOnline(
  engine: OpenEngine,
  cell: Cell,
  steps: number,
  scored: number,
  input: (t: number) => number,
  target: (t: number) => number,
): number {
  const network = engine.create(
    { cell, inputs: 1, hidden: 12, layers: 1, outputs: 1, windowSteps: WINDOW_STEPS },
    { optimizer: 'adam', learningRate: 0.01, clipNorm: 1 },
    1,
  );
  const out = new Float64Array(1);
  let sum = 0;
  for (let t = 0; t < steps; t++) {
    network.forward(Float64Array.of(input(t)), out);
    if (t >= steps - scored) sum += (out[0]! - target(t)) ** 2;
    if (t % UPDATE_STEPS !== 0) continue;
    const rows = network.windowLength;
    const targets = Float64Array.from({ length: rows }, (_, row) => target(t - rows + 1 + row));
    network.train(targets, new Uint8Array(rows).fill(1));
  }
  return sum / scored;
}

export function describeLearning(create: () => OpenEngine): void {
  describe('learning online', () => {
    it.each(CELLS.filter((cell) => cell !== 'rnn_relu'))(
      '%s: repeats a random sign three steps later',
      (cell) => {
        const random = new Random(11);
        const signs = Float64Array.from({ length: 4000 }, () =>
          random.uniform(-1, 1) < 0 ? -1 : 1,
        );
        const delayed = (t: number): number => (t < 3 ? 0 : signs[t - 3]!);
        const error = learnOnline(create(), cell, 4000, 500, (t) => signs[t]!, delayed);
        // Predicting 0 costs 1, predicting the last value 2.
        expect(error).toBeLessThan(0.1);
      },
    );

    it.each(CELLS)(
      '%s: forecasts a sine of unsteady height better than the last value does',
      (cell) => {
        const height = (t: number): number => 1 + 0.4 * Math.sin(t / 97);
        const wave = (t: number): number => height(t) * Math.sin((2 * Math.PI * t) / 12);
        const error = learnOnline(create(), cell, 4000, 500, wave, (t) => wave(t + 1));
        let lastValue = 0;
        for (let t = 3500; t < 4000; t++) lastValue += (wave(t + 1) - wave(t)) ** 2 / 500;
        expect(error).toBeLessThan(lastValue / 5);
      },
    );
  });
}
