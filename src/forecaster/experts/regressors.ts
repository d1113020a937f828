/**
 * The regressors of the linear experts, in typical deviations of the series (z) and bounded.
 * With x the newest value, S the shortest season, m its profile (the mean of each phase):
 *
 *     1, x                         bias and level
 *     x[-i] − x                    lags
 *     E_τ − x                      exponential averages over τ = S/8 … 30 S
 *     m[+i] − m                    what the season does next
 *     x − m                        deviation from the profile
 *     sin, cos (2πk t / S)         the season itself, and times {x − m, last change, E_S − x}:
 *                                  coefficients that vary over the season
 *     innovations                  the newest one-step error, and averages of them
 *     g[+h] − x                    the guide's forecasts (another expert's), at some leads
 *     y, Δy                        companions: other channels of the stream
 *     u, u[+i] − u                 covariates known ahead (known-ahead.ts)
 *
 * A missing value is bridged by the last known one, moved along the profile.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { clamp, Scaler } from '../scaler.ts';
import type { History } from './expert.ts';
import { KnownAhead } from './known-ahead.ts';
import { SeasonProfile } from './season-profile.ts';

/** Bound on every regressor, in typical deviations. */
const REGRESSOR_MAX = 10;
/** Memory of the scale. */
const SCALE_STEPS = 5_000;
const SCALE_SEASONS = 60;
/** Averages, in 24ths of a season (hours, for a daily one); in steps where there is no season. */
const AVERAGES = [3, 8, 24, 72, 168, 720];
const SEASON_AVERAGE = 2;
/** Averages of innovations, likewise. */
const INNOVATION_AVERAGES = [3, 12];

export interface RegressorPlan {
  /** The shortest season; undefined where there is none. */
  readonly seasonSteps: number | undefined;
  readonly everyMs: number;
  readonly lags: readonly number[];
  readonly harmonics: number;
  /** Whether the averages are in, and the season's interaction with the last season's mean. */
  readonly averages: boolean;
  /** Leads at which the guide's forecast is read (1-based); empty: no guide. */
  readonly guideLeads: readonly number[];
  /** Other channels. */
  readonly companions: number;
  /** Covariates known ahead, and how far; undefined: none. */
  readonly ahead?: { readonly covariates: number; readonly horizon: number };
}

export class Regressors {
  readonly count: number;
  /** The newest value, bridged where it is missing; series' units. */
  base = Number.NaN;
  readonly #plan: RegressorPlan;
  readonly #level: Scaler;
  readonly #profile: SeasonProfile;
  readonly #profileSteps: readonly number[];
  readonly #ring: Float64Array;
  readonly #averages: Float64Array;
  readonly #innovations = new Float64Array(1 + INNOVATION_AVERAGES.length);
  /** Sines and cosines of one turn of the season. */
  readonly #wave: Float64Array;
  readonly #companionLevel: readonly Scaler[];
  /** Newest and previous value of each companion. */
  readonly #companions: Float64Array;
  readonly #known: KnownAhead;
  #expected = Number.NaN;
  #steps = 0;
  /** Place in the season's count, kept through restarts. */
  #index = 0;
  #timeMs = Number.NaN;
  #fresh = true;

  constructor(plan: RegressorPlan) {
    const season = plan.seasonSteps ?? 1;
    this.#plan = plan;
    this.#level = new Scaler(Math.max(SCALE_STEPS, SCALE_SEASONS * season));
    this.#profile = new SeasonProfile(season);
    this.#profileSteps = plan.seasonSteps === undefined ? [] : profileSteps(plan.seasonSteps);
    this.#ring = new Float64Array(2 ** Math.ceil(Math.log2(Math.max(2, ...plan.lags) + 1)));
    this.#averages = new Float64Array(AVERAGES.length);
    this.#wave = waveOf(season);
    this.#companionLevel = Array.from(
      { length: plan.companions },
      () => new Scaler(Math.max(SCALE_STEPS, SCALE_SEASONS * season)),
    );
    this.#companions = new Float64Array(2 * plan.companions).fill(Number.NaN);
    this.#known = new KnownAhead(plan.ahead?.covariates ?? 0, plan.ahead?.horizon ?? 1);
    const harmonic = 2 * plan.harmonics * (3 + (plan.averages ? 1 : 0));
    this.count =
      2 +
      plan.lags.length +
      (plan.averages ? AVERAGES.length : 0) +
      (plan.seasonSteps === undefined ? 1 : this.#profileSteps.length + 2 + harmonic) +
      this.#innovations.length +
      plan.guideLeads.length +
      2 * plan.companions +
      this.#known.count;
  }

