/**
 * Points as InfluxDB line protocol; the one place that knows its escaping.
 *
 *   forecast,series=S mean=…,lower=…,upper=…,lower_80=…,upper_80=…,lead=…,issued=… <target time>
 *   forecast_score,lead=L,series=S forecast=…,actual=…,error=…,… <step>
 *   forecast_event,kind=larger,series=S strength=… <step>
 *   actual,series=S value=…,anomaly=… <step>
 *
 * Series of symbols: see symbol-lines.ts. Fields are always floats, so that no point can conflict in
 * type with an earlier one.
 */
import type { LeadScore, SeriesPoints } from '../store/points.ts';
import type { RejectedPoint } from './sink.ts';
import { symbolLines } from './symbol-lines.ts';
import { tagText } from './tag.ts';

export interface EncodeOptions {
  /** Write the aligned series beside its forecasts. */
  readonly actual: boolean;
  /** What a line's time counts. */
  readonly precision: 'ms' | 'ns';
}

/** Without line ends; `series[i]` is the series of `lines[i]`. */
export interface EncodedLines {
  readonly lines: string[];
  readonly series: string[];
  /** Points that InfluxDB could never hold. */
  readonly rejected: RejectedPoint[];
}

type EmitLine = (line: string, timeMs: number, finite: boolean) => void;

/** InfluxDB holds keys of 65,535 bytes; measurement, other tags and field names need the rest. */
const TAG_BYTES_MAX = 65_000;
/** InfluxDB counts ns in 64 bits: the years 1677 to 2262. */
const TIME_MS_MAX = 9_223_372_036_854;
/** Series come and go; beyond this the cache starts anew. */
const CACHED_SERIES_MAX = 100_000;

export class LineEncoder {
  readonly #options: EncodeOptions;
  /** Series → its escaped tag; undefined for a name that is too long. */
  readonly #tags = new Map<string, string | undefined>();

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  encode(batch: readonly SeriesPoints[]): EncodedLines {
    const out: EncodedLines = { lines: [], series: [], rejected: [] };
    for (const points of batch) this.#add(points, out);
    return out;
  }

  #add(points: SeriesPoints, out: EncodedLines): void {
    const { series, issuedMs } = points;
    const tag = this.#tag(series);
    if (tag === undefined) {
      const detail = `the name is longer than ${TAG_BYTES_MAX} bytes, and InfluxDB cannot hold it`;
      out.rejected.push({ series: `${series.slice(0, 80)}…`, detail });
      return;
    }
    const emit: EmitLine = (line, timeMs, finite) => {
      const time = finite ? this.#time(timeMs) : undefined;
      if (time === undefined) {
        out.rejected.push({ series, detail: refusal(line, timeMs, finite) });
        return;
      }
      out.lines.push(`${line} ${time}`);
      out.series.push(series);
    };
    // NaN is a gap, or not told: there is nothing to write.
    const fields = [
      this.#options.actual && !Number.isNaN(points.actual) ? `value=${points.actual}` : [],
      Number.isNaN(points.anomaly) ? [] : `anomaly=${points.anomaly}`,
    ].flat();
    if (fields.length > 0) {
      const finite = Number.isNaN(points.actual) || areFinite(points.actual);
      emit(`actual${tag} ${fields}`, issuedMs, finite);
    }
    if (points.change !== 0) {
      const line = `forecast_event,kind=${points.changeKind ?? 'change'}${tag} strength=${points.change}`;
      emit(line, issuedMs, areFinite(points.change));
    }
    for (const score of points.scores) emit(scoreLine(score, tag), issuedMs, isFiniteScore(score));
    this.#addForecasts(points, tag, emit);
    for (const { line, timeMs, finite } of symbolLines(points, tag, this.#options.actual)) {
      emit(line, timeMs, finite);
    }
  }

  #addForecasts(points: SeriesPoints, tag: string, emit: EmitLine): void {
    const { mean, lower, upper, inner, targetMs, issuedMs } = points;
    const suffixes = inner.map(({ coverage }) => levelSuffix(coverage));
    for (let i = 0; i < mean.length; i++) {
      let fields = `mean=${mean[i]},lower=${lower[i]},upper=${upper[i]}`;
      let finite = areFinite(mean[i]!, lower[i]!, upper[i]!, issuedMs);
      for (let k = 0; k < inner.length; k++) {
        const band = inner[k]!;
        const suffix = suffixes[k]!;
        fields += `,lower_${suffix}=${band.lower[i]},upper_${suffix}=${band.upper[i]}`;
        finite = finite && areFinite(band.lower[i]!, band.upper[i]!);
      }
      const line = `forecast${tag} ${fields},lead=${i + 1},issued=${issuedMs}`;
      emit(line, targetMs[i]!, finite);
    }
  }

  #tag(series: string): string | undefined {
    let tag = this.#tags.get(series);
    if (tag === undefined && !this.#tags.has(series)) {
      if (this.#tags.size >= CACHED_SERIES_MAX) this.#tags.clear();
      tag = tagText('series', series);
      if (Buffer.byteLength(tag) > TAG_BYTES_MAX) tag = undefined;
      this.#tags.set(series, tag);
    }
    return tag;
  }

  /** Whole ms, halves up; undefined outside what InfluxDB can count. */
  #time(timeMs: number): string | undefined {
    const ms = Math.round(timeMs);
    if (!(Math.abs(ms) < TIME_MS_MAX)) return undefined;
    return ms !== 0 && this.#options.precision === 'ns' ? `${ms}000000` : `${ms}`;
  }
}

function scoreLine(score: LeadScore, tag: string): string {
  const { lead, forecast, actual, error, naiveError, covered, coverage, skill } = score;
  const inner = score.inner.map((interval) => {
    const suffix = levelSuffix(interval.level);
    const inside = Number(interval.covered);
    return `,covered_${suffix}=${inside},coverage_${suffix}=${interval.coverage}`;
  });
  return (
    `forecast_score,lead=${lead}${tag} forecast=${forecast},actual=${actual},error=${error},` +
    `naive_error=${naiveError},covered=${Number(covered)},coverage=${coverage}${inner.join('')},` +
    `skill=${skill}`
  );
}

/** 0.8 → `80`, 0.975 → `97_5`: a level as part of a field's name. */
export function levelSuffix(level: number): string {
  return `${Number((level * 100).toFixed(6))}`.replace('.', '_');
}

function isFiniteScore({ forecast, actual, error, naiveError, skill }: LeadScore): boolean {
  return areFinite(forecast, actual, error, naiveError) && Number.isFinite(skill);
}

function areFinite(a: number, b = 0, c = 0, d = 0): boolean {
  return Number.isFinite(a) && Number.isFinite(b) && Number.isFinite(c) && Number.isFinite(d);
}

function refusal(line: string, timeMs: number, finite: boolean): string {
  const measurement = /^\w+/.exec(line)![0];
  const fields = line.slice(line.lastIndexOf(' ') + 1);
  if (finite) return `${measurement}: time ${timeMs} ms lies outside the years 1677 to 2262`;
  return `${measurement}: not a finite number: ${fields}`;
}
