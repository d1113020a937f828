/**
 * tanh, the logistic function σ and exp, four lanes at a time.
 *
 *     tanh(x) = x P(x²) ÷ Q(x²)                 |x| ≤ 9, beyond which it is ±1 in float32
 *     σ(x)    = ½ + ½ tanh(x ÷ 2)
 *     exp(x)  = 2ⁿ E(f),  n = round(x log₂e),  f = x log₂e − n in [−½, ½]
 *
 * P and Q have degree 4, Q monic; a minimax fit of the relative error over [0, 9] (iteratively
 * reweighted least squares in 40 digits), 2.1e−8 before rounding. σ uses P and Q scaled by powers of
 * four, so it needs no products more than tanh. E has degree 6, fitted alike.
 *
 * Largest errors over all of float32, as math.test.ts measures them:
 *
 *     tanh  2.5e−7 absolute, 4 ulp          σ  1.5e−7 absolute          exp  4e−7 relative
 *
 * |tanh| ≤ 1 and 0 ≤ σ ≤ 1 hold exactly. NaN in, NaN out: a poisoned window is seen in its loss.
 */

/** The coefficients as splat vectors: a load each, which the processor does beside the products. */
const TANH: usize = memory.data<f32>([
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

@inline
function coefficient(j: usize): v128 {
  return v128.load(TANH + (j << 4));
}

/** x P(x²) ÷ Q(x²) of a clamped x. */
@inline
function rational(x: v128): v128 {
  const u = f32x4.mul(x, x);
  let p = f32x4.add(f32x4.mul(coefficient(0), u), coefficient(1));
  let q = f32x4.add(u, coefficient(5));
  p = f32x4.add(f32x4.mul(p, u), coefficient(2));
  q = f32x4.add(f32x4.mul(q, u), coefficient(6));
  p = f32x4.add(f32x4.mul(p, u), coefficient(3));
  q = f32x4.add(f32x4.mul(q, u), coefficient(7));
  p = f32x4.add(f32x4.mul(p, u), coefficient(4));
  q = f32x4.add(f32x4.mul(q, u), coefficient(8));
  return f32x4.div(f32x4.mul(p, x), q);
}

/** pmin and pmax, unlike min and max, are one instruction each, and keep a NaN in this order. */
@inline
function clamp(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(x, coefficient(9)), coefficient(10));
}

@inline
export function tanh4(x: v128): v128 {
  return rational(clamp(x));
}

@inline
export function sigmoid4(x: v128): v128 {
  const half = coefficient(11);
  const y = rational(clamp(f32x4.mul(x, half)));
  return f32x4.add(f32x4.mul(y, half), half);
}

/** Below −87 the result is about 1e−38, not less; above 88 it is 1.65e38. */
@inline
export function exp4(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)));
  // log 2 in two parts, the first with few digits, so that n · LN2_HIGH is exact.
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
  const power = i32x4.shl(i32x4.trunc_sat_f32x4_s(n), 23);
  return i32x4.add(e, power);
}
