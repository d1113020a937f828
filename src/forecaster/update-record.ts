import type { TrainReport } from '../recurrent/engine.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** Updates that the means count. */
const MEMORY = 100;

/** Means over about the last 100 updates; NaN before the first. */
export interface UpdateMeans {
  readonly loss: number;
  /** Global norm of the gradient before and after clipping. */
  readonly gradNorm: number;
  readonly clippedNorm: number;
  /** Share of updates whose gradient was clipped. */
  readonly clippedShare: number;
  /** Geometric mean of ‖∂L/∂h_first‖ ÷ ‖∂L/∂h_last‖: far below 1 vanishing, far above 1 exploding. */
  readonly gradientReach: number;
}

/** How a network's updates went: the health of its gradients. */
export class UpdateRecord {
  /** Since the series began; those that were skipped changed nothing. */
  updates = 0;
  skipped = 0;
  /** How often a reach was known. */
  #reaches = 0;
  /** loss, norm, norm after clipping, clipped, logarithm of the reach */
  readonly #means = new Float64Array(5);

  add(report: TrainReport): void {
    if (report.skipped) {
      this.skipped++;
      return;
    }
    const count = Math.min(++this.updates, MEMORY);
    this.#mean(0, report.loss, count);
    this.#mean(1, report.gradNorm, count);
    this.#mean(2, report.clippedNorm, count);
    this.#mean(3, report.clipped ? 1 : 0, count);
    if (!(report.gradientReach > 0)) return;
    this.#mean(4, Math.log(report.gradientReach), Math.min(++this.#reaches, MEMORY));
  }

  get means(): UpdateMeans {
    const [loss, gradNorm, clippedNorm, clippedShare, reach] = Array.from(this.#means, (mean, i) =>
      (i < 4 ? this.updates : this.#reaches) > 0 ? mean : Number.NaN,
    ) as [number, number, number, number, number];
    return { loss, gradNorm, clippedNorm, clippedShare, gradientReach: Math.exp(reach) };
  }

  #mean(place: number, value: number, count: number): void {
    this.#means[place]! += (value - this.#means[place]!) / count;
  }

  save(out: ByteWriter): void {
    out.number(this.updates).number(this.skipped).number(this.#reaches).numbers(this.#means);
  }

  load(from: ByteReader): void {
    this.updates = from.number();
    this.skipped = from.number();
    this.#reaches = from.number();
    from.numbers(this.#means, 'record of updates');
  }
}
