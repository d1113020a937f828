/** Durations and periods: text such as "10s" in a file, ms (or months) in the program. */
import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};
/** Mean length of a month (365.25 days ÷ 12), for comparing months with fixed times. */
const MONTH_MS = 30.4375 * 86_400_000;
const EXAMPLES = '500ms, 10s, 5m, 1h, 1d, 1w';
/** Longer than any sensible setting, and still exact in a double. */
const DURATION_MS_MAX = 100 * 365.25 * 86_400_000;
/** What setTimeout can wait, and a little less: it overflows to 1 ms beyond 2³¹ ms. */
const TIMER_MS_MAX = 24 * 86_400_000;

/** A grid period: a fixed time, or whole calendar months. */
export type Period = { readonly ms: number } | { readonly months: number };

/** `"10s"` → 10000. @throws Error saying what is allowed */
export function parseDurationMs(text: string, examples = EXAMPLES): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (!match) {
    const given = /^-/.test(text) ? `"${text}" is negative` : `"${text}" is not a duration`;
    throw new Error(`${given}; write a number and a unit: ${examples}`);
  }
  const ms = Number(match[1]) * UNIT_MS[match[2]!]!;
  if (ms > DURATION_MS_MAX) throw new Error(`"${text}" is too long; write at most 100 years`);
  return Math.round(ms * 1000) / 1000;
}

/** `"1mo"`, `"1y"` → months, everything else as a duration. @throws Error saying what is allowed */
export function parsePeriod(text: string): Period {
  const match = /^(\d+)(mo|y)$/.exec(text);
  if (!match) return { ms: parseDurationMs(text, `${EXAMPLES}, 1mo, 1y`) };
  const months = Number(match[1]) * (match[2] === 'y' ? 12 : 1);
  if (months > 1200) throw new Error(`"${text}" is too long; write at most 100 years`);
  return { months };
}

/** 10000 → `"10s"`: the largest unit that divides it. The inverse of `parseDurationMs`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** The inverse of `parsePeriod`. */
export function formatPeriod(period: Period): string {
  if ('ms' in period) return formatDuration(period.ms);
  return period.months % 12 === 0 ? `${period.months / 12}y` : `${period.months}mo`;
}

/** Length in ms; a month counts as 30.4375 days. */
export function periodMs(period: Period): number {
  return 'ms' in period ? period.ms : period.months * MONTH_MS;
}

function parsed<T>(parse: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  };
}

/** For editors; a `${NAME}` may stand in place of the text. */
function pattern(units: string): string {
  return `^(\\d+(\\.\\d+)?(${units})|.*\\$\\{.*)$`;
}

function bounded(minMs: number, maxMs: number) {
  return z
    .string()
    .transform(
      parsed((text) => {
        const ms = parseDurationMs(text);
        if (ms < minMs)
          throw new Error(`"${text}" is too short; write ${formatDuration(minMs)} or more`);
        if (ms > maxMs)
          throw new Error(`"${text}" is too long; write ${formatDuration(maxMs)} or less`);
        return ms;
      }),
    )
    .meta({ title: 'duration', pattern: pattern('ms|s|m|h|d|w') });
}

/** A duration in a configuration: text like "10s", ms once read. */
export const duration = bounded(0, DURATION_MS_MAX);

/** A duration that a timer waits: longer than nothing, and short enough for setTimeout. */
export const timer = bounded(1, TIMER_MS_MAX);

/** MQTT keepalive: whole seconds in 16 bits; 0 would leave half-open connections unnoticed. */
export const keepalive = bounded(1_000, 65_535_000);

/** MQTT session expiry: seconds in 32 bits. */
export const sessionExpiry = bounded(0, 4_294_967_294_000);

/** A period of the grid or a season: text like "10s" or "1mo". */
export const period = z
  .string()
  .transform(
    parsed((text) => {
      const value = parsePeriod(text);
      if (periodMs(value) < 1) throw new Error(`"${text}" is too short; write 1ms or more`);
      return value;
    }),
  )
  .meta({ title: 'period', pattern: pattern('ms|s|m|h|d|w|mo|y') });
