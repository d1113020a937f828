const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** `bytes` without the line end; cut to `LINE_BYTES_MAX` where `tooLong`. */
export interface Line {
  readonly number: number;
  readonly bytes: Buffer;
  readonly tooLong: boolean;
}

export const LINE_BYTES_MAX = 2 ** 20;

/** Splits bytes into lines and holds at most one line of bounded length. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  #tooLong = false;
  #number = 1;

  /** The lines that `chunk` completes. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end));
      lines.push(this.#take());
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** The last line, where the bytes did not end with a line end. */
  end(): Line[] {
    return this.#length > 0 ? [this.#take()] : [];
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    const room = LINE_BYTES_MAX - this.#length;
    if (part.length > room) this.#tooLong = true;
    if (room === 0) return;
    const kept = part.subarray(0, room);
    this.#parts.push(kept);
    this.#length += kept.length;
  }

  #take(): Line {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    const line = { number: this.#number++, bytes: chomp(bytes), tooLong: this.#tooLong };
    this.#parts = [];
    this.#length = 0;
    this.#tooLong = false;
    return line;
  }
}

function chomp(bytes: Buffer): Buffer {
  return bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
}
