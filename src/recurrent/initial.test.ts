import { describe, expect, it } from 'vitest';
import type { Cell, NetworkShape } from './engine.ts';
import { initialWeights } from './initial.ts';
import { GATES, weightLayout } from './layout.ts';

const shapeOf = (cell: Cell): NetworkShape => ({
  cell,
  inputs: 3,
  hidden: 17,
  layers: 2,
  outputs: 4,
  windowSteps: 8,
});

describe('initialWeights', () => {
  it.each(['lstm', 'gru', 'rnn_tanh', 'rnn_relu'] as const)(
    '%s: W_hh of every gate is orthogonal',
    (cell) => {
      const w = initialWeights(shapeOf(cell), 5);
      for (const { weightHh, hidden } of weightLayout(shapeOf(cell)).layers) {
        for (let gate = 0; gate < GATES[cell]; gate++) {
          const at = weightHh + gate * hidden * hidden;
          const row = (j: number): Float64Array => w.slice(at + j * hidden, at + (j + 1) * hidden);
          for (let j = 0; j < hidden; j++) {
            for (let k = 0; k <= j; k++) {
              const dot = row(j).reduce((sum, value, i) => sum + value * row(k)[i]!, 0);
              expect(dot).toBeCloseTo(j === k ? 1 : 0, 12);
            }
          }
        }
      }
    },
  );

  it('biases are 0 but the forget gate of an LSTM, and the head is 0', () => {
    const w = initialWeights(shapeOf('lstm'), 5);
    const layout = weightLayout(shapeOf('lstm'));
    for (const { biasIh, biasHh, hidden, rows } of layout.layers) {
      const gates = [0, 1, 2, 3].map(
        (gate) => new Set(w.slice(biasIh + gate * hidden).slice(0, hidden)),
      );
      expect(gates.map((values) => [...values])).toEqual([[0], [1], [0], [0]]);
      expect(w.slice(biasHh, biasHh + rows).every((value) => value === 0)).toBe(true);
    }
    expect(w.slice(layout.headWeight).every((value) => value === 0)).toBe(true);
  });

  it('W_ih keeps within its bound and fills it', () => {
    const w = initialWeights(shapeOf('gru'), 5);
    for (const { weightIh, weightHh, inputs, hidden } of weightLayout(shapeOf('gru')).layers) {
      const bound = Math.sqrt(6 / (inputs + hidden));
      const largest = Math.max(...w.slice(weightIh, weightHh).map(Math.abs));
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.9 * bound);
    }
  });
});
