/**
 * The product on the way forward: y = init + Wᵀ a.
 *
 *     y_j = init_j + Σ_k a_k W_kj         k rows (inputs), j columns (gates of units)
 *
 * W is stored input-major in panels of `width` vectors (4 floats each), a panel after the other:
 *
 *     panel 0: row 0 │ row 1 │ … │ row R−1 ‖ panel 1: row 0 │ …        row = width vectors
 *
 * so that this product and the transposed one walk straight through memory, every address within a
 * panel is one pointer plus a constant, and the widths 8, 4 and 2 serve any number of columns
 * without a slow remainder.
 *
 * Eight sums at once hide the latency of the additions (3–4 cycles, two a cycle); a_k is splat to
 * the four lanes. A narrower panel takes 8 ÷ width rows at once instead, and adds up in the end.
 *
 * Pins. V8 moves all loads of a basic block to its start, where they soon outnumber the fifteen
 * vector registers and are spilled. A conditional exit that is never taken, `if (p == 1) break`
 * with an aligned pointer, ends the block and needs all the sums done so far, so no more than six
 * loads wait at a time. Each pin compares with another odd number, as a second equal test would be
 * optimised away. It costs one instruction; without, the products take a fifth to a half longer.
 */

/** sum + x · W, four lanes at w + at. */
@inline
export function mac(sum: v128, x: v128, w: usize, at: usize): v128 {
  return f32x4.add(sum, f32x4.mul(x, v128.load(w + at)));
}

/**
 * @param y receives [vectors]
 * @param init start of the sums; `initStride` bytes from one panel's to the next
 * @param w the first row to use, of panel 0; `stride` bytes from one panel to the next
 * @param a inputs [rows]
 */
