/** Seeded streams on which a combination of forecasts may go wrong, each in its own way. */
import { autoregression, Random, randomWalk } from './streams.ts';

export interface HardStream {
  readonly name: string;
  readonly seasonSteps: readonly number[];
  readonly values: Float64Array;
  /** Steps left out of the score: there the best in hindsight cannot be known yet. */
  readonly warmUpSteps: number;
}

const STEPS = 5_000;
const WARM_UP_STEPS = 1_000;
const SEASON = 24;

/** 50 + amplitude × the season's shape: two harmonics. */
function seasonal(i: number, season = SEASON): number {
  const angle = (2 * Math.PI * i) / season;
  return 10 * Math.sin(angle) + 4 * Math.cos(2 * angle);
}

const FORMS: Record<string, (seed: number) => (i: number) => number> = {
  'white noise': (seed) => {
    const random = new Random(seed);
    return () => random.normal();
  },
  'sine and noise': (seed) => {
    const random = new Random(seed);
    return (i) => 10 * Math.sin((2 * Math.PI * i) / SEASON) + 3 * random.normal();
  },
  'trend with breaks': (seed) => {
    const random = new Random(seed);
    let slope = 0.2;
    let level = 0;
    return (i) => {
      if (i % 400 === 0) slope = 0.3 * random.normal();
      if (i % 700 === 699) level += 30 * random.normal();
      level += slope;
      return level + random.normal();
    };
  },
  'season of changing amplitude': (seed) => {
    const random = new Random(seed);
    return (i) => (1 + 0.8 * Math.sin(i / 300)) * seasonal(i) + 2 * random.normal();
  },
  'sparse counts': (seed) => {
    const random = new Random(seed);
    return (i) => {
      const rate = 0.1 + 0.08 * Math.sin((2 * Math.PI * i) / SEASON);
      return random.uniform() < rate ? 1 + Math.floor(3 * random.uniform()) : 0;
    };
  },
  'constant with spikes': (seed) => {
    const random = new Random(seed);
    return () => (random.uniform() < 0.01 ? 20 + 100 * random.uniform() : 20);
  },
  'two regimes': (seed) => {
    const random = new Random(seed);
    let value = 0;
    return (i) => {
      const phi = Math.floor(i / 500) % 2 === 0 ? 0.95 : -0.7;
      value = phi * value + random.normal();
      return value;
    };
  },
  'a sensor that dies and comes back': (seed) => {
    const random = new Random(seed);
    return (i) => (i % 1_000 >= 800 ? 0 : 30 + seasonal(i) + random.normal());
  },
  'a quantised sensor': (seed) => {
    const random = new Random(seed);
    let slow = 0;
    return (i) => {
      slow = 0.99 * slow + 0.1 * random.normal();
      return 5 * Math.round((0.25 * seasonal(i) + 3 * slow + 0.3 * random.normal()) / 5);
    };
  },
};

/** Two levels; stays for 150 to 450 steps at each. */
function squareWave(steps: number, seed: number): Float64Array {
  const random = new Random(seed);
  let level = 10;
  let left = 0;
  return Float64Array.from({ length: steps }, () => {
    if (left-- <= 0) {
      level = 90 - level;
      left = 150 + Math.floor(300 * random.uniform());
    }
    return level + 0.1 * random.normal();
  });
}

export function hardStreams(): HardStream[] {
  const streams: HardStream[] = [];
  const add = (name: string, seasonSteps: number[], values: Float64Array, warmUp: number) =>
    streams.push({ name, seasonSteps, values, warmUpSteps: warmUp });
  for (const [steps, seeds] of [
    [400, 6],
    [2_000, 3],
    [20_000, 1],
  ] as const) {
    for (let seed = 1; seed <= seeds; seed++) {
      add(`random walk ${steps} (${seed})`, [SEASON], randomWalk(steps, seed), 0);
    }
  }
  add('random walk 2000, no season', [], randomWalk(2_000, 11), 0);
  add('AR(1) .8', [SEASON], autoregression(STEPS, 0.8, 12), WARM_UP_STEPS);
  add('AR(1) .8, no season', [], autoregression(STEPS, 0.8, 13), WARM_UP_STEPS);
  add('square wave, jumping', [288], squareWave(STEPS, 14), WARM_UP_STEPS);
  let seed = 20;
  for (const [name, form] of Object.entries(FORMS)) {
    const at = form(seed++);
    add(
      name,
      [SEASON],
      Float64Array.from({ length: STEPS }, (_, i) => at(i)),
      WARM_UP_STEPS,
    );
  }
  return streams;
}
