import { type IPublishPacket, type IStore, type Packet, Store } from 'mqtt';

const FLAGS = { dup: false, retain: false };

/** Takes one QoS 2 message; `goOn` sends its PUBREC and reads on. */
export type ExactlyOnceTaker = (packet: IPublishPacket, goOn: () => void) => void;

/**
 * Ids of QoS 2 messages between PUBLISH and PUBREL. It outlives connections, as the session does.
 *
 * mqtt.js hands a QoS 2 message out at PUBREL, and a process that dies between PUBREC and PUBREL has
 * then lost it. So it is taken when it comes, before PUBREC, and its id kept so that a repetition is
 * known: method A of MQTT 5, figure 4.3. The ids are at most 65,535, since the protocol has no more.
 */
export class IncomingIds {
  readonly #ids = new Set<number>();

  clear(): void {
    this.#ids.clear();
  }

  get size(): number {
    return this.#ids.size;
  }

  /** mqtt.js's view of it for one connection. */
  store(take: ExactlyOnceTaker): IStore {
    return new IncomingStore(this.#ids, take);
  }
}

type Done = (error?: Error, packet?: Packet) => void;

class IncomingStore extends Store {
  readonly #ids: Set<number>;
  readonly #take: ExactlyOnceTaker;

  constructor(ids: Set<number>, take: ExactlyOnceTaker) {
    super();
    this.#ids = ids;
    this.#take = take;
  }

  /** At PUBLISH; mqtt.js sends PUBREC when `goOn` is called. */
  override put(packet: Packet, goOn: () => void): this {
    const id = packet.messageId;
    if (packet.cmd !== 'publish' || id === undefined || this.#ids.has(id)) {
      goOn();
    } else {
      this.#ids.add(id);
      this.#take(packet, goOn);
    }
    return this;
  }

  /** At PUBREL: mqtt.js hands out what it gets here, and the connection passes it over. */
  override get({ messageId }: Pick<Packet, 'messageId'>, done: Done): this {
    if (this.#has(messageId)) {
      done(undefined, { cmd: 'publish', messageId, qos: 2, topic: '', payload: '', ...FLAGS });
    } else {
      done(new Error('unknown packet id'));
    }
    return this;
  }

  override del({ messageId }: Pick<Packet, 'messageId'>, done: Done): this {
    if (messageId !== undefined) this.#ids.delete(messageId);
    done();
    return this;
  }

  override close(done: () => void): void {
    done();
  }

  #has(id: number | undefined): boolean {
    return id !== undefined && this.#ids.has(id);
  }
}