@inline
function forward(
  width: i32, y: usize, init: usize, initStride: usize, w: usize, stride: usize,
  a: usize, rows: i32, vectors: i32,
): void {
  const rowsAtOnce = 8 / width;
  const zero = f32x4.splat(0);
  for (let v = 0; v < vectors; v += width) {
    let s0 = v128.load(init);
    let s1 = v128.load(init + 16);
    let s2 = width > 2 ? v128.load(init + 32) : zero;
    let s3 = width > 2 ? v128.load(init + 48) : zero;
    let s4 = width > 4 ? v128.load(init + 64) : zero;
    let s5 = width > 4 ? v128.load(init + 80) : zero;
    let s6 = width > 4 ? v128.load(init + 96) : zero;
    let s7 = width > 4 ? v128.load(init + 112) : zero;
    let p = w;
    let k = a;
    let left = rows;
    for (; left >= 4 * rowsAtOnce; left -= 4 * rowsAtOnce) {
      let x = v128.load32_splat(k);
      s0 = mac(s0, x, p, 0);
      s1 = mac(s1, x, p, 16);
      if (width == 2) x = v128.load32_splat(k, 4);
      s2 = mac(s2, x, p, 32);
      s3 = mac(s3, x, p, 48);
      if (width < 8 && p == 1) break;
      if (width == 4) x = v128.load32_splat(k, 4);
      if (width == 2) x = v128.load32_splat(k, 8);
      s4 = mac(s4, x, p, 64);
      if (p == 3) break;
      s5 = mac(s5, x, p, 80);
      if (width == 2) x = v128.load32_splat(k, 12);
      s6 = mac(s6, x, p, 96);
      s7 = mac(s7, x, p, 112);
      if (width < 8 && p == 5) break;
      if (width == 8) x = v128.load32_splat(k, 4);
      if (width == 4) x = v128.load32_splat(k, 8);
      if (width == 2) x = v128.load32_splat(k, 16);
      s0 = mac(s0, x, p, 128);
      s1 = mac(s1, x, p, 144);
      if (p == 7) break;
      if (width == 2) x = v128.load32_splat(k, 20);
      s2 = mac(s2, x, p, 160);
      s3 = mac(s3, x, p, 176);
      if (width < 8 && p == 9) break;
      if (width == 4) x = v128.load32_splat(k, 12);
      if (width == 2) x = v128.load32_splat(k, 24);
      s4 = mac(s4, x, p, 192);
      s5 = mac(s5, x, p, 208);
      if (width == 2) x = v128.load32_splat(k, 28);
      s6 = mac(s6, x, p, 224);
      s7 = mac(s7, x, p, 240);
      if (p == 11) break;
      if (width == 8) x = v128.load32_splat(k, 8);
      if (width == 4) x = v128.load32_splat(k, 16);
      if (width == 2) x = v128.load32_splat(k, 32);
      s0 = mac(s0, x, p, 256);
      s1 = mac(s1, x, p, 272);
      if (width == 2) x = v128.load32_splat(k, 36);
      s2 = mac(s2, x, p, 288);
      s3 = mac(s3, x, p, 304);
      if (width < 8 && p == 13) break;
      if (width == 4) x = v128.load32_splat(k, 20);
      if (width == 2) x = v128.load32_splat(k, 40);
      s4 = mac(s4, x, p, 320);
      if (p == 15) break;
      s5 = mac(s5, x, p, 336);
      if (width == 2) x = v128.load32_splat(k, 44);
      s6 = mac(s6, x, p, 352);
      s7 = mac(s7, x, p, 368);
      if (width < 8 && p == 17) break;
      if (width == 8) x = v128.load32_splat(k, 12);
      if (width == 4) x = v128.load32_splat(k, 24);
      if (width == 2) x = v128.load32_splat(k, 48);
      s0 = mac(s0, x, p, 384);
      s1 = mac(s1, x, p, 400);
      if (p == 19) break;
      if (width == 2) x = v128.load32_splat(k, 52);
      s2 = mac(s2, x, p, 416);
      s3 = mac(s3, x, p, 432);
      if (width < 8 && p == 21) break;
      if (width == 4) x = v128.load32_splat(k, 28);
      if (width == 2) x = v128.load32_splat(k, 56);
      s4 = mac(s4, x, p, 448);
      s5 = mac(s5, x, p, 464);
      if (width == 2) x = v128.load32_splat(k, 60);
      s6 = mac(s6, x, p, 480);
      s7 = mac(s7, x, p, 496);
      p += 512;
      k += 16 * rowsAtOnce;
    }
    for (; left > 0; left--) {
      const x = v128.load32_splat(k);
      s0 = mac(s0, x, p, 0);
      s1 = mac(s1, x, p, 16);
      if (width > 2) {
        s2 = mac(s2, x, p, 32);
        s3 = mac(s3, x, p, 48);
      }
      if (width > 4) {
        if (p == 1) break;
        s4 = mac(s4, x, p, 64);
        s5 = mac(s5, x, p, 80);
        s6 = mac(s6, x, p, 96);
        s7 = mac(s7, x, p, 112);
      }
      p += 16 * width;
      k += 4;
    }
    if (width == 8) {
      v128.store(y + 64, s4);
      v128.store(y + 80, s5);
      v128.store(y + 96, s6);
      v128.store(y + 112, s7);
    } else {
      s0 = f32x4.add(s0, s4);
      s1 = f32x4.add(s1, s5);
      s2 = f32x4.add(s2, s6);
      s3 = f32x4.add(s3, s7);
    }
    if (width >= 4) {
      v128.store(y + 32, s2);
      v128.store(y + 48, s3);
    } else {
      s0 = f32x4.add(s0, s2);
      s1 = f32x4.add(s1, s3);
    }
    v128.store(y, s0);
    v128.store(y + 16, s1);
    y += 16 * width;
    init += initStride;
    w += stride;
  }
}

/** The same for a width known at run time: 8, 4 or 2. */
export function product(
  width: i32, y: usize, init: usize, initStride: usize, w: usize, stride: usize,
  a: usize, rows: i32, vectors: i32,
): void {
  if (width == 8) forward(8, y, init, initStride, w, stride, a, rows, vectors);
  else if (width == 4) forward(4, y, init, initStride, w, stride, a, rows, vectors);
  else forward(2, y, init, initStride, w, stride, a, rows, vectors);
}
