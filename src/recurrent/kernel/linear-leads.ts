/**
 * The part of recursive least squares that every lead has for itself, in single precision: errors,
 * weights, predictions. Four leads run side by side, so that no sum waits for its last addition.
 * Addresses and `n` as in linear.ts.
 */
import { withoutDenormals } from './vector';

/** One lead learns: `weights`, `regressors` and `gains` are its rows. */
export function linearLearn(
  weights: usize,
  regressors: usize,
  gains: usize,
  n: i32,
  y: f64,
): void {
  const rowBytes = <usize>n << 2;
  const told = dot(weights, regressors, rowBytes);
  correct(weights, gains, <f32>y - told, rowBytes);
}

/** All leads learn, lead 0 from row `newest` of the rings; targets [H] float64. */
export function linearLearnAll(
  weights: usize,
  regressors: usize,
  gains: usize,
  targets: usize,
  n: i32,
  horizon: i32,
  newest: i32,
): void {
  const rowBytes = <usize>n << 2;
  let row = newest;
  let lead = 0;
  for (; lead + 3 < horizon; lead += 4) {
    const row1 = before(row, horizon);
    const row2 = before(row1, horizon);
    const row3 = before(row2, horizon);
    const w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
    const r0 = <usize>row * rowBytes, r1 = <usize>row1 * rowBytes;
    const r2 = <usize>row2 * rowBytes, r3 = <usize>row3 * rowBytes;
    let s0 = f32x4.splat(0);
    let s1 = s0, s2 = s0, s3 = s0;
    for (let i: usize = 0; i < rowBytes; i += 16) {
      const f = regressors + i;
      s0 = f32x4.add(s0, f32x4.mul(v128.load(w0 + i), v128.load(f + r0)));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(w1 + i), v128.load(f + r1)));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(w2 + i), v128.load(f + r2)));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(w3 + i), v128.load(f + r3)));
    }
    correct(w0, gains + r0, <f32>load<f64>(targets) - lanes(s0), rowBytes);
    correct(w1, gains + r1, <f32>load<f64>(targets, 8) - lanes(s1), rowBytes);
    correct(w2, gains + r2, <f32>load<f64>(targets, 16) - lanes(s2), rowBytes);
    correct(w3, gains + r3, <f32>load<f64>(targets, 24) - lanes(s3), rowBytes);
    row = before(row3, horizon);
    weights += 4 * rowBytes;
    targets += 32;
  }
  for (; lead < horizon; lead++) {
    const at = <usize>row * rowBytes;
    const told = dot(weights, regressors + at, rowBytes);
    correct(weights, gains + at, <f32>load<f64>(targets) - told, rowBytes);
    row = before(row, horizon);
    weights += rowBytes;
    targets += 8;
  }
}

@inline
function before(row: i32, horizon: i32): i32 {
  return row == 0 ? horizon - 1 : row - 1;
}

/** w ← w + g × error; nothing where the error is no number. */
@inline
function correct(w: usize, g: usize, error: f32, rowBytes: usize): void {
  if (error - error != 0) return;
  const errors = f32x4.splat(error);
  for (let i: usize = 0; i < rowBytes; i += 16) {
    v128.store(w + i, f32x4.add(v128.load(w + i), f32x4.mul(v128.load(g + i), errors)));
  }
}

/** out [H] float64 ← fᵀ w of every lead; f [D] float32 */
export function linearPredict(weights: usize, f: usize, out: usize, n: i32, horizon: i32): void {
  const rowBytes = <usize>n << 2;
  for (let i: usize = 0; i < rowBytes; i += 16) {
    v128.store(f + i, withoutDenormals(v128.load(f + i)));
  }
  let lead = 0;
  for (; lead + 3 < horizon; lead += 4) {
    const w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
    let s0 = f32x4.splat(0);
    let s1 = s0, s2 = s0, s3 = s0;
    for (let i: usize = 0; i < rowBytes; i += 16) {
      const fi = v128.load(f + i);
      s0 = f32x4.add(s0, f32x4.mul(v128.load(w0 + i), fi));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(w1 + i), fi));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(w2 + i), fi));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(w3 + i), fi));
    }
    store<f64>(out, <f64>lanes(s0));
    store<f64>(out, <f64>lanes(s1), 8);
    store<f64>(out, <f64>lanes(s2), 16);
    store<f64>(out, <f64>lanes(s3), 24);
    weights += 4 * rowBytes;
    out += 32;
  }
  for (; lead < horizon; lead++) {
    store<f64>(out, <f64>dot(weights, f, rowBytes));
    weights += rowBytes;
    out += 8;
  }
}

@inline
function dot(a: usize, b: usize, rowBytes: usize): f32 {
  let s = f32x4.splat(0);
  for (let i: usize = 0; i < rowBytes; i += 16) {
    s = f32x4.add(s, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  }
  return lanes(s);
}

@inline
function lanes(s: v128): f32 {
  const low = f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1);
  return low + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
}
