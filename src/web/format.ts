/** Numbers, shares and times as people read them; – is what is not known. */

export const NONE = '–';
const DIGITS = 4;
const MINUS = '−';

/**
 * Four significant digits, and as many more as tell `fine` apart; whole numbers in full.
 * @param fine a difference worth showing, such as a part of an interval's width
 */
export function formatNumber(value: number | null | undefined, fine = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  if (size === 0) return '0';
  if (size < 1e-4 || size >= 1e12) return sign + scientific(size);
  if (Number.isInteger(size)) return sign + formatCount(size);
  const usual = DIGITS - 1 - Math.floor(Math.log10(size));
  const wanted = fine > 0 ? Math.ceil(-Math.log10(fine)) : 0;
  const digits = Math.min(12, Math.max(0, usual, wanted));
  return (
    sign +
    size.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  );
}

function scientific(size: number): string {
  const [mantissa, exponent] = size.toExponential(DIGITS - 1).split('e') as [string, string];
  const power = Number(exponent);
  const raised = [...String(power)]
    .map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]))
    .join('');
  return `${mantissa}×10${raised}`;
}

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** As many digits as a rate is worth: 0.42, 4.2, 42, 4,200. */
export function formatRate(value: number): string {
  if (value === 0) return '0';
  if (value >= 99.5) return formatCount(value);
  return value.toFixed(value >= 9.95 ? 0 : value >= 0.995 ? 1 : 2);
}

export function formatPercent(share: number | null | undefined, digits = 0): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return NONE;
  return `${(100 * share).toFixed(digits).replace('-', MINUS)} %`;
}

export function formatSigned(share: number | null | undefined): string {
  const text = formatPercent(share);
  return share !== null && share !== undefined && share > 0 && text !== '0 %' ? `+${text}` : text;
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
];

/** In the largest unit that leaves no rest worth telling: 90 s, 5 min, 1.5 h. */
export function formatDuration(ms: number): string {
  for (const [unit, name] of UNITS) {
    if (ms < unit) continue;
    const count = ms / unit;
    if (count < 2 && unit > 1_000 && !Number.isInteger(count)) continue;
    return `${count < 10 ? Number(count.toFixed(1)) : Math.round(count)} ${name}`;
  }
  return `${Number(ms.toPrecision(2))} ms`;
}

export function formatBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return bytes >= 2 ** 20
    ? `${(bytes / 2 ** 20).toFixed(0)} MiB`
    : `${formatCount(bytes / 1024)} KiB`;
}

/** `12 s ago`, `in 5 min`; within a second: `now`. */
export function formatAge(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (Math.abs(ms) < 1_000) return 'now';
  const whole = formatDuration(1_000 * Math.round(Math.abs(ms) / 1_000));
  return ms > 0 ? `${whole} ago` : `in ${whole}`;
}

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

/** `2026-03-01 14:05:09`, where the reader is. */
export function formatTime(ms: number): string {
  const t = new Date(ms);
  const date = `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
  const fine = ms % 1_000 === 0 ? '' : `.${pad(t.getMilliseconds(), 3)}`;
  return `${date} ${formatClock(ms)}${fine}`;
}

export function formatClock(ms: number): string {
  const t = new Date(ms);
  return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
}

/** With the offset from UTC, for titles. */
export function formatFullTime(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(minutes);
  const offset = `${minutes < 0 ? MINUS : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
  return `${formatTime(ms)} (UTC${minutes === 0 ? '' : offset})`;
}
