import type { Gate, Message, MessageBatch } from './source.ts';
import { Tally } from './tally.ts';

const BATCH_MESSAGES_MAX = 1_024;
/** Beyond these, messages of QoS 0 are dropped and counted. */
const QUEUE_MESSAGES_MAX = 20_000;
const BYTES_MAX = 64 * 2 ** 20;
/** Beyond this many unacknowledged messages of QoS 1 and 2, no more are read from the broker. */
const UNACKNOWLEDGED_MAX = 1_000;

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
 * A message of QoS 1 or 2 counts from its arrival until it is acknowledged, wherever it is then, so
 * that what this process holds stays bounded. While the gate is closed or commits take long,
 * unacknowledged messages fill the broker's window and the broker keeps the rest.
 */
export class MqttIntake {
  readonly #parts: IntakeParts;
  readonly #dropped: Tally;
  #queue: Message[] = [];
  /** Of payloads in the queue, and of QoS 1 and 2 until the acknowledgement. */
  #bytes = 0;
  #unacknowledged = 0;
  #scheduled = false;
  #atGate = false;
  #open = true;
  #drained: (() => void)[] = [];

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#dropped = new Tally(parts.dropped);
  }

  /** False: no more should be read until `resume`. One with `acknowledge` is never dropped. */
  offer(message: Message): boolean {
    if (!this.#open) return true;
    const { acknowledge, payload } = message;
    if (!acknowledge && this.#isFull(payload.length)) {
      this.#dropped.add();
      return true;
    }
    this.#bytes += payload.length;
    if (acknowledge) {
      this.#unacknowledged++;
      this.#queue.push({ ...message, acknowledge: () => this.#settle(message, acknowledge) });
    } else {
      this.#queue.push(message);
    }
    this.#schedule();
    return !this.#mustPause();
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Takes nothing more; resolves when what it holds has been emitted. */
  async stop(): Promise<void> {
    this.#close();
    if (this.#queue.length > 0) {
      await new Promise<void>((resolve) => this.#drained.push(resolve));
    }
    this.#dropped.flush();
  }

  /** Takes nothing more and forgets what it holds; the broker keeps what was not acknowledged. */
  discard(): void {
    this.#queue = [];
    this.#close();
    this.#wakeStopped();
    this.#dropped.flush();
  }

  /** Messages are passed over from here on, and what comes between them can be read. */
  #close(): void {
    this.#open = false;
    this.#parts.resume();
  }

  #isFull(bytes: number): boolean {
    return this.#queue.length >= QUEUE_MESSAGES_MAX || this.#bytes + bytes > BYTES_MAX;
  }

  #mustPause(): boolean {
    return this.#unacknowledged >= UNACKNOWLEDGED_MAX || this.#bytes > BYTES_MAX;
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
    this.#wakeStopped();
  }

  #emit(batch: MessageBatch): void {
    let bytes = 0;
    for (const { acknowledge, payload } of batch) if (!acknowledge) bytes += payload.length;
    this.#parts.emit(batch);
    this.#free(bytes, 0);
  }

  #settle({ payload }: Message, acknowledge: () => void): void {
    acknowledge();
    this.#free(payload.length, 1);
  }

  #free(bytes: number, acknowledged: number): void {
    const paused = this.#mustPause();
    this.#bytes -= bytes;
    this.#unacknowledged -= acknowledged;
    if (paused && !this.#mustPause()) this.#parts.resume();
  }

  #wakeStopped(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
