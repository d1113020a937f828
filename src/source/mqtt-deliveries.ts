/**
 * A broker delivers again what it has no acknowledgement for: under the same packet id and marked
 * DUP, when the session is resumed. Such a repetition is known by id and digest.
 *
 * - The acknowledgement was lost, or we died between commit and acknowledgement: the delivery is in
 *   the journal, `restore` brings it back, and the repetition is acknowledged without being taken.
 * - We died before the commit: the delivery is not in the journal, and so it is taken.
 * - Ids are used again. What comes without DUP is new, whatever we remember. What comes with DUP and
 *   another digest is new too: its first delivery never reached us.
 * - A new session (the broker has forgotten ours) begins its ids anew: nothing before it counts.
 * - QoS 2: PUBREL says that the broker has our PUBREC, so the next message with that id is a new one
 *   (MQTT-4.3.3), DUP or not. A PUBREL for an id that we do not know is answered like any other.
 * - A broker that comes back with an old state of its own repeats what we have acknowledged long
 *   ago. Of QoS 1, the newest 2,000 are still known. Older ones, and those that its state had not
 *   sent yet (they come without DUP), look new: the time in their payload tells them as duplicates;
 *   without one they are learned twice, since nothing distinguishes them from new messages.
 * - We died in a new session before its first commit: the journal tells of the session before, and a
 *   message that equals the one with its id there is held for its repetition.
 *
 * What remains is a message without a time that equals, byte by byte, the last one with its id, at
 * most 2,000 deliveries ago, and of which the first delivery was lost with the connection: it is held
 * for a repetition. Brokers count ids up to 65,535, so that needs one that reuses them at once.
 */
import { crc32 } from 'node:zlib';
import type { IPublishPacket } from 'mqtt';
import type { Delivery } from '../journal/journal.ts';

/** So many of the newest deliveries are remembered; more than can wait for their acknowledgement. */
export const DELIVERIES_MAX = 2_000;
const PACKET_IDS = 65_536;

export interface KnownDelivery {
  readonly delivery: Delivery;
  /** It was taken before, in this process or in an earlier one. */
  readonly repeated: boolean;
}

/** The newest deliveries of QoS 1 and 2 in the broker's current session with us. */
export class MqttDeliveries {
  readonly #digests = new Uint32Array(PACKET_IDS);
  /** When an id was last delivered, in deliveries since the start; 0: not in this session. */
  readonly #numbers = new Float64Array(PACKET_IDS);
  #newest = 0;
  #session = 0;

  /** Goes on where an earlier process was. Of several sessions, the last one counts. */
  restore(deliveries: readonly Delivery[]): void {
    const last = deliveries.at(-1);
    if (!last) return;
    this.#session = last.session;
    this.#numbers.fill(0);
    for (const { session, packetId, digest } of deliveries) {
      if (session === last.session) this.#remember(packetId, digest);
    }
  }

  /** The broker does not know us, or no longer. */
  beginSession(): void {
    this.#session++;
    this.#numbers.fill(0);
  }

  /** Remembers a message of QoS 1 or 2. */
  take(packet: IPublishPacket): KnownDelivery {
    const packetId = packet.messageId!;
    const digest = digestOf(packet);
    const repeated = packet.dup && this.#knows(packetId, digest);
    this.#remember(packetId, digest);
    return { delivery: { session: this.#session, packetId, digest }, repeated };
  }

  /** At PUBREL: the broker is done with the message of QoS 2 that had this id. */
  release(packetId: number): void {
    this.#numbers[packetId] = 0;
  }

  #knows(packetId: number, digest: number): boolean {
    const number = this.#numbers[packetId]!;
    const isRecent = number > 0 && number > this.#newest - DELIVERIES_MAX;
    return isRecent && this.#digests[packetId] === digest;
  }

  #remember(packetId: number, digest: number): void {
    this.#numbers[packetId] = ++this.#newest;
    this.#digests[packetId] = digest;
  }
}

/** No topic contains the character U+0000, so it separates. */
function digestOf({ topic, payload }: IPublishPacket): number {
  return crc32(payload, crc32(`${topic}\0`));
}
