/**
 * Analogs: nearest neighbours of the same phase of the season. What followed the past days most
 * like today, on average, moved to today's level.
 *
 * Likeness weighs the past exponentially, so the distance to the day k seasons ago needs no window
 * and moves on with each step. With d = x_t − x_{t−kS} and e^{−1/τ} the decay:
 *
 *     A_k ← A_k e^{−1/τ} + d²,  B_k ← B_k e^{−1/τ} + d,  W_k ← W_k e^{−1/τ} + 1
 *     mean difference μ = B/W,  variance of the difference v = A/W − μ²
 *     distance = (v + c μ²)(1 + r k): the shape counts most, then the level, then age
 *
 * Forecast of lead h: weighted mean over the neighbours of x_{t−kS+h} + (1 − l) μ_k.
 * One step costs O(seasons); nothing of it is a fit, so nothing can diverge.
 */
import { ByteReader, ByteWriter } from '../../store/bytes.ts';
import type { Expert, History } from './expert.ts';

/** c, r and l above. */
const LEVEL_SHARE = 0.1;
const AGE_PENALTY = 0.005;
const LEVEL_LOSS = 0.2;
const NEIGHBOURS_MAX = 30;
const NEIGHBOURS_MIN = 3;
/** Of the seasons known, one in so many is a neighbour. */
const NEIGHBOUR_SHARE = 3;
/** Weight of a neighbour at relative distance q (1 = the farthest one): e^(−q × this). */
const SHARPNESS = 4;
/** A past season must overlap the present for so much of τ to be compared. */
const OVERLAP = 0.5;

export interface AnalogSettings {
  readonly name: string;
  readonly horizon: number;
  readonly seasonSteps: number;
  /** τ: how far back likeness reaches. */
  readonly memorySteps: number;
  /** Seasons searched. */
  readonly seasons: number;
}

export class Analog implements Expert {
  readonly name: string;
  readonly historySteps: number;
  /** The newest forecast. */
  readonly latest: Float64Array;
  readonly #settings: AnalogSettings;
  /** A, B, W for each season back, from 1. */
  readonly #squares: Float64Array;
  readonly #differences: Float64Array;
  readonly #weights: Float64Array;
  readonly #nearest = new Float64Array(NEIGHBOURS_MAX);
  readonly #nearestSeason = new Int32Array(NEIGHBOURS_MAX);
  /** Weights of the nearest; room for a whole number of fours. */
  readonly #shares = new Float64Array(NEIGHBOURS_MAX + 3);

  constructor(settings: AnalogSettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.historySteps = settings.seasons * settings.seasonSteps + 1;
    this.latest = new Float64Array(settings.horizon).fill(Number.NaN);
    this.#squares = new Float64Array(settings.seasons + 1);
    this.#differences = new Float64Array(settings.seasons + 1);
    this.#weights = new Float64Array(settings.seasons + 1);
  }

  learn(history: History): void {
    const { seasonSteps, memorySteps, seasons } = this.#settings;
    const keep = Math.exp(-1 / memorySteps);
    const value = history.at(0);
    const known = Math.min(seasons, Math.floor((history.steps - 1) / seasonSteps));
    const squares = this.#squares;
    const differences = this.#differences;
    const weights = this.#weights;
    const { ring } = history;
    let place = history.place(0);
    for (let k = 1; k <= known; k++) {
      place -= seasonSteps;
      if (place < 0) place += ring.length;
      const difference = value - ring[place]!;
      const heard = Number.isNaN(difference) ? 0 : 1;
      const counted = heard === 1 ? difference : 0;
      squares[k] = squares[k]! * keep + counted * counted;
      differences[k] = differences[k]! * keep + counted;
      weights[k] = weights[k]! * keep + heard;
    }
  }

  forecast(history: History, out: Float64Array): void {
    const neighbours = this.#search();
    const far = this.#nearest[neighbours - 1]!;
    for (let i = 0; i < neighbours; i++) {
      const distance = this.#nearest[i]!;
      this.#shares[i] = far > 0 ? Math.exp((-SHARPNESS * distance) / far) : 1;
    }
    if (neighbours === 0) out.fill(Number.NaN);
    // As a rule nothing is missing, and one total serves all leads.
    else if (!this.#blend(history, neighbours, out)) this.#blendKnown(history, neighbours, out);
    this.latest.set(out);
  }

  /** The weighted mean of what followed the neighbours. @returns whether nothing was missing */
  #blend(history: History, neighbours: number, out: Float64Array): boolean {
    out.fill(0);
    let total = 0;
    let shift = 0;
    for (let i = 0; i < neighbours; i++) {
      total += this.#shares[i]!;
      shift += this.#shares[i]! * this.#shift(i);
    }
    // Beyond the last neighbour the shares are 0.
    this.#shares.fill(0, neighbours);
    for (let i = 0; i < neighbours; i += 4) this.#addFour(history, i, out);
    let known = true;
    for (let h = 0; h < out.length; h++) {
      out[h] = (out[h]! + shift) / total;
      known = known && !Number.isNaN(out[h]);
    }
    return known;
  }

