import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  account,
  pipelineStatus,
  seriesSummary,
  sinkStatus,
  ToldMonitor,
} from '../../../test/support/monitor.ts';
import { parsePrometheus } from '../../../test/support/prometheus.ts';
import { ROOT } from '../../../test/support/root.ts';
import { FAMILIES } from './families.ts';
import { Metrics } from './metrics.ts';
import { percentiles } from './series-spread.ts';

const thousand = Array.from({ length: 1000 }, (_, i) =>
  seriesSummary(`s${i}`, {
    skill: i / 1000,
    coverage: i < 100 ? null : 0.8,
    state: i < 100 ? 'learning' : 'good',
  }),
);

/** Values by labels, as `{stream="a"}`-like text. */
async function exported(monitor: ToldMonitor): Promise<Map<string, Record<string, number>>> {
  const families = parsePrometheus(await new Metrics(monitor).text());
  return new Map(
    Array.from(families, ([name, { readings }]) => [
      name,
      Object.fromEntries(
        readings.map(({ labels, value }) => [Object.values(labels).join(' '), value]),
      ),
    ]),
  );
}

describe('Metrics', () => {
  it('tells of every sample what became of it, by stream', async () => {
    const metrics = await exported(
      new ToldMonitor(
        pipelineStatus({
          accounting: new Map([
            ['sensors', account(100)],
            ['market', account(50)],
          ]),
        }),
      ),
    );
    expect(metrics.get('foretide_samples_received_total')).toEqual({ sensors: 100, market: 50 });
    expect(metrics.get('foretide_samples_pending')).toEqual({ sensors: 5, market: 5 });
    expect(metrics.get('foretide_samples_total')).toEqual({
      'sensors learned': 85,
      'sensors duplicate': 1,
      'sensors late': 2,
      'sensors invalid': 3,
      'sensors filtered': 4,
      'market learned': 35,
      'market duplicate': 1,
      'market late': 2,
      'market invalid': 3,
      'market filtered': 4,
    });
  });

  it('tells times in seconds, and of each sink and the source how they are', async () => {
    const sinks = [
      sinkStatus('influx http://db:8086'),
      { ...sinkStatus('file "a\\b"'), available: false, waiting: 900 },
    ];
    const metrics = await exported(new ToldMonitor(pipelineStatus({ sinks, paused: true })));
    expect(metrics.get('foretide_uptime_seconds')).toEqual({ '': 60.5 });
    expect(metrics.get('foretide_latency_seconds')).toEqual({ 50: 0.004, 99: 0.025 });
    expect(metrics.get('foretide_event_loop_delay_seconds')).toEqual({ 50: 0.001, 99: 0.012 });
    expect(metrics.get('foretide_paused')).toEqual({ '': 1 });
    expect(metrics.get('foretide_source_connected')).toEqual({ 'mqtt://broker:1883': 1 });
    expect(metrics.get('foretide_sink_available')).toEqual({
      'influx http://db:8086': 1,
      'file "a\\b"': 0,
    });
    expect(metrics.get('foretide_sink_waiting_steps')!['file "a\\b"']).toBe(900);
    expect(metrics.get('foretide_journal_fullness_ratio')).toEqual({ '': 0.25 });
    expect(metrics.get('process_resident_memory_bytes')).toBeDefined();
  });

  it('tells nothing of what there is not, rather than a nought', async () => {
    const monitor = new ToldMonitor(pipelineStatus({ state: null, latencyMs: null, sinks: [] }));
    monitor.unreadyReason = 'not connected';
    const metrics = await exported(monitor);
    expect(metrics.get('foretide_ready')).toEqual({ '': 0 });
    for (const name of [
      'foretide_journal_fullness_ratio',
      'foretide_latency_seconds',
      'foretide_sink_available',
      'foretide_series_skill_ratio',
    ]) {
      expect(metrics.has(name), name).toBe(false);
    }
  });

  it('follows what is there: a counter may fall, a sink may go', async () => {
    const monitor = new ToldMonitor(pipelineStatus({ sinks: [sinkStatus('a'), sinkStatus('b')] }));
    const metrics = new Metrics(monitor);
    await metrics.text();
    monitor.status = pipelineStatus({
      sinks: [{ ...sinkStatus('b'), written: 1 }],
    });
    const written = parsePrometheus(await metrics.text()).get('foretide_sink_written_steps_total')!;
    expect(written.readings).toEqual([
      { name: 'foretide_sink_written_steps_total', labels: { sink: 'b' }, value: 1 },
    ]);
  });

  it('has as many time series for a thousand series as for one', async () => {
    const size = async (monitor: ToldMonitor): Promise<number> => {
      const families = parsePrometheus(await new Metrics(monitor).text());
      return [...families.keys()]
        .filter((name) => name.startsWith('foretide_'))
        .reduce((sum, name) => sum + families.get(name)!.readings.length, 0);
    };
    const one = await size(new ToldMonitor(pipelineStatus(), [seriesSummary('a')]));
    expect(await size(new ToldMonitor(pipelineStatus(), thousand))).toBe(one);
  });

  it('sums skill, coverage and states up over the series of a stream, a page at a time', async () => {
    const monitor = new ToldMonitor(pipelineStatus(), thousand);
    const metrics = await exported(monitor);
    expect(metrics.get('foretide_series_skill_ratio')).toEqual({
      'sensors 10': 0.099,
      'sensors 50': 0.499,
      'sensors 90': 0.899,
    });
    expect(metrics.get('foretide_series_coverage_ratio')!['sensors 50']).toBe(0.8);
    expect(metrics.get('foretide_series_coverage_nominal_ratio')).toEqual({ sensors: 0.9 });
    expect(metrics.get('foretide_series')).toMatchObject({
      'sensors learning': 100,
      'sensors good': 900,
      'sensors failing': 0,
    });
    expect(monitor.pages).toEqual([200, 200, 200, 200, 200]);
  });

  it('reads the board once for all who ask meanwhile', async () => {
    const monitor = new ToldMonitor(pipelineStatus(), thousand);
    const metrics = new Metrics(monitor);
    const [first, second] = await Promise.all([metrics.text(), metrics.text()]);
    expect(second).toBe(first);
    expect(monitor.pages).toHaveLength(5);
    await metrics.text();
    expect(monitor.pages).toHaveLength(10);
  });

  const promtool = spawnSync('promtool', ['--version']);
  it.runIf(!promtool.error)('is what promtool lets pass', async () => {
    const input = await new Metrics(new ToldMonitor(pipelineStatus(), thousand)).text();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    // The names of every Node process are prom-client’s.
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('foretide'));
    expect(ours).toEqual([]);
    expect([0, 3]).toContain(status);
  });
});

describe('docs/metrics.md', () => {
  it('tells every family as it is exported', () => {
    const rows = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').matchAll(
      /^\| `(foretide_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/gm,
    );
    const told = Array.from(rows, ([, name, kind, labels, help]) => ({ name, kind, labels, help }));
    const are = FAMILIES.map(({ name, kind, labels, help }) => ({
      name,
      kind,
      labels: labels.map((label) => `\`${label}\``).join(', '),
      help,
    }));
    expect(told).toEqual(are);
  });
});

describe('percentiles', () => {
  it('are values that there are', () => {
    expect(percentiles([])).toBeNull();
    expect(percentiles([3])).toEqual({ 10: 3, 50: 3, 90: 3 });
    expect(percentiles([5, -1, 2, 4])).toEqual({ 10: -1, 50: 2, 90: 5 });
  });
});
