/**
 * How soon a daemon that was killed forecasts again: many series with their checkpoints, and minutes of
 * samples after these in the journal. Real Mosquitto, QoS 1, forecasts over MQTT.
 *
 * A message waits at the broker. From the start of the process it is counted to its forecast, and to
 * the moment when all series are taken up. Each run begins on a copy of what kill -9 has left.
 *
 *   npm run bench:recovery [-- --series 10000 --steps 18 --runs 5 --json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mqtt, { type MqttClient } from 'mqtt';
import { startMosquitto } from '../support/servers.ts';

const { values: options } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    /** Of each series before the last checkpoint. */
    before: { type: 'string', default: '10' },
    /** Of each series after it: at a sample every 10 s, 18 are three minutes. */
    steps: { type: 'string', default: '18' },
    runs: { type: 'string', default: '5' },
    shards: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const SERIES = Number(options.series);
const T0 = 1_700_000_000_000;
const EVERY_MS = 10_000;
const AT_ONCE = 2_000;
const TICKS_A_SECOND = 100;
/** `--cpu-prof`, say: the runs are then stopped in good order, so that it is written. */
const FLAGS = process.env.BENCH_NODE_FLAGS?.split(' ') ?? [];
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'foretide-recovery-'));

function writeConfig(url: string, stateDir: string): void {
  writeFileSync(
    join(dir, 'config.yaml'),
    `
base: recovery
shards: ${options.shards}
source: { mqtt: { url: "${url}", client_id: recovery, qos: 1 } }
state: { dir: ${stateDir}, checkpoint_every: 1h }
streams:
  - topic: "in/+"
    values: v
    time: t
    series: "{topic[1]}"
    every: 10s
    aggregate: none
    horizon: 12
    seasons: []
    series_max: ${SERIES}
    model: { effort: simple }
sinks: { mqtt: {} }
`,
  );
}

interface Life {
  readonly child: ChildProcess;
  readonly startedMs: number;
  /** Resolves with the text and the moment once the log says it. */
  says(text: string): Promise<{ log: string; ms: number }>;
  readonly ended: Promise<unknown>;
}

function start(): Life {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [...FLAGS, main, 'run', 'config.yaml'], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr!.on('data', (chunk) => {
    log += chunk;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const says = async (text: string) => {
    while (!log.includes(text)) {
      if (child.exitCode !== null) throw new Error(`the daemon ended:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return { log, ms: performance.now() - startedMs };
  };
  return { child, startedMs, says, ended };
}

async function publish(client: MqttClient, series: number, step: number): Promise<void> {
  const v = 20 + 5 * Math.sin((step + series) / 9) + ((step * 7_919 + series * 31) % 100) / 100;
  const payload = JSON.stringify({ t: T0 + EVERY_MS * step, v });
  await client.publishAsync(`in/${series}`, payload, { qos: 1 });
}

/** @returns once every series has told its forecast of the last step */
async function feed(client: MqttClient, from: number, steps: number): Promise<void> {
  const last = T0 + EVERY_MS * (from + steps - 1);
  let told = 0;
  const count = (_topic: string, payload: Buffer): void => {
    const { issued } = JSON.parse(payload.toString()) as { issued: string };
    if (Date.parse(issued) === last) told++;
  };
  client.on('message', count);
  for (let step = from; step < from + steps; step++) {
    for (let s = 0; s < SERIES; s += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, SERIES - s) }, (_, i) => s + i);
      await Promise.all(some.map((series) => publish(client, series, step)));
    }
  }
  while (told < SERIES) await new Promise((resolve) => setTimeout(resolve, 20));
  client.off('message', count);
}

/** Seconds of processor that a process has had, all its threads together: a busy machine does not count. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
const client = await mqtt.connectAsync(broker.url);
try {
  await client.subscribeAsync('recovery/forecast/#');
  const base = join(dir, 'base');
  writeConfig(broker.url, base);
  const [before, steps] = [Number(options.before), Number(options.steps)];
  const first = start();
  await first.says('source: connected');
  await feed(client, 0, before);
  // Stopped in good order, all is saved; what comes then is in the journal alone.
  first.child.kill('SIGTERM');
  await first.ended;
  const second = start();
  await second.says('source: connected');
  await second.says('took up');
  await feed(client, before, steps);
  second.child.kill('SIGKILL');
  await second.ended;

  const forecastS: number[] = [];
  const recoveredS: number[] = [];
  const forecastCpuS: number[] = [];
  const recoveredCpuS: number[] = [];
  let samples = 0;
  for (let run = 0; run < Number(options.runs); run++) {
    const copy = join(dir, `copy-${run}`);
    cpSync(base, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    writeConfig(broker.url, copy);
    const series = Math.floor(((run + 0.5) * SERIES) / Number(options.runs));
    const step = before + steps;
    const issued = T0 + EVERY_MS * step;
    const forecast = new Promise<number>((resolve) => {
      client.on('message', (_topic, payload) => {
        const told = JSON.parse(payload.toString()) as { series: string; issued: string };
        const isIt = told.series === String(series) && Date.parse(told.issued) === issued;
        if (isIt) resolve(performance.now());
      });
    });
    await publish(client, series, step);
    const life = start();
    forecastS.push(((await forecast) - life.startedMs) / 1_000);
    forecastCpuS.push(cpuSeconds(life.child.pid!));
    const { log, ms } = await life.says('took up');
    recoveredS.push(ms / 1_000);
    recoveredCpuS.push(cpuSeconds(life.child.pid!));
    samples = Number(/(\d+) samples since/.exec(log)?.[1]);
    life.child.kill(FLAGS.length > 0 ? 'SIGTERM' : 'SIGKILL');
    await life.ended;
    client.removeAllListeners('message');
    rmSync(copy, { recursive: true });
    console.error(
      `run ${run + 1}: forecast after ${forecastS.at(-1)!.toFixed(2)} s, all after ${recoveredS.at(-1)!.toFixed(2)} s`,
    );
  }
  const result = {
    series: SERIES,
    samples_in_journal: samples,
    first_forecast_s: Number(quantile(forecastS, 0.5).toFixed(2)),
    first_forecast_cpu_s: Number(quantile(forecastCpuS, 0.5).toFixed(2)),
    recovered_s: Number(quantile(recoveredS, 0.5).toFixed(2)),
    recovered_cpu_s: Number(quantile(recoveredCpuS, 0.5).toFixed(2)),
  };
  console.table(result);
  if (options.json) console.log(JSON.stringify(result));
} finally {
  await client.endAsync(true);
  await broker.stop();
  rmSync(dir, { recursive: true });
}
