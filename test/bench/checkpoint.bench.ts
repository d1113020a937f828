/**
 * How long the event loop is held up while many series are saved: journal, core and checkpoints as
 * the daemon has them, on one thread, on a real disk. Quiet, then all series in a row, as fast as it
 * goes, then at the daemon's own pace (`--every`).
 *
 *   npm run bench:checkpoint [-- --series 10000 --every 60 --json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseConfig } from '../../src/config/load.ts';
import { InlineCore } from '../../src/daemon/inline-core.ts';
import { Keeper } from '../../src/daemon/keeper.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { SeriesRegistry } from '../../src/decode/series.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { DiskOutbox } from '../../src/store/disk-outbox.ts';
import { StateStore } from '../../src/store/state-store.ts';

const { values: options } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    /** Samples of each series before. */
    steps: { type: 'string', default: '30' },
    /** Seconds in which all are saved at the daemon's own pace. */
    every: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
});
const SERIES = Number(options.series);
const STEPS = Number(options.steps);
const T0 = 1_700_000_000_000;
const NS_A_MS = 1e6;

const config = parseConfig(
  `
state: { checkpoint_every: ${options.every}s, commit_delay: 0s }
streams:
  - { name: s, topic: t, every: 10s, aggregate: none, horizon: 12, seasons: [],
      series_max: ${SERIES}, model: { effort: simple } }
`,
  'bench.yaml',
  {},
  '/',
);

function entriesOf(step: number, registry: SeriesRegistry): JournalEntry[] {
  const entries: JournalEntry[] = [];
  const batch = {
    count: SERIES,
    seriesId: Int32Array.from({ length: SERIES }, (_, i) => i),
    timeMs: new Float64Array(SERIES).fill(T0 + 10_000 * step),
    value: Float64Array.from({ length: SERIES }, (_, i) => 20 + 5 * Math.sin((step + i) / 9)),
  };
  if (step === 0) {
    for (let i = 0; i < SERIES; i++) {
      entries.push({ kind: 'series', series: registry.add('s', `s/${i}`, false) });
    }
  }
  entries.push({ kind: 'samples', batch });
  return entries;
}

interface Delay {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly seconds: number;
}

async function delayDuring(work: () => Promise<unknown>): Promise<Delay> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const startedMs = performance.now();
  await work();
  histogram.disable();
  const ms = (ns: number): number => Number((ns / NS_A_MS).toFixed(2));
  return {
    p50_ms: ms(histogram.percentile(50)),
    p99_ms: ms(histogram.percentile(99)),
    max_ms: ms(histogram.max),
    seconds: Number(((performance.now() - startedMs) / 1_000).toFixed(1)),
  };
}

const dir = mkdtempSync(join(tmpdir(), 'foretide-checkpoint-'));
try {
  const { settings, engines } = await prepareCore(config, console);
  const registry = new SeriesRegistry();
  const store = new StateStore(dir);
  const lookup = {
    seriesOf: registry.get.bind(registry),
    idOf: (name: string) => registry.find(name)?.id,
  };
  const outbox = new DiskOutbox(store, lookup, {
    pointsMax: 100_000,
    bytesMax: 2 ** 30,
    ageMsMax: 1e9,
    whenFull: 'drop_oldest',
  });
  const core = new InlineCore(settings, engines);
  const keeper = new Keeper({
    store,
    known: { series: [], others: [], size: 0 },
    registry,
    settings: config.state,
    outbox,
    core,
    onLoss: console.error,
    onInfo: () => {},
    onTrim: () => {},
  });
  await keeper.settle();
  const apply = async (step: number): Promise<void> => {
    const entries = entriesOf(step, registry);
    const last = await keeper.journal.append({ entries });
    await keeper.core.apply(entries, last + 1 - entries.length);
    outbox.put([], last);
  };
  for (let step = 0; step < STEPS; step++) await apply(step);
  const quiet = await delayDuring(() => sleep(3_000));
  const atOnce = await delayDuring(() => keeper.checkpoint(SERIES));
  await apply(STEPS);
  const paced = await delayDuring(async () => {
    keeper.start();
    await sleep(1_000 * Number(options.every));
  });
  await keeper.close();
  await store.close();
  const result = { quiet, 'in a row': atOnce, paced };
  console.table(result);
  if (options.json) console.log(JSON.stringify({ series: SERIES, ...result }));
} finally {
  rmSync(dir, { recursive: true });
}
