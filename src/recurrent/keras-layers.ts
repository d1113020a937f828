/**
 * The weights of one layer in the order of Keras, and in ours.
 *
 *     ours   W_ih [G·H][I], W_hh [G·H][H], b_ih [G·H], b_hh [G·H]; LSTM i,f,g,o  GRU r,z,n
 *     Keras  kernel [I][G·H], recurrent kernel [H][G·H], bias;     LSTM i,f,c,o  GRU z,r,h
 *
 * Keras has one bias [G·H] where we have two, of which only the sum counts; but the GRU with
 * reset_after has two rows [2][3·H], since b_hn is multiplied by the reset gate. So from Keras to
 * us and back nothing changes; from us to Keras and back the biases of other cells may be split
 * otherwise, with the same outputs. Keras computes in float32: exported weights are rounded.
 */
import type { Cell } from './engine.ts';
import { GATES, type LayerLayout } from './layout.ts';

/** A layer's arrays, row-major. */
export interface KerasLayer {
  /** [I][G·H] */
  readonly kernel: Float32Array;
  /** [H][G·H] */
  readonly recurrentKernel: Float32Array;
  /** [G·H]; GRU [2][3·H] */
  readonly bias: Float32Array;
}

/** Our gate that stands at each place in Keras. */
const GATE_ORDER: Readonly<Record<Cell, readonly number[]>> = {
  lstm: [0, 1, 2, 3],
  gru: [1, 0, 2],
  rnn_tanh: [0],
  rnn_relu: [0],
};

export function biasRows(cell: Cell): number {
  return cell === 'gru' ? 2 : 1;
}

/** Row of ours, for each column of Keras. */
function rowsOf(cell: Cell, hidden: number): Int32Array {
  return Int32Array.from({ length: GATES[cell] * hidden }, (_, column) => {
    const gate = GATE_ORDER[cell][Math.floor(column / hidden)]!;
    return gate * hidden + (column % hidden);
  });
}

/** @param w all weights of the network [P] */
export function layerToKeras(cell: Cell, layer: LayerLayout, w: Float64Array): KerasLayer {
  const rows = rowsOf(cell, layer.hidden);
  const columns = rows.length;
  const turned = (at: number, inputs: number): Float32Array => {
    const out = new Float32Array(inputs * columns);
    for (let k = 0; k < inputs; k++) {
      for (let j = 0; j < columns; j++) out[k * columns + j] = w[at + rows[j]! * inputs + k]!;
    }
    return out;
  };
  const bias = new Float32Array(biasRows(cell) * columns);
  for (let j = 0; j < columns; j++) {
    const ih = w[layer.biasIh + rows[j]!]!;
    const hh = w[layer.biasHh + rows[j]!]!;
    if (cell === 'gru') bias[columns + j] = hh;
    bias[j] = cell === 'gru' ? ih : ih + hh;
  }
  return {
    kernel: turned(layer.weightIh, layer.inputs),
    recurrentKernel: turned(layer.weightHh, layer.hidden),
    bias,
  };
}

/** Fills the layer's part of `w`. */
export function layerFromKeras(
  cell: Cell,
  layer: LayerLayout,
  { kernel, recurrentKernel, bias }: KerasLayer,
  w: Float64Array,
): void {
  const rows = rowsOf(cell, layer.hidden);
  const columns = rows.length;
  const turn = (from: Float32Array, at: number, inputs: number): void => {
    for (let k = 0; k < inputs; k++) {
      for (let j = 0; j < columns; j++) w[at + rows[j]! * inputs + k] = from[k * columns + j]!;
    }
  };
  turn(kernel, layer.weightIh, layer.inputs);
  turn(recurrentKernel, layer.weightHh, layer.hidden);
  for (let j = 0; j < columns; j++) {
    w[layer.biasIh + rows[j]!] = bias[j]!;
    w[layer.biasHh + rows[j]!] = cell === 'gru' ? bias[columns + j]! : 0;
  }
}
