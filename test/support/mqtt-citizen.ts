/** A daemon of its own process beside a real Mosquitto, and a client that sees and asks it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { type RunningForetide, startForetide, until, writeConfig } from './foretide.ts';
import { startMosquitto, type TestServer } from './servers.ts';

export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly correlation: string | undefined;
}

export interface Answer {
  readonly id?: unknown;
  readonly ok: boolean;
  readonly error?: string;
  // Each test knows what it has asked for.
  readonly result?: Record<string, unknown>;
}

/** Home of everything that a test starts; `close` ends it all. */
export class CitizenTest {
  readonly broker: TestServer;
  readonly #cleanup: (() => unknown)[] = [];

  private constructor(broker: TestServer) {
    this.broker = broker;
    this.#cleanup.push(() => broker.stop());
  }

  static async start(config: readonly string[] = []): Promise<CitizenTest> {
    return new CitizenTest(await startMosquitto({ config }));
  }

  async close(): Promise<void> {
    for (const end of this.#cleanup.splice(0).reverse()) await end();
  }

  /** Ended with the others. */
  keep(end: () => unknown): void {
    this.#cleanup.push(end);
  }

  async client(): Promise<Listener> {
    const client = await connectAsync(this.broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
    this.keep(() => client.endAsync(true));
    return new Listener(client);
  }

  /** @param keys YAML: sections beside `source`, `base` is `tide` */
  daemon(keys: string): CitizenDaemon {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-citizen-'));
    this.keep(() => rmSync(dir, { recursive: true, force: true }));
    const url = this.broker.url;
    const { path } = writeConfig(`
base: tide
shards: 1
source: { mqtt: { url: "${url}", client_id: daemon, retry_max: 1s, session_expiry: 1h } }
state: { dir: "${join(dir, 'state')}" }
${keys}
`);
    const daemon = new CitizenDaemon(path, dir);
    this.keep(() => daemon.kill());
    return daemon;
  }
}

export class CitizenDaemon {
  readonly #path: string;
  readonly #dir: string;
  life: RunningForetide | undefined;

  constructor(path: string, dir: string) {
    this.#path = path;
    this.#dir = dir;
  }

  async up(): Promise<RunningForetide> {
    this.life = startForetide(['run', this.#path], this.#dir);
    await this.life.says('source: connected');
    return this.life;
  }

  /** Like a power cut. */
  async kill(): Promise<void> {
    if (!this.life || this.life.process.exitCode !== null) return;
    this.life.process.kill('SIGKILL');
    await this.life.exitCode;
  }

  /** @returns what it said, its accounts among that */
  async stop(): Promise<string> {
    this.life!.process.kill('SIGTERM');
    await this.life!.exitCode;
    return this.life!.output();
  }
}

export class Listener {
  readonly client: MqttClient;
  readonly received: Received[] = [];
  #asked = 0;

  constructor(client: MqttClient) {
    this.client = client;
    client.on('message', (topic, payload, { retain, properties }) => {
      const correlation = properties?.correlationData?.toString();
      this.received.push({ topic, payload: payload.toString(), retain, correlation });
    });
  }

  async hear(...filters: readonly string[]): Promise<this> {
    for (const filter of filters) await this.client.subscribeAsync(filter, { qos: 1, rap: true });
    return this;
  }

  say(topic: string, payload: string, options: IClientPublishOptions = {}): Promise<unknown> {
    return this.client.publishAsync(topic, payload, { qos: 1, ...options });
  }

  on(topic: string): Received[] {
    return this.received.filter((message) => message.topic === topic);
  }

  newest(topic: string): Received | undefined {
    return this.on(topic).at(-1);
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await until(condition, () => {
      const seen = this.received.map(({ topic, payload }) => `${topic} ${payload.slice(0, 300)}`);
      return `${what}; received:\n${seen.slice(-15).join('\n')}`;
    });
  }

  /** Asks with a topic of our own for the answer, as MQTT 5 has it. */
  async ask(command: string, body: object | string = {}): Promise<Answer> {
    const correlation = `c${this.#asked++}`;
    const responseTopic = 'tide/response/mine';
    const properties = { responseTopic, correlationData: Buffer.from(correlation) };
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = (): Received | undefined =>
      this.received.find((message) => message.correlation === correlation);
    if (this.#asked === 1) await this.hear(responseTopic);
    await this.say(`tide/request/${command}`, payload, { properties });
    await this.until(`an answer to ${command} ${payload}`, () => answer() !== undefined);
    return JSON.parse(answer()!.payload);
  }
}
