/**
 * Where everything of a network lies. One flat array a network, one table of offsets, used by the
 * forward and backward pass, the optimizer, saving and (later) any engine with a linear memory.
 *
 *     memory   | weights P | meanSquare P | mean P | state S | stored S | inputs [T][I] |
 *                            rmsprop,adam   adam
 *     weights  | layer 0 | layer 1 | … | head W [O][H] | head b [O] |
 *     layer    | W_ih [G·H][I] | W_hh [G·H][H] | b_ih [G·H] | b_hh [G·H] |
 *     state    | h [L][H] | c [L][H] (LSTM) |
 *
 * The order of the weights is PyTorch's (nn.LSTM, nn.GRU, nn.RNN, then nn.Linear). Layers above the
 * first have I = H.
 */
import type { Cell, InitialSettings, NetworkShape, TrainSettings } from './engine.ts';

export const CELLS: readonly Cell[] = ['lstm', 'gru', 'rnn_tanh', 'rnn_relu'];
export const OPTIMIZERS: readonly TrainSettings['optimizer'][] = ['sgd', 'rmsprop', 'adam'];

/** G: blocks of H rows in W_ih and W_hh. */
export const GATES: Readonly<Record<Cell, number>> = { lstm: 4, gru: 3, rnn_tanh: 1, rnn_relu: 1 };

/** Larger shapes are surely a mistake in the configuration. */
const LIMITS = { inputs: 4096, hidden: 4096, layers: 8, outputs: 4096, windowSteps: 65_536 };

/** What the weights of a network depend on. */
export type WeightShape = Omit<NetworkShape, 'windowSteps'>;

/** Offsets into the weights. */
export interface LayerLayout {
  readonly inputs: number;
  readonly hidden: number;
  /** G·H. */
  readonly rows: number;
  readonly weightIh: number;
  readonly weightHh: number;
  readonly biasIh: number;
  readonly biasHh: number;
}

/** Offsets into the weights; `count` is P. */
export interface WeightLayout {
  readonly layers: readonly LayerLayout[];
  readonly headWeight: number;
  readonly headBias: number;
  readonly count: number;
}

/** Offsets into a network's memory; `count` values in all. */
export interface MemoryLayout {
  readonly weights: number;
  readonly meanSquare: number;
  readonly mean: number;
  readonly state: number;
  readonly stored: number;
  readonly inputs: number;
  readonly count: number;
}

export function weightLayout(shape: WeightShape): WeightLayout {
  const { hidden, outputs } = shape;
  const rows = GATES[shape.cell] * hidden;
  const layers: LayerLayout[] = [];
  let at = 0;
  for (let l = 0; l < shape.layers; l++) {
    const inputs = l === 0 ? shape.inputs : hidden;
    const weightIh = at;
    const weightHh = weightIh + rows * inputs;
    const biasIh = weightHh + rows * hidden;
    const biasHh = biasIh + rows;
    layers.push({ inputs, hidden, rows, weightIh, weightHh, biasIh, biasHh });
    at = biasHh + rows;
  }
  const headBias = at + outputs * hidden;
  return { layers, headWeight: at, headBias, count: headBias + outputs };
}

/** S. */
export function stateCount(shape: NetworkShape): number {
  return shape.layers * shape.hidden * (shape.cell === 'lstm' ? 2 : 1);
}

export function memoryLayout(
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
): MemoryLayout {
  const weights = weightLayout(shape).count;
  const states = stateCount(shape);
  const meanSquare = weights;
  const mean = meanSquare + (optimizer === 'sgd' ? 0 : weights);
  const state = mean + (optimizer === 'adam' ? weights : 0);
  const stored = state + states;
  const inputs = stored + states;
  const count = inputs + shape.windowSteps * shape.inputs;
  return { weights: 0, meanSquare, mean, state, stored, inputs, count };
}

/** @throws Error that names the first field out of range. */
export function checkShape(shape: NetworkShape): void {
  if (!CELLS.includes(shape.cell)) {
    throw new Error(`network: unknown cell "${shape.cell}"; known: ${CELLS.join(', ')}`);
  }
  for (const field of ['inputs', 'hidden', 'layers', 'outputs', 'windowSteps'] as const) {
    const value = shape[field];
    if (!Number.isInteger(value) || value < 1 || value > LIMITS[field]) {
      throw new Error(
        `network: ${field} must be a whole number from 1 to ${LIMITS[field]}, not ${value}`,
      );
    }
  }
}

/** @throws Error that names the first setting out of range. */
export function checkSettings(shape: NetworkShape, settings: TrainSettings): void {
  if (!OPTIMIZERS.includes(settings.optimizer)) {
    throw new Error(
      `network: unknown optimizer "${settings.optimizer}"; known: ${OPTIMIZERS.join(', ')}`,
    );
  }
  for (const field of ['learningRate', 'clipNorm', 'clipValue', 'weightDecay'] as const) {
    const value = settings[field] ?? 0;
    if (!Number.isFinite(value) || value < 0) {
      throw new Error(`network: ${field} must be a finite number of at least 0, not ${value}`);
    }
  }
  const loss = settings.loss;
  if (loss?.kind === 'huber' && !(loss.delta > 0 && Number.isFinite(loss.delta))) {
    throw new Error(`network: the Huber loss needs a delta above 0, not ${loss.delta}`);
  }
  if (loss?.kind === 'softmax') {
    const { groups = 1 } = loss;
    const symbols = shape.outputs / groups;
    if (!(Number.isInteger(symbols) && symbols >= 2)) {
      throw new Error(
        'network: the softmax loss needs at least 2 outputs, one a symbol, ' +
          `in each of ${groups} equal groups, not ${shape.outputs} in all`,
      );
    }
  }
  if (loss?.kind === 'quantile') {
    const inside = loss.levels.every((level) => level > 0 && level < 1);
    if (!inside || loss.levels.length !== shape.outputs) {
      throw new Error(
        `network: the quantile loss needs ${shape.outputs} levels between 0 and 1, ` +
          `one an output, not [${loss.levels.join(', ')}]`,
      );
    }
  }
}

/** @throws Error when the initial settings are out of range or do not suit the cell. */
export function checkInitial(shape: NetworkShape, { memorySteps }: InitialSettings): void {
  if (memorySteps === undefined) return;
  if (!Number.isInteger(memorySteps) || memorySteps < 3 || memorySteps > LIMITS.windowSteps) {
    throw new Error(
      `network: memorySteps must be a whole number from 3 to ${LIMITS.windowSteps}, ` +
        `not ${memorySteps}`,
    );
  }
  if (shape.cell !== 'lstm' && shape.cell !== 'gru') {
    throw new Error(`network: memorySteps needs a cell with gates, lstm or gru, not ${shape.cell}`);
  }
}
