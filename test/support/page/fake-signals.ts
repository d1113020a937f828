/**
 * Series for tests and pictures of the page. All that is shown is a function of a series' number and
 * of the time, so two servers with the same clock show the same.
 */
import type { SeriesState } from '../../../src/observe/monitor.ts';

export interface FakeSeries {
  readonly id: number;
  readonly name: string;
  readonly stream: string;
  readonly kind: 'number' | 'symbol';
  readonly state: SeriesState;
  readonly everyMs: number;
  readonly base: number;
  readonly swing: number;
  /** Steps. */
  readonly season: number;
  readonly noise: number;
  readonly skill: number;
  readonly coverage: number;
}

export const SYMBOLS = ['idle', 'heating', 'pressing', 'cooling', 'fault'];

type Draft = [name: string, stream: string, everyMs: number, base: number, swing: number];

const CURATED: readonly Draft[] = [
  ['plant/boiler-1/flow_temperature', 'plant', 5_000, 64, 7],
  ['plant/boiler-1/return_temperature', 'plant', 5_000, 48, 5],
  ['plant/compressor-2/current', 'plant', 5_000, 18.4, 3.1],
  ['plant/press-3/mode', 'plant', 5_000, 0, 0],
  ['site/roof/pv_power', 'energy', 5_000, 4_200, 3_900],
  ['site/grid/frequency', 'energy', 5_000, 50, 0.03],
  ['site/meter-1/active_power', 'energy', 5_000, 12_500, 2_900],
  ['market/EURUSD/close', 'market', 5_000, 1.0842, 0.004],
];
const ROOMS = ['hall-1', 'hall-2', 'store', 'office', 'lab', 'yard', 'dock', 'cellar'];
const QUANTITIES: readonly (readonly [string, number, number])[] = [
  ['temperature', 21.5, 2.4],
  ['humidity', 46, 9],
  ['co2', 620, 180],
  ['pressure', 1_013.2, 4.5],
  ['power', 850, 420],
];

/** @param extra names of further series, e.g. such as try to be markup */
export function fakeSeries(count: number, extra: readonly string[] = []): FakeSeries[] {
  const all = Array.from({ length: count }, (_, id) => specify(id, draft(id)));
  for (const name of extra) all.push(specify(all.length, [name, 'extra', 5_000, 20, 2]));
  return all;
}

function draft(id: number): Draft {
  const curated = CURATED[id];
  if (curated) return curated;
  const room = ROOMS[id % ROOMS.length]!;
  const [quantity, base, swing] = QUANTITIES[Math.floor(id / ROOMS.length) % QUANTITIES.length]!;
  const node = String(Math.floor(id / (ROOMS.length * QUANTITIES.length))).padStart(3, '0');
  return [`sensors/${room}/node-${node}/${quantity}`, 'sensors', 5_000, base, swing];
}

function specify(id: number, [name, stream, everyMs, base, swing]: Draft): FakeSeries {
  const state = stateOf(id);
  const well = state === 'good' ? 1 : 0;
  return {
    ...{ id, name, stream, everyMs, base, swing, state },
    kind: swing === 0 ? 'symbol' : 'number',
    season: 60 + Math.floor(40 * chance(id, 1)),
    noise: swing * (0.08 + 0.1 * chance(id, 2)),
    skill: state === 'failing' ? -0.4 * chance(id, 3) - 0.1 : 0.08 + 0.5 * chance(id, 3),
    coverage: 0.9 + (well ? 0.03 : -0.09) * (chance(id, 4) - (well ? 0.5 : -0.3)),
  };
}

function stateOf(id: number): SeriesState {
  if (id < CURATED.length) return 'good';
  if (id === CURATED.length) return 'learning';
  const draw = chance(id, 5);
  if (draw < 0.82) return 'good';
  if (draw < 0.89) return 'learning';
  if (draw < 0.95) return 'drifting';
  return draw < 0.985 ? 'stale' : 'failing';
}

/** In [0, 1), of two whole numbers. */
export function chance(a: number, b: number): number {
  let t = Math.imul(a + 0x6d2b79f5, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** Deviation 1, within ±3.5. */
export function normal(a: number, b: number): number {
  let sum = -2;
  for (let i = 0; i < 4; i++) sum += chance(a + 7_919 * (i + 1), b);
  return sum * Math.sqrt(3);
}

/** What can be known of step k. */
export function signal({ id, base, swing, season, name }: FakeSeries, k: number): number {
  const phase = (2 * Math.PI * k) / season + id;
  const wander = 0.35 * smooth(id, k / 45) + 0.2 * smooth(id + 1_000, k / 14);
  const shape = Math.sin(phase) + 0.28 * Math.sin(2 * phase + 1) + wander;
  const value = base + 0.55 * swing * shape;
  return name.endsWith('pv_power') ? Math.max(0, value) : value;
}

export function value(series: FakeSeries, k: number): number | null {
  const { id, noise, name } = series;
  if (chance(id + 31, k) < 0.004) return null;
  const spike = isOdd(series, k) ? 6 * Math.sign(normal(id, k)) : 0;
  const told = signal(series, k) + noise * (0.8 * normal(id, k) + spike);
  return name.endsWith('pv_power') ? Math.max(0, told) : told;
}

/** Whether step k is unlike all others. */
export function isOdd({ id }: FakeSeries, k: number): boolean {
  return chance(id + 57, k) < 0.012;
}

export function anomaly(series: FakeSeries, k: number): number {
  const draw = chance(series.id + 91, k);
  return isOdd(series, k) ? 0.62 + 0.33 * draw : 0.34 * draw * draw;
}

export function mean(series: FakeSeries, k: number, lead: number): number {
  const miss = 0.16 * Math.sqrt(lead) * smooth(series.id + 500, k / 6);
  return signal(series, k) + series.noise * miss;
}

/** Half width of the interval that holds 90 % or, with `part` .78, 80 %. */
export function reach(series: FakeSeries, lead: number, part = 1): number {
  return 1.3 * part * series.noise * (1 + 0.09 * Math.sqrt(lead));
}

/** A machine's cycle: so many steps in each of its symbols. */
export function symbolAt({ id }: FakeSeries, k: number): number {
  const lap = Math.floor(k / 24);
  if (chance(id, lap) < 0.06 && k % 24 > 18) return 4;
  const late = Math.floor(3 * chance(id + 3, lap));
  const at = k % 24;
  if (at < 5 + late) return 0;
  if (at < 10 + late) return 1;
  return at < 17 + late ? 2 : 3;
}

/** Between −1 and 1, without jumps. */
function smooth(seed: number, at: number): number {
  const left = Math.floor(at);
  const part = at - left;
  const ease = part * part * (3 - 2 * part);
  const [a, b] = [2 * chance(seed, left) - 1, 2 * chance(seed, left + 1) - 1];
  return a + ease * (b - a);
}
