/** One stream of the proposed configuration. */
import { CHANNELS_MAX } from '../../../config/channels.ts';
import { formatDuration } from '../../../config/duration.ts';
import type { TimeUnit } from '../../../decode/time.ts';
import { isNumeric } from '../survey/field.ts';
import type { Format } from '../survey/reading.ts';
import type { Rhythm } from '../survey/rhythm.ts';
import type { TopicFinding } from '../survey/topic.ts';
import { roughly } from '../words.ts';
import type { TopicGroup } from './filters.ts';
import { isBinary } from './roles.ts';
import {
  isBare,
  type Kind,
  namesItself,
  type PlannedField,
  type PlannedFields,
  plannedFields,
} from './shape.ts';

export interface StreamPlan extends TopicGroup {
  readonly kind: Kind;
  readonly payload: Format;
  readonly columns: readonly string[] | undefined;
  /** Empty: the payload is the value. */
  readonly values: readonly string[];
  readonly leftOut: readonly PlannedField[];
  readonly time: { readonly field: string; readonly unit: TimeUnit } | 'auto' | 'receive';
  readonly timeNote: string | undefined;
  /** undefined: learned by each series. */
  readonly everyMs: number | undefined;
  readonly everyNote: string;
  readonly aggregate: 'none' | 'mean' | 'last' | undefined;
  readonly channels: 'apart' | undefined;
  readonly transform: 'log_return' | undefined;
  readonly latenessMs: number;
  readonly disorderMs: number;
  readonly horizon: number;
  /** Series of the topics that were seen. */
  readonly series: number;
  readonly example: { readonly topic: string; readonly payload: string };
  readonly notes: readonly string[];
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** Lengths that people choose, ms. */
const ROUND_MS = [
  ...[100, 200, 500],
  ...[1, 2, 5, 10, 15, 20, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => 60 * n * SECOND),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * HOUR),
];
const PRICE = /^(?:price|last|px|last_?price)$/i;
const AMOUNT = /^(?:size|qty|quantity|volume|vol|amount|lots)$/i;
/** Longer forecasts of very many series are much to write. */
const MANY_SERIES = 50;

const OWN_TIMES = {
  everyMs: undefined,
  aggregate: undefined,
  everyNote: 'values have times of their own: each series learns its period from its first 8',
} as const;

export function planStream(group: TopicGroup, topics: readonly TopicFinding[]): StreamPlan {
  const first = topics[0]!;
  const bare = isBare(first);
  const fields = bare ? bareFields(first) : fieldsOf(topics);
  const ticks = fields.kind === 'number' && ticksOf(fields.values);
  const taken = ticks ? [ticks.price] : fields.values;
  const leftOut = ticks
    ? [...fields.leftOut, { name: ticks.amount, role: 'none' as const, reason: barsHint(ticks) }]
    : fields.leftOut;
  const { columns, rename } = columnsOf(first);
  const series = countSeries(topics, taken);
  const grid = namesItself(first)
    ? OWN_TIMES
    : gridOf(topics, fields.kind, ticks !== undefined && ticks !== false);
  const disorderMs = Math.max(...topics.map((topic) => topic.disorderMs));
  const isPartial = topics.some((topic) => someMissing(topic, taken));
  const canJoin = taken.length > 1 && taken.length <= CHANNELS_MAX && fields.kind === 'number';
  return {
    ...group,
    ...grid,
    kind: fields.kind,
    payload: first.format === 'number' && fields.kind === 'symbol' ? 'text' : first.format!,
    columns,
    values: taken.map(rename),
    leftOut: leftOut.map((field) => ({ ...field, name: rename(field.name) })),
    time: timeOf(first, rename),
    timeNote: first.clock.note,
    channels: canJoin && isPartial && grid.everyMs !== undefined ? 'apart' : undefined,
    transform: ticks && isAbove0(topics, ticks.price) ? 'log_return' : undefined,
    disorderMs,
    latenessMs: disorderMs > 0 ? roundUp(1.5 * disorderMs) : 0,
    horizon: series > MANY_SERIES ? 12 : 24,
    series,
    example: { topic: first.topic, payload: first.example },
    notes: notesOf(topics),
  };
}

function timeOf(
  { format, clock: { field, unit, note } }: TopicFinding,
  rename: (field: string) => string,
): StreamPlan['time'] {
  if (field !== undefined) return { field: rename(field), unit };
  // Times that the format marks as such are no fields.
  const marks = ['line_protocol', 'sparkplug', 'cbor', 'msgpack'].includes(format!);
  return marks && note === undefined ? 'auto' : 'receive';
}

