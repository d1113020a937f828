/** One forecast as a JSON message, and its topic. */
import type { SeriesPoints } from '../store/points.ts';
import { percentEncoder } from './percent.ts';

const TOPIC_BYTES_MAX = 65_535;

/**
 * Wildcards, and what MQTT forbids in a topic: control characters, code points that are none. A slash
 * in first place would make an empty level. A `$` is harmless behind our first levels.
 */
const encodeUnsafe = percentEncoder(/[+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]|^\//u);

/** `<base>/forecast/<series>`; levels of the series' name are levels of the topic. */
export function forecastTopic(base: string, series: string): string {
  return `${base}/forecast/${encodeUnsafe(series)}`;
}

/** Why these points cannot be sent; undefined where they can. */
export function messageFault(topic: string, points: SeriesPoints): string | undefined {
  if (Buffer.byteLength(topic) > TOPIC_BYTES_MAX) return 'the name is too long for a topic';
  const { mean, lower, upper, issuedMs, targetMs, actual } = points;
  const finite = [mean, lower, upper].every((values) => values.every(Number.isFinite));
  if (!finite || Math.abs(actual) === Number.POSITIVE_INFINITY) return 'not a finite number';
  const dates = [issuedMs, ...targetMs].every((ms) => isoTime(ms) !== undefined);
  return dates ? undefined : `no time that ISO 8601 can write, at ${issuedMs} ms`;
}

/** Arrays have one cell a lead; `actual` is null for a gap. */
export function forecastMessage(points: SeriesPoints): string {
  const { stream, series, issuedMs, actual, targetMs, mean, lower, upper } = points;
  return JSON.stringify({
    series,
    stream,
    issued: isoTime(issuedMs),
    actual: Number.isNaN(actual) ? null : actual,
    target: Array.from(targetMs, isoTime),
    mean: [...mean],
    lower: [...lower],
    upper: [...upper],
  });
}

function isoTime(timeMs: number): string | undefined {
  const date = new Date(Math.round(timeMs));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
