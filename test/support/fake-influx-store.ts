/** One bucket or database of the stand-in: points by measurement, tags and time, as the real ones keep them. */
import { type ReadLine, readLine } from './line-reader.ts';

export interface StoredPoint {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly fields: Readonly<Record<string, number>>;
}

export interface ParsedLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  readonly line?: ReadLine;
  readonly error?: string;
}

export interface RefusedLine extends ParsedLine {
  /** In the words of either. */
  readonly v2: string;
  readonly v3: string;
}

export class FakeStore {
  /** 0: points are kept for ever. */
  readonly retentionMs: number;
  readonly #points = new Map<string, StoredPoint>();
  /** `measurement.field` of another type than float. */
  readonly #texts = new Set<string>();

  constructor(retentionMs: number) {
    this.retentionMs = retentionMs;
  }

  get points(): StoredPoint[] {
    return [...this.#points.values()];
  }

  /** From now on the field is one of text. */
  declareText(measurement: string, field: string): void {
    this.#texts.add(`${measurement}.${field}`);
  }

  parse(body: string): ParsedLine[] {
    return body.split('\n').flatMap((text, i) => {
      if (text === '') return [];
      try {
        return { text, number: i + 1, line: readLine(text) };
      } catch (error) {
        return { text, number: i + 1, error: (error as Error).message };
      }
    });
  }

  /** Keeps what it can; gives back the rest, with the reasons. */
  write(parsed: readonly ParsedLine[], nowMs: number): RefusedLine[] {
    return parsed.flatMap((entry) => {
      const { measurement, fields, tags, time } = entry.line!;
      const text = [...fields.keys()].find((field) => this.#texts.has(`${measurement}.${field}`));
      if (text !== undefined) {
        const v2 = `field type conflict: input field "${text}" on measurement "${measurement}" is type float, already exists as type string`;
        const v3 = `invalid column type for column '${text}', expected iox::column_type::field::string, got iox::column_type::field::float`;
        return { ...entry, v2, v3 };
      }
      if (this.retentionMs > 0 && Number(time) < nowMs - this.retentionMs) {
        const v2 = 'points beyond retention policy';
        return { ...entry, v2, v3: v2 };
      }
      const key = JSON.stringify([measurement, [...tags].sort(), String(time)]);
      const known = this.#points.get(key)?.fields;
      this.#points.set(key, {
        measurement,
        tags: Object.fromEntries(tags),
        timeMs: Number(time),
        fields: { ...known, ...Object.fromEntries(fields) },
      });
      return [];
    });
  }
}
