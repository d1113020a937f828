import type { Channels } from '../config/channels.ts';
import type { BarPart } from './bars.ts';

/** Where a series belongs that is learned together with others. */
export interface GroupPlace {
  /** What its members share, and no other series has. */
  readonly key: string;
  /** 0-based. */
  readonly channel: number;
  /** How many there are in all, the ones that have not come yet included. */
  readonly channels: number;
}

/**
 * Named fields of one topic (or of what else a value may belong to) are the channels of one multivariate
 * series; undefined: the field is none of them.
 */
export function groupPlace(
  stream: string,
  { targets, past, known }: Channels,
  place: string,
  field: string,
): GroupPlace | undefined {
  const fields = [...targets, ...past, ...known];
  const channel = fields.indexOf(field);
  if (channel < 0) return undefined;
  return { key: `${stream}\n${place}`, channel, channels: fields.length };
}

/** One series as the rest of the house knows it: `id` indexes typed arrays, `name` is the key. */
export interface SeriesInfo {
  readonly id: number;
  readonly stream: string;
  /** The series' key: unique over all streams, and the `series` tag in the database. */
  readonly name: string;
  /** Its first sample brought no time of its own: the time of arrival serves, and the clock tells gaps. */
  readonly receiveTime: boolean;
  /** Which part of a bar it is; undefined: of none. */
  readonly part?: BarPart;
  /**
   * Of a series of symbols: their names, by code. Grows; a name never changes. Only the main thread's
   * is up to date, so that points get their names there.
   */
  symbols?: string[];
  /** Absent where the series is learned alone. */
  readonly group?: GroupPlace;
}

/** Stands for all symbols beyond the most that a series may have. */
export const OTHER_SYMBOLS = '(other)';

/** Names to dense ids, in order of first appearance. */
export class SeriesRegistry {
  readonly #byName = new Map<string, SeriesInfo>();
  readonly #byId: SeriesInfo[] = [];
  readonly #forgotten = new Set<number>();
  /** By series id: codes of its symbols. */
  readonly #codes: Map<string, number>[] = [];

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
  add(
    stream: string,
    name: string,
    receiveTime: boolean,
    more: Pick<SeriesInfo, 'part' | 'group'> = {},
  ): SeriesInfo {
    if (this.#byName.has(name)) throw new Error(`series "${name}" is registered already`);
    const series = { id: this.#byId.length, stream, name, receiveTime, ...more };
    this.#byName.set(name, series);
    this.#byId.push(series);
    return series;
  }

  /**
   * A symbol's code: 0, 1, 2 … in order of first appearance in the series.
   * @param symbolsMax once there are so many, further ones share one code: OTHER_SYMBOLS
   */
  symbolCode(id: number, symbol: string, symbolsMax: number): number {
    this.#codes[id] ??= new Map();
    const codes = this.#codes[id];
    const known = codes.get(symbol);
    if (known !== undefined) return known;
    const name = codes.size < symbolsMax ? symbol : OTHER_SYMBOLS;
    const other = codes.get(name);
    if (other !== undefined) return other;
    const code = codes.size;
    codes.set(name, code);
    const series = this.#byId[id]!;
    series.symbols ??= [];
    series.symbols.push(name);
    return code;
  }

  /**
   * Takes up where an earlier life of the process ended, or series that are known again.
   * @param series of which `symbols` are all that are known
   * @param size ids below it are given away, also where their series is not known any more
   */
  restore(series: readonly SeriesInfo[], size: number): void {
    this.#byId.length = Math.max(size, this.#byId.length);
    for (const info of series) {
      this.#byName.set(info.name, info);
      this.#byId[info.id] = info;
      this.#forgotten.delete(info.id);
      if (info.symbols) {
        this.#codes[info.id] = new Map(info.symbols.map((name, code) => [name, code]));
      }
    }
  }

  /**
   * Their names are free: who comes by one of them is a new series. What is known of an id stays, as
   * its points may still wait to be written.
   */
  forget(series: readonly SeriesInfo[]): void {
    for (const { id, name } of series) {
      this.#byName.delete(name);
      this.#forgotten.add(id);
    }
  }

  /** Without those that are forgotten. */
  all(): readonly SeriesInfo[] {
    return this.#byId.filter((info) => info !== undefined && !this.#forgotten.has(info.id));
  }
}
