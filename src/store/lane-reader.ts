import { Covered, type Lane, uncovered } from './lane.ts';
import type { OutboxReader } from './outbox.ts';
import type { SeriesPoints } from './points.ts';

/** Where points stand, by number. */
export interface PointSource {
  /** Number of the point that will be put next. */
  readonly end: number;
  /**
   * Points from number `from` on, one after the other, to before `to`.
   * @returns `first`: where they begin; what lies before it is lost
   */
  read(from: number, to: number): { readonly first: number; readonly points: SeriesPoints[] };
  /** A reader has moved on. */
  moved(): void;
}

/** What is kept of a reader between two runs. */
export interface ReaderRecord {
  readonly dropped: number;
  readonly lanes: readonly Pick<Lane, 'from' | 'position' | 'to'>[];
}

/** Outages that may follow each other before the first one's backlog is written. */
const LANES_MAX = 8;
/** Read at once to find what a lane has written before the restart. */
const SCAN_STEPS = 1_000;

export class LaneReader implements OutboxReader {
  readonly #source: PointSource;
  readonly #lanes: Lane[];
  readonly #droppedBefore: number;
  #dropped = 0;
  /** The newest peek: what of it was dropped meanwhile is not to be skipped twice. */
  #peeked: { lane: Lane; from: number; points: readonly SeriesPoints[] };
  /** The newest lane is next: at the start, as what it was writing may have been half written. */
  #freshNext = true;

  /** @param start number of the first point, or what an earlier run has left */
  constructor(source: PointSource, start: number | ReaderRecord) {
    this.#source = source;
    this.#lanes =
      typeof start === 'number'
        ? [newLane(start)]
        : start.lanes.map((lane) => ({ ...lane, covered: undefined }));
    this.#droppedBefore = typeof start === 'number' ? 0 : start.dropped;
    this.#peeked = { lane: this.#last, from: this.#last.position, points: [] };
  }

  /** What lies before it is never read again. */
  get position(): number {
    return this.#lanes[0]!.position;
  }

  get depth(): number {
    return this.#lanes.reduce((sum, lane) => sum + this.#waiting(lane), 0);
  }

  get fresh(): number {
    return this.#waiting(this.#last);
  }

  get dropped(): number {
    return this.#dropped;
  }

  get droppedEver(): number {
    return this.#droppedBefore + this.#dropped;
  }

  get record(): ReaderRecord {
    return { dropped: this.droppedEver, lanes: this.#lanes };
  }

  peek(limit: number): readonly SeriesPoints[] {
    for (let lost = 0; ; ) {
      const lane = this.#nextLane();
      const from = lane.position;
      const to = Math.min(from + limit, lane.to, this.#source.end);
      const { first, points } = this.#source.read(from, to);
      this.#moveTo(lane, first);
      lost += first - from;
      if (points.length === 0 && first > from) continue;
      this.#peeked = { lane, from: first, points };
      if (lost > 0) this.#source.moved();
      return uncovered(points, this.#newerThan(lane));
    }
  }

  advance(count: number): void {
    const { lane, from, points } = this.#peeked;
    const to = from + count;
    const end = Math.min(lane.to, this.#source.end);
    if (to > end) throw new Error(`outbox: advanced past the end by ${to - end}`);
    // Dropped while they were being written: written after all.
    if (lane.position > from) this.#dropped -= Math.min(lane.position, to) - from;
    lane.position = Math.max(lane.position, to);
    this.#peeked = { lane, from: to, points: points.slice(count) };
    if (lane !== this.#lanes[0]) this.#coveredBy(lane).add(points.slice(0, count));
    this.#freshNext = !this.#freshNext;
    this.#retire();
    this.#source.moved();
  }

  split(): void {
    const { end } = this.#source;
    if (this.#lanes.length === LANES_MAX || this.fresh === 0) return;
    this.#last.to = end;
    this.#lanes.push(newLane(end));
  }

  /** Points before this number are gone. */
  dropBefore(number: number): void {
    for (const lane of [...this.#lanes]) this.#moveTo(lane, Math.min(number, lane.to));
  }

  get #last(): Lane {
    return this.#lanes.at(-1)!;
  }

  #waiting({ position, to }: Lane): number {
    return Math.max(0, Math.min(to, this.#source.end) - position);
  }

  /** The oldest and the newest lane in turn. */
  #nextLane(): Lane {
    const last = this.#last;
    return this.#freshNext && this.#waiting(last) > 0 ? last : this.#lanes[0]!;
  }

  /** What lies between is lost. */
  #moveTo(lane: Lane, position: number): void {
    if (position <= lane.position) return;
    this.#dropped += position - lane.position;
    lane.position = position;
    this.#retire();
  }

  /** Lanes join when the oldest is done. */
  #retire(): void {
    while (this.#lanes.length > 1 && this.#lanes[0]!.position >= this.#lanes[0]!.to) {
      this.#lanes.shift();
    }
  }

  #newerThan(lane: Lane): Covered[] {
    const at = this.#lanes.indexOf(lane);
    return this.#lanes.slice(at + 1).map((newer) => this.#coveredBy(newer));
  }

  #coveredBy(lane: Lane): Covered {
    if (lane.covered) return lane.covered;
    lane.covered = new Covered();
    for (let at = lane.from; at < lane.position; ) {
      const to = Math.min(at + SCAN_STEPS, lane.position);
      const { first, points } = this.#source.read(at, to);
      lane.covered.add(points);
      at = first + points.length;
    }
    return lane.covered;
  }
}

function newLane(from: number): Lane {
  return { from, position: from, to: Number.POSITIVE_INFINITY, covered: new Covered() };
}
