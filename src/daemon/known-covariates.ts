import { OpenSamples } from '../align/open-samples.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import { noCounts, type ShardCounts } from './channel.ts';

/** Values of a covariate that wait for their steps. */
const KEPT_MAX = 16_384;
const COUNTS = ['learned', 'duplicate', 'late', 'filtered', 'pending'] as const;

/**
 * The covariates of a group that are known ahead: values with the times that they are for, which may
 * lie any distance ahead. A newer value for the same time replaces the older one, as forecasts of
 * the weather do. They wait until their step has come.
 */
export class KnownCovariates {
  readonly #values: readonly OpenSamples[];
  readonly #horizon: number;
  /** Of the stream, over all series of the shard; `#counts` is this group's part of it. */
  readonly #total: ShardCounts;
  readonly #counts = noCounts();
  /** [covariates][1 + horizon] */
  readonly #ahead: Float64Array;

  constructor(covariates: number, horizon: number, total: ShardCounts) {
    this.#values = Array.from({ length: covariates }, () => new OpenSamples());
    this.#horizon = horizon;
    this.#total = total;
    this.#ahead = new Float64Array(covariates * (1 + horizon));
  }

  /** What became of its samples. */
  get counts(): Readonly<ShardCounts> {
    return this.#counts;
  }

  /** @param isGone whether the step that the value is for has been learned */
  push(covariate: number, timeMs: number, value: number, isGone: boolean): void {
    const values = this.#values[covariate]!;
    if (isGone) return this.#count('late', 1);
    if (values.replace(timeMs, value)) return this.#count('duplicate', 1);
    values.add(timeMs, value);
    this.#count('pending', 1);
    if (values.count <= KEPT_MAX) return;
    // What lies farthest ahead is needed last, if it is not a wrong stamp.
    values.dropLast();
    this.#count('pending', -1);
    this.#count('filtered', 1);
  }

  /**
   * A step has closed.
   * @param target start of the step `lead` steps after it (0: itself)
   * @param stepOf start of the step that a time belongs to
   * @returns [covariates][1 + horizon], NaN where unknown; it holds until the next call
   */
  step(target: (lead: number) => number, stepOf: (timeMs: number) => number): Float64Array {
    if (this.#values.length === 0) return this.#ahead;
    const targets = Array.from({ length: this.#horizon + 1 }, (_, lead) => target(lead));
    this.#ahead.fill(Number.NaN);
    for (const [covariate, values] of this.#values.entries()) {
      const first = covariate * targets.length;
      let gone = 0;
      let lead = 0;
      for (let i = 0; i < values.count; i++) {
        const step = stepOf(values.timeMs(i));
        if (step <= targets[0]!) gone = i + 1;
        while (lead < targets.length && targets[lead]! < step) lead++;
        if (lead === targets.length) break;
        if (targets[lead] === step) this.#ahead[first + lead] = values.value(i);
      }
      values.drop(gone);
      this.#count('pending', -gone);
      this.#count('learned', gone);
    }
    return this.#ahead;
  }

  #count(name: (typeof COUNTS)[number], change: number): void {
    this.#counts[name] += change;
    this.#total[name] += change;
  }

  save(out: ByteWriter): void {
    for (const values of this.#values) values.save(out);
    for (const name of COUNTS) out.number(this.#counts[name]);
  }

  load(from: ByteReader): void {
    for (const values of this.#values) values.load(from);
    for (const name of COUNTS) this.#count(name, from.number() - this.#counts[name]);
  }
}
