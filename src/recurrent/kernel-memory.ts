/**
 * The linear memory of one kernel instance: blocks of it are given out and taken back.
 *
 * Free ranges are kept by address and joined with their neighbours; a block comes from the first
 * range that is large enough. Networks of one shape have blocks of one size, so the ranges they
 * leave fit the next ones exactly. The memory grows in steps up to a limit, and refuses beyond it.
 */

export interface MemoryLimits {
  /** The most the linear memory may grow to. Default 1 GiB; at most 4 GiB. */
  readonly bytesMax?: number;
  /** Grown by at least so much at a time. Default 4 MiB. */
  readonly growBytes?: number;
}

const PAGE = 65_536;
const MIB = 2 ** 20;
const LIMIT = 2 ** 32;
/** A cache line. */
export const ALIGNMENT = 64;

/** The networks need more than the limit; for the user, who can raise it. */
export class MemoryLimitError extends Error {
  override readonly name = 'MemoryLimitError';
  /** For the command line: bad configuration. */
  readonly exitCode = 2;
}

interface Range {
  start: number;
  end: number;
}

export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** Views of the whole memory; new ones after it has grown, so never keep them. */
  u8!: Uint8Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  readonly #bytesMax: number;
  readonly #growBytes: number;
  /** By address, no two adjacent. */
  readonly #free: Range[] = [];
  #usedBytes = 0;
  readonly #owners = new FinalizationRegistry<() => void>((release) => release());

  constructor({ bytesMax = 1024 * MIB, growBytes = 4 * MIB }: MemoryLimits = {}) {
    if (!(bytesMax >= PAGE && bytesMax <= LIMIT && growBytes > 0)) {
      throw new Error(
        `kernel memory: the limit must be from ${PAGE} to ${LIMIT} bytes and growth above 0, ` +
          `not ${bytesMax} and ${growBytes}`,
      );
    }
    this.#bytesMax = Math.floor(bytesMax / PAGE) * PAGE;
    this.#growBytes = growBytes;
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: this.#bytesMax / PAGE });
    this.#renewViews();
  }

  /** Bytes given out. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes of the memory as it stands. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Before the first block: where the kernel's own data end. */
  begin(heapBase: number): void {
    this.#release({ start: align(heapBase), end: this.bytes });
  }

  /**
   * A block of zeros, at a multiple of 64.
   * @throws Error when the memory would grow past its limit
   */
  take(size: number): number {
    const bytes = align(size);
    let index = this.#free.findIndex(({ start, end }) => end - start >= bytes);
    if (index < 0) {
      this.#grow(bytes);
      index = this.#free.length - 1;
    }
    const range = this.#free[index]!;
    const at = range.start;
    range.start += bytes;
    if (range.start === range.end) this.#free.splice(index, 1);
    this.#usedBytes += bytes;
    this.u8.fill(0, at, at + bytes);
    return at;
  }

  /** Takes back a block of `size` bytes. */
  give(at: number, size: number): void {
    const bytes = align(size);
    this.#usedBytes -= bytes;
    this.#release({ start: at, end: at + bytes });
  }

  /**
   * Called once nobody has `owner` any more, so that series that are let go give back what they had.
   * @param release must not hold the owner, nor mind being called twice
   */
  whenGone(owner: object, release: () => void): void {
    this.#owners.register(owner, release);
  }

  #release(range: Range): void {
    const free = this.#free;
    let low = 0;
    let high = free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (free[middle]!.start < range.start) low = middle + 1;
      else high = middle;
    }
    const before = free[low - 1];
    const after = free[low];
    const joinsBefore = before?.end === range.start;
    const joinsAfter = after?.start === range.end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      free.splice(low, 1);
    } else if (joinsBefore) {
      before.end = range.end;
    } else if (joinsAfter) {
      after.start = range.start;
    } else {
      free.splice(low, 0, range);
    }
  }

  /** Makes the last free range at least `bytes` long. */
  #grow(bytes: number): void {
    const old = this.bytes;
    const last = this.#free.at(-1);
    const missing = bytes - (last?.end === old ? last.end - last.start : 0);
    if (old + missing > this.#bytesMax) {
      throw new MemoryLimitError(
        `kernel memory: ${bytes} bytes more do not fit; ${this.#usedBytes} are in use and the ` +
          `limit is ${this.#bytesMax}. Raise model.memory_mib, lower model.effort, or use smaller networks.`,
      );
    }
    const wanted = Math.min(Math.max(missing, this.#growBytes), this.#bytesMax - old);
    try {
      this.memory.grow(Math.ceil(wanted / PAGE));
    } catch (cause) {
      throw new Error(`kernel memory: the system has no ${wanted} bytes more`, { cause });
    }
    this.#renewViews();
    this.#release({ start: old, end: this.bytes });
  }

  #renewViews(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }
}

export function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
