/**
 * The gradient of a matrix over the whole window, as one product of rank T:
 *
 *     dW_kj = Σ_t a_tk g_tj            k rows (inputs), j columns (gates), t steps
 *
 * Four rows by two vectors of columns stay in registers while t runs, so each load serves two or
 * four multiply-adds. A row left over takes four steps at once instead, in eight sums as well; so
 * does the gradient of the biases, whose input is 1. `if (a == 0)` is a pin, see product.ts.
 */

@inline
function mac(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** Four rows, two vectors. @param dw first row; `row` bytes from one to the next */
@inline
function block(
  dw: usize, row: usize, a: usize, aStride: usize, g: usize, gStride: usize, steps: i32,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  for (let t = steps >> 1; t > 0; t--) {
    let u = v128.load(g);
    let v = v128.load(g, 16);
    let x = v128.load32_splat(a);
    s0 = mac(s0, x, u);
    t0 = mac(t0, x, v);
    x = v128.load32_splat(a, 4);
    s1 = mac(s1, x, u);
    t1 = mac(t1, x, v);
    x = v128.load32_splat(a, 8);
    s2 = mac(s2, x, u);
    t2 = mac(t2, x, v);
    x = v128.load32_splat(a, 12);
    s3 = mac(s3, x, u);
    t3 = mac(t3, x, v);
    a += aStride;
    g += gStride;
    if (a == 0) break;
    u = v128.load(g);
    v = v128.load(g, 16);
    x = v128.load32_splat(a);
    s0 = mac(s0, x, u);
    t0 = mac(t0, x, v);
    x = v128.load32_splat(a, 4);
    s1 = mac(s1, x, u);
    t1 = mac(t1, x, v);
    x = v128.load32_splat(a, 8);
    s2 = mac(s2, x, u);
    t2 = mac(t2, x, v);
    x = v128.load32_splat(a, 12);
    s3 = mac(s3, x, u);
    t3 = mac(t3, x, v);
    a += aStride;
    g += gStride;
  }
  if ((steps & 1) != 0) {
    const u = v128.load(g);
    const v = v128.load(g, 16);
    let x = v128.load32_splat(a);
    s0 = mac(s0, x, u);
    t0 = mac(t0, x, v);
    x = v128.load32_splat(a, 4);
    s1 = mac(s1, x, u);
    t1 = mac(t1, x, v);
    x = v128.load32_splat(a, 8);
    s2 = mac(s2, x, u);
    t2 = mac(t2, x, v);
    x = v128.load32_splat(a, 12);
    s3 = mac(s3, x, u);
    t3 = mac(t3, x, v);
  }
  v128.store(dw, s0);
  v128.store(dw + 16, t0);
  v128.store(dw + row, s1);
  v128.store(dw + row + 16, t1);
  v128.store(dw + 2 * row, s2);
  v128.store(dw + 2 * row + 16, t2);
  v128.store(dw + 3 * row, s3);
  v128.store(dw + 3 * row + 16, t3);
}

/** One row, two vectors. */
@inline
function single(
  dw: usize, a: usize, aStride: usize, g: usize, gStride: usize, steps: i32,
): void {
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  let t = steps;
  for (; t >= 4; t -= 4) {
    let x = v128.load32_splat(a);
    s0 = mac(s0, x, v128.load(g));
    t0 = mac(t0, x, v128.load(g, 16));
    a += aStride;
    g += gStride;
    x = v128.load32_splat(a);
    s1 = mac(s1, x, v128.load(g));
    t1 = mac(t1, x, v128.load(g, 16));
    a += aStride;
    g += gStride;
    x = v128.load32_splat(a);
    s2 = mac(s2, x, v128.load(g));
    t2 = mac(t2, x, v128.load(g, 16));
    a += aStride;
    g += gStride;
    x = v128.load32_splat(a);
    s3 = mac(s3, x, v128.load(g));
    t3 = mac(t3, x, v128.load(g, 16));
    a += aStride;
    g += gStride;
  }
  for (; t > 0; t--) {
    const x = v128.load32_splat(a);
    s0 = mac(s0, x, v128.load(g));
    t0 = mac(t0, x, v128.load(g, 16));
    a += aStride;
    g += gStride;
  }
  v128.store(dw, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  v128.store(dw + 16, f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3)));
}

/**
 * @param width vectors a panel, see product.ts
 * @param dw the first row, of panel 0, [rows][width vectors]; overwritten
 * @param stride bytes from one panel to the next
 * @param a [steps][rows], `aStride` bytes a step
 * @param g [steps][vectors], `gStride` bytes a step
 */
export function outerProduct(
  width: i32, dw: usize, stride: usize, rows: i32, a: usize, aStride: usize,
  g: usize, gStride: usize, vectors: i32, steps: i32,
): void {
  const row: usize = 16 * width;
  for (let v = 0; v < vectors; v += width) {
    for (let j: usize = 0; j < row; j += 32) {
      let k = 0;
      for (; k + 4 <= rows; k += 4) {
        block(dw + k * row + j, row, a + (k << 2), aStride, g + j, gStride, steps);
      }
      for (; k < rows; k++) {
        single(dw + k * row + j, a + (k << 2), aStride, g + j, gStride, steps);
      }
    }
    dw += stride;
    g += row;
  }
}

/** db_j = Σ_t g_tj. @param db as dw of `outerProduct`, one row */
export function columnSums(
  width: i32, db: usize, stride: usize, g: usize, gStride: usize, vectors: i32, steps: i32,
): void {
  const row: usize = 16 * width;
  for (let v = 0; v < vectors; v += width) {
    for (let j: usize = 0; j < row; j += 32) columns(db + j, g + j, gStride, steps);
    db += stride;
    g += row;
  }
}

/** Two vectors. */
@inline
function columns(db: usize, g: usize, gStride: usize, steps: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  let t = steps;
  for (; t >= 4; t -= 4) {
    s0 = f32x4.add(s0, v128.load(g));
    t0 = f32x4.add(t0, v128.load(g, 16));
    g += gStride;
    s1 = f32x4.add(s1, v128.load(g));
    t1 = f32x4.add(t1, v128.load(g, 16));
    g += gStride;
    s2 = f32x4.add(s2, v128.load(g));
    t2 = f32x4.add(t2, v128.load(g, 16));
    g += gStride;
    s3 = f32x4.add(s3, v128.load(g));
    t3 = f32x4.add(t3, v128.load(g, 16));
    g += gStride;
  }
  for (; t > 0; t--) {
    s0 = f32x4.add(s0, v128.load(g));
    t0 = f32x4.add(t0, v128.load(g, 16));
    g += gStride;
  }
  v128.store(db, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  v128.store(db + 16, f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3)));
}
