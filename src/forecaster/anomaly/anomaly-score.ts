/**
 * How strange a step is, in [0, 1] on one scale for every series: the rank of five numbers, each in
 * its own whole past (Rank), fused as the root of their mean square.
 *
 *     |one-step error|                             spikes, and what breaks the rhythm
 *     |deviation from the hour's mean|             values at the wrong time of day
 *     |mean deviation over 96 steps|               shifts of level
 *     distance to the nearest earlier pattern      shapes never seen, with their level …
 *     … and without it                             … and apart from it
 *
 * Only local records are told, and after one there is silence for a while (Alarm). Gaps score
 * nothing. Sizes that are rounding of the values count as 0, so a constant series has no anomaly.
 *
 * Evaluated after: A. Lavin, S. Ahmad: Evaluating real-time anomaly detection algorithms: the
 * Numenta Anomaly Benchmark. ICMLA 2015.
 */
import type { ByteReader, ByteWriter } from '../../store/bytes.ts';
import { Alarm } from './alarm.ts';
import { DailyDeviation } from './daily-deviation.ts';
import { Discord } from './discord.ts';
import { Rank } from './rank.ts';

/** Memory against reach: bins of a rank (4 bytes each) and blocks searched (8 bytes each). */
export interface AnomalySize {
  readonly rankBins: number;
  readonly discordBlocks: number;
}

/** A past shorter than this makes nothing rare; patterns come once in 12 steps. */
const PAST_MIN = 300;
const PATTERNS_MIN = 25;
/** Of the largest value of late, which shrinks by `LARGEST_KEEP` a step: one fault is forgotten. */
const ROUNDING = 1e-12;
const LARGEST_KEEP = 0.95;

export class AnomalyScore {
  readonly #daily: DailyDeviation;
  readonly #discord: Discord;
  readonly #alarm = new Alarm();
  /** Of: error, deviation, mean deviation, level, shape. */
  readonly #ranks: readonly Rank[];
  #largest = 0;
  #level = 0;
  #shape = 0;

  constructor(everyMs: number, { rankBins, discordBlocks }: AnomalySize) {
    this.#daily = new DailyDeviation(everyMs);
    this.#discord = new Discord(discordBlocks);
    this.#ranks = [PAST_MIN, PAST_MIN, PAST_MIN, PATTERNS_MIN, PATTERNS_MIN].map(
      (past) => new Rank(rankBins, past),
    );
  }

  /**
   * @param timeMs start of the step, ms since the epoch
   * @param value NaN for a gap
   * @param error of the forecast for this step; NaN if there was none
   * @returns the anomaly in [0, 1], 0 for nothing to tell; NaN at a gap
   */
  step(timeMs: number, value: number, error: number): number {
    // Windows are over the values that came: where most steps are gaps they would hold nothing.
    if (Number.isNaN(value)) return Number.NaN;
    const deviation = this.#daily.add(timeMs, value);
    if (this.#discord.add(value)) {
      this.#level = this.#rank(3, this.#discord.level);
      this.#shape = this.#rank(4, this.#discord.shape);
    }
    this.#largest = Math.max(LARGEST_KEEP * this.#largest, Math.abs(value));
    const squares =
      this.#rank(0, error) ** 2 +
      this.#rank(1, deviation) ** 2 +
      this.#rank(2, this.#daily.mean) ** 2 +
      this.#level ** 2 +
      this.#shape ** 2;
    return this.#alarm.add(Math.min(1, Math.sqrt(squares / this.#ranks.length)));
  }

  /** 0 for what is not known, which is not counted either. */
  #rank(statistic: number, value: number): number {
    if (Number.isNaN(value)) return 0;
    const size = Math.abs(value);
    return this.#ranks[statistic]!.add(size > ROUNDING * this.#largest ? size : 0);
  }

  /** A gap longer than the limit: windows start anew, what was counted stays. */
  restart(): void {
    this.#daily.restart();
    this.#discord.restart();
    this.#level = 0;
    this.#shape = 0;
  }

  save(out: ByteWriter): void {
    this.#daily.save(out);
    this.#discord.save(out);
    this.#alarm.save(out);
    for (const rank of this.#ranks) rank.save(out);
    out.number(this.#largest).number(this.#level).number(this.#shape);
  }

  load(from: ByteReader): void {
    this.#daily.load(from);
    this.#discord.load(from);
    this.#alarm.load(from);
    for (const rank of this.#ranks) rank.load(from);
    this.#largest = from.number();
    this.#level = from.number();
    this.#shape = from.number();
  }
}
