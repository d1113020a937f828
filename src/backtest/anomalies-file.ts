/**
 * Anomaly scores, one line a row of the recording and in its order: `{"time","anomaly"}`. Rows are
 * no steps (some come twice, some are missing), so they wait here until their step has come out of
 * the pipeline, which bounds how many wait.
 */
import { join } from 'node:path';
import { tap } from 'rxjs';
import type { RejectedPoint, Sink } from '../sink/sink.ts';
import type { Source } from '../source/source.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { TimeReader } from './layout.ts';
import { TextFile } from './text-file.ts';

/** Rows written are cut off the queue when there are so many. */
const CUT_ROWS = 4_096;

interface SeriesFile {
  readonly file: TextFile;
  /** The next row to write, counted from the first of the recording. */
  next: number;
  /** Of the newest step; null where it has none. */
  anomaly: number | null;
  everyMs: number;
}

export class AnomaliesFile implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #single: boolean;
  readonly #timeOf: TimeReader;
  /** Times of the rows that wait; `#first` is the number of the oldest. */
  readonly #rows: number[] = [];
  #first = 0;
  readonly #series = new Map<string, SeriesFile>();

  /**
   * @param path of the file; of a folder with a file a series, where there are several
   */
  constructor(path: string, single: boolean, timeOf: TimeReader) {
    this.name = `file ${path}`;
    this.#path = path;
    this.#single = single;
    this.#timeOf = timeOf;
  }

  /** The same source; its rows are noted as they pass. */
  watch(source: Source): Source {
    const messages: Source['messages'] = (gate) =>
      source.messages(gate).pipe(
        tap((batch) => {
          for (const message of batch) this.#rows.push(this.#timeOf(message) ?? Number.NaN);
        }),
      );
    return {
      messages,
      events: source.events,
      progress: () => source.progress(),
      stop: () => source.stop(),
      close: () => source.close(),
    };
  }

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    const texts = new Map<SeriesFile, string>();
    for (const points of batch) {
      const of = this.#series.get(points.series) ?? (await this.#open(points.series));
      texts.set(of, (texts.get(of) ?? '') + this.#step(of, points));
    }
    for (const [{ file }, text] of texts) await file.write(text);
    this.#cut();
    return [];
  }

  async close(): Promise<void> {
    for (const of of this.#series.values()) {
      await of.file.write(this.#lines(of, Number.POSITIVE_INFINITY));
      await of.file.close();
    }
  }

  /** The rows up to this step: those before it belong to steps that came earlier. */
  #step(of: SeriesFile, { issuedMs, targetMs, anomaly }: SeriesPoints): string {
    if (targetMs.length > 0) of.everyMs = targetMs[0]! - issuedMs;
    const before = this.#lines(of, issuedMs - of.everyMs / 2);
    of.anomaly = Number.isNaN(anomaly) ? null : anomaly;
    return before + this.#lines(of, issuedMs + of.everyMs / 2);
  }

  /** Lines of the waiting rows with a time before the bound, with the newest step's anomaly. */
  #lines(of: SeriesFile, boundMs: number): string {
    let text = '';
    for (; of.next - this.#first < this.#rows.length; of.next++) {
      const timeMs = this.#rows[of.next - this.#first]!;
      if (timeMs >= boundMs) break;
      const time = Number.isNaN(timeMs) ? 'null' : `"${new Date(timeMs).toISOString()}"`;
      text += `{"time":${time},"anomaly":${of.anomaly}}\n`;
    }
    return text;
  }

  async #open(series: string): Promise<SeriesFile> {
    const name = `${series.replaceAll(/[^\w.+-]+/g, '_')}.ndjson`;
    const file = await TextFile.open(this.#single ? this.#path : join(this.#path, name));
    // A series may begin late: its file tells of the rows from here on.
    const opened = { file, next: this.#first, anomaly: null, everyMs: 0 };
    this.#series.set(series, opened);
    return opened;
  }

  #cut(): void {
    const done = Math.min(...[...this.#series.values()].map(({ next }) => next));
    if (!(done - this.#first >= CUT_ROWS)) return;
    this.#rows.splice(0, done - this.#first);
    this.#first = done;
  }
}
