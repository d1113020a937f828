import { formatNumber, formatTable } from '../../observe/table.ts';
import { ageText, bytesText, numberText, percentText, timeText } from './cells.ts';
import type { Overview, SeriesRow } from './overview.ts';

export interface TextOptions {
  readonly nowMs: number;
  /** Of series. */
  readonly limit: number;
}

/** As people read it. */
export function overviewText(overview: Overview, options: TextOptions): string {
  const { damaged, replaced, snapshots } = overview;
  const parts = [aboutText(overview, options), tablesText(overview)];
  if (snapshots.length > 0) parts.push(snapshotsText(snapshots));
  if (replaced.length > 0) parts.push(`damaged stores, kept:\n${indented(replaced)}`);
  if (damaged.length > 0) parts.push(`damaged:\n${indented(damaged)}`);
  parts.push(seriesText(overview.series, options));
  return `${parts.join('\n\n')}\n`;
}

function aboutText(
  { dir, format, daemon, bytes, journal, outbox }: Overview,
  { nowMs }: TextOptions,
) {
  const lines = [
    `state directory  ${dir} (format ${format}), ${bytesText(bytes)}`,
    `daemon           ${daemonText(daemon)}`,
  ];
  if (journal) {
    const { first, end, oldestMs } = journal;
    const since = oldestMs === undefined ? '' : `, since ${timeText(oldestMs)}`;
    const which = end > first ? `entries ${first} to ${end - 1}` : `empty; the next is ${end}`;
    lines.push(`journal          ${which}, ${bytesText(journal.bytes)}${since}`);
    if (journal.thinning > 1) {
      lines.push(`overload         learning is thinned to every ${journal.thinning}th update`);
    }
    for (const [stream, counts] of Object.entries(journal.counts)) {
      const { received, invalid, filtered } = counts;
      const turned = `${invalid} invalid, ${filtered} filtered`;
      lines.push(`intake           ${stream}: ${received} received, ${turned}`);
    }
  }
  for (const { sink, waiting, dropped } of outbox ?? []) {
    lines.push(`outbox           ${sink}: ${waiting} steps wait, ${dropped} dropped so far`);
  }
  return lines.join('\n');
  function daemonText(holder: Overview['daemon']): string {
    if (holder === null) return 'none runs';
    if (holder === 'silent') return 'runs, and is too busy to answer';
    const age = ageText(nowMs - Date.parse(holder.since));
    return `process ${holder.pid} on ${holder.host}, for ${age}`;
  }
}

function tablesText({ tables }: Overview): string {
  const rows = tables.map(({ name, entries, bytes }) => [name, `${entries}`, bytesText(bytes)]);
  return formatTable(['table', 'entries', 'size'], rows);
}

export function snapshotsText(snapshots: Overview['snapshots']): string {
  const rows = snapshots.map(({ name, takenMs, end, series, bytes }) => {
    return [name, timeText(takenMs), numberText(end), numberText(series), bytesText(bytes)];
  });
  return formatTable(['snapshot', 'taken', 'journal end', 'series', 'size'], rows);
}

function seriesText(series: readonly SeriesRow[], { nowMs, limit }: TextOptions): string {
  if (series.length === 0) return 'no series yet';
  const rows = series
    .slice(0, limit)
    .map((row) => [
      row.name,
      row.stream,
      row.newestMs === null ? '–' : timeText(row.newestMs),
      numberText(row.learned),
      row.skill === null ? '–' : formatNumber(row.skill),
      percentText(row.coverage),
      row.savedMs === null ? 'not saved' : ageText(nowMs - row.savedMs),
      numberText(row.offset),
      numberText(row.after),
      row.bytes === null ? '–' : bytesText(row.bytes),
    ]);
  const header = ['series', 'stream', 'newest sample', 'learned', 'skill', 'covered'];
  const table = formatTable([...header, 'saved', 'at entry', 'entries since', 'state'], rows);
  const more = series.length - rows.length;
  return more > 0 ? `${table}\n… and ${more} more` : table;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
