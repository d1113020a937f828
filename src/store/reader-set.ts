import { LaneReader, type PointSource, type ReaderRecord } from './lane-reader.ts';

/** The readers of one outbox, by the name of their sink. */
export class ReaderSet {
  readonly #source: PointSource;
  readonly #readers = new Map<string, LaneReader>();
  /** Of earlier runs, and nobody has asked for them yet. */
  readonly #known: Map<string, ReaderRecord>;
  /** Where a reader that is not known begins, as long as others may still be asked for. */
  #start: number | undefined;

  /**
   * @param known what an earlier run has left
   * @param start for others; by default the end of what is there when they are asked for
   */
  constructor(source: PointSource, known = new Map<string, ReaderRecord>(), start?: number) {
    this.#source = source;
    this.#known = known;
    this.#start = start;
  }

  get(sink: string): LaneReader {
    const existing = this.#readers.get(sink);
    if (existing) return existing;
    const start = this.#known.get(sink) ?? this.#start ?? this.#source.end;
    const reader = new LaneReader(this.#source, start);
    this.#known.delete(sink);
    this.#readers.set(sink, reader);
    return reader;
  }

  /** It has no place any more; gives what waited for it. */
  remove(sink: string): number {
    const depth = this.#readers.get(sink)?.depth ?? 0;
    this.#readers.delete(sink);
    return depth;
  }

  /** Most points waiting for any one. */
  get depth(): number {
    let depth = 0;
    for (const reader of this.#readers.values()) depth = Math.max(depth, reader.depth);
    return depth;
  }

  /** What lies before it, none of them needs. */
  get position(): number {
    let position = this.#source.end;
    for (const reader of this.#readers.values()) position = Math.min(position, reader.position);
    return position;
  }

  /** Points before this number are gone, for those that have read up to `readTo` or further. */
  dropBefore(number: number, readTo = 0): void {
    for (const reader of this.#readers.values()) {
      if (reader.position >= readTo) reader.dropBefore(number);
    }
  }

  /** To be kept until the next run. */
  records(): ReadonlyMap<string, ReaderRecord> {
    const records = new Map(this.#known);
    for (const [sink, { record }] of this.#readers) records.set(sink, record);
    return records;
  }

  /** Those that nobody has asked for are forgotten; gives what waited for each. */
  forgetOthers(): { sink: string; depth: number }[] {
    const others = [...this.#known];
    this.#known.clear();
    this.#start = undefined;
    return others.map(([sink, record]) => {
      return { sink, depth: new LaneReader(this.#source, record).depth };
    });
  }
}
