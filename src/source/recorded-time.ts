/** Years 1973 to 5138 in ms; what is smaller is in seconds, what is larger in a finer unit. */
const SECONDS_MAX = 1e11;
const MS_MAX = 1e14;
const MICROSECONDS_MAX = 1e17;
/** The year 2100: beyond, a stamp is wrong, and the ones after it would be squeezed behind it. */
const RECEIVE_MS_MAX = Date.UTC(2100, 0);

const ISO = new RegExp(
  [
    String.raw`^(\d{4}-\d\d)(-\d\d)?`,
    String.raw`(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?`,
    // Mosquitto 2.0 writes both Z and the offset; the offset is what counts.
    String.raw`(?:Z?([+-]\d\d):?(\d\d)|Z)?)?$`,
  ].join(''),
);

/** When a message was received, ms; undefined where that is not told or cannot be. */
export function recordedTimeMs(value: unknown): number | undefined {
  const ms = parseTimeMs(value);
  return ms !== undefined && ms >= 0 && ms < RECEIVE_MS_MAX ? ms : undefined;
}

/** Epoch s, ms, µs or ns (told by magnitude), or ISO 8601 (UTC where no zone is given) → ms. */
export function parseTimeMs(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? epochMs(value) : undefined;
  if (typeof value !== 'string') return undefined;
  return /^\d{5,}(\.\d+)?$/.test(value) ? epochMs(Number(value)) : isoMs(value);
}

function epochMs(value: number): number {
  if (value < SECONDS_MAX) return value * 1000;
  if (value < MS_MAX) return value;
  return value < MICROSECONDS_MAX ? value / 1e3 : value / 1e6;
}

function isoMs(value: string): number | undefined {
  const match = ISO.exec(value);
  if (!match) return undefined;
  const [, month, day = '-01', time = '00:00', fraction = '', hours, minutes] = match;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const ms = Date.parse(`${month}${day}T${time}${zone}`);
  return Number.isNaN(ms) ? undefined : ms + Number(`0${fraction}`) * 1000;
}
