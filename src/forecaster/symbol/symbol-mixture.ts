/**
 * The experts' probabilities mixed, lead by lead. Weights follow Bayes' rule, so that the mixture's
 * log loss is at most ln N above the best expert's; the fixed share [1] lets another expert take over
 * within a few steps once it is the better one. A forecast's loss comes h steps after its issue, and
 * is learned from then. Who has nothing to say sleeps [2]: the others' weights make up the mixture, and
 * his own stays as it is, as if he had said what the mixture said.
 *
 *     w_i ← w_i p_i(s) ÷ Σ_j w_j p_j(s)        w_i ← (1 − α) w_i + α ÷ N
 *
 * [1] M. Herbster, M. Warmuth: Tracking the best expert. Machine Learning 32, 1998.
 * [2] Y. Freund, R. Schapire, Y. Singer, M. Warmuth: Using and combining predictors that specialize.
 *     STOC 1997.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';

/** α: once in so many steps another expert becomes the best. */
const SHARE = 1 / 500;

export class SymbolMixture {
  /** [horizon][experts] */
  readonly #weights: Float64Array;
  readonly #experts: number;

  constructor(horizon: number, experts: number) {
    this.#experts = experts;
    this.#weights = new Float64Array(horizon * experts).fill(1 / experts);
  }

  /** @param lead 0-based */
  weight(lead: number, expert: number): number {
    return this.#weights[lead * this.#experts + expert]!;
  }

  /**
   * @param lead 0-based
   * @param mixed what the mixture gave to the symbol that came
   * @param probabilityOf what an expert gave to it, above 0; NaN of one that slept
   */
  learn(lead: number, mixed: number, probabilityOf: (expert: number) => number): void {
    const at = lead * this.#experts;
    let sum = 0;
    for (let k = 0; k < this.#experts; k++) {
      const said = probabilityOf(k);
      this.#weights[at + k]! *= Number.isNaN(said) ? mixed : said;
      sum += this.#weights[at + k]!;
    }
    const even = SHARE / this.#experts;
    for (let k = 0; k < this.#experts; k++) {
      this.#weights[at + k] = (1 - SHARE) * (this.#weights[at + k]! / sum) + even;
    }
  }

  save(out: ByteWriter): void {
    out.numbers(this.#weights);
  }

  load(from: ByteReader): void {
    from.numbers(this.#weights, 'weights');
  }
}
