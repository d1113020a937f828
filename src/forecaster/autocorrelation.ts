/**
 * Correlation of a series with itself at every lag, by the fast Fourier transform: mean product of
 * what is `lag` apart ÷ mean square. The series is taken as of mean zero.
 * N. Wiener, A. Khinchin: the autocorrelation is the transform of the power spectrum.
 *
 * @returns a value a lag, from 0 to half the length; 0 for a constant
 */
export function autocorrelation(y: Float64Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(2 * Math.max(1, y.length)));
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  real.set(y);
  transform(real, imaginary);
  for (let i = 0; i < size; i++) {
    real[i] = real[i]! ** 2 + imaginary[i]! ** 2;
    imaginary[i] = 0;
  }
  transform(real, imaginary);
  const out = new Float64Array((y.length >> 1) + 1);
  const square = real[0]! / y.length;
  if (!(square > 0)) return out;
  for (let lag = 0; lag < out.length; lag++) out[lag] = real[lag]! / (y.length - lag) / square;
  return out;
}

/** In place; of a power of two of values (J. W. Cooley, J. W. Tukey, 1965: radix 2). */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [real[i], real[j]] = [real[j]!, real[i]!];
    [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
  }
  const cosine = Float64Array.from({ length: n >> 1 }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sine = Float64Array.from({ length: n >> 1 }, (_, i) => -Math.sin((2 * Math.PI * i) / n));
  for (let half = 1; half < n; half *= 2) {
    const stride = n / (2 * half);
    for (let first = 0; first < n; first += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cosine[k * stride]!;
        const s = sine[k * stride]!;
        const a = first + k;
        const b = a + half;
        const re = real[b]! * c - imaginary[b]! * s;
        const im = real[b]! * s + imaginary[b]! * c;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a] = real[a]! + re;
        imaginary[a] = imaginary[a]! + im;
      }
    }
  }
}
