/** Where a series belongs that is learned together with others. */
export interface GroupPlace {
  /** What its members share, and no other series has. */
  readonly key: string;
  /** 0-based. */
  readonly channel: number;
  /** How many there are in all, the ones that have not come yet included. */
  readonly channels: number;
}

/** One series as the rest of the house knows it: `id` indexes typed arrays, `name` is the key. */
export interface SeriesInfo {
  readonly id: number;
  readonly stream: string;
  /** The series' key: unique over all streams, and the `series` tag in the database. */
  readonly name: string;
  /** Its first sample brought no time of its own: the time of arrival serves, and the clock tells gaps. */
  readonly receiveTime: boolean;
  /** Absent where the series is learned alone. */
  readonly group?: GroupPlace;
}

/** Names to dense ids, in order of first appearance. */
export class SeriesRegistry {
  readonly #byName = new Map<string, SeriesInfo>();
  readonly #byId: SeriesInfo[] = [];

  get size(): number {
    return this.#byId.length;
  }

  get(id: number): SeriesInfo | undefined {
    return this.#byId[id];
  }

  find(name: string): SeriesInfo | undefined {
    return this.#byName.get(name);
  }

  /** Adds a series under the next id. The name must be new. */
  add(stream: string, name: string, receiveTime: boolean, group?: GroupPlace): SeriesInfo {
    if (this.#byName.has(name)) throw new Error(`series "${name}" is registered already`);
    const alone = { id: this.#byId.length, stream, name, receiveTime };
    const series = group ? { ...alone, group } : alone;
    this.#byName.set(name, series);
    this.#byId.push(series);
    return series;
  }

  all(): readonly SeriesInfo[] {
    return this.#byId;
  }
}