  /** Four neighbours in one pass over the leads: it is the memory that takes the time. */
  #addFour(history: History, first: number, out: Float64Array): void {
    const { ring } = history;
    const size = ring.length;
    const shares = this.#shares;
    const [s0, s1] = [shares[first]!, shares[first + 1]!];
    const [s2, s3] = [shares[first + 2]!, shares[first + 3]!];
    let p0 = this.#following(history, first);
    let p1 = s1 > 0 ? this.#following(history, first + 1) : p0;
    let p2 = s2 > 0 ? this.#following(history, first + 2) : p0;
    let p3 = s3 > 0 ? this.#following(history, first + 3) : p0;
    for (let h = 0; h < out.length; h++) {
      out[h]! += s0 * ring[p0]! + s1 * ring[p1]! + (s2 * ring[p2]! + s3 * ring[p3]!);
      p0 = p0 + 1 === size ? 0 : p0 + 1;
      p1 = p1 + 1 === size ? 0 : p1 + 1;
      p2 = p2 + 1 === size ? 0 : p2 + 1;
      p3 = p3 + 1 === size ? 0 : p3 + 1;
    }
  }

  /** The same, lead by lead over what is known. */
  #blendKnown(history: History, neighbours: number, out: Float64Array): void {
    const { ring } = history;
    const total = new Float64Array(out.length);
    out.fill(0);
    for (let i = 0; i < neighbours; i++) {
      const share = this.#shares[i]!;
      const shift = this.#shift(i);
      let place = this.#following(history, i);
      for (let h = 0; h < out.length; h++) {
        const value = ring[place]!;
        place = place + 1 === ring.length ? 0 : place + 1;
        if (Number.isNaN(value)) continue;
        out[h]! += share * (value + shift);
        total[h]! += share;
      }
    }
    for (let h = 0; h < out.length; h++) out[h]! /= total[h]!;
  }

  /** From a neighbour's level to today's. */
  #shift(neighbour: number): number {
    const k = this.#nearestSeason[neighbour]!;
    return ((1 - LEVEL_LOSS) * this.#differences[k]!) / this.#weights[k]!;
  }

  /** Place in the ring of what came next. */
  #following(history: History, neighbour: number): number {
    return history.place(this.#nearestSeason[neighbour]! * this.#settings.seasonSteps - 1);
  }

  /** Fills `#nearest`, nearest first; returns how many there are, 0 if too few. */
  #search(): number {
    const { seasonSteps, memorySteps, horizon, seasons } = this.#settings;
    const enough = OVERLAP * Math.min(memorySteps, seasonSteps);
    const squares = this.#squares;
    const differences = this.#differences;
    const weights = this.#weights;
    const nearest = this.#nearest;
    const nearestSeason = this.#nearestSeason;
    let known = 0;
    while (known < seasons && weights[known + 1]! > 0) known++;
    const wanted = Math.min(NEIGHBOURS_MAX, Math.ceil(known / NEIGHBOUR_SHARE));
    if (wanted < NEIGHBOURS_MIN) return 0;
    let found = 0;
    let farthest = Number.POSITIVE_INFINITY;
    // Nearer seasons than the horizon spans have no past for the longest lead.
    for (let k = Math.ceil(horizon / seasonSteps); k <= known; k++) {
      const weight = weights[k]!;
      if (weight < enough) continue;
      const inverse = 1 / weight;
      const mean = differences[k]! * inverse;
      const square = mean * mean;
      const spread = Math.max(0, squares[k]! * inverse - square);
      const distance = (spread + LEVEL_SHARE * square) * (1 + AGE_PENALTY * k);
      if (!(distance < farthest)) continue;
      let at = found < wanted ? found++ : found - 1;
      for (; at > 0 && nearest[at - 1]! > distance; at--) {
        nearest[at] = nearest[at - 1]!;
        nearestSeason[at] = nearestSeason[at - 1]!;
      }
      nearest[at] = distance;
      nearestSeason[at] = k;
      if (found === wanted) farthest = nearest[found - 1]!;
    }
    return found < NEIGHBOURS_MIN ? 0 : found;
  }

  /** The history begins anew, and with it every comparison. */
  restart(): void {
    this.#squares.fill(0);
    this.#differences.fill(0);
    this.#weights.fill(0);
    this.latest.fill(Number.NaN);
  }

  save(): Uint8Array {
    const out = new ByteWriter().numbers(this.latest).numbers(this.#squares);
    return out.numbers(this.#differences).numbers(this.#weights).finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    from.numbers(this.latest, 'analog forecast');
    from.numbers(this.#squares, 'analog squares');
    from.numbers(this.#differences, 'analog differences');
    from.numbers(this.#weights, 'analog weights');
    from.end();
  }
}
