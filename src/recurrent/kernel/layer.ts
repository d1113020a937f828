/**
 * One recurrent layer over T steps, forward and back: products (product.ts, transposed.ts), what
 * the cell does with them (lstm.ts, gru.ts, rnn.ts), and the gradients of its weights (outer.ts).
 *
 *     a      x_1 h_0   │ x_2 h_1   │ …       a row a step, [x | h], the products' input
 *     z      gates 1   │ gates 2   │ …
 *     d      dh_0      │ dh_1      │ …
 *
 * LSTM and simple RNN take [x | h] in one product. The GRU keeps the input side apart (see gru.ts).
 */
import { gruBackward, gruForward } from './gru';
import { lstmBackward, lstmForward } from './lstm';
import { columnSums, outerProduct } from './outer';
import { GRU, Layer, LSTM, Plan, RNN_RELU } from './plan';
import { product } from './product';
import { rnnBackward, rnnForward } from './rnn';
import { transposedProduct } from './transposed';
import { copyVectors } from './vector';

/** Rows 0 … steps−1 of a, but for h of the rows after the first, are filled in. */
export function layerForward(plan: Plan, layer: Layer, net: usize, steps: i32): void {
  if (plan.cell == GRU) gruLayerForward(plan, layer, net, steps);
  else plainLayerForward(plan, layer, net, steps);
}

function plainLayerForward(plan: Plan, layer: Layer, net: usize, steps: i32): void {
  const hidden = plan.hidden;
  const hiddenBytes = <usize>hidden << 2;
  const width = plan.width;
  const row: usize = <usize>width << 4;
  const w = net + layer.weights;
  const rows = layer.inputs + hidden;
  const toX = layer.inputs << 2;
  sumBiases(plan.bias, w, (rows + 1) * row, row, layer.panelStride, plan.vectors);
  let a = layer.a;
  let z = layer.z;
  let c = layer.c;
  let tanhC = layer.tanhC;
  for (let t = 0; t < steps; t++) {
    product(width, z, plan.bias, row, w + row, layer.panelStride, a - toX, rows, plan.vectors);
    a += layer.aStride;
    if (plan.cell == LSTM) {
      lstmForward(z, c, c + hiddenBytes, tanhC, a, hidden);
      c += hiddenBytes;
      tanhC += hiddenBytes;
    } else if (plan.cell == RNN_RELU) {
      rnnForward(true, z, a, hidden);
    } else {
      rnnForward(false, z, a, hidden);
    }
    z += plan.zStride;
  }
}

function gruLayerForward(plan: Plan, layer: Layer, net: usize, steps: i32): void {
  const hidden = plan.hidden;
  const inputs = layer.inputs;
  const width = plan.width;
  const row: usize = <usize>width << 4;
  const stride = layer.panelStride;
  const vectors = plan.vectors;
  const biasX = net + layer.weights;
  const wx = biasX + row;
  const wh = wx + inputs * row;
  const biasH = wh + hidden * row;
  let a = layer.a;
  let z = layer.z;
  for (let t = 0; t < steps; t++) {
    product(width, z, biasX, stride, wx, stride, a - (inputs << 2), inputs, vectors);
    a += layer.aStride;
    z += plan.zStride;
  }
  a = layer.a;
  z = layer.z;
  let s = layer.zHidden;
  for (let t = 0; t < steps; t++) {
    product(width, s, biasH, stride, wh, stride, a, hidden, vectors);
    gruForward(z, s, a, a + layer.aStride, hidden);
    a += layer.aStride;
    z += plan.zStride;
    s += plan.zStride;
  }
}

/** bias = b_ih + b_hh [vectors]; the rows lie `apart` bytes from each other in every panel */
function sumBiases(
  bias: usize, rows: usize, apart: usize, row: usize, stride: usize, vectors: i32,
): void {
  const end = bias + (<usize>vectors << 4);
  while (bias < end) {
    for (let j: usize = 0; j < row; j += 16) {
      v128.store(bias + j, f32x4.add(v128.load(rows + j), v128.load(rows + apart + j)));
    }
    bias += row;
    rows += stride;
  }
}

/**
 * From d (rows 1 … steps hold what comes from above) back through time: z becomes the gradient of
 * the sums, d is completed down to row 0. Then the gradients of the layer's weights.
 */
export function layerBackward(plan: Plan, layer: Layer, net: usize, steps: i32): void {
  const hidden = plan.hidden;
  const hiddenBytes = <usize>hidden << 2;
  const dStride = plan.dStride;
  const w = net + layer.weights + (((layer.inputs + 1) * plan.width) << 4);
  const isGru = plan.cell == GRU;
  memory.fill(plan.dc, 0, hiddenBytes);
  for (let t = steps - 1; t >= 0; t--) {
    const z = layer.z + t * plan.zStride;
    const d = layer.d + t * dStride;
    let g = z;
    if (plan.cell == LSTM) {
      const c = layer.c + t * hiddenBytes;
      lstmBackward(z, c, layer.tanhC + t * hiddenBytes, d + dStride, plan.dc, hidden);
    } else if (isGru) {
      g = layer.zHidden + t * plan.zStride;
      gruBackward(z, g, layer.a + t * layer.aStride, d + dStride, d, hidden);
    } else if (plan.cell == RNN_RELU) {
      rnnBackward(true, z, d + dStride, hidden);
    } else {
      rnnBackward(false, z, d + dStride, hidden);
    }
    transposedProduct(plan.width, d, w, layer.panelStride, hidden, g, plan.vectors);
  }
  layerGradient(plan, layer, steps);
}

function layerGradient(plan: Plan, layer: Layer, steps: i32): void {
  const hidden = plan.hidden;
  const inputs = layer.inputs;
  const width = plan.width;
  const vectors = plan.vectors;
  const row: usize = <usize>width << 4;
  const stride = layer.panelStride;
  const a = layer.a;
  const aStride = layer.aStride;
  const z = layer.z;
  const zStride = plan.zStride;
  const dw = plan.gradient + (layer.weights - plan.weights);
  const x = a - (inputs << 2);
  const dwX = dw + row;
  const dwH = dwX + inputs * row;
  const dbH = dwH + hidden * row;
  columnSums(width, dw, stride, z, zStride, vectors, steps);
  if (plan.cell == GRU) {
    const s = layer.zHidden;
    outerProduct(width, dwX, stride, inputs, x, aStride, z, zStride, vectors, steps);
    outerProduct(width, dwH, stride, hidden, a, aStride, s, zStride, vectors, steps);
    columnSums(width, dbH, stride, s, zStride, vectors, steps);
    return;
  }
  const rows = inputs + hidden;
  outerProduct(width, dwX, stride, rows, x, aStride, z, zStride, vectors, steps);
  // Both biases have the same gradient.
  for (let v = 0, panel: usize = 0; v < vectors; v += width, panel += stride) {
    copyVectors(dbH + panel, dw + panel, row);
  }
}

/** ∂L/∂x of all steps into the d of the layer below, added. */
export function layerInputGradient(
  plan: Plan, layer: Layer, below: Layer, net: usize, steps: i32,
): void {
  const w = net + layer.weights + (plan.width << 4);
  let d = below.d;
  let z = layer.z;
  for (let t = 0; t < steps; t++) {
    d += plan.dStride;
    transposedProduct(plan.width, d, w, layer.panelStride, layer.inputs, z, plan.vectors);
    z += plan.zStride;
  }
}
