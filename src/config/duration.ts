import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A grid period: a fixed time, or whole calendar months. */
export type Period = { readonly ms: number } | { readonly months: number };

/** `"10s"` → 10000. @throws Error saying what is allowed */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (!match)
    throw new Error(
      `"${text}" is not a duration; write a number and a unit: 500ms, 10s, 5m, 1h, 1d, 1w`,
    );
  return Number(match[1]) * UNIT_MS[match[2]!]!;
}

/** `"1mo"`, `"1y"` → months, everything else as a duration. @throws Error saying what is allowed */
export function parsePeriod(text: string): Period {
  const months = /^(\d+)(mo|y)$/.exec(text);
  if (months) return { months: Number(months[1]) * (months[2] === 'y' ? 12 : 1) };
  return { ms: parseDurationMs(text) };
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

/** A duration in a configuration: text like "10s", ms once read. */
export const duration = z.string().transform(parsed(parseDurationMs));

/** A period of the grid or a season: text like "10s" or "1mo". */
export const period = z.string().transform((text, context) => {
  const value = parsed(parsePeriod)(text, context);
  if (value !== z.NEVER && ('ms' in value ? value.ms : value.months) <= 0) {
    context.addIssue({ code: 'custom', message: 'a period must be longer than nothing' });
  }
  return value;
});
