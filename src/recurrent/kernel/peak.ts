/**
 * The yardstick: the most multiply-adds this machine's 128-bit vector unit does, from thirteen
 * independent chains y ← y m + a. A product and a sum have a latency of 3–4 cycles each and start
 * twice a cycle, so about twelve chains keep both busy; thirteen and two constants fill the fifteen
 * registers there are. The inner loop is for V8 to unroll: without it a fifth is lost to loading
 * the constants again each time round.
 */

/** 4 · 13 · 8 floating-point operations a round. */
export function peak(rounds: i32): f32 {
  const m = f32x4.splat(0.999);
  const a = f32x4.splat(0.001);
  let y0 = f32x4.splat(0), y1 = f32x4.splat(1), y2 = f32x4.splat(2), y3 = f32x4.splat(3);
  let y4 = f32x4.splat(4), y5 = f32x4.splat(5), y6 = f32x4.splat(6), y7 = f32x4.splat(7);
  let y8 = f32x4.splat(8), y9 = f32x4.splat(9), ya = f32x4.splat(10), yb = f32x4.splat(11);
  let yc = f32x4.splat(12);
  for (let left = rounds; left > 0; left--) {
    for (let j = 0; j < 4; j++) {
      y0 = f32x4.add(f32x4.mul(y0, m), a);
      y1 = f32x4.add(f32x4.mul(y1, m), a);
      y2 = f32x4.add(f32x4.mul(y2, m), a);
      y3 = f32x4.add(f32x4.mul(y3, m), a);
      y4 = f32x4.add(f32x4.mul(y4, m), a);
      y5 = f32x4.add(f32x4.mul(y5, m), a);
      y6 = f32x4.add(f32x4.mul(y6, m), a);
      y7 = f32x4.add(f32x4.mul(y7, m), a);
      y8 = f32x4.add(f32x4.mul(y8, m), a);
      y9 = f32x4.add(f32x4.mul(y9, m), a);
      ya = f32x4.add(f32x4.mul(ya, m), a);
      yb = f32x4.add(f32x4.mul(yb, m), a);
      yc = f32x4.add(f32x4.mul(yc, m), a);
    }
  }
  y0 = f32x4.add(f32x4.add(f32x4.add(y0, y1), f32x4.add(y2, y3)), f32x4.add(y4, y5));
  y6 = f32x4.add(f32x4.add(f32x4.add(y6, y7), f32x4.add(y8, y9)), f32x4.add(ya, yb));
  return f32x4.extract_lane(f32x4.add(f32x4.add(y0, y6), yc), 0);
}
