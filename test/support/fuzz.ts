/** Seeded messages that no device should send, among some that are right. */
import { encode as msgpack } from '@msgpack/msgpack';
import { encode as cbor } from 'cborg';
import { sparkplug, type TestMetric } from './sparkplug.ts';
import { Random } from './streams.ts';

export interface FuzzMessage {
  readonly topic: string;
  readonly payload: Buffer;
}

const NASTY = [
  '\n',
  '\r\n',
  '\0',
  '\t',
  ',',
  '=',
  ' ',
  '"',
  "'",
  '\\',
  '\\n',
  '%',
  '%0A',
  '%5C',
  '#{x}',
  '\u2028',
  '\u200b',
  '\u202e',
  '\ufeff',
  '😀',
  'é',
  'e\u0301',
  '\u{10ffff}',
  '\x7f',
  '\x1b[31m',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '..',
  '/',
  '//',
  '$SYS',
  '-',
  'NaN',
  '0',
  'value=1 1\nactual,series=evil value=1',
  'series=a,b\\ c',
  '{topic[1]}',
  'a.b',
  'a[0]',
  '',
];
const NUMBERS = [
  '0',
  '-0',
  '1e308',
  '-1e308',
  '1.7976931348623157e308',
  '5e-324',
  '-5e-324',
  '1e400',
  '-1e999',
  '9007199254740993',
  '123456789012345678901234567890',
  '0.1',
  '1e-400',
  '3.0000000000000001',
  'NaN',
  'Infinity',
  '-Infinity',
  '0x10',
  '1_000',
  '+5',
  '.5',
  '5.',
  '1e',
  '--1',
  '١٢',
  'true',
  'null',
];
const T0_S = 1_700_000_000;

