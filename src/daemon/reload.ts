/** Takes over what has changed in the configuration's file, while the daemon runs. */
import { ConfigError, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/log.ts';
import { createSink, type SinkContext } from '../sink/registry.ts';
import {
  type ConfigChanges,
  changesNothing,
  configChanges,
  type StreamChanges,
} from './config-changes.ts';
import { ConfigWatch, digestOf } from './config-watch.ts';
import type { Daemon } from './daemon.ts';
import { NotChanged } from './kept-change.ts';
import { prepareCore } from './prepare.ts';

export interface ReloadParts {
  /** Of the file. */
  readonly path: string;
  readonly daemon: Pick<Daemon, 'setup' | 'reconfigure' | 'configFault'>;
  readonly log: Logger;
  readonly sinks: SinkContext;
}

export class Reloader {
  readonly #parts: ReloadParts;
  readonly #watch: ConfigWatch;
  #watching = false;
  #wanted: string | undefined;
  #running: Promise<void> | undefined;
  #ended = false;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#watch = new ConfigWatch(parts.path, () => void this.request('the file has changed'));
  }

  /** Watches the file where the configuration says so. */
  async start(): Promise<void> {
    const { path, daemon } = this.#parts;
    const wanted = daemon.setup.config.reload === 'auto' && !this.#ended;
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    if (wanted) this.#watch.start(await digestOf(path));
    else this.#watch.stop();
  }

  /** At SIGHUP. */
  signal(): void {
    const { daemon, log } = this.#parts;
    if (daemon.setup.config.reload === 'off') log.warn('SIGHUP: nothing is reloaded (reload: off)');
    else void this.request('SIGHUP');
  }

  /** One after the other; of several that wait, the file is read once. */
  request(why: string): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#wanted = why;
    this.#running ??= this.#run();
    return this.#running;
  }

  /** What is under way is the daemon's to end. */
  end(): void {
    this.#ended = true;
    this.#wanted = undefined;
    this.#watch.stop();
  }

  async #run(): Promise<void> {
    const { path } = this.#parts;
    while (this.#wanted !== undefined) {
      const why = this.#wanted;
      this.#wanted = undefined;
      const digest = await digestOf(path);
      await this.#reload(why);
      this.#watch.knows(digest);
      await this.start();
    }
    this.#running = undefined;
  }

  async #reload(why: string): Promise<void> {
    const { daemon, log, path } = this.#parts;
    try {
      const config = this.#load();
      const core = await prepareCore(config, log, daemon.setup);
      const changes = configChanges(daemon.setup, { config, ...core });
      daemon.configFault = null;
      if (changesNothing(changes))
        return log.info(`reload (${why}): ${path} says what runs already`);
      const openSink = (kind: Parameters<typeof createSink>[0]) => this.#openSink(kind, changes);
      const heldMs = await daemon.reconfigure({ ...core, changes, openSink });
      for (const text of describeChanges(changes)) log.info(`reload: ${text}`);
      const later = changes.later.join(', ');
      if (later) log.warn(`reload: ${later}: changed, and in force at the next start only`);
      log.info(`reload (${why}): done; messages waited for ${Math.round(heldMs)} ms`);
    } catch (error) {
      if (this.#ended) return;
      this.#refused(why, error as Error);
    }
  }

  /** @throws ConfigError, UserError */
  #load(): Config {
    const { path } = this.#parts;
    const config = loadConfig(path);
    if (!config.source?.mqtt) {
      const message = 'source.mqtt is gone; what runs cannot do without, so put it back';
      throw new ConfigError([{ file: path, path: '', message }]);
    }
    return config;
  }

  /** A file that was open before is gone on with, whatever a start would do. */
  #openSink(kind: Parameters<typeof createSink>[0], { config }: ConfigChanges) {
    const { daemon, sinks } = this.#parts;
    const before = daemon.setup.config.sinks.line_protocol?.file;
    const goesOn = before !== undefined && before === config.sinks.line_protocol?.file;
    return createSink(kind, config, { ...sinks, goOn: sinks.goOn || goesOn });
  }

  #refused(why: string, error: Error): void {
    const { daemon, log } = this.#parts;
    const isExpected =
      error instanceof ConfigError || error instanceof NotChanged || 'exitCode' in error;
    daemon.configFault = error.message;
    const text = isExpected ? error.message : (error.stack ?? error.message);
    for (const line of text.split('\n')) log.error(`reload: ${line}`);
    log.error(`reload (${why}): not done; what ran before goes on as it was`);
  }
}

/** One line a thing that has changed. */
export function describeChanges({ streams, sinks, keys }: ConfigChanges): string[] {
  return [
    ...describeStreams(streams),
    ...sinks.map(({ kind, change }) => `sinks.${kind}: ${change}`),
    ...(keys.length > 0 ? [`${keys.join(', ')}: changed`] : []),
  ];
}

function describeStreams(changes: StreamChanges): string[] {
  const { added, removed, anew, changed, reread, reordered } = changes;
  return [
    ...added.map((name) => `stream ${name}: added`),
    ...removed.map(
      (name) => `stream ${name}: removed; its series rest until it is configured again`,
    ),
    ...[...anew].map(
      ([name, keys]) => `stream ${name}: ${keys.join(', ')} changed; its series begin anew`,
    ),
    ...changed.map((name) => `stream ${name}: changed; its series go on`),
    ...reread.map((name) => `stream ${name}: messages are read in another way; its series go on`),
    ...(reordered
      ? ['streams: in another order; each message goes to the first that wants it']
      : []),
  ];
}
