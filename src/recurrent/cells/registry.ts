import type { Cell } from '../engine.ts';
import type { CellKernel } from './cell.ts';
import { gru } from './gru.ts';
import { lstm } from './lstm.ts';
import { rnnRelu, rnnTanh } from './rnn.ts';

export const KERNELS: Readonly<Record<Cell, CellKernel>> = {
  lstm,
  gru,
  rnn_tanh: rnnTanh,
  rnn_relu: rnnRelu,
};
