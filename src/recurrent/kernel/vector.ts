/**
 * Small things shared by the cells and the optimizer.
 */

/**
 * What is far below any effect (under 2⁻¹⁰⁰ or so) to zero, so that a gradient that fades over a long
 * window does not run into denormal numbers, which some processors compute a hundred times slower.
 * Larger numbers pass unchanged but for a rounding at 2⁻¹⁰⁰.
 */
@inline
export function withoutDenormals(x: v128): v128 {
  const grain = f32x4.splat(6.0e-24);
  return f32x4.sub(f32x4.add(x, grain), grain);
}

/** Σ of squares of [bytes ÷ 4] values, each limited to ±limit; a multiple of four values. */
export function squareSum(from: usize, bytes: usize, limit: f32): f64 {
  const high = f32x4.splat(limit);
  const low = f32x4.neg(high);
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0;
  let at = from;
  const end = from + bytes;
  for (; at + 64 <= end; at += 64) {
    const a = f32x4.pmax(f32x4.pmin(v128.load(at), high), low);
    const b = f32x4.pmax(f32x4.pmin(v128.load(at + 16), high), low);
    const c = f32x4.pmax(f32x4.pmin(v128.load(at + 32), high), low);
    const d = f32x4.pmax(f32x4.pmin(v128.load(at + 48), high), low);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
    s1 = f32x4.add(s1, f32x4.mul(b, b));
    s2 = f32x4.add(s2, f32x4.mul(c, c));
    s3 = f32x4.add(s3, f32x4.mul(d, d));
  }
  for (; at < end; at += 16) {
    const a = f32x4.pmax(f32x4.pmin(v128.load(at), high), low);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
  }
  return lanes(s0) + lanes(s1) + lanes(s2) + lanes(s3);
}

function lanes(s: v128): f64 {
  const low = <f64>f32x4.extract_lane(s, 0) + <f64>f32x4.extract_lane(s, 1);
  return low + <f64>f32x4.extract_lane(s, 2) + <f64>f32x4.extract_lane(s, 3);
}

/** Whether none of the [bytes ÷ 4] values is infinite or NaN: x − x is 0 for finite x alone. */
export function allFinite(from: usize, bytes: usize): bool {
  let sum = f32x4.splat(0);
  for (let at = from; at < from + bytes; at += 16) {
    const x = v128.load(at);
    sum = f32x4.add(sum, f32x4.sub(x, x));
  }
  return lanes(sum) == 0;
}
