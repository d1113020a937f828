/**
 * The product on the way back: d = d + W g.
 *
 *     d_k = d_k + Σ_j W_kj g_j            k rows (inputs), j columns (gates of units)
 *
 * W lies in panels, and pins hold its loads back: see product.ts. Eight rows share each load of g;
 * the sums of a row are spread over four lanes, which are added up in the end.
 */
import { mac } from './product';

/** [Σ lanes of s0, Σ lanes of s1, Σ lanes of s2, Σ lanes of s3] */
@inline
function laneSums(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  const a = f32x4.add(
    v128.shuffle<f32>(s0, s1, 0, 4, 1, 5),
    v128.shuffle<f32>(s0, s1, 2, 6, 3, 7),
  );
  const b = f32x4.add(
    v128.shuffle<f32>(s2, s3, 0, 4, 1, 5),
    v128.shuffle<f32>(s2, s3, 2, 6, 3, 7),
  );
  return f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
}

/**
 * @param d [rows], added to; rows is a multiple of 4
 * @param w the first row to use, of panel 0; `stride` bytes from one panel to the next
 * @param g [vectors]
 */
@inline
function backward(
  width: i32, d: usize, w: usize, stride: usize, rows: i32, g: usize, vectors: i32,
): void {
  const row: usize = 16 * width;
  const rest: usize = stride - row;
  const gEnd = g + (<usize>vectors << 4);
  for (; rows >= 8; rows -= 8) {
    let s0 = f32x4.splat(0);
    let s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
    let p = w;
    let q = g;
    while (q < gEnd) {
      const panelEnd = q + row;
      do {
        let x = v128.load(q);
        s0 = mac(s0, x, p, 0);
        s1 = mac(s1, x, p, row);
        s2 = mac(s2, x, p, 2 * row);
        s3 = mac(s3, x, p, 3 * row);
        if (p == 1) break;
        s4 = mac(s4, x, p, 4 * row);
        s5 = mac(s5, x, p, 5 * row);
        s6 = mac(s6, x, p, 6 * row);
        s7 = mac(s7, x, p, 7 * row);
        if (p == 3) break;
        x = v128.load(q, 16);
        s0 = mac(s0, x, p, 16);
        s1 = mac(s1, x, p, row + 16);
        s2 = mac(s2, x, p, 2 * row + 16);
        s3 = mac(s3, x, p, 3 * row + 16);
        if (p == 5) break;
        s4 = mac(s4, x, p, 4 * row + 16);
        s5 = mac(s5, x, p, 5 * row + 16);
        s6 = mac(s6, x, p, 6 * row + 16);
        s7 = mac(s7, x, p, 7 * row + 16);
        if (width > 2) {
          if (p == 21) break;
          x = v128.load(q, 32);
          s0 = mac(s0, x, p, 32);
          s1 = mac(s1, x, p, row + 32);
          s2 = mac(s2, x, p, 2 * row + 32);
          s3 = mac(s3, x, p, 3 * row + 32);
          if (p == 7) break;
          s4 = mac(s4, x, p, 4 * row + 32);
          s5 = mac(s5, x, p, 5 * row + 32);
          s6 = mac(s6, x, p, 6 * row + 32);
          s7 = mac(s7, x, p, 7 * row + 32);
          if (p == 9) break;
          x = v128.load(q, 48);
          s0 = mac(s0, x, p, 48);
          s1 = mac(s1, x, p, row + 48);
          s2 = mac(s2, x, p, 2 * row + 48);
          s3 = mac(s3, x, p, 3 * row + 48);
          if (p == 11) break;
          s4 = mac(s4, x, p, 4 * row + 48);
          s5 = mac(s5, x, p, 5 * row + 48);
          s6 = mac(s6, x, p, 6 * row + 48);
          s7 = mac(s7, x, p, 7 * row + 48);
        }
        p += width > 2 ? 64 : 32;
        q += width > 2 ? 64 : 32;
      } while (q < panelEnd);
      p += rest;
    }
    v128.store(d, f32x4.add(v128.load(d), laneSums(s0, s1, s2, s3)));
    v128.store(d + 16, f32x4.add(v128.load(d + 16), laneSums(s4, s5, s6, s7)));
    d += 32;
    w += 8 * row;
  }
  if (rows == 0) return;
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  while (g < gEnd) {
    const panelEnd = g + row;
    do {
      let x = v128.load(g);
      s0 = mac(s0, x, w, 0);
      s1 = mac(s1, x, w, row);
      s2 = mac(s2, x, w, 2 * row);
      s3 = mac(s3, x, w, 3 * row);
      if (w == 1) break;
      x = v128.load(g, 16);
      s4 = mac(s4, x, w, 16);
      s5 = mac(s5, x, w, row + 16);
      s6 = mac(s6, x, w, 2 * row + 16);
      s7 = mac(s7, x, w, 3 * row + 16);
      w += 32;
      g += 32;
    } while (g < panelEnd);
    w += rest;
  }
  const sums = laneSums(
    f32x4.add(s0, s4), f32x4.add(s1, s5), f32x4.add(s2, s6), f32x4.add(s3, s7),
  );
  v128.store(d, f32x4.add(v128.load(d), sums));
}

/** The same for a width known at run time: 8, 4 or 2. */
export function transposedProduct(
  width: i32, d: usize, w: usize, stride: usize, rows: i32, g: usize, vectors: i32,
): void {
  if (width == 8) backward(8, d, w, stride, rows, g, vectors);
  else if (width == 4) backward(4, d, w, stride, rows, g, vectors);
  else backward(2, d, w, stride, rows, g, vectors);
}
