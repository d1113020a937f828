/**
 * Messages in, journal entries out: finds the stream, decodes, names the series, and counts what is
 * turned away. Samples are counted, not messages; a message that holds none counts as one.
 */
import type { StreamConfig } from '../config/schema.ts';
import { filterCovers } from '../config/topic.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { Message, MessageBatch } from '../source/source.ts';
import { type BarPart, barParts } from './bars.ts';
import type { FieldSink, NodeTrouble, Origin, PayloadDecoder, Rejection } from './decoder.ts';
import type { LookAhead } from './look-ahead.ts';
import { excerpt, invalid } from './number-text.ts';
import { nameTaken, notPositive, overLimit, RETAINED, timeAhead, UNDATED } from './rejections.ts';
import { SampleBatchBuilder } from './sample.ts';
import { groupPlace, type SeriesInfo, type SeriesRegistry } from './series.ts';
import {
  type CountsByStream,
  type IntakeCounts,
  type StreamIntake,
  streamIntakes,
} from './stream-intake.ts';

export type { IntakeCounts } from './stream-intake.ts';

/** Topics whose series are remembered; beyond it they are looked up anew. */
const TOPICS_MAX = 100_000;
/** … and fields of them, over all topics. */
const FIELDS_MAX = 1_000_000;
/** No machine runs this program earlier: a gateway without a battery for its clock begins in 1970. */
const CLOCK_MS_MIN = Date.UTC(2026, 0);

export interface IntakeOptions {
  /** Messages come as they are made, so a stamp can be held against their time of arrival. */
  readonly live: boolean;
  /** Our own topics: a stream that begins with a wildcard does not mean them. */
  readonly base?: string;
  /** Further ones of ours. */
  readonly isOwn?: (topic: string) => boolean;
  /** Of an earlier life of the process: counting goes on from there. */
  readonly counts?: CountsByStream;
  /** Everything that is turned away; the caller limits what it says of it. */
  readonly onRejection: (stream: string, where: string, rejection: Rejection) => void;
  /** @param asks whether the node is to be asked for a rebirth */
  readonly onNodeTrouble?: (stream: string, trouble: NodeTrouble, asks: boolean) => void;
  /** This machine's clock is wrong; told once. */
  readonly onWrongClock?: (detail: string) => void;
  /** This machine's clock. Default: Date.now. */
  readonly nowMs?: () => number;
}

/** One topic's way: its stream and the series of its fields. */
interface TopicRoute {
  readonly stream: StreamIntake;
  readonly fields: Map<string, number | Rejection>;
}

/** What a value comes with beside its time. */
interface More {
  readonly part?: BarPart;
  readonly origin: Origin | undefined;
}

export function createIntake(
  streams: readonly StreamConfig[],
  registry: SeriesRegistry,
  options: IntakeOptions,
): Intake {
  return new Intake(streams, registry, options);
}

export class Intake implements FieldSink {
  #streams: readonly StreamIntake[];
  readonly #registry: SeriesRegistry;
  readonly #options: IntakeOptions;
  /** undefined: no stream wants the topic. */
  readonly #routes = new Map<string, TopicRoute | undefined>();
  #routedFields = 0;
  /** Rows of which what is known ahead has been read, oldest first. */
  readonly #ahead = new Map<TopicRoute, Message[]>();
  readonly #samples = new SampleBatchBuilder();
  #entries: JournalEntry[] = [];
  #message!: Message;
  #route!: TopicRoute;
  #knowsWrongClock = false;
  #unmatched = 0;
  #unmatchedExample: string | undefined;

  constructor(streams: readonly StreamConfig[], registry: SeriesRegistry, options: IntakeOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#streams = streamIntakes(streams, registry.all(), options.counts);
  }

  /**
   * From the next message on these streams; between two batches.
   * @param counts of all of them: where their accounts go on from
   */
  reconfigure(streams: readonly StreamConfig[], counts: CountsByStream): void {
    this.#streams = streamIntakes(streams, this.#registry.all(), counts, this.#streams);
    this.#forgetRoutes();
  }

