/** Which field of a topic, if any, tells the time of its values. */
import { formatDuration } from '../../../config/duration.ts';
import { TIME_FIELDS } from '../../../decode/settings.ts';
import type { TimeUnit } from '../../../decode/time.ts';
import type { FieldFinding } from './field.ts';

export interface Clock {
  /** undefined: the time of arrival serves. */
  readonly field: string | undefined;
  readonly unit: TimeUnit;
  /** Why not the field that looks like it; or what is worth knowing about the one that is taken. */
  readonly note: string | undefined;
}

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** A stamp this far from the time of arrival comes from a wrong clock or another zone. */
const OFF_MS_MAX = 10 * MINUTE;
/** Stamps of a constant distance to the arrival, within this, are wrong rather than late. */
const STEADY_MS = 2 * MINUTE;
const ZONE_MS = 15 * MINUTE;
const TIME_NAME = /time|stamp|date|last_?seen|epoch|(?:^|[._])(?:ts|t|at)$/i;

/** @param messages of the topic that were looked at */
export function clockOf(fields: readonly FieldFinding[], messages: number): Clock {
  const stamped = fields.filter((field) => {
    return field.origin === undefined && isTimeField(field) && field.seen === messages;
  });
  stamped.sort((a, b) => rank(a.name) - rank(b.name));
  let note: string | undefined;
  for (const field of stamped) {
    const fault = clockFault(field);
    if (fault === undefined) return { field: field.name, unit: field.unit!, note: notice(field) };
    note ??= `Not by ${field.name} (${fault}): the time of arrival is taken.`;
  }
  return { field: undefined, unit: 'auto', note };
}

/** Whether all its values are times: named so, or near the time of arrival. */
export function isTimeField({ name, seen, nulls, stampsMs, arrivalsMs }: FieldFinding): boolean {
  if (stampsMs.length === 0 || stampsMs.length < seen - nulls) return false;
  if (TIME_NAME.test(name)) return true;
  return stampsMs.every((stamp, i) => Math.abs(stamp - arrivalsMs[i]!) < 2 * DAY);
}

function rank(name: string): number {
  const known = (TIME_FIELDS as readonly string[]).indexOf(name);
  if (known >= 0) return known;
  return TIME_NAME.test(name) ? 100 : 200;
}

/** Why the field cannot serve; undefined where it can. */
function clockFault({ stampsMs, arrivalsMs, zoneless }: FieldFinding): string | undefined {
  const different = new Set(stampsMs).size;
  if (stampsMs.length >= 3 && different === 1) return 'always the same time';
  if (stampsMs.length >= 5 && different < 0.7 * stampsMs.length) {
    return 'several messages have the same time';
  }
  const ahead = stampsMs.map((stamp, i) => stamp - arrivalsMs[i]!).sort((a, b) => a - b);
  const middle = ahead[ahead.length >> 1]!;
  const isSteady = ahead.at(-1)! - ahead[0]! < STEADY_MS;
  const shown = `${formatDuration(roundMs(Math.abs(middle)))} ${middle > 0 ? 'ahead' : 'behind'}`;
  if (middle > OFF_MS_MAX) {
    return zoneless ? `${shown}: a local time without its zone` : `${shown}: its clock is wrong`;
  }
  if (middle >= -OFF_MS_MAX || !isSteady || middle < -DAY) return undefined;
  const isZone = Math.abs(middle - ZONE_MS * Math.round(middle / ZONE_MS)) < STEADY_MS;
  if (zoneless && isZone) return `${shown}: a local time without its zone`;
  return `${shown}, always: its clock is wrong`;
}

function notice({ stampsMs, arrivalsMs }: FieldFinding): string | undefined {
  const first = stampsMs[0]!;
  if (Math.abs(first - arrivalsMs[0]!) < DAY) return undefined;
  return `Its stamps are of ${new Date(first).toISOString().slice(0, 10)}: a recording that is played?`;
}

function roundMs(ms: number): number {
  return Math.round(ms / MINUTE) * MINUTE;
}
