import type { AlignCounts, Aligner, StepSink } from '../align/aligner.ts';
import { createAligner } from '../align/series-aligner.ts';
import type { SeriesInfo } from '../decode/series.ts';
import { type ChannelView, known } from '../observe/learned-view.ts';
import type { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { MemberSummary } from '../store/heads.ts';
import type { StreamSettings } from './settings.ts';

/** What became of a stream's samples behind the journal. */
export interface ShardCounts extends AlignCounts {
  pending: number;
}

export function noCounts(): ShardCounts {
  return { learned: 0, duplicate: 0, late: 0, invalid: 0, filtered: 0, pending: 0 };
}

export function addCounts(to: ShardCounts, more: Readonly<ShardCounts>, sign: 1 | -1 = 1): void {
  for (const name of Object.keys(to) as (keyof ShardCounts)[]) to[name] += sign * more[name];
}

/** One series on its way from samples to steps, and what became of its samples. */
export class Channel {
  readonly info: SeriesInfo;
  readonly #aligner: Aligner;
  readonly #steps: StepSink;
  /** Of the stream, over all series of the shard; `#counted` is this one's part of it. */
  readonly #total: ShardCounts;
  readonly #counted = noCounts();
  /** Samples of steps that closed after their group had gone on. */
  #late = 0;
  /** Samples learned by the newest step before the one that is closing. */
  #learnedBefore = 0;

  constructor(info: SeriesInfo, settings: StreamSettings, total: ShardCounts, steps: StepSink) {
    this.info = info;
    this.#total = total;
    this.#steps = {
      step: (timeMs, value) => {
        steps.step(timeMs, value);
        this.#learnedBefore = this.#aligner.counts.learned;
      },
      restart: (backToMs) => steps.restart(backToMs),
    };
    this.#aligner = createAligner({ ...settings.align, receiveTime: info.receiveTime });
  }

  get everyMs(): number | undefined {
    return this.#aligner.everyMs;
  }

  /** What became of its samples. */
  get counts(): Readonly<ShardCounts> {
    return this.#counted;
  }

  push(timeMs: number, value: number): void {
    this.#aligner.push(timeMs, value, this.#steps);
    this.#count();
  }

  tick(timeMs: number): void {
    this.#aligner.tick(timeMs, this.#steps);
    this.#count();
  }

  /** Another channel's step shows that time was set back. */
  followBack(timeMs: number): void {
    this.#aligner.followBack(timeMs, this.#steps);
    this.#count();
  }

  finish(): void {
    this.#aligner.finish(this.#steps);
    this.#count();
  }

  /** The step that is closing has come too late to be learned from. */
  tooLate(): void {
    this.#late += this.#aligner.counts.learned - this.#learnedBefore;
  }

  /** Start of the step `lead` steps after the one at `stepMs`. */
  targetMs(stepMs: number, lead: number): number {
    return this.#aligner.targetMs(stepMs, lead);
  }

  /** Adds to the stream's total what is new. Every sample comes by here, hence no loop. */
  #count(): void {
    const { counts, held } = this.#aligner;
    const total = this.#total;
    const counted = this.#counted;
    const learned = counts.learned - this.#late;
    const late = counts.late + this.#late;
    total.learned += learned - counted.learned;
    total.duplicate += counts.duplicate - counted.duplicate;
    total.late += late - counted.late;
    total.invalid += counts.invalid - counted.invalid;
    total.filtered += counts.filtered - counted.filtered;
    total.pending += held - counted.pending;
    counted.learned = learned;
    counted.duplicate = counts.duplicate;
    counted.late = late;
    counted.invalid = counts.invalid;
    counted.filtered = counts.filtered;
    counted.pending = held;
  }

  /** Without how it is forecast. */
  summary(): Omit<MemberSummary, 'skill' | 'coverage'> {
    const newestMs = known(this.#aligner.newestMs);
    return { id: this.info.id, newestMs, learned: this.#counted.learned };
  }

  /** Without how it is forecast. */
  view(): Omit<ChannelView, 'forecast'> {
    const { everyMs, newestMs, watermarkMs } = this.#aligner;
    return {
      series: this.info.name,
      everyMs: everyMs ?? null,
      newestMs: known(newestMs),
      watermarkMs: known(watermarkMs),
      samples: { ...this.#counted },
    };
  }

  save(out: ByteWriter): void {
    out.bytes(this.#aligner.save()).number(this.#late).number(this.#learnedBefore);
  }

  load(from: ByteReader): void {
    this.#aligner.load(from.bytes());
    this.#late = from.number();
    this.#learnedBefore = from.number();
    this.#count();
  }
}
