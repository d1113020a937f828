// Seeded streams that are not linear in their past, for bench:network. None has a season.
import { Random } from '../../dist/recurrent/random.js';

/** Steps thrown away before the first, so that the start is forgotten. */
const BURN_IN = 1_000;

/** Box–Muller. */
function normal(random) {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform(0, 1)));
  return radius * Math.cos(2 * Math.PI * random.uniform(0, 1));
}

/**
 * Mackey–Glass, dx/dt = 0.2 x(t−τ) / (1 + x(t−τ)¹⁰) − 0.1 x, τ = 17, sampled every unit of time
 * (Runge–Kutta, ten steps a unit), with observation noise of standard deviation 0.02.
 * M. Mackey, L. Glass: Oscillation and chaos in physiological control systems. Science 197, 1977.
 */
export function mackeyGlass(steps, seed) {
  const random = new Random(seed);
  const [parts, tau, noise] = [10, 17, 0.02];
  const dt = 1 / parts;
  const delay = tau * parts;
  const past = new Float64Array(delay + 1).fill(1.2);
  const values = new Float64Array(steps);
  let x = 1.2;
  let at = 0;
  const slope = (now, then) => (0.2 * then) / (1 + then ** 10) - 0.1 * now;
  for (let t = -BURN_IN; t < steps; t++) {
    for (let part = 0; part < parts; part++) {
      const then = past[(at + 1) % (delay + 1)];
      const next = past[(at + 2) % (delay + 1)];
      const half = (then + next) / 2;
      const k1 = slope(x, then);
      const k2 = slope(x + (dt * k1) / 2, half);
      const k3 = slope(x + (dt * k2) / 2, half);
      const k4 = slope(x + dt * k3, next);
      x += (dt * (k1 + 2 * k2 + 2 * k3 + k4)) / 6;
      at = (at + 1) % (delay + 1);
      past[at] = x;
    }
    const observed = x + noise * normal(random);
    if (t >= 0) values[t] = observed;
  }
  return values;
}

/**
 * A self-exciting threshold autoregression of two regimes and delay 2, that swings between them:
 * x_t = 0.9 x_{t−1} ∓ 1 + e, − where x_{t−2} > 0, + elsewhere; e of standard deviation 0.3.
 * H. Tong, K. Lim: Threshold autoregression, limit cycles and cyclical data. JRSS B 42, 1980.
 */
export function thresholdAutoregression(steps, seed) {
  const random = new Random(seed);
  const values = new Float64Array(steps);
  let [x, before] = [0, 0];
  for (let t = -BURN_IN; t < steps; t++) {
    const next = 0.9 * x + (before > 0 ? -1 : 1) + 0.3 * normal(random);
    [x, before] = [next, x];
    if (t >= 0) values[t] = x;
  }
  return values;
}

/**
 * Two autoregressions that take turns, unseen, of 150 steps in the mean each (Markov switching):
 * a swing of 12 steps and one of 40, both damped by 0.98 a step; noise of standard deviation 0.3.
 * J. Hamilton: A new approach to the economic analysis of nonstationary time series. 1989.
 */
export function switching(steps, seed) {
  const random = new Random(seed);
  const values = new Float64Array(steps);
  const damping = 0.98;
  let [x, before, period] = [0, 0, 12];
  for (let t = -BURN_IN; t < steps; t++) {
    if (random.uniform(0, 1) < 1 / 150) period = 52 - period;
    const turn = 2 * damping * Math.cos((2 * Math.PI) / period);
    const next = turn * x - damping ** 2 * before + 0.3 * normal(random);
    [x, before] = [next, x];
    if (t >= 0) values[t] = x;
  }
  return values;
}
