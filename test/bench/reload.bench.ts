/**
 * What a reload costs where there are many series: for how long messages wait, and the longest pause of
 * the event loop meanwhile. Half of the series are of a stream that changes, comes and goes; one daemon
 * in this process, its state on the disk.
 *
 *   npm run bench:reload [-- --series 2000 --effort balanced]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EMPTY, Observable, type Subscriber } from 'rxjs';
import { parseConfig } from '../../src/config/load.ts';
import { configChanges } from '../../src/daemon/config-changes.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { openDaemonState } from '../../src/daemon/daemon-state.ts';
import { prepareCore } from '../../src/daemon/prepare.ts';
import { createLog } from '../../src/observe/log.ts';
import type { Gate, Message, MessageBatch, Source } from '../../src/source/source.ts';

const { values: options } = parseArgs({
  options: {
    series: { type: 'string', default: '2000' },
    effort: { type: 'string', default: 'balanced' },
    /** Of each series, before each reload. */
    steps: { type: 'string', default: '40' },
  },
});
const SERIES = Number(options.series);
const STEPS = Number(options.steps);
const T0 = 1_700_000_000_000;
const dir = mkdtempSync(join(tmpdir(), 'foretide-bench-reload-'));

/** @param other keys of the stream that changes; undefined: it is not there */
function configOf(other: string | undefined) {
  const keys = `values: v, time: t, every: 1s, aggregate: none, series_max: ${SERIES}, model: { effort: ${options.effort} }`;
  const changing = other === undefined ? '' : `  - { name: b, topic: b/+, ${keys}${other} }`;
  const text = `
shards: 1
source: { mqtt: { url: mqtt://127.0.0.1 } }
state: { dir: ${dir} }
overload: wait
streams:
  - { name: a, topic: a/+, ${keys} }
${changing}
`;
  return parseConfig(text, 'bench', {}, dir);
}

/** Each round a sample of every series. */
class Rounds implements Source {
  readonly events = EMPTY;
  #gate!: Gate;
  #to!: Subscriber<MessageBatch>;
  #step = 0;

  messages(gate: Gate): Observable<MessageBatch> {
    this.#gate = gate;
    return new Observable((to) => {
      this.#to = to;
    });
  }

  async send(steps: number): Promise<void> {
    for (const end = this.#step + steps; this.#step < end; this.#step++) {
      for (let from = 0; from < SERIES; from += 100) {
        await this.#gate.wait();
        this.#to.next(Array.from({ length: 100 }, (_, i) => this.#message(from + i)));
        await turn();
      }
    }
  }

  progress(): undefined {
    return undefined;
  }

  async stop(): Promise<void> {
    this.#to.complete();
  }

  async close(): Promise<void> {}

  #message(series: number): Message {
    const topic = `${series % 2 === 0 ? 'a' : 'b'}/${series}`;
    const v = Math.sin((this.#step + series) / 9);
    const payload = Buffer.from(JSON.stringify({ t: T0 + 1_000 * this.#step, v }));
    const receivedMs = T0 + 1_000 * this.#step + series / 1_000;
    return { topic, payload, receivedMs, retained: false, where: topic };
  }
}

/** Nothing is under way, so that what is measured is the reload alone. */
async function learned(): Promise<void> {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await sleep(500);
    now = 0;
    for (const counts of daemon.accounting().values()) now += counts.learned + counts.pending;
  }
}

const log = createLog('error');
const first = configOf('');
const core = await prepareCore(first, log);
const state = (await openDaemonState(first, core.settings, log))!;
const source = new Rounds();
const daemon = new Daemon(first, { ...core, source, sinks: [], live: true, log, state });
const running = daemon.run();
console.log(`${SERIES} series, half of them of the stream that changes; effort ${options.effort}`);
console.log('reload                        messages wait  longest pause of the event loop');
for (const [what, other] of [
  ['nothing of streams', ''],
  ['lateness: 2s', ', lateness: 2s'],
  ['horizon: 6 (begins anew)', ', lateness: 2s, horizon: 6'],
  ['gone', undefined],
  ['back', ', lateness: 2s, horizon: 6'],
] as const) {
  await source.send(STEPS);
  await learned();
  const config = configOf(other);
  const next = await prepareCore(config, log, daemon.setup);
  const changes = configChanges(daemon.setup, { config, ...next });
  const pauses = monitorEventLoopDelay({ resolution: 1 });
  pauses.enable();
  const heldMs = await daemon.reconfigure({ ...next, changes, openSink: async () => undefined });
  pauses.disable();
  const held = `${heldMs.toFixed(0)} ms`.padStart(13);
  console.log(`${what.padEnd(28)}  ${held}  ${(pauses.max / 1e6).toFixed(0)} ms`);
}
await daemon.stop();
await running;
rmSync(dir, { recursive: true });
