/**
 * Small things shared by the cells and the optimizer.
 */

/**
 * What is far below any effect (under 2⁻¹⁰⁰ or so) to zero, so that a gradient that fades over a
 * long window does not run into denormal numbers, which some processors compute a hundred times
 * slower. Larger numbers pass unchanged but for a rounding at 2⁻¹⁰⁰.
 */
@inline
export function withoutDenormals(x: v128): v128 {
  const grain = f32x4.splat(6.0e-24);
  return f32x4.sub(f32x4.add(x, grain), grain);
}

/** Copies [bytes ÷ 4] values, a multiple of four. For short rows: memory.copy leaves the module. */
@inline
export function copyVectors(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

/** Copies any number of values. */
@inline
export function copyFloats(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
}

/** Σ of squares of [bytes ÷ 4] values, a multiple of four. */
export function squareSum(from: usize, bytes: usize): f64 {
  return sum(false, from, bytes, 0);
}

/** The same after limiting each value to ±limit, summed in the same order. */
export function limitedSquareSum(from: usize, bytes: usize, limit: f32): f64 {
  return sum(true, from, bytes, limit);
}

@inline
function term(limited: bool, at: usize, high: v128, low: v128): v128 {
  const x = v128.load(at);
  const y = limited ? f32x4.pmax(f32x4.pmin(x, high), low) : x;
  return f32x4.mul(y, y);
}

@inline
function sum(limited: bool, from: usize, bytes: usize, limit: f32): f64 {
  const high = f32x4.splat(limit);
  const low = f32x4.neg(high);
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0;
  let at = from;
  const end = from + bytes;
  for (; at + 64 <= end; at += 64) {
    s0 = f32x4.add(s0, term(limited, at, high, low));
    s1 = f32x4.add(s1, term(limited, at + 16, high, low));
    s2 = f32x4.add(s2, term(limited, at + 32, high, low));
    s3 = f32x4.add(s3, term(limited, at + 48, high, low));
  }
  for (; at < end; at += 16) s0 = f32x4.add(s0, term(limited, at, high, low));
  return lanes(s0) + lanes(s1) + lanes(s2) + lanes(s3);
}

function lanes(s: v128): f64 {
  const low = <f64>f32x4.extract_lane(s, 0) + <f64>f32x4.extract_lane(s, 1);
  return low + <f64>f32x4.extract_lane(s, 2) + <f64>f32x4.extract_lane(s, 3);
}

/** Whether none of the [bytes ÷ 4] values is infinite or NaN: x − x is 0 for finite x alone. */
export function allFinite(from: usize, bytes: usize): bool {
  let zeros = f32x4.splat(0);
  for (let at = from; at < from + bytes; at += 16) {
    const x = v128.load(at);
    zeros = f32x4.add(zeros, f32x4.sub(x, x));
  }
  return lanes(zeros) == 0;
}
