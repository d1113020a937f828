/**
 * tanh, the logistic function σ and exp, four lanes at a time.
 *
 *     tanh(x) = x P(x²) ÷ Q(x²)                    |x| ≤ 8, beyond which it is that of ±8
 *     σ(x)    = ½ + ½ tanh(x ÷ 2) = ½ + x R(x²) ÷ S(x²)
 *     exp(x)  = 2ⁿ E(f),  n = round(x log₂e),  f = x log₂e − n in [−½, ½]
 *
 * P and Q have degree 4, Q monic; a minimax fit of the relative error over [0, 9] (iteratively
 * reweighted least squares in 40 digits), 2.1e−8 before rounding. R and S are P and Q with each
 * coefficient scaled by a power of two. E has degree 6, fitted alike.
 *
 * Largest errors over all of float32, as math.test.ts measures them:
 *
 *     tanh  4e−7 relative          σ  2.2e−7 absolute          exp  1.5e−7 relative
 *
 * |tanh| ≤ 1 and 0 ≤ σ ≤ 1 hold exactly, so that 1 − tanh² and σ (1 − σ) are never negative: hence
 * 8 as the bound, where tanh is 2.3e−7 short of 1. NaN in, NaN out: a poisoned window is seen in
 * its loss.
 *
 * The coefficients are loaded by the caller before its loop and handed in. Constants in the code
 * would be built anew, in three instructions each, every time round.
 */

/** As splat vectors: P from the highest power on, Q from the cube on, the bounds of x. */
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
  8.0, 8.0, 8.0, 8.0,
  -8.0, -8.0, -8.0, -8.0,
], 16);

/** R, S, the bounds, ½. */
const SIGMOID: usize = memory.data<f32>([
  0.004293384643674628, 0.004293384643674628, 0.004293384643674628, 0.004293384643674628,
  26.500780646470353, 26.500780646470353, 26.500780646470353, 26.500780646470353,
  17978.86028434239, 17978.86028434239, 17978.86028434239, 17978.86028434239,
  2752849.3986180476, 2752849.3986180476, 2752849.3986180476, 2752849.3986180476,
  82290639.384582, 82290639.384582, 82290639.384582, 82290639.384582,
  1689.9311317627835, 1689.9311317627835, 1689.9311317627835, 1689.9311317627835,
  532365.7236832554, 532365.7236832554, 532365.7236832554, 532365.7236832554,
  38441596.80621267, 38441596.80621267, 38441596.80621267, 38441596.80621267,
  329162564.1173815, 329162564.1173815, 329162564.1173815, 329162564.1173815,
  16.0, 16.0, 16.0, 16.0,
  -16.0, -16.0, -16.0, -16.0,
  0.5, 0.5, 0.5, 0.5,
], 16);

/** Coefficient j of tanh: 0–4 P, 5–8 Q, 9 and 10 the bounds. */
@inline
export function ofTanh(j: usize): v128 {
  return v128.load(TANH + (j << 4));
}

/** The same of σ; 11 is ½. */
@inline
export function ofSigmoid(j: usize): v128 {
  return v128.load(SIGMOID + (j << 4));
}

/**
 * x P(x²) ÷ Q(x²). By Estrin's scheme, even and odd powers apart, which is shorter than Horner's
 * from the first operation to the last. pmin and pmax, unlike min and max, are one instruction
 * each, and keep a NaN in this order.
 */
@inline
export function tanh4(
  x: v128, p4: v128, p3: v128, p2: v128, p1: v128, p0: v128,
  q3: v128, q2: v128, q1: v128, q0: v128, high: v128, low: v128,
): v128 {
  const y = f32x4.pmax(f32x4.pmin(x, high), low);
  const u = f32x4.mul(y, y);
  const v = f32x4.mul(u, u);
  const qHigh = f32x4.add(f32x4.add(f32x4.mul(q3, u), q2), v);
  const pHigh = f32x4.add(f32x4.add(f32x4.mul(p3, u), p2), f32x4.mul(p4, v));
  const q = f32x4.add(f32x4.mul(qHigh, v), f32x4.add(f32x4.mul(q1, u), q0));
  const p = f32x4.add(f32x4.mul(pHigh, v), f32x4.add(f32x4.mul(p1, u), p0));
  return f32x4.div(f32x4.mul(p, y), q);
}

/** The same with the coefficients of σ. */
@inline
export function sigmoid4(
  x: v128, r4: v128, r3: v128, r2: v128, r1: v128, r0: v128,
  s3: v128, s2: v128, s1: v128, s0: v128, high: v128, low: v128, half: v128,
): v128 {
  return f32x4.add(tanh4(x, r4, r3, r2, r1, r0, s3, s2, s1, s0, high, low), half);
}

/** tanh of the vectors at `from`, from + step, … before `end`, in place. */
@inline
export function tanhEach(from: usize, end: usize, step: usize): void {
  const p4 = ofTanh(0), p3 = ofTanh(1), p2 = ofTanh(2), p1 = ofTanh(3), p0 = ofTanh(4);
  const q3 = ofTanh(5), q2 = ofTanh(6), q1 = ofTanh(7), q0 = ofTanh(8);
  const high = ofTanh(9), low = ofTanh(10);
  for (let at = from; at < end; at += step) {
    v128.store(at, tanh4(v128.load(at), p4, p3, p2, p1, p0, q3, q2, q1, q0, high, low));
  }
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
