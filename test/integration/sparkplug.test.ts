/** Sparkplug as a plant has it: a node that answers rebirth requests, over a real Mosquitto. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readPayload } from '../../src/decode/sparkplug-payload.ts';
import { type RunningForetide, startForetide, until, writeConfig } from '../support/foretide.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';
import { sparkplug, type TestMetric, TYPE } from '../support/sparkplug.ts';

let broker: TestServer;
let edge: EdgeNode | undefined;
let running: RunningForetide | undefined;
const dirs: string[] = [];

beforeAll(async () => {
  broker = await startMosquitto();
});
afterEach(async () => {
  running?.process.kill('SIGKILL');
  await edge?.client.endAsync(true);
});
afterAll(async () => {
  await broker?.stop();
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

const T0 = Math.floor(Date.now() / 1000) * 1000 - 60_000;

/** A node with one device that has one metric; aliases are others after each birth. */
class EdgeNode {
  readonly client: MqttClient;
  /** How often a rebirth was asked for. */
  asked = 0;
  #seq = 0;
  #alias = 10;

  static async connect(port: number): Promise<EdgeNode> {
    const node = new EdgeNode(await connectAsync(`mqtt://127.0.0.1:${port}`));
    await node.client.subscribeAsync('spBv1.0/plant/NCMD/gateway');
    return node;
  }

  constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (_topic, payload) => {
      const [metric] = readPayload(payload).metrics;
      if (metric?.name !== 'Node Control/Rebirth') return;
      this.asked++;
      void this.birth();
    });
  }

  async birth(): Promise<void> {
    this.#seq = 0;
    this.#alias++;
    const rebirth = { name: 'Node Control/Rebirth', type: TYPE.Boolean, boolean: false };
    await this.#send('NBIRTH', 'gateway', [
      { name: 'bdSeq', type: TYPE.UInt64, long: 0n },
      rebirth,
    ]);
    const level = { name: 'Tank/Level', alias: this.#alias, type: TYPE.Int32, isNull: true };
    await this.#send('DBIRTH', 'gateway/pump', [level]);
  }

  /** Value i is of second i. */
  data(i: number): Promise<void> {
    const metric = { alias: this.#alias, int: 100 + i, timestamp: T0 + 1000 * i };
    return this.#send('DDATA', 'gateway/pump', [metric]);
  }

  async #send(type: string, place: string, metrics: readonly TestMetric[]): Promise<void> {
    const payload = sparkplug({ timestamp: Date.now(), seq: this.#seq++ % 256, metrics });
    await this.client.publishAsync(`spBv1.0/plant/${type}/${place}`, Buffer.from(payload));
  }
}

it('knows aliases again after a restart, by asking for them', async () => {
  const state = mkdtempSync(join(tmpdir(), 'foretide-sparkplug-'));
  const { dir, path } = writeConfig(`
source: { mqtt: { url: "mqtt://127.0.0.1:${broker.port}" } }
state: { dir: "${state}" }
streams:
  - { name: plant, topic: "spBv1.0/plant/#", payload: sparkplug, every: 1s, aggregate: none, horizon: 1 }
sinks: { line_protocol: { file: out.lp } }
`);
  dirs.push(state, dir);
  const out = join(dir, 'out.lp');
  const holds = (line: string): Promise<void> =>
    until(
      () => existsSync(out) && readFileSync(out, 'utf8').includes(line),
      () =>
        `"${line}" in:\n${existsSync(out) ? readFileSync(out, 'utf8') : ''}\n${running?.output()}`,
    );
  const actual = (i: number): string =>
    `actual,series=plant/gateway/pump/Tank/Level value=${100 + i}`;

  running = startForetide(['run', path], dir);
  await running.says('source: connected');
  edge = await EdgeNode.connect(broker.port);
  await edge.birth();
  for (let i = 0; i < 5; i++) await edge.data(i);
  await holds(actual(4));
  expect(edge.asked).toBe(0);
  running.process.kill('SIGTERM');
  expect(await running.exitCode).toBe(0);
  expect(running.output()).toContain('5 learned');

  running = startForetide(['run', path], dir);
  await running.says('source: connected');
  await edge.data(5);
  await until(() => edge?.asked === 1, running.output);
  await running.says('plant/gateway is asked for a rebirth: alias 11 of plant/gateway/pump');
  // Its births are there: mosquitto keeps the order.
  await until(async () => {
    await edge?.data(6);
    return readFileSync(out, 'utf8').includes(actual(6));
  }, running.output);
  running.process.kill('SIGTERM');
  expect(await running.exitCode).toBe(0);
  expect(edge.asked).toBe(1);
  expect(running.output()).toContain('invalid (no_birth)');
});
