/** One forecast as a JSON message, and its topic. */
import type { SeriesPoints, SymbolPoints } from '../store/points.ts';
import { levelSuffix } from './line-protocol.ts';
import { percentEncoder } from './percent.ts';

const TOPIC_BYTES_MAX = 65_535;
/** As far as ISO 8601 dates go, in either direction. */
const DATE_MS_MAX = 8.64e15;

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
  const { mean, lower, upper, inner, issuedMs, targetMs, actual } = points;
  const bounds = inner.flatMap((band) => [band.lower, band.upper]);
  const odds = points.symbols?.probability ?? [];
  const finite = [mean, lower, upper, odds, ...bounds].every((values) =>
    values.every(Number.isFinite),
  );
  if (!finite || Math.abs(actual) === Number.POSITIVE_INFINITY) return 'not a finite number';
  const dates = Math.abs(issuedMs) <= DATE_MS_MAX && targetMs.every((ms) => ms <= DATE_MS_MAX);
  return dates ? undefined : `no time that ISO 8601 can write, at ${issuedMs} ms`;
}

/** Arrays have one cell a lead; `actual` is null for a gap. */
export function forecastMessage(points: SeriesPoints): string {
  if (points.symbols) return symbolMessage(points, points.symbols);
  const { stream, series, issuedMs, actual, targetMs, mean, lower, upper, inner } = points;
  const narrower = inner.flatMap((band) => {
    const suffix = levelSuffix(band.coverage);
    return [
      [`lower_${suffix}`, [...band.lower]],
      [`upper_${suffix}`, [...band.upper]],
    ];
  });
  return JSON.stringify({
    series,
    stream,
    issued: isoTime(issuedMs),
    actual: Number.isNaN(actual) ? null : actual,
    target: Array.from(targetMs, isoTime),
    mean: [...mean],
    lower: [...lower],
    upper: [...upper],
    ...Object.fromEntries(narrower),
    ...skillOf(points.scores),
    ...(Number.isNaN(points.anomaly) ? {} : { anomaly: points.anomaly }),
    ...(points.change === 0 ? {} : { change: points.change, changed: points.changeKind }),
  });
}

/** `symbols` has an object a lead: symbol → probability. */
function symbolMessage(points: SeriesPoints, symbols: SymbolPoints): string {
  const { stream, series, issuedMs, targetMs } = points;
  const { names, probability } = symbols;
  return JSON.stringify({
    series,
    stream,
    issued: isoTime(issuedMs),
    actual: names[symbols.actual] ?? null,
    target: Array.from(targetMs, isoTime),
    symbols: Array.from(targetMs, (_, i) =>
      Object.fromEntries(names.map((name, s) => [name, probability[i * names.length + s]])),
    ),
    ...skillOf(symbols.scores),
  });
}

/** Lately, of the first scored lead; nothing where that is not known. */
function skillOf([first]: readonly { readonly skill: number }[]): { skill?: number } {
  return first && Number.isFinite(first.skill) ? { skill: first.skill } : {};
}

function isoTime(timeMs: number): string {
  return new Date(Math.round(timeMs)).toISOString();
}