/** Of Sparkplug all: a metric that was not named yet may come with the next birth. */
function fieldsOf(topics: readonly TopicFinding[]): PlannedFields {
  if (topics[0]!.format !== 'sparkplug') return plannedFields(topics);
  return { kind: 'number', values: [], leftOut: [] };
}

/** Of the topics that were seen. */
function countSeries(topics: readonly TopicFinding[], values: readonly string[]): number {
  if (!namesItself(topics[0]!)) return topics.length * Math.max(1, values.length);
  const names = topics.flatMap(({ fields }) => {
    const taken = fields.filter(
      (f) => isNumeric(f) && (values.length === 0 || values.includes(f.name)),
    );
    return taken.map(({ name, origin }) => `${origin}/${name}`);
  });
  return new Set(names).size;
}

function bareFields(topic: TopicFinding): PlannedFields {
  const field = topic.fields[0]!;
  const kind = isNumeric(field) && !isBinary(field) ? 'number' : 'symbol';
  return { kind, values: [], leftOut: [] };
}

interface Ticks {
  readonly price: string;
  readonly amount: string;
}

/** Trades: a price and how much was traded, and nothing else. */
function ticksOf(values: readonly string[]): Ticks | undefined {
  const price = values.find((name) => PRICE.test(name));
  const amount = values.find((name) => AMOUNT.test(name));
  return price && amount && values.length === 2 ? { price, amount } : undefined;
}

function barsHint({ price, amount }: Ticks): string {
  return `of each trade; "bars: { price: ${price}, volume: ${amount} }" forecasts bars of both`;
}

function isAbove0(topics: readonly TopicFinding[], name: string): boolean {
  return topics.every(({ fields }) => fields.every((f) => f.name !== name || f.min > 0));
}

/** Names for the columns of CSV, which have only numbers. */
function columnsOf({ format, fields, clock }: TopicFinding): {
  columns: string[] | undefined;
  rename: (field: string) => string;
} {
  if (format !== 'csv') return { columns: undefined, rename: (field) => field };
  const rename = (field: string): string => (field === clock.field ? 'time' : `v${field}`);
  return { columns: fields.map(({ name }) => rename(name)), rename };
}

/** Whether a message may come without one of the values. */
function someMissing({ fields, looked, odd }: TopicFinding, values: readonly string[]): boolean {
  return values.some((name) => {
    const field = fields.find((f) => f.name === name);
    return !field || field.seen - field.nulls < looked - odd;
  });
}

function gridOf(
  topics: readonly TopicFinding[],
  kind: Kind,
  isTicks: boolean,
): Pick<StreamPlan, 'everyMs' | 'everyNote' | 'aggregate'> {
  const rhythms = topics.map(({ rhythm }) => rhythm).filter((r): r is Rhythm => r !== undefined);
  const learned = { everyMs: undefined, aggregate: undefined };
  if (rhythms.length === 0) {
    const everyNote = 'too few messages came to tell: each series learns it from its first 8';
    return { ...learned, everyNote };
  }
  const periods = rhythms.map(({ everyMs }) => everyMs);
  const [least, most] = [Math.min(...periods), Math.max(...periods)];
  const jitterMs = Math.max(...rhythms.map((r) => r.jitterMs));
  if (rhythms.every((r) => r.isRegular) && least === most) {
    const isSteady = jitterMs <= least / 2;
    const sum = kind === 'symbol' ? 'last' : 'mean';
    return {
      everyMs: least,
      aggregate: isSteady ? 'none' : sum,
      everyNote: `as messages come${jitterMs > 0 ? `, give or take ${roughly(jitterMs)}` : ''}`,
    };
  }
  if (most > 2 * least) {
    const everyNote = `${formatDuration(least)} to ${formatDuration(most)}: each series learns it from its first 8`;
    return { ...learned, everyNote };
  }
  return {
    everyMs: roundUp(most),
    aggregate: kind === 'symbol' || isTicks ? 'last' : 'mean',
    everyNote: 'messages come irregularly: long enough that most steps hold one',
  };
}

/** The next length that people choose. */
function roundUp(ms: number): number {
  return ROUND_MS.find((round) => round >= ms) ?? Math.ceil(ms / HOUR) * HOUR;
}

function notesOf(topics: readonly TopicFinding[]): string[] {
  const notes: string[] = [];
  const odd = topics.filter((topic) => topic.odd > 0);
  if (odd.length > 0) {
    const { topic, odd: count, looked, fault } = odd[0]!;
    const why = fault === undefined ? 'of another form' : fault;
    const more = odd.length > 1 ? `, and ${odd.length - 1} other topics` : '';
    notes.push(`${count} of ${looked} messages count as invalid: ${why} (${topic}${more})`);
  }
  if (topics.some(({ fieldsCut }) => fieldsCut)) {
    notes.push('has more fields than were looked at');
  }
  return notes;
}