  /** Messages on topics that no stream wants, and the first; they belong to no stream's account. */
  get unmatched(): { readonly count: number; readonly example: string | undefined } {
    return { count: this.#unmatched, example: this.#unmatchedExample };
  }

  /** Whether any series goes by the time of arrival. */
  get followsClock(): boolean {
    return this.#registry.all().some(({ receiveTime }) => receiveTime);
  }

  /** As they are now: a copy. */
  counts(): Map<string, IntakeCounts> {
    return new Map(this.#streams.map(({ name, counts }) => [name, { ...counts }]));
  }

  /**
   * Begins the account anew, where a part of what was received is not known of any more.
   * @param further what became of the samples behind the journal, by stream
   * @param of these streams alone; by default of all
   */
  reckon(further: ReadonlyMap<string, object>, of?: ReadonlySet<string>): void {
    for (const { name, counts } of this.#streams) {
      if (of && !of.has(name)) continue;
      const known = Object.values<number>({ ...further.get(name) }).reduce((a, b) => a + b, 0);
      counts.received = counts.invalid + counts.filtered + known;
    }
  }

  /** Series that are in the registry no more: their next samples are those of new ones. */
  forget(series: readonly SeriesInfo[]): void {
    for (const { stream: name } of series) {
      const stream = this.#streams.find((other) => other.name === name);
      if (stream) stream.series--;
    }
    // Rows that are held back to look ahead know their route.
    for (const { fields } of this.#ahead.keys()) fields.clear();
    this.#forgetRoutes();
  }

  /** Series entries come before the samples that use them. */
  decode(batch: MessageBatch): JournalEntry[] {
    this.#entries = [];
    for (const message of batch) if (!message.repeated) this.#decodeOne(message);
    return this.#take();
  }

  /** The input has ended: gives what was held back to look ahead. */
  finish(): JournalEntry[] {
    this.#entries = [];
    for (const [route, rows] of this.#ahead) {
      for (const row of rows) this.#decodeOthers(row, route);
    }
    this.#ahead.clear();
    return this.#take();
  }

  #take(): JournalEntry[] {
    if (this.#samples.count > 0) {
      this.#entries.push({ kind: 'samples', batch: this.#samples.take() });
    }
    return this.#entries;
  }

  #decodeOne(message: Message): void {
    const route = this.#routeOf(message.topic);
    if (!route) {
      this.#unmatched++;
      this.#unmatchedExample ??= message.where;
      return;
    }
    this.#message = message;
    this.#route = route;
    if (message.retained && route.stream.config.retained === 'skip') {
      this.reject(undefined, RETAINED);
    } else if (message.row && route.stream.lookAhead) {
      this.#decodeAhead(message, route, route.stream.lookAhead);
    } else {
      this.#decodeBy(route.stream.decoder, message);
    }
  }

  #decodeAhead(message: Message, route: TopicRoute, { known, rows }: LookAhead): void {
    this.#decodeBy(known, message);
    const waiting = this.#ahead.get(route) ?? [];
    this.#ahead.set(route, waiting);
    waiting.push(message);
    if (waiting.length > rows) this.#decodeOthers(waiting.shift()!, route);
  }

