/** Seeded random streams for tests (mulberry32; the sum of twelve uniforms as the normal). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Mean 0, standard deviation 1, within ±6. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform();
    return sum;
  }
}

export function randomWalk(steps: number, seed: number): Float64Array {
  const random = new Random(seed);
  let value = 100;
  return Float64Array.from({ length: steps }, () => {
    value += random.normal();
    return value;
  });
}

/** x_t = phi x_{t-1} + noise */
export function autoregression(steps: number, phi: number, seed: number): Float64Array {
  const random = new Random(seed);
  let value = 0;
  return Float64Array.from({ length: steps }, () => {
    value = phi * value + random.normal();
    return value;
  });
}

/** A sine of amplitude 10 around 50, with noise of standard deviation `noise`. */
export function sine(steps: number, period: number, noise: number, seed: number): Float64Array {
  const random = new Random(seed);
  return Float64Array.from(
    { length: steps },
    (_, i) => 50 + 10 * Math.sin((2 * Math.PI * i) / period) + noise * random.normal(),
  );
}

/** Prices whose log returns have the standard deviation `sd`: a geometric random walk. */
export function prices(steps: number, sd: number, seed: number): Float64Array {
  return randomWalk(steps, seed).map((value) => 50 * Math.exp(sd * (value - 100)));
}

/** Prices by GARCH(1,1), σ²_t = ω + α r²_{t−1} + β σ²_{t−1}, and the true σ of each step. */
export function garch(
  steps: number,
  { mean = 0.01, alpha = 0.1, beta = 0.88 },
  seed: number,
): { readonly price: Float64Array; readonly sd: Float64Array } {
  const random = new Random(seed);
  const omega = mean ** 2 * (1 - alpha - beta);
  const price = new Float64Array(steps);
  const sd = new Float64Array(steps);
  let variance = mean ** 2;
  let logPrice = Math.log(50);
  for (let i = 0; i < steps; i++) {
    sd[i] = Math.sqrt(variance);
    const change = sd[i]! * random.normal();
    logPrice += change;
    price[i] = Math.exp(logPrice);
    variance = omega + alpha * change ** 2 + beta * variance;
  }
  return { price, sd };
}
