import { describe, expect, it } from 'vitest';
import type { NetworkShape } from './engine.ts';
import { memoryLayout, stateCount, weightLayout } from './layout.ts';

const shape: NetworkShape = {
  cell: 'lstm',
  inputs: 3,
  hidden: 5,
  layers: 2,
  outputs: 4,
  windowSteps: 7,
};

describe('layout', () => {
  it('places the weights in the order of PyTorch, without a gap', () => {
    const layout = weightLayout(shape);
    expect(layout.layers).toEqual([
      { inputs: 3, hidden: 5, rows: 20, weightIh: 0, weightHh: 60, biasIh: 160, biasHh: 180 },
      { inputs: 5, hidden: 5, rows: 20, weightIh: 200, weightHh: 300, biasIh: 400, biasHh: 420 },
    ]);
    expect(layout).toMatchObject({ headWeight: 440, headBias: 460, count: 464 });
  });

  it.each([
    ['sgd', 0],
    ['rmsprop', 1],
    ['adam', 2],
  ] as const)('%s: memory for %i moments a weight', (optimizer, moments) => {
    const { count } = weightLayout(shape);
    expect(stateCount(shape)).toBe(20);
    const layout = memoryLayout(shape, optimizer);
    expect(layout.state).toBe(count * (1 + moments));
    expect(layout.stored - layout.state).toBe(20);
    expect(layout.inputs - layout.stored).toBe(20);
    expect(layout.count - layout.inputs).toBe(3 * 7);
  });

  it('an LSTM alone has a second state', () => {
    expect(stateCount({ ...shape, cell: 'gru' })).toBe(10);
  });
});
