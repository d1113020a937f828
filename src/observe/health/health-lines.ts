/**
 * How a daemon fares, as line protocol; all fields floats, as everywhere.
 *
 *   foretide_health,daemon=B received_per_second=…,resident_bytes=…,connected=1,…
 *   foretide_stream,daemon=B,stream=S received=…,learned=…,duplicate=…,…      since the counts began
 *   foretide_sink,daemon=B,sink=N available=1,waiting=…,written=…,…
 */
import { tagText } from '../../sink/tag.ts';
import type { PipelineStatus } from '../monitor.ts';

/** @param daemon what tells it from others that write to the same database */
export function healthLines(daemon: string, status: PipelineStatus): string[] {
  const tag = tagText('daemon', daemon);
  const time = Math.round(status.nowMs);
  const line = (
    measurement: string,
    tags: string,
    fields: Readonly<Record<string, number | boolean | undefined>>,
  ): string => {
    const known = Object.entries(fields).flatMap(([name, value]) => {
      const number = Number(value);
      return value === undefined || !Number.isFinite(number) ? [] : `${name}=${number}`;
    });
    return `${measurement}${tag}${tags} ${known} ${time}`;
  };
  return [
    line('foretide_health', '', health(status)),
    ...[...status.accounting].map(([stream, counts]) =>
      line('foretide_stream', tagText('stream', stream), { ...counts }),
    ),
    ...status.sinks.map((sink) => {
      const { name, available, waiting, written, dropped, rejected, retries } = sink;
      const fields = { available, waiting, written, dropped, rejected, retries };
      return line('foretide_sink', tagText('sink', name), fields);
    }),
  ];
}

function health(status: PipelineStatus): Readonly<Record<string, number | boolean | undefined>> {
  const { rates, latencyMs, eventLoopMs, source, state, series } = status;
  // The series' states are known where the page is served.
  const counted = Object.values(series).some((count) => count > 0);
  return {
    received_per_second: rates.receivedPerSecond,
    learned_per_second: rates.learnedPerSecond,
    written_per_second: rates.writtenPerSecond,
    latency_p50_ms: latencyMs?.p50,
    latency_p99_ms: latencyMs?.p99,
    event_loop_p50_ms: eventLoopMs.p50,
    event_loop_p99_ms: eventLoopMs.p99,
    resident_bytes: status.residentBytes,
    uptime_s: Math.round(status.nowMs - status.startedMs) / 1_000,
    thin_factor: status.thinFactor,
    paused: status.paused,
    connected: source.connected,
    source_dropped: source.dropped,
    journal_fullness: state?.journalFullness,
    journal_entries: state?.journalEntries,
    unsaved_series: state?.unsavedSeries,
    recovering_series: state?.recoveringSeries,
    ...(counted
      ? Object.fromEntries(Object.entries(series).map(([name, count]) => [`series_${name}`, count]))
      : {}),
  };
}
