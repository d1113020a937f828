/** A daemon whose configuration is changed while it runs, and what it has made of the messages. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamAccounting } from '../../src/observe/accounting.ts';
import { accountsIn, within } from './durable-daemon.ts';
import { type RunningForetide, startForetide } from './foretide.ts';

export interface TwinStream {
  readonly name: string;
  readonly horizon?: number;
  /** YAML: further keys, with a comma before them. */
  readonly keys?: string;
}

export interface TwinConfig {
  readonly streams: readonly TwinStream[];
  /** YAML: in place of one file. */
  readonly sinks?: string;
  /** YAML: further top-level lines. */
  readonly more?: string;
  readonly shards?: number;
}

export class ReloadTwin {
  readonly dir: string;
  readonly name: string;
  readonly #brokerUrl: string;
  #life: RunningForetide | undefined;

  constructor(dir: string, name: string, brokerUrl: string) {
    this.dir = join(dir, name);
    this.name = name;
    this.#brokerUrl = brokerUrl;
    mkdirSync(this.dir);
  }

  get configPath(): string {
    return join(this.dir, 'config.yaml');
  }

  get stateDir(): string {
    return join(this.dir, 'state');
  }

  get output(): string {
    return this.#life?.output() ?? '';
  }

  get process() {
    return this.#life!.process;
  }

  /** As an editor does it: another file takes its place. */
  configure({ streams, sinks, more = '', shards = 1 }: TwinConfig): void {
    const list = streams.map(
      ({ name, horizon = 3, keys = '' }) =>
        `  - { name: ${name}, topic: "load/${name}/+", values: v, time: t, every: 1s, aggregate: none, ` +
        `series: "{topic[1]}/{topic[2]}", horizon: ${horizon}, seasons: [], model: { hidden: 4, effort: low }${keys} }`,
    );
    const text = `
base: ${this.name}
shards: ${shards}
overload: wait
source: { mqtt: { url: "${this.#brokerUrl}", client_id: ${this.name}, qos: 1, retry_max: 1s } }
state: { dir: ./state, checkpoint_every: 2s }
streams:
${list.join('\n')}
sinks: ${sinks ?? '{ line_protocol: { file: out.lp } }'}
${more}
`;
    this.write(text);
  }

  write(text: string): void {
    const next = join(this.dir, '.config.new');
    writeFileSync(next, text);
    renameSync(next, this.configPath);
  }

  async start(): Promise<void> {
    this.#life = startForetide(['run', this.configPath], this.dir);
    const life = this.#life;
    await within(90_000, `a connection of ${this.name}`, () => {
      if (life.process.exitCode !== null) throw new Error(`it ended:\n${life.output()}`);
      return life.output().includes('source: connected');
    });
  }

  /** How often the log so far holds the text. */
  said(text: string): number {
    return this.output.split(text).length - 1;
  }

  /** SIGHUP, or whatever `ask` does; resolves when the log has one more line about its end. */
  async reload(ask = (): unknown => this.process.kill('SIGHUP')): Promise<void> {
    const ends = /reload \([^)]*\): (done|not done|.* says what runs already)/g;
    const count = (): number => this.output.match(ends)?.length ?? 0;
    const before = count();
    ask();
    const said = (): string => `a reload; it said:\n${this.output}`;
    await within(60_000, said, () => count() > before);
  }

  /** SIGTERM. @throws Error when it does not end well */
  async stop(): Promise<Map<string, StreamAccounting>> {
    this.process.kill('SIGTERM');
    const code = await this.#life!.exitCode;
    if (code !== 0) throw new Error(`it ended with code ${code}:\n${this.output}`);
    return accountsIn(this.output);
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#life!.exitCode;
  }

  /** By series; those whose names begin so. */
  lines(prefix: string, file = 'out.lp'): Map<string, string[]> {
    const path = join(this.dir, file);
    const bySeries = new Map<string, string[]>();
    for (const line of existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []) {
      const series = /^\w+,(?:[^ ]*,)?series=([^, ]+)/.exec(line)?.[1];
      if (!series?.startsWith(prefix)) continue;
      bySeries.set(series, [...(bySeries.get(series) ?? []), line]);
    }
    return new Map([...bySeries].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
