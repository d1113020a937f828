import { setImmediate } from 'node:timers/promises';
import { type Observable, ReplaySubject } from 'rxjs';
import type { InfluxSinkConfig } from '../config/schema.ts';
import type { SeriesPoints } from '../store/points.ts';
import { createInfluxClient, type InfluxClient } from './influx-client.ts';
import { InfluxRefusal, type RefusedLine } from './influx-errors.ts';
import { LineEncoder } from './line-protocol.ts';
import { type Pacing, type RejectedPoint, type Sink, SinkUnavailable } from './sink.ts';
import { withoutSuperseded } from './superseded.ts';

interface Line {
  readonly text: string;
  readonly series: string;
}

/** Requests that one `write` may spend on finding the lines that were refused. */
const SEARCH_REQUESTS_MAX = 200;

/** Some InfluxDB 3 name so many refused lines, and no more. */
const NAMED_LINES_MAX = 100;

const NOTICES_MAX = 10;

/** Steps a write: enough to fill a request, since the server takes one as quickly as ten. */
const BATCH_STEPS = 4_000;
/** While we keep up, small requests: the server's work on a large one holds up all that is live. */
const LIVE_LINES_MAX = 4_000;
/** So many steps are encoded before messages get their turn again. */
const STEPS_A_TURN = 50;

/** What InfluxDB refuses is named by it or found by bisection; all else of the batch is stored. */
export class InfluxSink implements Sink {
  readonly name: string;
  readonly pacing: Partial<Pacing>;
  readonly interleaves = true;
  readonly #client: InfluxClient;
  readonly #encoder: LineEncoder;
  readonly #linesMax: number;
  /** Kept for who listens later: `prepare` may come before the drain. */
  readonly #notices = new ReplaySubject<string>(NOTICES_MAX);
  /** What has been said already. */
  readonly #said = new Set<string>();
  #prepared = false;
  #searches = 0;

  constructor(config: InfluxSinkConfig, actual: boolean) {
    this.#client = createInfluxClient(config);
    this.name = `influx ${this.#client.where}`;
    this.#encoder = new LineEncoder({ actual, precision: 'ms' });
    this.#linesMax = config.batch_points;
    this.pacing = {
      batchSteps: BATCH_STEPS,
      flushMs: config.flush_interval,
      retryMsMin: config.retry_min,
      retryMsMax: config.retry_max,
    };
  }

  get notices(): Observable<string> {
    return this.#notices;
  }

  /**
   * Reaches the server, and creates what is missing to write to.
   * @throws SinkUnavailable
   */
  async prepare(): Promise<void> {
    for (const notice of await this.#client.prepare()) {
      if (this.#said.has(notice)) continue;
      this.#said.add(notice);
      this.#notices.next(notice);
    }
    this.#prepared = true;
  }

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    const rejected: RejectedPoint[] = [];
    this.#searches = 0;
    try {
      if (!this.#prepared) await this.prepare();
      for await (const request of this.#requests(batch, rejected)) {
        await this.#send(request, rejected);
      }
    } catch (error) {
      // Whatever it was, database and policy may be gone when the server is back.
      this.#prepared = false;
      throw error;
    }
    return rejected;
  }

  async close(): Promise<void> {
    this.#client.close();
    this.#notices.complete();
  }

  /** Encodes as it goes, so that a batch with long horizons is never in memory as text at once. */
  async *#requests(
    batch: readonly SeriesPoints[],
    rejected: RejectedPoint[],
  ): AsyncGenerator<Line[]> {
    const isBacklog = batch.length >= BATCH_STEPS;
    const linesMax = isBacklog ? this.#linesMax : Math.min(this.#linesMax, LIVE_LINES_MAX);
    let waiting: Line[] = [];
    let steps = 0;
    for (const points of withoutSuperseded(batch)) {
      if (++steps % STEPS_A_TURN === 0) await setImmediate();
      const encoded = this.#encoder.encode([points]);
      rejected.push(...encoded.rejected);
      for (const [i, text] of encoded.lines.entries()) {
        waiting.push({ text, series: encoded.series[i]! });
        if (waiting.length < linesMax) continue;
        yield waiting;
        waiting = [];
      }
    }
    if (waiting.length > 0) yield waiting;
  }

  /** One request, and as many more as it takes to find what is refused. */
  async #send(lines: readonly Line[], rejected: RejectedPoint[]): Promise<void> {
    const refusal = await this.#attempt(lines);
    if (!refusal) return;
    if (lines.length === 1 || refusal.dropped === lines.length) {
      for (const { series } of lines) rejected.push({ series, detail: refusal.reason });
      return;
    }
    const named = refusal.lines && distinct(refusal.lines, lines.length);
    if (named) {
      for (const [i, reason] of named) rejected.push({ series: lines[i]!.series, detail: reason });
      // A list that long may be cut: what else is refused shows when the rest is sent again.
      const rest = named.size < NAMED_LINES_MAX ? [] : lines.filter((_, i) => !named.has(i));
      if (rest.length > 0) await this.#send(rest, rejected);
      return;
    }
    // A partial write has stored the rest already: the search is only for the names.
    if (refusal.dropped !== undefined && this.#searches >= SEARCH_REQUESTS_MAX) {
      const count = refusal.dropped;
      const detail = `${count} points of this and other series: ${refusal.reason}`;
      rejected.push({ series: lines[0]!.series, detail, count });
      return;
    }
    for (const part of divide(lines)) {
      this.#searches++;
      await this.#send(part, rejected);
    }
  }

  async #attempt(lines: readonly Line[]): Promise<InfluxRefusal | undefined> {
    const text = lines.map((line) => line.text).join('\n');
    for (let again = false; ; again = true) {
      try {
        await this.#client.send(text);
        return undefined;
      } catch (error) {
        if (!(error instanceof InfluxRefusal)) throw error;
        if (!error.storeMissing) return error;
        if (again) throw new SinkUnavailable(`${this.name}: ${error.reason}`, 'slow');
        await this.prepare();
      }
    }
  }
}

/** Place → reason; undefined where an answer names lines that were not sent. */
function distinct(
  refused: readonly RefusedLine[],
  count: number,
): ReadonlyMap<number, string> | undefined {
  const isOurs = refused.every(({ index }) => index >= 0 && index < count);
  return isOurs ? new Map(refused.map(({ index, reason }) => [index, reason])) : undefined;
}

/**
 * By measurement, where there are several: a conflict of types is one of a whole measurement, and
 * is then found in one request. Else in halves.
 */
function divide(lines: readonly Line[]): Line[][] {
  const byMeasurement = new Map<string, Line[]>();
  for (const line of lines) {
    const measurement = /^\w+/.exec(line.text)?.[0] ?? '';
    const group = byMeasurement.get(measurement);
    if (group) group.push(line);
    else byMeasurement.set(measurement, [line]);
  }
  if (byMeasurement.size > 1) return [...byMeasurement.values()];
  const middle = lines.length >> 1;
  return [lines.slice(0, middle), lines.slice(middle)];
}
