import mqtt, { type MqttClient } from 'mqtt';

const RECONNECT_MS = 100;
const UNACKNOWLEDGED_MAX = 200;

/** Where messages go. */
export interface Sender {
  publish(topic: string, payload: string): void;
}

export interface PlannedMessage {
  readonly topic: string;
  readonly payload: string;
}

/** Keeps what is published, for somebody to send it in another way. */
export class Plan implements Sender {
  readonly messages: PlannedMessage[] = [];

  publish(topic: string, payload: string): void {
    this.messages.push({ topic, payload });
  }
}

/**
 * Publishes with QoS 1 and counts what the broker has acknowledged. What is not acknowledged when a
 * connection breaks is sent again on the next one, in order (mqtt.js keeps it).
 */
export class Publisher implements Sender {
  readonly #client: MqttClient;
  readonly #onSettled = new Set<() => void>();
  #sent = 0;
  #acknowledged = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    // Told by what is not acknowledged; without a listener it would end the process.
    client.on('error', () => {});
  }

  static async connect(url: string): Promise<Publisher> {
    return new Publisher(
      await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: RECONNECT_MS }),
    );
  }

  get sent(): number {
    return this.#sent;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  publish(topic: string, payload: string): void {
    this.#sent++;
    this.#client.publish(topic, payload, { qos: 1 }, (error) => {
      if (error) return;
      this.#acknowledged++;
      if (this.#acknowledged < this.#sent) return;
      for (const settled of this.#onSettled) settled();
      this.#onSettled.clear();
    });
  }

  /** Publishes all, no faster than the broker acknowledges. */
  async publishAll(messages: readonly PlannedMessage[]): Promise<void> {
    for (const [i, { topic, payload }] of messages.entries()) {
      this.publish(topic, payload);
      if (i % UNACKNOWLEDGED_MAX === 0) await this.settled();
    }
    await this.settled();
  }

  /** Resolves when the broker has acknowledged everything. */
  async settled(): Promise<void> {
    if (this.#acknowledged === this.#sent) return;
    await new Promise<void>((resolve) => this.#onSettled.add(resolve));
  }

  async end(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