  /** About one standard deviation of the series; 0 while it is constant. */
  get scale(): number {
    return this.#level.scale;
  }

  /** Steps of the plan's season and averages that the series has had. */
  get steps(): number {
    return this.#steps;
  }

  /** The one-step forecast made now: what the next value's innovation is measured from. */
  expect(value: number): void {
    this.#expected = value;
  }

  /** Takes the newest step in. */
  add(history: History): void {
    const season = this.#plan.seasonSteps ?? 1;
    const elapsed = this.#fresh ? (history.timeMs - this.#timeMs) / this.#plan.everyMs : 1;
    this.#index += Number.isFinite(elapsed) ? Math.max(1, Math.round(elapsed)) : 1;
    this.#timeMs = history.timeMs;
    const phase = this.#index % season;
    const value = history.at(0);
    const known = !Number.isNaN(value);
    if (known) {
      this.#level.add(value);
      this.#profile.add(phase, value);
      this.#addInnovation(value);
      this.base = value;
    } else {
      this.base += this.#profile.rise((this.#index - 1 + season) % season, phase);
    }
    if (this.#fresh) this.#ring.fill(this.base);
    this.#fresh = false;
    this.#ring[this.#steps & (this.#ring.length - 1)] = this.base;
    this.#steps++;
    this.#addAverages();
    for (let i = 0; i < this.#plan.companions; i++) {
      const companion = history.companions[i]!;
      this.#companions[2 * i + 1] = this.#companions[2 * i]!;
      if (Number.isNaN(companion)) continue;
      this.#companionLevel[i]!.add(companion);
      this.#companions[2 * i] = companion;
    }
    this.#known.add(history);
  }

  #addInnovation(value: number): void {
    const error = Number.isNaN(this.#expected) ? 0 : value - this.#expected;
    const limited = this.scale > 0 ? clamp(error, REGRESSOR_MAX * this.scale) : 0;
    this.#innovations[0] = limited;
    for (let i = 0; i < INNOVATION_AVERAGES.length; i++) {
      const rate = 1 / Math.max(1, INNOVATION_AVERAGES[i]! * this.#unit());
      this.#innovations[i + 1]! += rate * (limited - this.#innovations[i + 1]!);
    }
    this.#expected = Number.NaN;
  }

  #addAverages(): void {
    for (let i = 0; i < AVERAGES.length; i++) {
      const memory = AVERAGES[i]! * this.#unit();
      const rate = Math.max(1 / this.#steps, 1 - Math.exp(-1 / memory));
      this.#averages[i]! += rate * (this.base - this.#averages[i]!);
    }
  }

  /** Steps of a 24th of the season. */
  #unit(): number {
    return this.#plan.seasonSteps === undefined ? 1 : this.#plan.seasonSteps / 24;
  }

  /**
   * @param out [count]
   * @param guide another expert's newest forecast, a value a lead
   */
  fill(out: Float64Array, guide: Float64Array | undefined): void {
    const { lags, averages, guideLeads } = this.#plan;
    const { base } = this;
    let n = 0;
    out[n++] = 1;
    out[n++] = this.#level.scaled(base, REGRESSOR_MAX);
    const mask = this.#ring.length - 1;
    for (let i = 0; i < lags.length; i++) {
      out[n++] = this.#scaled(this.#ring[(this.#steps - 1 - lags[i]!) & mask]! - base);
    }
    if (averages) {
      for (let i = 0; i < AVERAGES.length; i++) out[n++] = this.#scaled(this.#averages[i]! - base);
    }
    n = this.#fillSeason(out, n);
    for (const innovation of this.#innovations) out[n++] = this.#scaled(innovation);
    for (const lead of guideLeads) {
      const forecast = guide?.[lead - 1] ?? Number.NaN;
      out[n++] = Number.isNaN(forecast) ? 0 : this.#scaled(forecast - base);
    }
    for (let i = 0; i < this.#companionLevel.length; i++) {
      const newest = this.#companions[2 * i]!;
      const change = newest - this.#companions[2 * i + 1]!;
      const { center, scale } = this.#companionLevel[i]!;
      out[n++] = scale > 0 ? clamp((newest - center) / scale, REGRESSOR_MAX) : 0;
      out[n++] = scale > 0 && !Number.isNaN(change) ? clamp(change / scale, REGRESSOR_MAX) : 0;
    }
    this.#known.fill(out, n);
  }

  #fillSeason(out: Float64Array, first: number): number {
    const { seasonSteps, harmonics, averages } = this.#plan;
    const mask = this.#ring.length - 1;
    const lastChange = this.base - this.#ring[(this.#steps - 2) & mask]!;
    let n = first;
    if (seasonSteps === undefined) {
      out[n++] = Math.abs(this.#scaled(lastChange));
      return n;
    }
    const phase = this.#index % seasonSteps;
    for (const ahead of this.#profileSteps) {
      out[n++] = this.#scaled(this.#profile.rise(phase, (phase + ahead) % seasonSteps));
    }
    const deviation = this.#scaled(this.#profile.deviation(phase, this.base));
    out[n++] = deviation;
    const change = this.#scaled(lastChange * Math.max(1, Math.sqrt(seasonSteps / 24)));
    out[n++] = change;
    const toMean = this.#scaled(this.#averages[SEASON_AVERAGE]! - this.base);
    for (let k = 1; k <= harmonics; k++) {
      const place = (k * phase) % seasonSteps;
      const sine = this.#wave[place]!;
      const cosine = this.#wave[seasonSteps + place]!;
      out[n++] = sine;
      out[n++] = cosine;
      out[n++] = sine * deviation;
      out[n++] = cosine * deviation;
      out[n++] = sine * change;
      out[n++] = cosine * change;
      if (!averages) continue;
      out[n++] = sine * toMean;
      out[n++] = cosine * toMean;
    }
    return n;
  }

  #scaled(difference: number): number {
    const { scale } = this.#level;
    return scale > 0 ? clamp(difference / scale, REGRESSOR_MAX) : 0;
  }

  /** A long gap: neighbouring steps are none any more; the place in the season is found by time. */
  restart(): void {
    this.#fresh = true;
    this.#expected = Number.NaN;
    this.#innovations.fill(0);
  }

  save(out: ByteWriter): void {
    this.#level.save(out);
    this.#profile.save(out);
    out.numbers(this.#ring).numbers(this.#averages).numbers(this.#innovations);
    for (const level of this.#companionLevel) level.save(out);
    this.#known.save(out);
    out.numbers(this.#companions).number(this.base).number(this.#expected);
    out.number(this.#steps).number(this.#index).number(this.#timeMs);
    out.number(this.#fresh ? 1 : 0);
  }

  load(from: ByteReader): void {
    this.#level.load(from);
    this.#profile.load(from);
    from.numbers(this.#ring, 'lags');
    from.numbers(this.#averages, 'averages');
    from.numbers(this.#innovations, 'innovations');
    for (const level of this.#companionLevel) level.load(from);
    this.#known.load(from);
    from.numbers(this.#companions, 'companions');
    this.base = from.number();
    this.#expected = from.number();
    this.#steps = from.number();
    this.#index = from.number();
    this.#timeMs = from.number();
    this.#fresh = from.number() === 1;
  }
}

/** Waves by season, the same for all series. */
const waves = new Map<number, Float64Array>();
const WAVES_MAX = 32;

/** Sines, then cosines of one turn [2 × season]; not to be written to. */
function waveOf(season: number): Float64Array {
  const found = waves.get(season);
  if (found) return found;
  const wave = new Float64Array(2 * season);
  for (let i = 0; i < season; i++) {
    wave[i] = Math.sin((2 * Math.PI * i) / season);
    wave[season + i] = Math.cos((2 * Math.PI * i) / season);
  }
  if (waves.size === WAVES_MAX) waves.clear();
  waves.set(season, wave);
  return wave;
}

/** Every second 24th of the season, from the first. */
function profileSteps(seasonSteps: number): number[] {
  const steps = new Set<number>();
  for (let i = 1; i < 24; i += 2) steps.add(Math.max(1, Math.round((i * seasonSteps) / 24)));
  steps.delete(seasonSteps);
  return [...steps];
}
