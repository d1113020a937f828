/** The whole length of a series in a few hundred stretches of equal length. */
import type { SeriesPoints } from '../../store/points.ts';
import type { Outcome } from '../metrics.ts';
import { round } from './round.ts';

export interface BucketsView {
  /** Middle of each stretch, s since the epoch. */
  readonly time: number[];
  readonly steps: number;
  readonly min: (number | null)[];
  readonly max: (number | null)[];
  readonly anomaly: (number | null)[];
  /** By place in the report's leads. */
  readonly coverage: readonly (number | null)[][];
  readonly mae: readonly (number | null)[][];
  readonly weights: readonly Readonly<Record<string, number[]>>[];
}

interface Bucket {
  readonly firstMs: number;
  lastMs: number;
  min: number;
  max: number;
  anomaly: number;
  readonly leads: readonly LeadBucket[];
}

interface LeadBucket {
  count: number;
  inside: number;
  absolute: number;
  weighed: number;
  readonly weights: Map<string, number>;
}

export class Buckets {
  readonly #steps: number;
  readonly #leads: readonly number[];
  readonly #buckets = new Map<number, Bucket>();

  /** @param steps that are expected; more make more buckets */
  constructor(count: number, steps: number, leads: readonly number[]) {
    this.#steps = Math.max(1, Math.ceil(steps / count));
    this.#leads = leads;
  }

  add(step: number, points: SeriesPoints, outcomes: readonly (Outcome | undefined)[]): void {
    const bucket = this.#bucketOf(step, points.issuedMs);
    bucket.lastMs = points.issuedMs;
    if (!Number.isNaN(points.actual)) {
      bucket.min = Math.min(bucket.min, points.actual);
      bucket.max = Math.max(bucket.max, points.actual);
    }
    // The score of a gap is none, as that of a bucket is at first.
    if (Number.isNaN(bucket.anomaly) || points.anomaly > bucket.anomaly) {
      bucket.anomaly = points.anomaly;
    }
    for (const [i, outcome] of outcomes.entries()) {
      if (!outcome) continue;
      const sums = bucket.leads[i]!;
      sums.count++;
      if (outcome.lower <= outcome.actual && outcome.actual <= outcome.upper) sums.inside++;
      sums.absolute += Math.abs(outcome.mean - outcome.actual);
    }
    for (const { lead, experts } of points.weights ?? []) {
      const sums = bucket.leads[this.#leads.indexOf(lead)];
      if (!sums) continue;
      sums.weighed++;
      for (const { expert, weight } of experts) {
        sums.weights.set(expert, (sums.weights.get(expert) ?? 0) + weight);
      }
    }
  }

  view(): BucketsView {
    const buckets = [...this.#buckets.values()];
    const byLead = (of: (lead: LeadBucket) => number): (number | null)[][] =>
      this.#leads.map((_, i) => buckets.map(({ leads }) => round(of(leads[i]!))));
    return {
      time: buckets.map(({ firstMs, lastMs }) => (firstMs + lastMs) / 2000),
      steps: this.#steps,
      min: buckets.map(({ min }) => round(min)),
      max: buckets.map(({ max }) => round(max)),
      anomaly: buckets.map(({ anomaly }) => round(anomaly)),
      coverage: byLead(({ inside, count }) => inside / count),
      mae: byLead(({ absolute, count }) => absolute / count),
      weights: this.#leads.map((_, i) => this.#weights(buckets, i)),
    };
  }

  #weights(buckets: readonly Bucket[], place: number): Record<string, number[]> {
    const names = new Set(buckets.flatMap(({ leads }) => [...leads[place]!.weights.keys()]));
    return Object.fromEntries(
      [...names].map((name) => [
        name,
        buckets.map(({ leads }) => {
          const { weights, weighed } = leads[place]!;
          return Math.round((1e3 * (weights.get(name) ?? 0)) / Math.max(1, weighed)) / 1e3;
        }),
      ]),
    );
  }

  #bucketOf(step: number, timeMs: number): Bucket {
    const index = Math.floor(step / this.#steps);
    let bucket = this.#buckets.get(index);
    if (!bucket) {
      bucket = {
        firstMs: timeMs,
        lastMs: timeMs,
        min: Number.POSITIVE_INFINITY,
        max: Number.NEGATIVE_INFINITY,
        anomaly: Number.NaN,
        leads: this.#leads.map(() => ({
          count: 0,
          inside: 0,
          absolute: 0,
          weighed: 0,
          weights: new Map(),
        })),
      };
      this.#buckets.set(index, bucket);
    }
    return bucket;
  }
}
