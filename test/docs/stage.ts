/** Where a page's commands run: a folder of their own, a broker, a database and something to forecast. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { freePort } from '../support/ports.ts';
import { ROOT } from '../support/root.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import type { Step } from './page.ts';

const STEP_MS_MAX = 60_000;
/** So long a daemon had run that a page takes for granted. */
const RUN_MS = 2_000;
const PUBLISH_MS = 100;
const LOOK_MS = 50;

/** What a page means by `site.yaml` that does not say what is in it. */
const SITE = `
source: { mqtt: { url: "mqtt://localhost:1883", qos: 1 } }
streams: [{ topic: sensors/+/temperature, every: 200ms, horizon: 3 }]
sinks: { influx: { url: "http://localhost:8086" } }
`;

interface GoingOn {
  readonly child: ChildProcess;
  readonly where: string;
  output: string;
}

export class Stage {
  readonly #dir = mkdtempSync(join(tmpdir(), 'foretide-docs-'));
  readonly #ports: ReadonlyMap<string, number>;
  readonly #broker: TestServer;
  readonly #database: TestServer;
  readonly #publisher: MqttClient;
  readonly #timer: NodeJS.Timeout;
  #goingOn: GoingOn[] = [];

  static async set(): Promise<Stage> {
    const [broker, database] = await Promise.all([startMosquitto(), startInfluxd()]);
    return new Stage(broker, database, await freePort(), await mqtt.connectAsync(broker.url));
  }

  private constructor(
    broker: TestServer,
    database: TestServer,
    pagePort: number,
    publisher: MqttClient,
  ) {
    this.#broker = broker;
    this.#database = database;
    this.#publisher = publisher;
    this.#ports = new Map([
      ['1883', broker.port],
      ['8086', database.port],
      ['8080', pagePort],
    ]);
    let step = 0;
    this.#timer = setInterval(() => this.#publish(step++), PUBLISH_MS);
    writeTools(join(this.#dir, '.bin'), broker.port, database.port);
  }

  /** A folder for the next page; what the one before has left is not there. */
  folder(page: string): string {
    const dir = join(this.#dir, page.replaceAll('/', '-'));
    mkdirSync(dir);
    symlinkSync(join(ROOT, 'config'), join(dir, 'config'));
    symlinkSync(join(ROOT, 'deploy'), join(dir, 'deploy'));
    writeFileSync(join(dir, 'data.csv'), recording());
    writeFileSync(join(dir, 'site.yaml'), this.#here(SITE));
    return dir;
  }

  /** @throws Error with all that was said, where a step does not do what the page promises */
  async run(step: Step, dir: string): Promise<void> {
    const text = this.#here(step.text);
    if (step.kind === 'file') {
      const path = join(dir, step.name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return;
    }
    if (step.after) await this.#hadRun(step.after, step.where, dir);
    const going = this.#start(text, step.where, step.inRoot ? ROOT : dir);
    const { child } = going;
    if (step.goesOn) {
      this.#goingOn.push(going);
      return this.#says(going, step.goesOn);
    }
    const code = await ended(child);
    if (code !== 0) throw new Error(`${step.where}: ended with ${code}\n${text}\n${going.output}`);
    if (step.prints && !going.output.includes(this.#here(step.prints))) {
      throw new Error(`${step.where}: no "${step.prints}" in\n${going.output}`);
    }
  }

  /** Ends what goes on. @throws Error where something does not end well */
  async clear(): Promise<void> {
    for (const { child, where, output } of this.#goingOn.splice(0)) {
      process.kill(-child.pid!, 'SIGTERM');
      const code = await ended(child);
      if (code !== 0) throw new Error(`${where}: ended with ${code}\n${output}`);
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    for (const { child } of this.#goingOn) process.kill(-child.pid!, 'SIGKILL');
    await this.#publisher.endAsync(true);
    await Promise.all([this.#broker.stop(), this.#database.stop()]);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #start(text: string, where: string, cwd: string): GoingOn {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', text], {
      cwd,
      env: {
        ...process.env,
        PATH: `${join(this.#dir, '.bin')}:${process.env.PATH}`,
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const going: GoingOn = { child, where, output: '' };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        going.output += chunk;
      });
    }
    return going;
  }

  async #hadRun(command: string, where: string, dir: string): Promise<void> {
    this.#goingOn.push(this.#start(command, where, dir));
    await this.#says(this.#goingOn.at(-1)!, 'connected');
    await sleep(RUN_MS);
    await this.clear();
  }

  /** Addresses as they are in this test. */
  #here(text: string): string {
    return text.replace(/\b(localhost|127\.0\.0\.1):(\d+)/g, (all, host: string, port: string) => {
      const ours = this.#ports.get(port);
      return ours === undefined ? all : `${host === 'localhost' ? '127.0.0.1' : host}:${ours}`;
    });
  }

  async #says(going: GoingOn, text: string): Promise<void> {
    const giveUpMs = performance.now() + STEP_MS_MAX;
    while (!going.output.includes(this.#here(text))) {
      if (performance.now() > giveUpMs || going.child.exitCode !== null) {
        throw new Error(`${going.where}: no "${text}" in\n${going.output}`);
      }
      await sleep(LOOK_MS);
    }
  }

  #publish(step: number): void {
    const value = (phase: number): string => (21 + 3 * Math.sin(step / 20 + phase)).toFixed(2);
    this.#publisher.publish('sensors/kitchen/temperature', value(0));
    const time = new Date().toISOString();
    const json = JSON.stringify({ time, t: Number(value(1)), rh: 40 + (step % 7) });
    this.#publisher.publish('sensors/attic/temperature', json);
  }
}

/** What a reader has installed; the servers have other ports here. */
function writeTools(dir: string, brokerPort: number, databasePort: number): void {
  mkdirSync(dir);
  const main = join(ROOT, 'dist/main.js');
  const tools = new Map([['foretide', `exec "${process.execPath}" "${main}" "$@"`]]);
  for (const name of ['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr']) {
    tools.set(name, `exec /usr/bin/${name} -p ${brokerPort} "$@"`);
  }
  tools.set('influx', `exec /usr/bin/influx -port ${databasePort} "$@"`);
  for (const [name, line] of tools) {
    writeFileSync(join(dir, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(dir, name), 0o755);
  }
}

/** Three weeks of an hourly value with a day in it. */
function recording(): string {
  const rows = Array.from({ length: 504 }, (_, hour) => {
    const time = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000).toISOString();
    const value = 50 + 10 * Math.sin((2 * Math.PI * hour) / 24) + ((hour * 7_919) % 13) / 10;
    return `${time},${value.toFixed(2)}`;
  });
  return ['time,load', ...rows, ''].join('\n');
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve(child.exitCode);
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), STEP_MS_MAX);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal ?? 'nothing');
    });
  });
}
