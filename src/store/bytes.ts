/**
 * What a series remembers, as bytes: little-endian, numbers as float64 or float32, no padding. A
 * reader reads in the order of writing; a wrong length or a short buffer is an error, never a guess.
 */
/** Buffers that writers are done with: most of a save's time would go into getting new ones. */
const spare: Uint8Array[] = [];
/** Writers that are open at once, one for each level of what is saved. */
const SPARE_MAX = 8;
const INITIAL_CAPACITY = 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** To be used until `finish`. */
export class ByteWriter {
  #buffer = spare.pop() ?? new Uint8Array(INITIAL_CAPACITY);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;

  number(value: number): this {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  /** Length, then the values. */
  numbers(values: Float64Array): this {
    this.number(values.length);
    this.#reserve(values.length * 8);
    for (let i = 0; i < values.length; i++) {
      this.#view.setFloat64(this.#length + i * 8, values[i]!, true);
    }
    this.#length += values.length * 8;
    return this;
  }

  /** Length, then the values, each in 4 bytes. */
  singles(values: Float32Array): this {
    this.number(values.length);
    this.#reserve(values.length * 4);
    for (let i = 0; i < values.length; i++) {
      this.#view.setFloat32(this.#length + i * 4, values[i]!, true);
    }
    this.#length += values.length * 4;
    return this;
  }

  /** Length, then the whole numbers, four bytes each. */
  counts(values: Uint32Array): this {
    this.number(values.length);
    this.#reserve(values.length * 4);
    for (let i = 0; i < values.length; i++) {
      this.#view.setUint32(this.#length + i * 4, values[i]!, true);
    }
    this.#length += values.length * 4;
    return this;
  }

  /** Length, then the bytes. */
  bytes(values: Uint8Array): this {
    this.number(values.length);
    this.#reserve(values.length);
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  text(value: string): this {
    return this.bytes(encoder.encode(value));
  }

  /** All that was written, in a buffer of its own. */
  finish(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#length);
    if (spare.length < SPARE_MAX) spare.push(this.#buffer);
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return bytes;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more));
    grown.set(this.#buffer);
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    this.#require(8);
    const value = this.#view.getFloat64(this.#offset, true);
    this.#offset += 8;
    return value;
  }

  /** Fills `target`. @throws Error when another number of values was written. */
  numbers(target: Float64Array, what: string): void {
    const length = this.#length(what, target.length, 8);
    for (let i = 0; i < length; i++) {
      target[i] = this.#view.getFloat64(this.#offset + i * 8, true);
    }
    this.#offset += length * 8;
  }

  /** As `numbers`, for what `singles` wrote. */
  singles(target: Float32Array, what: string): void {
    const length = this.#length(what, target.length, 4);
    for (let i = 0; i < length; i++) {
      target[i] = this.#view.getFloat32(this.#offset + i * 4, true);
    }
    this.#offset += length * 4;
  }

  /** Fills `target`. @throws Error when another number of counts was written. */
  counts(target: Uint32Array, what: string): void {
    const length = this.#length(what, target.length, 4);
    for (let i = 0; i < length; i++) {
      target[i] = this.#view.getUint32(this.#offset + i * 4, true);
    }
    this.#offset += length * 4;
  }

  #length(what: string, wanted: number, bytesEach: number): number {
    const length = this.number();
    if (length !== wanted) {
      throw new Error(`saved ${what}: ${length} values, but these settings need ${wanted}`);
    }
    this.#require(length * bytesEach);
    return length;
  }

  bytes(): Uint8Array {
    const length = this.number();
    this.#require(length);
    this.#offset += length;
    return this.#bytes.slice(this.#offset - length, this.#offset);
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  /** @throws Error when something is left: the bytes are of another version. */
  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left !== 0) throw new Error(`saved state: ${left} bytes more than expected`);
  }

  #require(length: number): void {
    if (!(length >= 0) || this.#offset + length > this.#bytes.length) {
      throw new Error(
        `saved state: ends at byte ${this.#bytes.length}, ` +
          `but ${length} more were expected after byte ${this.#offset}`,
      );
    }
  }
}
