import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** A channel is waited for while each other one closes steps in so many rounds; more at the start. */
const ROUNDS_MAX = 2;
const FIRST_ROUNDS_MAX = 9;
/** So many steps wait at most, beyond those that one gap may have. */
const WAITING_MAX = 64;

/** One step of a group on its way to be complete. */
export interface WaitingStep {
  readonly timeMs: number;
  /** [channels]; NaN: a gap, or not closed yet. */
  readonly values: Float64Array;
  /** [channels] 1: closed. */
  readonly closed: Uint8Array;
}

/**
 * The channels of a group close their steps one after the other; what they learn together must be
 * one step of them all. A step waits until every channel has closed it. A channel that falls silent
 * is waited for once, and then no more until it speaks again, so that it does not hold up the others.
 * Silence is told in rounds, not in steps: one sample may close many at once, those of a gap.
 */
export class WaitingSteps {
  readonly #channels: number;
  readonly #stepsMax: number;
  /** Oldest first. */
  readonly #steps: WaitingStep[] = [];
  /** [channels][channels]: rounds in which the second closed steps since the first one did. */
  readonly #rounds: Float64Array;
  /** [channels] 1: has closed a step in this round. */
  readonly #heard: Uint8Array;
  /** [channels]: first step since the channel began anew; −∞: it did not. */
  readonly #firstMs: Float64Array;
  /** Newest step that has gone on. */
  #goneMs = Number.NEGATIVE_INFINITY;

  /** @param gapStepsMax steps that one sample may close before its own */
  constructor(channels: number, gapStepsMax: number) {
    this.#channels = channels;
    this.#stepsMax = gapStepsMax + WAITING_MAX;
    this.#rounds = new Float64Array(channels * channels);
    this.#heard = new Uint8Array(channels);
    this.#firstMs = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  }

  /** Newest step that has gone on; −∞ before the first. */
  get goneMs(): number {
    return this.#goneMs;
  }

  /** A channel speaks: it is waited for. */
  heard(channel: number): void {
    this.#heard[channel] = 1;
  }

  /** A channel has begun anew with this step: it will close none before it. */
  begins(channel: number, timeMs: number): void {
    this.#firstMs[channel] = timeMs;
    for (const step of this.#steps) if (step.timeMs < timeMs) step.closed[channel] = 1;
  }

  /** @param timeMs a step that is not gone */
  close(channel: number, timeMs: number, value: number): void {
    const step = this.#stepAt(timeMs);
    step.values[channel] = value;
    step.closed[channel] = 1;
    this.heard(channel);
  }

  /** All that one sample or tick closes has been closed. */
  endRound(): void {
    const n = this.#channels;
    for (let channel = 0; channel < n; channel++) {
      const since = this.#rounds.subarray(channel * n, (channel + 1) * n);
      if (this.#heard[channel] === 1) since.fill(0);
      else for (let other = 0; other < n; other++) since[other]! += this.#heard[other]!;
    }
    this.#heard.fill(0);
  }

  /** The oldest step, if it need not wait any more; between rounds. */
  next(): WaitingStep | undefined {
    const [oldest] = this.#steps;
    if (!oldest) return undefined;
    const isFull = this.#steps.length > this.#stepsMax;
    for (let channel = 0; channel < this.#channels && !isFull; channel++) {
      if (oldest.closed[channel] === 0 && !this.#isSilent(channel)) return undefined;
    }
    return this.#take();
  }

  #isSilent(channel: number): boolean {
    const started = this.#goneMs > Number.NEGATIVE_INFINITY;
    const most = started ? ROUNDS_MAX : FIRST_ROUNDS_MAX;
    const n = this.#channels;
    for (let i = channel * n; i < (channel + 1) * n; i++) if (this.#rounds[i]! > most) return true;
    return false;
  }

  /** The oldest step as it is. */
  rest(): WaitingStep | undefined {
    return this.#steps.length > 0 ? this.#take() : undefined;
  }

  /** Time begins anew, earlier than what has gone on. */
  restart(): void {
    this.#goneMs = Number.NEGATIVE_INFINITY;
    this.#firstMs.fill(Number.NEGATIVE_INFINITY);
  }

  #take(): WaitingStep {
    const step = this.#steps.shift()!;
    this.#goneMs = step.timeMs;
    return step;
  }

  #stepAt(timeMs: number): WaitingStep {
    let at = this.#steps.length;
    while (at > 0 && this.#steps[at - 1]!.timeMs >= timeMs) at--;
    const there = this.#steps[at];
    if (there?.timeMs === timeMs) return there;
    const step = {
      timeMs,
      values: new Float64Array(this.#channels).fill(Number.NaN),
      closed: Uint8Array.from(this.#firstMs, (firstMs) => (timeMs < firstMs ? 1 : 0)),
    };
    this.#steps.splice(at, 0, step);
    return step;
  }

  /** Between rounds. */
  save(out: ByteWriter): void {
    out
      .number(this.#goneMs)
      .numbers(this.#firstMs)
      .numbers(this.#rounds)
      .number(this.#steps.length);
    for (const { timeMs, values, closed } of this.#steps) {
      out.number(timeMs).numbers(values).numbers(Float64Array.from(closed));
    }
  }

  load(from: ByteReader): void {
    this.#goneMs = from.number();
    from.numbers(this.#firstMs, 'first steps of channels');
    from.numbers(this.#rounds, 'rounds of channels');
    const count = from.number();
    if (!(count <= this.#stepsMax)) throw new Error(`saved group: ${count} waiting steps`);
    const flags = new Float64Array(this.#channels);
    for (let i = 0; i < count; i++) {
      const step = this.#stepAt(from.number());
      from.numbers(step.values, 'waiting values');
      from.numbers(flags, 'waiting channels');
      step.closed.set(flags);
    }
  }
}