export class Fuzzer {
  readonly #random: Random;
  #count = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** On the topics `fuzz/…`, `csv/…`, `sym/…`, `num/…`, `cbor/…`, `pack/…`, `line/…` and `spBv1.0/…`. */
  next(): FuzzMessage {
    this.#count++;
    const make = this.#pick([
      () => this.#random_(),
      () => this.#object(),
      () => this.#object(),
      () => this.#broken(),
      () => this.#nested(),
      () => this.#csv(),
      () => this.#symbol(),
      () => this.#number(),
      () => this.#binary(),
      () => this.#lines(),
      () => this.#sparkplug(),
    ]);
    return make();
  }

  #below(count: number): number {
    return Math.floor(this.#random.uniform() * count);
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#below(all.length)]!;
  }

  #name(): string {
    if (this.#below(300) === 0) return 'x'.repeat(this.#below(70_000));
    const kind = this.#below(20);
    if (kind === 0) return Buffer.from(this.#bytes(20)).toString();
    if (kind < 10) return `f${this.#below(20)}`;
    return Array.from({ length: this.#below(4) }, () => this.#pick(NASTY)).join('');
  }

  /** As it comes out of MQTT: text without wildcards. */
  #topic(root: string): string {
    const levels = Array.from({ length: 1 + this.#below(3) }, () => this.#name());
    return `${root}/${levels.join('/')}`.replace(/[+#]/g, '_').slice(0, 60_000).toWellFormed();
  }

  #bytes(max: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(max) }, () => this.#below(256)));
  }

  #random_(): FuzzMessage {
    const root = this.#pick(['fuzz', 'csv', 'sym', 'num', 'cbor', 'pack', 'line', 'spBv1.0']);
    return { topic: this.#topic(root), payload: this.#bytes(200) };
  }

  /** Time goes on, mostly. */
  #time(): string {
    const kind = this.#below(12);
    if (kind === 0) return this.#pick(NUMBERS);
    if (kind === 1) return JSON.stringify(this.#name());
    if (kind === 2) return String(T0_S + this.#below(1e9));
    return String(T0_S + Math.floor(this.#count / 100) + this.#below(2));
  }

  #value(): string {
    const kind = this.#below(8);
    if (kind === 0) return this.#pick(NUMBERS);
    if (kind === 1) return JSON.stringify(this.#name());
    if (kind === 2) return this.#pick(['null', 'true', '[]', '{}', '[1,2]', '{"a":{"b":3}}']);
    if (kind === 3) return JSON.stringify(this.#pick(NUMBERS));
    return String(20 + this.#random.normal());
  }

  #fields(): string {
    const fields = Array.from({ length: 1 + this.#below(5) }, () => {
      const name = JSON.stringify(this.#name());
      // JSON can say what no text in UTF-8 can hold.
      const key = this.#below(20) === 0 ? `${name.slice(0, -1)}\\ud8${this.#below(4)}0"` : name;
      return `${key}:${this.#value()}`;
    });
    return fields.join(',');
  }

  #object(): FuzzMessage {
    const text = `{"t":${this.#time()},${this.#fields()}}`;
    return { topic: this.#topic('fuzz'), payload: Buffer.from(text) };
  }

  #broken(): FuzzMessage {
    return { topic: this.#topic('fuzz'), payload: this.#broke(this.#object().payload) };
  }

  #broke(sound: Uint8Array): Buffer {
    const payload = Buffer.from(sound);
    for (let i = this.#below(4); i >= 0 && payload.length > 0; i--) {
      payload[this.#below(payload.length)] = this.#below(256);
    }
    const end = this.#below(3) === 0 ? this.#below(payload.length + 1) : payload.length;
    return payload.subarray(0, end);
  }

  #nested(): FuzzMessage {
    const depth = 10 ** this.#below(5);
    const [open, close] = this.#pick([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const);
    const closed = this.#below(2) === 0 ? close.repeat(depth) : '';
    return { topic: this.#topic('fuzz'), payload: Buffer.from(open.repeat(depth) + 1 + closed) };
  }

  #csv(): FuzzMessage {
    const cells = [this.#time(), this.#value(), this.#pick(NASTY), this.#value()];
    const text = cells.slice(0, 1 + this.#below(4)).join(this.#pick([',', ',', ';', '\n']));
    return { topic: this.#topic('csv'), payload: Buffer.from(text) };
  }

  #symbol(): FuzzMessage {
    const text = `{"t":${this.#time()},"s":${JSON.stringify(this.#name())}}`;
    return { topic: `sym/${this.#below(5)}`, payload: Buffer.from(text) };
  }

  #number(): FuzzMessage {
    const text = this.#below(2) === 0 ? this.#pick(NUMBERS) : this.#value();
    return { topic: `num/${this.#pick(NASTY)}`.replace(/[+#]/g, '_'), payload: Buffer.from(text) };
  }

  /** Every other one is whole. */
  #maybeBroken(payload: Uint8Array): Buffer {
    return this.#below(2) === 0 ? Buffer.from(payload) : this.#broke(payload);
  }

  #binary(): FuzzMessage {
    const pairs = Array.from({ length: 1 + this.#below(4) }, () => {
      const number = Number(this.#pick(NUMBERS));
      const value = this.#pick([number, this.#random.normal(), this.#name(), null, [1], BigInt(5)]);
      return [`${this.#name()}_`, value];
    });
    const value = { t: T0_S + Math.floor(this.#count / 100), ...Object.fromEntries(pairs) };
    return this.#below(2) === 0
      ? { topic: this.#topic('cbor'), payload: this.#maybeBroken(cbor(value)) }
      : {
          topic: this.#topic('pack'),
          payload: this.#maybeBroken(msgpack(value, { useBigInt64: true })),
        };
  }

  #lines(): FuzzMessage {
    const lines = Array.from({ length: 1 + this.#below(3) }, () => {
      const tags = this.#below(2) === 0 ? `,${this.#name()}=${this.#name()}` : '';
      const value = this.#pick([
        ...NUMBERS,
        `${this.#below(100)}i`,
        '"a, b',
        JSON.stringify('a\n'),
      ]);
      return `${this.#name()}${tags} v=${this.#random.normal()},${this.#name()}=${value} ${this.#time()}`;
    });
    return { topic: this.#topic('line'), payload: Buffer.from(lines.join('\n')) };
  }

  /** Births and data of a few nodes, in no order. */
  #sparkplug(): FuzzMessage {
    const type = this.#pick([
      'NBIRTH',
      'NDATA',
      'NDATA',
      'NDATA',
      'NDEATH',
      'DBIRTH',
      'DDATA',
      'NCMD',
    ]);
    const place = type.startsWith('D') ? 'n/d' : 'n';
    const metrics = Array.from({ length: this.#below(4) }, (): TestMetric => {
      const name = this.#below(3) === 0 ? {} : { name: this.#name().toWellFormed() };
      const values = { int: this.#below(2 ** 32), float: this.#below(9), string: this.#name() };
      return { ...name, alias: this.#below(4), type: this.#below(36), ...values };
    });
    const timestamp = 1000 * (T0_S + Math.floor(this.#count / 100));
    const payload = sparkplug({ timestamp, seq: this.#below(260), metrics });
    return {
      topic: `spBv1.0/${this.#below(3)}/${type}/${place}`,
      payload: this.#maybeBroken(payload),
    };
  }
}