  #decodeOthers(row: Message, route: TopicRoute): void {
    this.#message = row;
    this.#route = route;
    this.#decodeBy(route.stream.lookAhead!.others, row);
  }

  /** A decoder never throws; where one does, that message alone is lost, and counted. */
  #decodeBy(decoder: PayloadDecoder, message: Message): void {
    try {
      decoder.decode(message, this);
    } catch (error) {
      const detail = `the decoder failed; please report it: ${excerpt(String(error))}`;
      this.reject(undefined, invalid('decoder_failed', detail));
    }
  }

  sample(field: string, timeMs: number | undefined, value: number | string, origin?: Origin): void {
    const { stream } = this.#route;
    if (timeMs === undefined && this.#message.undated) return this.reject(field, UNDATED);
    const aheadMs = timeMs === undefined || !this.#options.live ? 0 : this.#aheadMs(timeMs);
    if (aheadMs > stream.config.max_ahead && !stream.channels.known.includes(field)) {
      return this.reject(field, timeAhead(timeMs!, aheadMs));
    }
    const { bars } = stream.config;
    const parts = bars && barParts(bars, field);
    const isTarget = parts ? parts[0] !== 'volume' : !this.#isCovariate(field);
    if (stream.takesPositive && isTarget && typeof value === 'number' && !(value > 0)) {
      return this.reject(field, notPositive(value, stream.config.transform));
    }
    if (!parts) return this.#push(field, timeMs, value, { origin });
    // The value of one trade is a sample of each of them.
    for (const part of parts) this.#push(part, timeMs, value, { part, origin });
  }

  /** Against the clock as it stands, not the receive clock, which waits for one set back a little. */
  #aheadMs(timeMs: number): number {
    const { nowMs = Date.now, onWrongClock } = this.#options;
    const now = nowMs();
    if (now >= CLOCK_MS_MIN) return timeMs - now;
    if (!this.#knowsWrongClock) {
      this.#knowsWrongClock = true;
      const says = new Date(now).toISOString();
      onWrongClock?.(
        `this machine’s clock says ${says}; until it is set, max_ahead is not checked`,
      );
    }
    return 0;
  }

  #isCovariate(field: string): boolean {
    const { past, known } = this.#route.stream.channels;
    return past.includes(field) || known.includes(field);
  }

  #push(field: string, timeMs: number | undefined, value: number | string, more: More): void {
    const series = this.#seriesOf(field, timeMs === undefined, more);
    if (typeof series !== 'number') return this.reject(field, series);
    this.#route.stream.counts.received++;
    const cell = typeof value === 'number' ? value : this.#symbolCode(series, value);
    this.#samples.push(series, timeMs ?? this.#message.receivedMs, cell);
  }

  #symbolCode(id: number, symbol: string): number {
    const info = this.#registry.get(id)!;
    const from = info.symbols?.length ?? 0;
    const code = this.#registry.symbolCode(id, symbol, this.#route.stream.config.symbols_max);
    if (code === from)
      this.#entries.push({ kind: 'symbols', id, from, names: [info.symbols![code]!] });
    return code;
  }

  reject(field: string | undefined, given: Rejection): void {
    const { stream } = this.#route;
    // Where covariates are told ahead, no message brings every field.
    const isAhead = given.reason === 'no_field' && stream.channels.known.length > 0;
    const rejection: Rejection = isAhead ? { ...given, verdict: 'filtered' } : given;
    stream.counts.received++;
    stream.counts[rejection.verdict]++;
    const where = field ? `${this.#message.where}, field "${field}"` : this.#message.where;
    this.#options.onRejection(stream.name, where, rejection);
  }

  tell(trouble: NodeTrouble): void {
    const { name, config } = this.#route.stream;
    this.#options.onNodeTrouble?.(name, trouble, config.rebirth ?? true);
  }

  #routeOf(topic: string): TopicRoute | undefined {
    if (this.#routes.has(topic)) return this.#routes.get(topic);
    const { base, isOwn: isFurther } = this.#options;
    const isOwn = topic.startsWith(`${base}/`) || isFurther?.(topic);
    const stream = this.#streams.find(
      ({ config }) => filterCovers(config.topic, topic) && !(isOwn && /^[+#]/.test(config.topic)),
    );
    const route = stream && { stream, fields: new Map() };
    if (this.#routes.size >= TOPICS_MAX) this.#forgetRoutes();
    this.#routes.set(topic, route);
    return route;
  }

  #forgetRoutes(): void {
    this.#routes.clear();
    this.#routedFields = 0;
  }

  #seriesOf(field: string, receiveTime: boolean, more: More): number | Rejection {
    const { stream, fields } = this.#route;
    const key = more.origin ? `${more.origin.key}\n${field}` : field;
    const known = fields.get(key);
    if (known !== undefined) return known;
    const series = this.#findSeries(stream, field, receiveTime, more);
    // A limit on topics is no limit on fields: one topic may invent them without end.
    if (this.#routedFields >= FIELDS_MAX) this.#forgetRoutes();
    if (fields.size < stream.config.series_max) {
      fields.set(key, series);
      this.#routedFields++;
    }
    return series;
  }

  #findSeries(
    stream: StreamIntake,
    field: string,
    receiveTime: boolean,
    { part, origin }: More,
  ): number | Rejection {
    const { topic } = this.#message;
    const name = stream.namer(topic, field, origin);
    if (typeof name !== 'string') return name;
    const existing = this.#registry.find(name);
    if (existing?.stream === stream.name) return existing.id;
    if (existing) return nameTaken(name, existing.stream);
    const { series_max: seriesMax } = stream.config;
    if (stream.series >= seriesMax) return overLimit(name, seriesMax);
    stream.series++;
    const place = origin ? String(stream.namer(topic, '', origin)) : topic;
    const group = groupPlace(stream.name, stream.channels, place, field);
    const series = this.#registry.add(stream.name, name, receiveTime, {
      ...(group && { group }),
      ...(part && { part }),
    });
    this.#entries.push({ kind: 'series', series });
    return series.id;
  }
}
