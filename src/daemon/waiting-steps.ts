import type { ByteReader, ByteWriter } from '../store/bytes.ts';

/** So many steps wait for a channel that has been heard before, and at the start. */
const WAITING_MAX = 2;
const WAITING_FIRST_MAX = 9;

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
 */
export class WaitingSteps {
  readonly #channels: number;
  /** Oldest first. */
  readonly #steps: WaitingStep[] = [];
  /** [channels] 1: fallen silent. */
  readonly #silent: Uint8Array;
  /** Newest step that has gone on. */
  #goneMs = Number.NEGATIVE_INFINITY;

  constructor(channels: number) {
    this.#channels = channels;
    this.#silent = new Uint8Array(channels);
  }

  /** Newest step that has gone on; −∞ before the first. */
  get goneMs(): number {
    return this.#goneMs;
  }

  /** A channel speaks again: it is waited for. */
  heard(channel: number): void {
    this.#silent[channel] = 0;
  }

  /** @param timeMs a step that is not gone */
  close(channel: number, timeMs: number, value: number): void {
    const step = this.#stepAt(timeMs);
    step.values[channel] = value;
    step.closed[channel] = 1;
    if (!Number.isNaN(value)) this.heard(channel);
  }

  /** The oldest step, if it need not wait any more. */
  next(): WaitingStep | undefined {
    const [oldest] = this.#steps;
    if (!oldest) return undefined;
    const started = this.#goneMs > Number.NEGATIVE_INFINITY;
    const waited = this.#steps.length > (started ? WAITING_MAX : WAITING_FIRST_MAX);
    for (let channel = 0; channel < this.#channels; channel++) {
      if (oldest.closed[channel] === 1 || this.#silent[channel] === 1) continue;
      if (!waited) return undefined;
      this.#silent[channel] = 1;
    }
    return this.#take();
  }

  /** The oldest step as it is. */
  rest(): WaitingStep | undefined {
    return this.#steps.length > 0 ? this.#take() : undefined;
  }

  /** Time begins anew, earlier than what has gone on. */
  restart(): void {
    this.#goneMs = Number.NEGATIVE_INFINITY;
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
      closed: new Uint8Array(this.#channels),
    };
    this.#steps.splice(at, 0, step);
    return step;
  }

  save(out: ByteWriter): void {
    out.number(this.#goneMs).numbers(Float64Array.from(this.#silent)).number(this.#steps.length);
    for (const { timeMs, values, closed } of this.#steps) {
      out.number(timeMs).numbers(values).numbers(Float64Array.from(closed));
    }
  }

  load(from: ByteReader): void {
    this.#goneMs = from.number();
    const flags = new Float64Array(this.#channels);
    from.numbers(flags, 'silent channels');
    this.#silent.set(flags);
    const count = from.number();
    if (!(count <= WAITING_FIRST_MAX + 1)) throw new Error(`saved group: ${count} waiting steps`);
    for (let i = 0; i < count; i++) {
      const step = this.#stepAt(from.number());
      from.numbers(step.values, 'waiting values');
      from.numbers(flags, 'waiting channels');
      step.closed.set(flags);
    }
  }
}
