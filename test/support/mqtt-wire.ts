/** MQTT as bytes: a broker that does what a test says, and a tap on the way to a real one. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface WirePacket {
  /** `puback`, … */
  readonly name: string;
  /** The packet id, where there is one: of acknowledgements only. */
  readonly id?: number;
  readonly body: Buffer;
  readonly flags: number;
}

const NAMES = [
  ...['reserved', 'connect', 'connack', 'publish', 'puback', 'pubrec', 'pubrel', 'pubcomp'],
  ...[
    'subscribe',
    'suback',
    'unsubscribe',
    'unsuback',
    'pingreq',
    'pingresp',
    'disconnect',
    'auth',
  ],
];
const ACKS = new Set(['puback', 'pubrec', 'pubrel', 'pubcomp']);

/** From chunks of bytes to whole packets. */
class Splitter {
  #rest = Buffer.alloc(0);

  push(chunk: Buffer): WirePacket[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const packets: WirePacket[] = [];
    for (let packet = this.#next(); packet; packet = this.#next()) packets.push(packet);
    return packets;
  }

  #next(): WirePacket | undefined {
    const bytes = this.#rest;
    let length = 0;
    let at = 1;
    for (let more = true; more; at++) {
      if (at >= bytes.length) return undefined;
      length += (bytes[at]! & 127) * 128 ** (at - 1);
      more = bytes[at]! > 127;
    }
    if (bytes.length < at + length) return undefined;
    const name = NAMES[bytes[0]! >> 4]!;
    const body = bytes.subarray(at, at + length);
    this.#rest = bytes.subarray(at + length);
    const id = ACKS.has(name) ? body.readUInt16BE(0) : undefined;
    return { name, body, flags: bytes[0]! & 15, ...(id === undefined ? {} : { id }) };
  }
}

function encoded(firstByte: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest % 128) + (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([firstByte, ...length]), body]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

export interface WireMessage {
  readonly id: number;
  readonly qos: 1 | 2;
  readonly dup?: boolean;
  readonly topic?: string;
  readonly payload: string;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Speaks both versions to one client at a time; sends what it is told, and notes what comes. */
export class WireBroker {
  url = '';
  /** What it says in CONNACK. */
  sessionPresent = false;
  /** Seconds, in CONNACK of MQTT 5. */
  serverKeepalive: number | undefined;
  answersPings = true;
  /** So many attempts it refuses as unavailable. */
  refusals = 0;
  readonly received: WirePacket[] = [];
  connections = 0;
  readonly #server: Server;
  #socket: Socket | undefined;
  #version = 0;

  constructor() {
    this.#server = createServer((socket) => {
      const splitter = new Splitter();
      this.#socket = socket.on('error', () => {});
      socket.on('data', (chunk) => {
        for (const packet of splitter.push(chunk)) this.#answer(socket, packet);
      });
    });
  }

  async start(): Promise<this> {
    this.url = await listening(this.#server);
    return this;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket?.destroy();
  }

  /** `puback 1`, … : what has acknowledged messages of ours, in order. */
  acknowledgements(): string[] {
    const acks = this.received.filter(({ name }) => ACKS.has(name));
    return acks.map(({ name, id }) => `${name} ${id}`);
  }

  send(messages: readonly WireMessage[]): void {
    const packets = messages.map(({ id, qos, dup, topic = 'a', payload }) => {
      const properties = Buffer.alloc(this.#version === 5 ? 1 : 0);
      const head = [uint16(Buffer.byteLength(topic)), Buffer.from(topic), uint16(id), properties];
      const body = Buffer.concat([...head, Buffer.from(payload)]);
      return encoded(0x30 | (dup ? 8 : 0) | (qos << 1), body);
    });
    this.#socket?.write(Buffer.concat(packets));
  }

  sendPubrel(id: number): void {
    this.#socket?.write(encoded(0x62, uint16(id)));
  }

  #answer(socket: Socket, packet: WirePacket): void {
    this.received.push(packet);
    const { name, body, flags } = packet;
    if (name === 'connect') {
      this.#version = body[6]!;
      this.connections++;
      socket.write(this.#connack());
    } else if (name === 'subscribe') {
      socket.write(encoded(0x90, this.#suback(body)));
    } else if (name === 'publish' && flags & 2) {
      const topicBytes = body.readUInt16BE(0);
      socket.write(encoded(0x40, body.subarray(2 + topicBytes, 4 + topicBytes)));
    } else if (name === 'pingreq' && this.answersPings) {
      socket.write(encoded(0xd0, Buffer.alloc(0)));
    }
  }

  #connack(): Buffer {
    const keepalive = this.serverKeepalive;
    const properties = keepalive === undefined ? [0] : [3, 0x13, keepalive >> 8, keepalive & 255];
    const refused = this.refusals-- > 0;
    const code = refused ? (this.#version === 5 ? 136 : 3) : 0;
    const body = [
      this.sessionPresent && !refused ? 1 : 0,
      code,
      ...(this.#version === 5 ? properties : []),
    ];
    return encoded(0x20, Buffer.from(body));
  }

  /** For one filter, as the tests have. */
  #suback(body: Buffer): Buffer {
    return Buffer.from([body[0]!, body[1]!, ...(this.#version === 5 ? [0] : []), body.at(-1)! & 3]);
  }
}

/** A way to a real broker on loopback that notes what the client sends, and can be cut. */
export class WireTap {
  url = '';
  /** Acknowledgements that the client has sent: `puback 1`. */
  readonly acknowledgements: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(brokerPort: number) {
    this.#server = createServer((socket) => {
      const upstream = connect(brokerPort, '127.0.0.1');
      const splitter = new Splitter();
      socket.on('data', (chunk) => {
        for (const { name, id } of splitter.push(chunk)) {
          if (name === 'puback' || name === 'pubrec') this.acknowledgements.push(`${name} ${id}`);
        }
      });
      for (const [end, other] of [[socket, upstream] as const, [upstream, socket] as const]) {
        this.#sockets.add(end);
        end
          .on('error', () => {})
          .on('close', () => {
            this.#sockets.delete(end);
            other.destroy();
          });
      }
      socket.pipe(upstream).pipe(socket);
    });
  }

  async start(): Promise<this> {
    this.url = await listening(this.#server);
    return this;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
