import { configSchema } from '../../src/config/schema.ts';
import type { Delivery } from '../../src/journal/journal.ts';
import type { MqttSettings } from '../../src/source/mqtt-options.ts';
import type { Gate, Message, MessageBatch, Source, SourceEvent } from '../../src/source/source.ts';

/** The settings that a configuration with these keys has, with quick retries. */
export function mqttSettings(url: string, keys: object = {}): MqttSettings {
  const mqtt = { url, client_id: 'daemon', retry_min: '20ms', retry_max: '100ms', ...keys };
  const config = configSchema.parse({ source: { mqtt }, streams: [{ topic: '#' }] });
  return { ...config.source!.mqtt!, url };
}

/** A source that is running, and all that has come out of it; committed at once, or by `commit`. */
export class RunningSource {
  readonly source: Source;
  readonly batches: MessageBatch[] = [];
  readonly events: SourceEvent[] = [];
  readonly completed: Promise<void>;
  /** What a journal would have kept. */
  readonly deliveries: Delivery[] = [];
  /** Commits wait for `commit`. */
  holding = false;
  error: Error | undefined;
  #uncommitted: Message[] = [];
  #changed: (() => void)[] = [];

  constructor(source: Source, gate: Gate = { wait: () => undefined }) {
    this.source = source;
    source.events.subscribe((event) => {
      this.events.push(event);
      this.#wake();
    });
    this.completed = new Promise((resolve) => {
      source.messages(gate).subscribe({
        next: (batch) => {
          this.batches.push(batch);
          this.#uncommitted.push(...batch);
          if (!this.holding) this.commit();
          this.#wake();
        },
        error: (error: Error) => {
          this.error = error;
          this.#wake();
          resolve();
        },
        complete: resolve,
      });
    });
  }

  /** What is there to be read: no repetitions. */
  get messages(): readonly Message[] {
    return this.arrivals.filter(({ repeated }) => !repeated);
  }

  get arrivals(): readonly Message[] {
    return this.batches.flat();
  }

  payloads(): string[] {
    return this.messages.map(({ payload }) => Buffer.from(payload).toString());
  }

  get uncommitted(): number {
    return this.#uncommitted.length;
  }

  /** Acknowledges the first of what waits for it, as the pipeline does after a commit. */
  commit(count = Number.POSITIVE_INFINITY): void {
    for (const { delivery, repeated, acknowledge } of this.#uncommitted.splice(0, count)) {
      if (delivery && !repeated) this.deliveries.push(delivery);
      acknowledge?.();
    }
  }

  /** As the events have told it so far. */
  count(kind: 'dropped' | 'repeated'): number {
    return this.events.reduce((sum, e) => sum + (e.kind === kind && 'count' in e ? e.count : 0), 0);
  }

  details(kind: SourceEvent['kind']): string[] {
    return this.events.filter((event) => event.kind === kind).map(({ detail }) => detail);
  }

  /** Resolves when the condition holds; looked at whenever something has come out. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  connected(times = 1): Promise<void> {
    return this.until(() => this.details('connected').length >= times);
  }

  received(count: number): Promise<void> {
    return this.until(() => this.messages.length >= count);
  }

  /** As `received`, with repetitions. */
  arrived(count: number): Promise<void> {
    return this.until(() => this.arrivals.length >= count);
  }

  /** As the daemon ends it. */
  async end(): Promise<void> {
    await this.source.stop();
    await this.source.close();
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
