/**
 * Samples of one series in, steps of its grid out, in order and without holes.
 *
 *     first samples → cadence → grid          (where the settings leave it open)
 *     sample → duplicate? late? far ahead? → open steps → closed steps
 *
 * The watermark W = newest event time − lateness closes steps. With one sample a step, a step closes
 * as soon as W has reached its sample, so that a forecast follows the message at once; a step that
 * puts samples together closes when W has passed its end.
 *
 * Where arrival is the time, our own clock may be set back. Then a tick comes far behind the one
 * before: the series begins a new time line there, as after a long gap. Where no ticks come, a sample
 * far behind W tells the same. Samples that bring their time are never followed back: a recording
 * played again, or a device that sends what it has kept, must not undo what came since.
 */
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import type { AlignCounts, Aligner, AlignSettings, StepSink } from './aligner.ts';
import { type Cadence, judgeCadence, loadCadence, samplesNeeded, saveCadence } from './cadence.ts';
import { Fold } from './fold.ts';
import type { Grid } from './grid.ts';
import { OPEN_MAX, OpenSamples } from './open-samples.ts';
import { RecentTimes } from './recent-times.ts';
import { Suspects } from './suspects.ts';

export function createAligner(settings: AlignSettings): Aligner {
  return new SeriesAligner(settings);
}

/** Before so many samples are taken, the first stamp may be the wrong one. */
const UNCONFIRMED_MAX = 2;
/** A clock that has gone back this much further than samples may be late was set back … */
const SET_MS_MIN = 10_000;
/** … where that is so many steps; less is over soon. */
const SET_BACK_STEPS_MIN = 3;
const FORMAT = 3;
const COUNTS = ['learned', 'duplicate', 'late', 'invalid', 'filtered'] as const;

class SeriesAligner implements Aligner {
  readonly counts: AlignCounts = { learned: 0, duplicate: 0, late: 0, invalid: 0, filtered: 0 };
  readonly #settings: AlignSettings;
  readonly #open = new OpenSamples();
  /** What was folded of the oldest open cell, to make room. */
  readonly #folded = new Fold();
  #foldedCell = Number.NaN;
  readonly #recent = new RecentTimes();
  readonly #suspects = new Suspects(() => this.#aheadMs);
  #cadence: Cadence | undefined;
  #aheadMs = Number.POSITIVE_INFINITY;
  /** Samples taken since the start or since the series moved to another time. */
  #taken = 0;
  #newestMs = Number.NEGATIVE_INFINITY;
  #watermarkMs = Number.NEGATIVE_INFINITY;
  #tickMs = Number.NEGATIVE_INFINITY;
  /** So far behind, time has been set back; ∞ where samples bring their time. */
  #setBackMs = Number.POSITIVE_INFINITY;
  /** Newest closed cell; NaN before the first. */
  #closed = Number.NaN;
  /** Time of its sample, where it has just one. */
  #closedSampleMs = Number.NaN;
  /** Empty steps since the newest one that held a sample. */
  #gapSteps = 0;

  constructor(settings: AlignSettings) {
    this.#settings = settings;
  }

  get everyMs(): number | undefined {
    return this.#cadence?.grid.everyMs;
  }

  get newestMs(): number {
    return this.#newestMs;
  }

  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  get held(): number {
    return this.#open.count + this.#folded.count + this.#suspects.count;
  }

  targetMs(stepMs: number, lead: number): number {
    const { grid } = this.#cadence!;
    return grid.labelMs(grid.cellOf(stepMs) + lead);
  }

