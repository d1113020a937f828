/**
 * Recursive least squares; ../linear.ts tells what is computed and where it lies, and
 * ../linear-reference.ts is the same in plain form. Double precision: two lanes; single: four.
 *
 * Addresses: p the covariance, f, v [D] float64, single [D] float32 (regressors), weights, regressors, gains [H][D] float32.
 * `count` is d, `n` is D.
 */
import { withoutDenormals } from './vector';

const VARIANCE_MAX: f64 = 1e8;

/** g and f to their rows, P downdated. @returns 1, or 0 when P is no covariance any more */
export function linearIssue(
  p: usize,
  single: usize,
  f: usize,
  v: usize,
  regressors: usize,
  gains: usize,
  count: i32,
  n: i32,
  forgetting: f64,
): i32 {
  takeRegressors(single, regressors, f, n);
  multiply(p, f, v, n);
  const denominator = forgetting + dot(f, v, n);
  if (!(denominator > 0 && denominator < Infinity)) return 0;
  const inverse = 1 / denominator;
  toSingles(gains, v, inverse, n);
  return downdate(p, v, inverse, 1 / forgetting, count, n);
}

/** P and the weights see the same: what is left in single precision. */
@inline
function takeRegressors(single: usize, row: usize, f: usize, n: i32): void {
  for (const end = single + (<usize>n << 2); single < end; single += 16) {
    const x = withoutDenormals(v128.load(single));
    v128.store(row, x);
    v128.store(f, f64x2.promote_low_f32x4(x));
    v128.store(f, f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), 16);
    row += 16;
    f += 32;
  }
}

/** v ← P f: each entry below the diagonal blocks serves its row and, mirrored, its column. */
function multiply(p: usize, f: usize, v: usize, n: i32): void {
  const bytes = <usize>n << 3;
  for (let first: usize = 0; first < bytes; first += 32) {
    const stride = first + 32;
    const f0 = v128.load64_splat(f + first);
    const f1 = v128.load64_splat(f + first, 8);
    const f2 = v128.load64_splat(f + first, 16);
    const f3 = v128.load64_splat(f + first, 24);
    let s0 = f64x2.splat(0);
    let s1 = s0, s2 = s0, s3 = s0;
    let row0 = p, row1 = p + stride, row2 = p + 2 * stride, row3 = p + 3 * stride;
    let j: usize = 0;
    for (; j < first; j += 16) {
      const fj = v128.load(f + j);
      const p0 = v128.load(row0 + j);
      const p1 = v128.load(row1 + j);
      const p2 = v128.load(row2 + j);
      const p3 = v128.load(row3 + j);
      s0 = f64x2.add(s0, f64x2.mul(p0, fj));
      s1 = f64x2.add(s1, f64x2.mul(p1, fj));
      s2 = f64x2.add(s2, f64x2.mul(p2, fj));
      s3 = f64x2.add(s3, f64x2.mul(p3, fj));
      const upper = f64x2.add(f64x2.mul(p0, f0), f64x2.mul(p1, f1));
      const lower = f64x2.add(f64x2.mul(p2, f2), f64x2.mul(p3, f3));
      v128.store(v + j, f64x2.add(v128.load(v + j), f64x2.add(upper, lower)));
    }
    for (; j < stride; j += 16) {
      const fj = v128.load(f + j);
      s0 = f64x2.add(s0, f64x2.mul(v128.load(row0 + j), fj));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(row1 + j), fj));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(row2 + j), fj));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(row3 + j), fj));
    }
    store<f64>(v + first, lanes(s0));
    store<f64>(v + first, lanes(s1), 8);
    store<f64>(v + first, lanes(s2), 16);
    store<f64>(v + first, lanes(s3), 24);
    p += 4 * stride;
  }
}

@inline
function lanes(s: v128): f64 {
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

function dot(a: usize, b: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (const end = a + (<usize>n << 3); a < end; a += 32) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    b += 32;
  }
  return lanes(f64x2.add(s0, s1));
}

/** to ← single(from × by) */
@inline
function toSingles(to: usize, from: usize, by: f64, n: i32): void {
  const factor = f64x2.splat(by);
  for (const end = to + (<usize>n << 2); to < end; to += 16) {
    const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(from), factor));
    const high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(from, 16), factor));
    v128.store(to, withoutDenormals(v128.shuffle<f32>(low, high, 0, 1, 4, 5)));
    from += 32;
  }
}

