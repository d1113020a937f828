/** Event times: epoch numbers in several units, and ISO 8601. */

export type TimeUnit = 'auto' | 's' | 'ms' | 'us' | 'ns' | 'iso';

const MS_PER_UNIT = { s: 1_000, ms: 1, us: 1e-3, ns: 1e-6 } as const;
/** By magnitude: seconds until the year 5138, then ms, µs, ns, each from March 1973 on. */
const AUTO_SECONDS_MAX = 1e11;
const AUTO_MS_MAX = 1e14;
const AUTO_US_MAX = 1e17;
/** The years 1 to 9999: what an ISO stamp can say. */
const TIME_MS_MIN = Date.parse('0001-01-01T00:00:00Z');
const TIME_MS_MAX = Date.parse('9999-12-31T23:59:59.999Z');

const ISO =
  /^(\d{4})-(\d\d)(?:-(\d\d))?(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|z|[+-]\d\d:?\d\d)?$/;

/**
 * Milliseconds since the epoch; undefined when it is no time. Texts without a zone are UTC;
 * `2026-05` is its first day. Numbers lose what a float64 cannot hold: for ns that is below 1 µs.
 */
export function parseTimeMs(value: unknown, unit: TimeUnit): number | undefined {
  if (typeof value === 'number') return unit === 'iso' ? undefined : fromEpoch(value, unit);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (unit === 'iso') return fromIso(text);
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return fromEpoch(Number(text), unit);
  return unit === 'auto' ? fromIso(text) : undefined;
}

function fromEpoch(value: number, unit: Exclude<TimeUnit, 'iso'>): number | undefined {
  return checkTimeMs(value * MS_PER_UNIT[unit === 'auto' ? unitOf(value) : unit]);
}

function unitOf(value: number): keyof typeof MS_PER_UNIT {
  const size = Math.abs(value);
  if (size < AUTO_SECONDS_MAX) return 's';
  if (size < AUTO_MS_MAX) return 'ms';
  return size < AUTO_US_MAX ? 'us' : 'ns';
}

function fromIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day = '01', hour = '00', minute = '00', second = '00'] = match;
  const fraction = (match[7] ?? '').slice(0, 3).padEnd(3, '0');
  const zone = (match[8] ?? 'Z').toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction}${zone}`);
  // Date.parse lets 30 February roll over into March; a clock that says so is not to be trusted.
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate())
    return undefined;
  return checkTimeMs(ms);
}

/** undefined outside the years 1 to 9999. */
export function checkTimeMs(ms: number): number | undefined {
  return ms >= TIME_MS_MIN && ms <= TIME_MS_MAX ? ms : undefined;
}
