/**
 * tanh, the logistic function σ and exp, four lanes at a time.
 *
 *     tanh(x) = x P(x²) ÷ Q(x²)                 |x| ≤ 9, beyond which it is ±1 in float32
 *     σ(x)    = ½ + ½ tanh(x ÷ 2)
 *     exp(x)  = 2ⁿ E(f),  n = round(x log₂e),  f = x log₂e − n in [−½, ½]
 *
 * P and Q have degree 4, Q monic; a minimax fit of the relative error over [0, 9] (iteratively
 * reweighted least squares in 40 digits), 2.1e−8 before rounding. E has degree 6, fitted alike.
 *
 * Largest errors over all of float32, as math.test.ts measures them:
 *
 *     tanh  2.5e−7 absolute, 4 ulp          σ  1.5e−7 absolute          exp  4e−7 relative
 *
 * |tanh| ≤ 1 and 0 ≤ σ ≤ 1 hold exactly. NaN in, NaN out: a poisoned window is seen in its loss.
 *
 * The coefficients are loaded by the caller before its loop and handed in. Constants in the code
 * would be built anew, in three instructions each, every time round.
 */

/** As splat vectors; see `coefficient`. */
const TABLE: usize = memory.data<f32>([
  0.017173538574698513, 0.017173538574698513, 0.017173538574698513, 0.017173538574698513,
  26.500780646470353, 26.500780646470353, 26.500780646470353, 26.500780646470353,
  4494.715071085598, 4494.715071085598, 4494.715071085598, 4494.715071085598,
  172053.08741362797, 172053.08741362797, 172053.08741362797, 172053.08741362797,
  1285791.2403840937, 1285791.2403840937, 1285791.2403840937, 1285791.2403840937,
  422.48278294069587, 422.48278294069587, 422.48278294069587, 422.48278294069587,
  33272.85773020346, 33272.85773020346, 33272.85773020346, 33272.85773020346,
  600649.950097073, 600649.950097073, 600649.950097073, 600649.950097073,
  1285791.2660835215, 1285791.2660835215, 1285791.2660835215, 1285791.2660835215,
  9.0, 9.0, 9.0, 9.0,
  -9.0, -9.0, -9.0, -9.0,
  0.5, 0.5, 0.5, 0.5,
], 16);

export const P4 = 0;
export const P3 = 1;
export const P2 = 2;
export const P1 = 3;
export const P0 = 4;
export const Q3 = 5;
export const Q2 = 6;
export const Q1 = 7;
export const Q0 = 8;
export const HIGH = 9;
export const LOW = 10;
export const HALF = 11;

@inline
export function coefficient(j: usize): v128 {
  return v128.load(TABLE + (j << 4));
}

/** pmin and pmax, unlike min and max, are one instruction each, and keep a NaN in this order. */
@inline
export function tanh4(
  x: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
  q3: v128, q2: v128, q1: v128, q0: v128, high: v128, low: v128,
): v128 {
  const y = f32x4.pmax(f32x4.pmin(x, high), low);
  const u = f32x4.mul(y, y);
  let q = f32x4.add(u, q3);
  let p = f32x4.add(f32x4.mul(p4, u), p3);
  q = f32x4.add(f32x4.mul(q, u), q2);
  p = f32x4.add(f32x4.mul(p, u), p2);
  q = f32x4.add(f32x4.mul(q, u), q1);
  p = f32x4.add(f32x4.mul(p, u), p1);
  q = f32x4.add(f32x4.mul(q, u), q0);
  p = f32x4.add(f32x4.mul(p, u), p0);
  return f32x4.div(f32x4.mul(p, y), q);
}

@inline
export function sigmoid4(
  x: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
  q3: v128, q2: v128, q1: v128, q0: v128, high: v128, low: v128, half: v128,
): v128 {
  const y = tanh4(f32x4.mul(x, half), p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low);
  return f32x4.add(f32x4.mul(y, half), half);
}

/** Below −87 the result is about 1e−38, not less; above 88 it is 1.65e38. */
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)));
  // log 2 in two parts, the first with few digits, so that its product with n is exact.
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440054690583e-4)));
  const f = f32x4.mul(r, f32x4.splat(1.4426950408889634));
  let e = f32x4.splat(0.00015353358548147547);
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.0013398878706544105));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.0096184374061420476));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.055503324574432915));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.24022647912720607));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(0.69314720286385777));
  e = f32x4.add(f32x4.mul(e, f), f32x4.splat(1));
  return i32x4.add(e, i32x4.shl(i32x4.trunc_sat_f32x4_s(n), 23));
}