/** P ← P × scale − v vᵀ × inverse × scale */
function downdate(p: usize, v: usize, inverse: f64, scale: f64, count: i32, n: i32): i32 {
  const by = inverse * scale;
  const bys = f64x2.splat(by);
  const scales = f64x2.splat(scale);
  const bytes = <usize>n << 3;
  let sound = 1;
  for (let first: usize = 0; first < bytes; first += 32) {
    const stride = first + 32;
    const v0 = v128.load64_splat(v + first);
    const v1 = v128.load64_splat(v + first, 8);
    const v2 = v128.load64_splat(v + first, 16);
    const v3 = v128.load64_splat(v + first, 24);
    const a0 = f64x2.mul(v0, bys), a1 = f64x2.mul(v1, bys);
    const a2 = f64x2.mul(v2, bys), a3 = f64x2.mul(v3, bys);
    const row0 = p, row1 = p + stride, row2 = p + 2 * stride, row3 = p + 3 * stride;
    let j: usize = 0;
    for (; j < first; j += 16) {
      const vj = v128.load(v + j);
      less(row0 + j, scales, f64x2.mul(a0, vj));
      less(row1 + j, scales, f64x2.mul(a1, vj));
      less(row2 + j, scales, f64x2.mul(a2, vj));
      less(row3 + j, scales, f64x2.mul(a3, vj));
    }
    // The block on the diagonal: symmetric to the last bit.
    for (; j < stride; j += 16) {
      const vj = v128.load(v + j);
      less(row0 + j, scales, f64x2.mul(f64x2.mul(v0, vj), bys));
      less(row1 + j, scales, f64x2.mul(f64x2.mul(v1, vj), bys));
      less(row2 + j, scales, f64x2.mul(f64x2.mul(v2, vj), bys));
      less(row3 + j, scales, f64x2.mul(f64x2.mul(v3, vj), bys));
    }
    const last = count - <i32>(first >> 3);
    sound &= isVariance(row0 + first);
    if (last > 1) sound &= isVariance(row1 + first + 8);
    if (last > 2) sound &= isVariance(row2 + first + 16);
    if (last > 3) sound &= isVariance(row3 + first + 24);
    p += 4 * stride;
  }
  return sound;
}

@inline
function less(at: usize, scale: v128, by: v128): void {
  v128.store(at, f64x2.sub(f64x2.mul(v128.load(at), scale), by));
}

@inline
function isVariance(at: usize): i32 {
  const variance = load<f64>(at);
  return i32(variance > 0) & i32(variance < VARIANCE_MAX);
}

/** The pseudo-observation s e_k → 0; v receives column k of P. @returns as linearIssue */
export function linearShrink(
  p: usize,
  v: usize,
  single: usize,
  weights: usize,
  k: i32,
  count: i32,
  n: i32,
  horizon: i32,
  squared: f64,
): i32 {
  column(p, v, k, n);
  const inverse = 1 / (1 / squared + load<f64>(v + (<usize>k << 3)));
  const rowBytes = <usize>n << 2;
  for (let i: usize = 0; i < rowBytes; i += 4) {
    store<f32>(single + i, <f32>load<f64>(v + 2 * i));
  }
  const end = weights + <usize>horizon * rowBytes;
  for (let w = weights; w < end; w += rowBytes) {
    const pull = <f32>(<f64>load<f32>(w + (<usize>k << 2)) * inverse);
    if (pull == 0) continue;
    const pulls = f32x4.splat(pull);
    for (let i: usize = 0; i < rowBytes; i += 16) {
      const weight = f32x4.sub(v128.load(w + i), f32x4.mul(v128.load(single + i), pulls));
      v128.store(w + i, withoutDenormals(weight));
    }
  }
  return downdate(p, v, inverse, 1, count, n);
}

/** v ← column k of P: row k up to its diagonal block, then down the rows. */
function column(p: usize, v: usize, k: i32, n: i32): void {
  const block = k & ~3;
  let row = rowOf(p, k);
  for (let i = 0; i < block; i++) {
    store<f64>(v + (<usize>i << 3), load<f64>(row + (<usize>i << 3)));
  }
  for (let i = block; i < n; i++) {
    row = rowOf(p, i);
    store<f64>(v + (<usize>i << 3), load<f64>(row + (<usize>k << 3)));
  }
}

@inline
function rowOf(p: usize, i: i32): usize {
  const panel = i >> 2;
  return p + (<usize>(8 * panel * (panel + 1) + (i & 3) * (4 * panel + 4)) << 3);
}