  push(timeMs: number, value: number, sink: StepSink): void {
    if (this.#cadence) return this.#take(timeMs, value, sink);
    if (this.#open.has(timeMs)) {
      this.counts.duplicate++;
      return;
    }
    this.#open.add(timeMs, value);
    if (this.#open.count >= samplesNeeded(this.#settings, timeMs)) this.#settle(sink);
  }

  tick(timeMs: number, sink: StepSink): void {
    if (!this.#cadence || !this.#settings.receiveTime) return;
    if (timeMs < this.#tickMs - this.#setBackMs) this.#moveBack(sink, timeMs);
    const { grid } = this.#cadence;
    const { gapStepsMax, latenessMs } = this.#settings;
    const aheadMs = Number.isFinite(this.#tickMs) ? timeMs - this.#tickMs : 0;
    // Set ahead by more than a whole gap, or not ticking for so long: nobody has waited for its steps.
    const isJump = aheadMs > Math.max(SET_MS_MIN, gapStepsMax * grid.everyMs);
    const toldMax = isJump ? 0 : gapStepsMax - this.#gapSteps;
    this.#tickMs = timeMs;
    this.#watermarkMs = Math.max(this.#watermarkMs, timeMs - latenessMs);
    this.#close(sink);
    if (!Number.isNaN(this.#closed)) this.#closeEmpty(grid, toldMax, sink);
  }

  followBack(timeMs: number, sink: StepSink): void {
    if (timeMs < this.#watermarkMs - this.#setBackMs) this.#moveBack(sink, timeMs);
  }

  finish(sink: StepSink): void {
    if (!this.#cadence && this.#open.count >= 2) this.#settle(sink);
    if (!this.#cadence) return;
    this.#watermarkMs = Number.POSITIVE_INFINITY;
    this.#close(sink);
  }

  /** The first samples are enough: fixes the grid, and takes them in order of time. */
  #settle(sink: StepSink): void {
    const count = this.#open.count;
    const times = Array.from({ length: count }, (_, i) => this.#open.timeMs(i));
    const values = times.map((_, i) => this.#open.value(i));
    this.#open.drop(count);
    this.#setCadence(judgeCadence(times, this.#settings));
    times.forEach((timeMs, i) => {
      this.#take(timeMs, values[i]!, sink);
    });
  }

  #setCadence(cadence: Cadence): void {
    this.#cadence = cadence;
    const { everyMs } = cadence.grid;
    const { aheadStepsMax, latenessMs, receiveTime } = this.#settings;
    // Our own clock needs no witnesses; nor does what lateness may bring out of order.
    const ahead = Math.max(aheadStepsMax * everyMs, latenessMs + everyMs);
    this.#aheadMs = receiveTime ? Number.POSITIVE_INFINITY : ahead;
    const back = Math.max(SET_MS_MIN, SET_BACK_STEPS_MIN * everyMs);
    this.#setBackMs = receiveTime ? back : Number.POSITIVE_INFINITY;
  }

  #take(timeMs: number, value: number, sink: StepSink): void {
    const { grid, mode } = this.#cadence!;
    if (this.#recent.has(timeMs) || this.#suspects.has(timeMs) || this.#open.has(timeMs)) {
      this.counts.duplicate++;
      return;
    }
    if (timeMs > this.#newestMs + this.#aheadMs && this.#taken > 0) {
      return this.#suspect(timeMs, value, sink);
    }
    const unconfirmed = this.#taken > 0 && this.#taken <= UNCONFIRMED_MAX;
    if (unconfirmed && timeMs < this.#newestMs - this.#aheadMs) {
      return this.#suspect(timeMs, value, sink);
    }
    if (!Number.isFinite(this.#tickMs)) this.followBack(timeMs, sink);
    const cell = grid.cellOf(timeMs);
    if (cell <= this.#closed || (this.#folded.count > 0 && cell < this.#foldedCell)) {
      const surplus = mode === 'none' && cell === this.#closed && timeMs > this.#closedSampleMs;
      this.counts[surplus ? 'filtered' : 'late']++;
      return;
    }
    this.counts.invalid += this.#suspects.clear();
    this.#accept(timeMs, value, sink);
  }

  #accept(timeMs: number, value: number, sink: StepSink): void {
    if (this.#open.count >= OPEN_MAX && !this.#makeRoom(sink)) {
      this.counts.filtered++;
      return;
    }
    this.#taken++;
    this.#recent.add(timeMs);
    this.#open.add(timeMs, value);
    this.#newestMs = Math.max(this.#newestMs, timeMs);
    this.#watermarkMs = Math.max(this.#watermarkMs, timeMs - this.#settings.latenessMs);
    this.#close(sink);
  }

  /** Far from where the series is: held until enough others agree. */
  #suspect(timeMs: number, value: number, sink: StepSink): void {
    this.counts.invalid += this.#suspects.add(timeMs, value);
    const back = timeMs < this.#newestMs;
    const samples = this.#suspects.confirmed(back ? this.#taken + 1 : undefined);
    if (!samples) return;
    if (back) this.#moveBack(sink);
    // The first moves the series there; the others then follow as any sample does.
    this.#accept(samples[0]!.timeMs, samples[0]!.value, sink);
    for (const { timeMs, value } of samples.slice(1)) this.#take(timeMs, value, sink);
  }

  /** The first stamps were the wrong ones, or time was set back: the grid begins anew. */
  #moveBack(sink: StepSink, backToMs?: number): void {
    this.#watermarkMs = Number.POSITIVE_INFINITY;
    this.#close(sink);
    sink.restart(backToMs);
    this.#recent.clear();
    this.#newestMs = Number.NEGATIVE_INFINITY;
    this.#watermarkMs = Number.NEGATIVE_INFINITY;
    this.#tickMs = Number.NEGATIVE_INFINITY;
    this.#closed = Number.NaN;
    this.#closedSampleMs = Number.NaN;
    this.#foldedCell = Number.NaN;
    this.#gapSteps = 0;
    this.#taken = 0;
  }

  /** Closes every step that is certain, with the empty ones before it. */
  #close(sink: StepSink): void {
    const { grid, mode } = this.#cadence!;
    while (this.#open.count > 0) {
      const firstMs = this.#open.timeMs(0);
      const cell = grid.cellOf(firstMs);
      const certainMs = mode === 'none' ? firstMs : grid.startMs(cell + 1);
      if (this.#watermarkMs < certainMs) return;
      this.#closeGap(cell, grid, sink);
      this.#closeCell(cell, sink);
    }
  }

  /** The empty steps before `cell`, or a restart where there are too many. */
  #closeGap(cell: number, grid: Grid, sink: StepSink): void {
    if (Number.isNaN(this.#closed)) return;
    const empty = cell - this.#closed - 1;
    if (this.#gapSteps + empty > this.#settings.gapStepsMax) sink.restart();
    else this.#emitEmpty(empty, grid, sink);
    this.#gapSteps = 0;
  }

  /** By the clock: the empty steps that have passed, as far as a gap is told. */
  #closeEmpty(grid: Grid, toldMax: number, sink: StepSink): void {
    const passed = grid.cellOf(this.#watermarkMs) - 1;
    const before = this.#open.count > 0 ? grid.cellOf(this.#open.timeMs(0)) - 1 : passed;
    const empty = Math.min(passed, before) - this.#closed;
    if (empty <= 0) return;
    const told = Math.min(empty, Math.max(0, toldMax));
    this.#emitEmpty(told, grid, sink);
    this.#gapSteps += empty;
    this.#closed += empty - told;
  }

  #emitEmpty(count: number, grid: Grid, sink: StepSink): void {
    if (count > 0) this.#closedSampleMs = Number.NaN;
    for (let i = 0; i < count; i++) {
      this.#closed++;
      sink.step(grid.labelMs(this.#closed), Number.NaN);
    }
  }

  #closeCell(cell: number, sink: StepSink): void {
    const { grid, mode } = this.#cadence!;
    const endMs = grid.startMs(cell + 1);
    const firstMs = this.#open.timeMs(0);
    const firstValue = this.#open.value(0);
    let count = 0;
    while (count < this.#open.count && this.#open.timeMs(count) < endMs) {
      if (mode !== 'none') this.#folded.add(this.#open.value(count));
      count++;
    }
    this.#open.drop(count);
    this.#closed = cell;
    this.#closedSampleMs = firstMs;
    if (mode === 'none') {
      this.counts.learned++;
      this.counts.filtered += count - 1;
      sink.step(grid.labelMs(cell), firstValue);
      return;
    }
    const value = this.#folded.value(mode);
    this.counts.learned += this.#folded.count;
    this.#folded.clear();
    sink.step(grid.labelMs(cell), value);
  }

  save(): Uint8Array {
    const out = new ByteWriter().number(FORMAT).number(this.#cadence ? 1 : 0);
    if (this.#cadence) saveCadence(this.#cadence, out);
    for (const name of COUNTS) out.number(this.counts[name]);
    this.#open.save(out);
    this.#folded.save(out);
    this.#recent.save(out);
    this.#suspects.save(out);
    out.number(this.#foldedCell).number(this.#taken);
    out.number(this.#newestMs).number(this.#watermarkMs).number(this.#tickMs);
    out.number(this.#closed).number(this.#closedSampleMs).number(this.#gapSteps);
    return out.finish();
  }

  load(bytes: Uint8Array): void {
    const from = new ByteReader(bytes);
    const format = from.number();
    if (format !== FORMAT) {
      throw new Error(`saved aligner: format ${format}, but this program reads ${FORMAT}`);
    }
    if (from.number() === 1) this.#setCadence(loadCadence(from, this.#settings));
    for (const name of COUNTS) this.counts[name] = from.number();
    this.#open.load(from);
    this.#folded.load(from);
    this.#recent.load(from);
    this.#suspects.load(from);
    this.#foldedCell = from.number();
    this.#taken = from.number();
    this.#newestMs = from.number();
    this.#watermarkMs = from.number();
    this.#tickMs = from.number();
    this.#closed = from.number();
    this.#closedSampleMs = from.number();
    this.#gapSteps = from.number();
    from.end();
  }

  /**
   * So many samples are open that some must go: where the oldest step has half of them, those
   * become part of its sum; else the lateness is more than there is room for, and it closes early.
   */
  #makeRoom(sink: StepSink): boolean {
    const { grid, mode } = this.#cadence!;
    if (mode === 'none') return false;
    this.#foldedCell = grid.cellOf(this.#open.timeMs(0));
    const endMs = grid.startMs(this.#foldedCell + 1);
    if (this.#open.timeMs(OPEN_MAX / 2) >= endMs) {
      this.#watermarkMs = Math.max(this.#watermarkMs, endMs);
      this.#close(sink);
      return true;
    }
    let count = 0;
    while (count < OPEN_MAX / 2 && this.#open.timeMs(count) < endMs) {
      this.#folded.add(this.#open.value(count));
      count++;
    }
    this.#open.drop(count);
    return count > 0;
  }
}
