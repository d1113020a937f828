import { expect, it } from 'vitest';
import type { Cell, InitialSettings, OpenEngine } from '../../../src/recurrent/engine.ts';
import { Random } from '../../../src/recurrent/random.ts';

/** The longest sequence, and the window. */
const LENGTH_MAX = 26;
const SEQUENCES = 900;
const SCORED = 100;

interface Sequence {
  /** Symbols 0..3: X, Y, distractor, trigger. */
  readonly symbols: number[];
  /** Which of XX, XY, YX, YY it was, 0..3. */
  readonly answer: number;
}

/** Temporal order 6a of Hochreiter & Schmidhuber 1997 in small: X or Y, twice, among distractors. */
function temporalOrder(random: Random): Sequence {
  const from = (low: number, high: number): number => Math.floor(random.uniform(low, high));
  const symbols = new Array<number>(from(22, LENGTH_MAX + 1)).fill(2);
  const first = from(0, 2);
  const second = from(0, 2);
  symbols[from(1, 5)] = first;
  symbols[from(9, 13)] = second;
  symbols[symbols.length - 1] = 3;
  return { symbols, answer: 2 * first + second };
}

/**
 * One update a sequence, each sequence new; the answer is due after its last step alone.
 * @returns share of the last SCORED sequences answered with every output within .3 of its target
 */
function shareRight(engine: OpenEngine, cell: Cell, initial: InitialSettings): number {
  const network = engine.create(
    { cell, inputs: 4, hidden: 8, layers: 1, outputs: 4, windowSteps: LENGTH_MAX },
    { optimizer: 'adam', learningRate: 0.02, clipNorm: 1 },
    1,
    initial,
  );
  const random = new Random(17);
  const x = new Float64Array(4);
  const out = new Float64Array(4);
  let right = 0;
  for (let n = 0; n < SEQUENCES; n++) {
    const { symbols, answer } = temporalOrder(random);
    network.restart();
    for (const symbol of symbols) {
      x.fill(0);
      x[symbol] = 1;
      network.forward(x, out);
    }
    const close = out.every((value, o) => Math.abs(value - (o === answer ? 1 : 0)) < 0.3);
    if (n >= SEQUENCES - SCORED && close) right++;
    const last = 4 * (symbols.length - 1);
    const targets = new Float64Array(last + 4);
    targets[last + answer] = 1;
    network.train(targets, new Uint8Array(last + 4).fill(1, last));
  }
  return right / SCORED;
}

const GATED = ['lstm', 'gru'] as const;

export function describeLag(create: () => OpenEngine): void {
  it.each(GATED)('%s: tells the order of two symbols after a lag of 9 to 25 steps', (cell) => {
    const share = shareRight(create(), cell, { memorySteps: LENGTH_MAX });
    expect(share).toBeGreaterThanOrEqual(0.95);
  });
}

export function describeMemory(create: () => OpenEngine): void {
  it.each(GATED)('%s: memorySteps keeps an old state alive', (cell) => {
    /** What is left of a state after 40 steps: the distance from a network that began at zero. */
    const trace = (initial: InitialSettings): number => {
      const shape = { cell, inputs: 1, hidden: 16, layers: 1, outputs: 1, windowSteps: 8 };
      const train = { optimizer: 'sgd', learningRate: 0, clipNorm: 0 } as const;
      const [full, empty] = [0.5, 0].map((value) => {
        const network = create().create(shape, train, 1, initial);
        network.setFullState(network.fullState().fill(value));
        const out = new Float64Array(1);
        for (let t = 0; t < 40; t++) network.forward(Float64Array.of(Math.sin(t)), out);
        return network.fullState();
      });
      return Math.hypot(...full!.map((value, j) => value - empty![j]!));
    };
    expect(trace({ memorySteps: 60 })).toBeGreaterThan(5 * trace({}));
  });

  it('refuses a memory that is too short, too long or of a cell without gates', () => {
    const shape = { inputs: 1, hidden: 4, layers: 1, outputs: 1, windowSteps: 8 };
    const train = { optimizer: 'adam', learningRate: 0.01, clipNorm: 1 } as const;
    const make = (cell: Cell, memorySteps: number) => (): unknown =>
      create().create({ cell, ...shape }, train, 1, { memorySteps });
    for (const steps of [0, 2, 2.5, 65_537, Number.NaN]) {
      expect(make('lstm', steps)).toThrow('memorySteps must be a whole number from 3');
    }
    expect(make('rnn_tanh', 8)).toThrow('memorySteps needs a cell with gates');
  });
}
