import { describe, expect, it } from 'vitest';
import { readLine } from '../../../test/support/line-reader.ts';
import { collectLog } from '../../../test/support/log.ts';
import type { InfluxClient } from '../../sink/influx-client.ts';
import { InfluxRefusal } from '../../sink/influx-errors.ts';
import { SinkUnavailable } from '../../sink/sink.ts';
import type { PipelineStatus } from '../monitor.ts';
import { healthLines } from './health-lines.ts';
import { HealthWriter } from './health-writer.ts';

const STATUS: PipelineStatus = {
  instance: 'i',
  version: '1',
  nowMs: 20_000.4,
  startedMs: 15_000.4,
  paused: false,
  source: { name: 'mqtt://h', connected: true, trouble: null, dropped: 3 },
  sinks: [
    {
      ...{ name: 'influx http://h/a b', available: false, trouble: 'away' },
      ...{ waiting: 7, written: 5, dropped: 1, rejected: 2, retries: 4 },
    },
  ],
  state: null,
  accounting: new Map([
    [
      'a/+',
      { received: 9, learned: 4, duplicate: 1, late: 1, invalid: 1, filtered: 1, pending: 1 },
    ],
  ]),
  rates: { receivedPerSecond: 1.5, learnedPerSecond: 1, writtenPerSecond: 0 },
  latencyMs: null,
  eventLoopMs: { p50: 10, p99: Number.NaN },
  residentBytes: 1e8,
  thinFactor: 2,
  series: { learning: 0, good: 0, drifting: 0, stale: 0, failing: 0 },
};

describe('healthLines', () => {
  const read = (status: PipelineStatus) => healthLines('site/f', status).map(readLine);

  it('has one line for the daemon, and one for each stream and sink', () => {
    const [health, stream, sink] = read(STATUS);
    expect(health).toMatchObject({ measurement: 'foretide_health', time: 20_000n });
    expect(Object.fromEntries(health!.tags)).toEqual({ daemon: 'site/f' });
    expect(Object.fromEntries(health!.fields)).toEqual({
      ...{ received_per_second: 1.5, learned_per_second: 1, written_per_second: 0 },
      ...{ event_loop_p50_ms: 10, resident_bytes: 1e8, uptime_s: 5, thin_factor: 2 },
      ...{ paused: 0, connected: 1, source_dropped: 3 },
    });
    expect(Object.fromEntries(stream!.tags)).toEqual({ daemon: 'site/f', stream: 'a/+' });
    expect(Object.fromEntries(stream!.fields)).toEqual(STATUS.accounting.get('a/+'));
    expect(Object.fromEntries(sink!.tags)).toEqual({
      daemon: 'site/f',
      sink: 'influx http://h/a b',
    });
    expect(Object.fromEntries(sink!.fields)).toEqual({
      ...{ available: 0, waiting: 7, written: 5, dropped: 1, rejected: 2, retries: 4 },
    });
  });

  it('leaves out what is not known, and tells the rest where it is', () => {
    const state = {
      dir: 'd',
      journalFullness: 0.5,
      journalEntries: 8,
      unsavedSeries: 1,
      recoveringSeries: 0,
    };
    const latencyMs = { p50: 1, p99: 2 };
    const series = { ...STATUS.series, good: 4 };
    const [health] = read({ ...STATUS, state, latencyMs, series });
    expect(Object.fromEntries(health!.fields)).toMatchObject({
      ...{ journal_fullness: 0.5, journal_entries: 8, unsaved_series: 1, recovering_series: 0 },
      ...{ latency_p50_ms: 1, latency_p99_ms: 2, series_good: 4, series_failing: 0 },
    });
  });
});

describe('HealthWriter', () => {
  function writerTo(send: (lines: string) => Promise<void>) {
    const { log, lines } = collectLog();
    let [closed, prepared] = [0, 0];
    const client: InfluxClient = {
      where: 'http://h/db',
      prepare: async () => {
        prepared++;
        return [];
      },
      send,
      close: () => {
        closed++;
      },
    };
    const monitor = { pipeline: () => STATUS };
    const writer = new HealthWriter({ client, monitor, daemon: 'f', everyMs: 60_000, log });
    return { writer, lines, closed: () => closed, prepared: () => prepared };
  }

  it('prepares once, as long as all goes well', async () => {
    const { writer, prepared } = writerTo(async () => {});
    for (let i = 0; i < 3; i++) await writer.write();
    expect(prepared()).toBe(1);
  });

  it('writes all lines in one request, and one request at a time', async () => {
    const sent: string[] = [];
    let answer = (): void => {};
    const { writer } = writerTo((lines) => {
      sent.push(lines);
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const first = writer.write();
    expect(writer.write()).toBe(first);
    await Promise.resolve();
    expect(sent.map((text) => text.split('\n').length)).toEqual([3]);
    answer();
    await first;
    const second = writer.write();
    expect(sent).toHaveLength(2);
    answer();
    await second;
  });

  it('leaves an outage to the sink to tell, and tells once that these points are refused', async () => {
    const errors = [
      new SinkUnavailable('away'),
      new InfluxRefusal(404, 'database not found'),
      new InfluxRefusal(400, 'field type conflict'),
      new InfluxRefusal(400, 'field type conflict'),
    ];
    const { writer, lines, prepared } = writerTo(() => Promise.reject(errors.shift()));
    for (let i = 0; i < 4; i++) await writer.write();
    // What it is written to may be gone, or another one, when the database is back.
    expect(prepared()).toBe(4);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'http://h/db refuses the points of sinks.influx.health_every: field type conflict',
    ]);
  });

  it('closes its connections when it stops', async () => {
    const { writer, closed } = writerTo(async () => {});
    await writer.start();
    await writer.stop();
    expect(closed()).toBe(1);
  });
});
