import type { IPublishPacket } from 'mqtt';

/**
 * A broker may send a message once for each of our subscriptions that it fits; of MQTT 5, Mosquitto
 * does. Filters that cover one another are not subscribed to, but for a moment they are: while a
 * broader one takes the place of others. Copies come one behind the other, each with the identifier
 * of its subscription (MQTT 5 alone), and so they are known, of one connection.
 */
export class MqttCopies {
  #topic = '';
  #payload: Buffer | undefined;
  /** Subscriptions by which the newest message has come. */
  readonly #ids = new Set<number>();

  /** Whether it is the message before it once more, by another subscription. */
  isCopy({ topic, payload, properties, retain }: IPublishPacket): boolean {
    const given = properties?.subscriptionIdentifier;
    const ids = given === undefined ? [] : [given].flat();
    const isNew = ids.length === 0 || retain || ids.some((id) => this.#ids.has(id));
    const isSame = topic === this.#topic && this.#payload?.equals(payload as Buffer) === true;
    if (isNew || !isSame) {
      this.#ids.clear();
      this.#topic = topic;
      this.#payload = payload as Buffer;
    }
    for (const id of ids) this.#ids.add(id);
    return !isNew && isSame;
  }
}
