import type { Gate, Message, MessageBatch } from './source.ts';

const BATCH_MESSAGES_MAX = 1_024;
/** Beyond these, messages of QoS 0 are dropped and counted. */
const QUEUE_MESSAGES_MAX = 20_000;
const QUEUE_BYTES_MAX = 64 * 2 ** 20;
/** Beyond this many waiting messages of QoS 1 and 2, no more are read from the broker. */
const RELIABLE_WAITING_MAX = 1_000;
const DROP_REPORT_MS = 1_000;

/** Acknowledges one message to the broker it came from; nothing happens if that is gone. */
export interface Receipt {
  acknowledge(): void;
}

interface Waiting {
  readonly message: Message;
  readonly reliable: boolean;
  readonly receipt: Receipt | undefined;
}

export interface IntakeParts {
  readonly gate: Gate;
  readonly emit: (batch: MessageBatch) => void;
  /** There is room again for messages that `offer` had to slow down. */
  readonly resume: () => void;
  /** QoS 0 messages lost since the last call. */
  readonly dropped: (count: number) => void;
}

/**
 * From single messages to batches: what arrives within one turn of the event loop is one batch, so
 * that low load waits for nothing and high load is carried in bulk.
 *
 * A message of QoS 1 is acknowledged after its batch has been emitted. While the gate is closed,
 * unacknowledged messages fill the broker's window and the broker keeps the rest. The joint for
 * acknowledgement after a journal commit is `#release`: call it when the batch is committed.
 */
export class MqttIntake {
  readonly #parts: IntakeParts;
  #queue: Waiting[] = [];
  #bytes = 0;
  #reliable = 0;
  #scheduled = false;
  #atGate = false;
  #open = true;
  #dropped = 0;
  #dropTimer: NodeJS.Timeout | undefined;
  #drained: (() => void)[] = [];

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** False: no more should be read until `resume`. `reliable`: QoS 1 or 2, never dropped. */
  offer(message: Message, reliable: boolean, receipt?: Receipt): boolean {
    if (!this.#open) return true;
    if (!reliable && this.#isFull(message.payload.length)) {
      this.#drop();
      return true;
    }
    this.#queue.push({ message, reliable, receipt });
    this.#bytes += message.payload.length;
    if (reliable) this.#reliable++;
    this.#schedule();
    return !this.#mustPause();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Takes nothing more; resolves when what it holds has been emitted. */
  async stop(): Promise<void> {
    this.#open = false;
    if (this.#queue.length > 0) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    this.#reportDropped();
  }

  /** Takes nothing more and forgets what it holds; the broker keeps what was not acknowledged. */
  discard(): void {
    this.#open = false;
    this.#queue = [];
    this.#settle();
    this.#reportDropped();
  }

  #isFull(bytes: number): boolean {
    return this.#queue.length >= QUEUE_MESSAGES_MAX || this.#bytes + bytes > QUEUE_BYTES_MAX;
  }

  #mustPause(): boolean {
    return this.#reliable >= RELIABLE_WAITING_MAX || this.#bytes > QUEUE_BYTES_MAX;
  }

  #schedule(): void {
    if (this.#scheduled || this.#atGate) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#queue.length > 0) {
      const wait = this.#parts.gate.wait();
      if (wait) {
        this.#atGate = true;
        void wait.then(() => {
          this.#atGate = false;
          this.#flush();
        });
        return;
      }
      this.#emit(this.#queue.splice(0, BATCH_MESSAGES_MAX));
    }
    this.#settle();
  }

  #emit(waiting: readonly Waiting[]): void {
    const paused = this.#mustPause();
    for (const { message, reliable } of waiting) {
      this.#bytes -= message.payload.length;
      if (reliable) this.#reliable--;
    }
    this.#parts.emit(waiting.map(({ message }) => message));
    this.#release(waiting);
    if (paused && !this.#mustPause()) this.#parts.resume();
  }

  #release(waiting: readonly Waiting[]): void {
    for (const { receipt } of waiting) receipt?.acknowledge();
  }

  #settle(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #drop(): void {
    this.#dropped++;
    this.#dropTimer ??= setTimeout(() => this.#reportDropped(), DROP_REPORT_MS).unref();
  }

  #reportDropped(): void {
    clearTimeout(this.#dropTimer);
    this.#dropTimer = undefined;
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.#parts.dropped(count);
  }
}
