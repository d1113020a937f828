/** Lives of one daemon on one state directory, and a publisher that knows what it has sent. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import type { StreamAccounting } from '../../src/observe/accounting.ts';
import type { PipelineReport } from '../../src/observe/http/api.ts';
import { type RunningForetide, startForetide } from './foretide.ts';
import { influxQuery } from './influx-query.ts';

export const T0_MS = 1_700_000_000_000;
const PUBLISHED_AT_ONCE = 500;
const LOOK_MS = 500;

export interface DurableDaemonOptions {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  /** Tells its topics, its session and its database from those of others. */
  readonly name: string;
  readonly stateDir: string;
  /** YAML: keys of `state`, without `dir`. */
  readonly state?: string;
  /** YAML: keys of `outbox`. */
  readonly outbox?: string;
  /** YAML: in place of one stream `s` of numbers, a sample a second. */
  readonly streams?: string;
  /** For the daemon's Node. */
  readonly nodeOptions?: string;
  /** Where it tells how it fares. */
  readonly httpPort?: number;
}

export class DurableDaemon {
  readonly options: DurableDaemonOptions;
  readonly #dir = mkdtempSync(join(tmpdir(), 'foretide-durable-'));
  #life: RunningForetide | undefined;

  constructor(options: DurableDaemonOptions) {
    this.options = options;
    writeFileSync(this.#config, config(options));
  }

  get #config(): string {
    return join(this.#dir, 'config.yaml');
  }

  /** The life under way, or the last one. */
  get life(): RunningForetide {
    if (!this.#life) throw new Error('the daemon was never started');
    return this.#life;
  }

  start(): RunningForetide {
    const { nodeOptions } = this.options;
    const env = nodeOptions ? { NODE_OPTIONS: nodeOptions } : {};
    this.#life = startForetide(['run', this.#config], this.#dir, env);
    return this.#life;
  }

  /** Started, and connected to the broker. */
  async up(): Promise<RunningForetide> {
    const life = this.start();
    await within(60_000, `a connection; it said:\n${life.output()}`, () => {
      if (life.process.exitCode !== null) throw new Error(`the daemon ended:\n${life.output()}`);
      return life.output().includes('source: connected');
    });
    return life;
  }

  /** SIGTERM; what it counted by stream. @throws Error when it does not end well in time */
  async stop(msMax = 60_000): Promise<Map<string, StreamAccounting>> {
    const life = this.life;
    const code = await this.end('SIGTERM', msMax);
    if (code !== 0) throw new Error(`the daemon ended with code ${code}:\n${life.output()}`);
    return accountsIn(life.output());
  }

  /** @throws Error when it has not ended in time; then it is killed */
  end(signal: NodeJS.Signals, msMax: number): Promise<number | null> {
    this.life.process.kill(signal);
    return this.ended(msMax);
  }

  /** Its exit code, when it ends by itself. @throws Error when it has not in time */
  async ended(msMax: number): Promise<number | null> {
    const life = this.life;
    const code = await Promise.race([life.exitCode, sleep(msMax, 'late', { ref: false })]);
    if (code !== 'late') return code as number | null;
    life.process.kill('SIGKILL');
    throw new Error(`it did not end within ${msMax} ms:\n${life.output()}`);
  }

  /** Waits for so many steps in the database. @throws Error with the daemon's own account */
  async writes(steps: number, msMax: number, prefix = ''): Promise<void> {
    let written = 0;
    try {
      await within(msMax, 'the database', async () => {
        written = await this.written(prefix).catch(() => 0);
        return written >= steps;
      });
    } catch (cause) {
      const code = await this.end('SIGTERM', msMax);
      const what = `${written} steps in the database, not ${steps}; stopped with code ${code}`;
      throw new Error(`${what}:\n${this.life.output().slice(-3_000)}`, { cause });
    }
  }

  /**
   * Waits until so many samples are learned and nothing waits for the database, by its own word: to
   * count millions of points in the database takes longer than to write some thousand.
   */
  async settled(samples: number, msMax: number): Promise<void> {
    await within(msMax, `${samples} samples learned and written`, async () => {
      await sleep(LOOK_MS);
      const url = `http://127.0.0.1:${this.options.httpPort}/api/pipeline`;
      const report = (await (await fetch(url)).json()) as PipelineReport;
      const waiting = report.sinks.reduce((sum, sink) => sum + sink.waiting, 0);
      return report.accounting.s?.learned === samples && waiting === 0;
    });
  }

  async close(): Promise<void> {
    if (this.#life?.process.exitCode === null) await this.end('SIGKILL', 10_000);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Steps in the database, of series whose names begin so. */
  async written(prefix = ''): Promise<number> {
    const { databaseUrl, name } = this.options;
    const query = `select count(value) from actual where "series" =~ /^${prefix}/`;
    const rows = await influxQuery(databaseUrl, query, { db: name });
    return Number(rows[0]?.count ?? 0);
  }

  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.life.process.pid}/status`, 'utf8');
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
  }

  get openFiles(): number {
    return readdirSync(`/proc/${this.life.process.pid}/fd`).length;
  }

  /** How many lines of the log so far hold the text. */
  said(text: string): number {
    return this.life
      .output()
      .split('\n')
      .filter((line) => line.includes(text)).length;
  }
}

function config({
  brokerUrl,
  databaseUrl,
  name,
  stateDir,
  ...given
}: DurableDaemonOptions): string {
  return `
base: ${name}
shards: 1
source: { mqtt: { url: "${brokerUrl}", client_id: ${name}, qos: 1, retry_max: 1s } }
state: { dir: "${stateDir}", ${given.state ?? ''} }
outbox: { ${given.outbox ?? ''} }
${given.httpPort === undefined ? '' : `http: { port: ${given.httpPort} }`}
streams:
${given.streams ?? numbers(name)}
sinks:
  influx: { url: "${databaseUrl}", database: ${name}, health_every: off }
`;
}

function numbers(name: string): string {
  return `
  - name: s
    topic: "${name}-in/+"
    values: v
    time: t
    series: "{topic[1]}"
    every: 1s
    aggregate: none
    horizon: 3
    seasons: []
    model: { effort: simple, hidden: 4 }
`;
}

/** One sample a second of each of some series, all of QoS 1. */
export class CountingPublisher {
  readonly #client: MqttClient;
  readonly #url: string;
  readonly #name: string;
  readonly #series: number;
  #step = 0;
  /** Accepted by the broker. */
  published = 0;

  private constructor(client: MqttClient, url: string, name: string, series: number) {
    this.#client = client;
    this.#url = url;
    this.#name = name;
    this.#series = series;
  }

  /** @param name of the daemon that is to take them @param step the first */
  static async connect(
    url: string,
    name: string,
    series: number,
    step = 0,
  ): Promise<CountingPublisher> {
    const publisher = new CountingPublisher(await mqtt.connectAsync(url), url, name, series);
    publisher.#step = step;
    return publisher;
  }

  /** @param steps of every series */
  async publish(steps: number): Promise<void> {
    let sent: Promise<unknown>[] = [];
    for (let i = 0; i < steps; i++, this.#step++) {
      for (let s = 0; s < this.#series; s++) {
        const v = 20 + 5 * Math.sin((this.#step + s) / 9) + ((this.#step * 7_919) % 100) / 100;
        const payload = JSON.stringify({ t: T0_MS + 1_000 * this.#step, v });
        sent.push(this.#client.publishAsync(`${this.#name}-in/${s}`, payload, { qos: 1 }));
        if (sent.length >= PUBLISHED_AT_ONCE) {
          await Promise.all(sent);
          sent = [];
        }
      }
    }
    await Promise.all(sent);
    this.published += steps * this.#series;
  }

  /** Closed, and connected anew when `work` is done. */
  async after(work: () => Promise<void>): Promise<CountingPublisher> {
    await this.close();
    await work();
    const next = await CountingPublisher.connect(this.#url, this.#name, this.#series, this.#step);
    next.published = this.published;
    return next;
  }

  close(): Promise<void> {
    return this.#client.endAsync();
  }
}

/** The account that a daemon gives of each stream when it stops. @throws Error: it does not add up */
export function accountsIn(log: string): Map<string, StreamAccounting> {
  if (log.includes('UNACCOUNTED')) throw new Error(`an account does not add up:\n${log}`);
  const accounts = new Map<string, StreamAccounting>();
  for (const [, stream, text] of log.matchAll(/stream (\S+): (\d+ received = [^"\n]*)/g)) {
    const counts = [...text!.matchAll(/(\d+) ([a-z]+)/g)].map(([, count, key]) => {
      return [key, Number(count)] as const;
    });
    accounts.set(stream!, Object.fromEntries(counts) as unknown as StreamAccounting);
  }
  if (accounts.size === 0) throw new Error(`no account in:\n${log}`);
  return accounts;
}

/** @throws Error when the condition does not come true in time */
export async function within(
  ms: number,
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const giveUpMs = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > giveUpMs) {
      throw new Error(`waited ${ms / 1000} s for ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(50);
  }
}
