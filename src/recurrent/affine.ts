/**
 * The one product a recurrent network is made of, forward and backward. Matrices are row-major and
 * lie in the flat array of weights `w`; their gradients lie at the same offsets of `dw`.
 *
 *     y_j   = b_j + Σ_k W_jk x_k               W [rows][cols], x [cols], y and b [rows]
 *
 *     db_j += dy_j
 *     dW_jk += dy_j x_k
 *     dx_k += Σ_j W_jk dy_j
 */
export function affine(
  w: Float64Array,
  weight: number,
  bias: number,
  rows: number,
  cols: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
): void {
  for (let j = 0; j < rows; j++) {
    const row = weight + j * cols;
    let sum = w[bias + j]!;
    for (let k = 0; k < cols; k++) sum += w[row + k]! * x[xAt + k]!;
    y[yAt + j] = sum;
  }
}

export function affineBackward(
  w: Float64Array,
  dw: Float64Array,
  weight: number,
  bias: number,
  rows: number,
  cols: number,
  x: Float64Array,
  xAt: number,
  dy: Float64Array,
  dyAt: number,
  dx: Float64Array,
): void {
  for (let j = 0; j < rows; j++) {
    const row = weight + j * cols;
    const dyj = dy[dyAt + j]!;
    dw[bias + j]! += dyj;
    for (let k = 0; k < cols; k++) {
      dw[row + k]! += dyj * x[xAt + k]!;
      dx[k]! += w[row + k]! * dyj;
    }
  }
}
