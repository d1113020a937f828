/**
 * The daemon against a bare bridge, on a real Mosquitto and a real InfluxDB: how many messages a
 * second each takes from the broker and has in the database, learning or not.
 *
 * The messages wait in the broker's queue of a persistent session, so that the publisher is no part
 * of what is measured; then the consumer connects and takes them as fast as it can. The bridge is an
 * mqtt.js subscriber and `influx` writePoints of the same number of points a message (1 actual,
 * 6 forecasts, 2 scores), nothing learned. A third consumer is the daemon that keeps nothing
 * (`state.keep: false`), which tells what journal, checkpoints and late acknowledgements cost. Turn
 * about, median of the rounds. After that, at half of the daemon's rate, the time from a message to its
 * forecast over MQTT.
 *
 *   npm run bench:pipeline [-- --rounds 3 --messages 100 --json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqtt, { type MqttClient } from 'mqtt';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';

const SERIES = 1_000;
const HORIZON = 6;
const T0 = 1_700_000_000_000;
const EVERY_MS = 1_000;
const TICKS_A_SECOND = 100;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    /** Messages a series and round. */
    messages: { type: 'string', default: '100' },
    /** Seconds of the latency part. */
    seconds: { type: 'string', default: '15' },
    shards: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
  },
});
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const bridge = fileURLToPath(new URL('./bridge.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'foretide-bench-'));
const total = SERIES * Number(options.messages);

interface ConfigOptions {
  readonly sinks?: string;
  readonly keep?: boolean;
}

function config(
  base: string,
  broker: TestServer,
  database: TestServer,
  { sinks = '', keep = true }: ConfigOptions,
): string {
  return `
base: ${base}
state: { keep: ${keep}, dir: ${stateOf(base)} }
shards: ${options.shards}
source: { mqtt: { url: "${broker.url}", client_id: ${base}, qos: 1 } }
streams:
  - topic: "${base}-in/+"
    values: v
    time: t
    series: "{topic[1]}"
    every: 1s
    aggregate: none
    horizon: ${HORIZON}
    coverage: 0.9
    seasons: []
    model: { effort: simple, cell: gru, hidden: 16, update_interval: 8, window: 32 }
sinks:
  influx: { url: "${database.url}", database: ${base} }
${sinks}
`;
}

function stateOf(base: string): string {
  return join(dir, `${base}-state`);
}

/** A value that is not constant and not noise alone. */
const value = (series: number, step: number): number =>
  20 + 5 * Math.sin((step + series) / 9) + ((step * 7919 + series * 104_729) % 100) / 100;

/** Registers the consumer's session, then fills its queue. */
async function fillQueue(broker: TestServer, base: string, firstStep: number): Promise<void> {
  const session = await mqtt.connectAsync(broker.url, {
    clientId: base,
    protocolVersion: 5,
    clean: false,
    properties: { sessionExpiryInterval: 86_400 },
  });
  await session.subscribeAsync(`${base}-in/+`, { qos: 1 });
  await session.endAsync();
  const publisher = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
  for (let step = 0; step < Number(options.messages); step++) {
    const sent: Promise<unknown>[] = [];
    for (let s = 0; s < SERIES; s++) {
      const at = firstStep + step;
      const message = JSON.stringify({ t: T0 + EVERY_MS * at, v: value(s, at) });
      sent.push(publisher.publishAsync(`${base}-in/${s}`, message, { qos: 1 }));
    }
    await Promise.all(sent);
  }
  await publisher.endAsync();
}

async function countActual(database: TestServer, base: string): Promise<number> {
  const query = new URLSearchParams({ db: base, q: 'select count(value) from actual' });
  const reply = (await (await fetch(`${database.url}/query?${query}`)).json()) as {
    results: { series?: { values: [number, number][] }[] }[];
  };
  return reply.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

/** Seconds of processor that a process has had, all its threads together. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** [consumer] µs of processor a message, by round. A busy machine does not count. */
const cpuUs: Record<string, number[]> = { daemon: [], forgetful: [], bridge: [] };

/** Runs a consumer until everything is in the database; messages a second from its connection on. */
async function drainRate(
  start: () => ChildProcess,
  database: TestServer,
  base: string,
): Promise<number> {
  const before = await countActual(database, base);
  const child = start();
  const connected = new Promise<number>((resolve) => {
    const look = (chunk: Buffer): void => {
      if (chunk.includes('connected')) resolve(performance.now());
    };
    child.stdout!.on('data', look);
    child.stderr!.on('data', look);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const startedMs = await connected;
  const cpuBefore = cpuSeconds(child.pid!);
  while ((await countActual(database, base)) < before + total) {
    if (child.exitCode !== null) throw new Error(`${base} ended early`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const rate = total / ((performance.now() - startedMs) / 1000);
  cpuUs[base]!.push((1e6 * (cpuSeconds(child.pid!) - cpuBefore)) / total);
  child.kill('SIGTERM');
  await ended;
  return rate;
}

function run(script: string, args: readonly string[]): ChildProcess {
  return spawn(
    process.execPath,
    [...(process.env.BENCH_NODE_FLAGS?.split(' ') ?? []), script, ...args],
    {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Milliseconds from publishing a message to receiving its forecast, at a steady rate. */
async function latencies(broker: TestServer, base: string, rate: number): Promise<number[]> {
  const client: MqttClient = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
  const sentMs = new Map<string, number>();
  const found: number[] = [];
  client.on('message', (_topic, payload) => {
    const { series, issued } = JSON.parse(payload.toString()) as { series: string; issued: string };
    const key = `${series}@${Date.parse(issued)}`;
    const sent = sentMs.get(key);
    if (sent === undefined) return;
    sentMs.delete(key);
    found.push(performance.now() - sent);
  });
  await client.subscribeAsync(`${base}/forecast/#`);
  const startedMs = performance.now();
  const lastMs = startedMs + Number(options.seconds) * 1000;
  for (let count = 0; performance.now() < lastMs; ) {
    const due = ((performance.now() - startedMs) / 1000) * rate;
    for (; count < due; count++) {
      const series = count % SERIES;
      const time = T0 + EVERY_MS * Math.floor(count / SERIES);
      sentMs.set(`${series}@${time}`, performance.now());
      const message = JSON.stringify({ t: time, v: value(series, count) });
      client.publish(`${base}-in/${series}`, message, { qos: 1 });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await client.endAsync();
  // The first quarter is warm-up: series begin, code is compiled.
  return found.slice(Math.floor(found.length / 4));
}

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

const broker = await startMosquitto({
  config: ['max_queued_messages 0', 'max_inflight_messages 0', 'autosave_interval 0'],
});
const database = await startInfluxd();
try {
  const rates = { daemon: [] as number[], forgetful: [] as number[], bridge: [] as number[] };
  const names = ['daemon', 'forgetful', 'bridge'] as const;
  for (const name of ['daemon', 'forgetful'] as const) {
    const keep = name === 'daemon';
    writeFileSync(join(dir, `${name}.yaml`), config(name, broker, database, { keep }));
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    const firstStep = round * Number(options.messages);
    for (const name of names) {
      await fillQueue(broker, name, firstStep);
      // All three begin with nothing.
      rmSync(stateOf(name), { recursive: true, force: true });
      const daemon = () => run(main, ['run', `${name}.yaml`]);
      const other = () => run(bridge, [broker.url, database.url, name, String(HORIZON)]);
      rates[name].push(await drainRate(name === 'bridge' ? other : daemon, database, name));
    }
    const told = names.map((name) => `${name} ${rates[name].at(-1)?.toFixed(0)}`).join(', ');
    console.error(`round ${round + 1}: ${told} messages a second`);
  }
  const daemonRate = quantile(rates.daemon, 0.5);
  const forgetfulRate = quantile(rates.forgetful, 0.5);
  const bridgeRate = quantile(rates.bridge, 0.5);
  /** Round by round, as machines change their pace. */
  const kept = rates.daemon.map((rate, i) => rate / rates.forgetful[i]!);

  writeFileSync(join(dir, 'live.yaml'), config('live', broker, database, { sinks: '  mqtt: {}' }));
  const live = run(main, ['run', 'live.yaml']);
  await new Promise<void>((resolve) => {
    live.stderr!.on('data', (chunk: Buffer) => chunk.includes('connected') && resolve());
  });
  const delays = await latencies(broker, 'live', daemonRate / 2);
  live.kill('SIGTERM');

  const result = {
    daemon_msgs_s: Math.round(daemonRate),
    bridge_msgs_s: Math.round(bridgeRate),
    keeps_nothing_msgs_s: Math.round(forgetfulRate),
    ratio_kept: Number(quantile(kept, 0.5).toFixed(3)),
    cpu_us_msg: Math.round(quantile(cpuUs.daemon!, 0.5)),
    keeps_nothing_cpu_us_msg: Math.round(quantile(cpuUs.forgetful!, 0.5)),
    bridge_cpu_us_msg: Math.round(quantile(cpuUs.bridge!, 0.5)),
    ratio: Number((daemonRate / bridgeRate).toFixed(3)),
    p50_ms: Number(quantile(delays, 0.5).toFixed(2)),
    p99_ms: Number(quantile(delays, 0.99).toFixed(2)),
    answered: delays.length,
  };
  console.table(result);
  if (options.json) console.log(JSON.stringify(result));
} finally {
  await Promise.all([broker.stop(), database.stop()]);
  rmSync(dir, { recursive: true });
}
