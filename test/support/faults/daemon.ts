/** A daemon in a process of its own that is started, killed and started again in the same folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningForetide, startForetide } from '../foretide.ts';
import { STATE_DIR } from './streams.ts';
import { waitFor } from './wait.ts';

const alive = new Set<FaultyDaemon>();
process.on('exit', () => {
  for (const daemon of alive) daemon.running?.process.kill('SIGKILL');
});

export interface Account {
  readonly received: number;
  readonly learned: number;
  readonly duplicate: number;
  readonly late: number;
  readonly invalid: number;
  readonly filtered: number;
  readonly pending: number;
}

export class FaultyDaemon {
  /** Names its folder, its database and its session. */
  readonly base: string;
  readonly dir: string;
  /** What earlier lives said. */
  readonly #past: string[] = [];
  running: RunningForetide | undefined;

  /** @param config the YAML, with the state directory that `daemonConfig` names */
  constructor(parent: string, base: string, config: string) {
    this.base = base;
    const dir = join(parent, base);
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'config.yaml'), config);
  }

  get stateDir(): string {
    return join(this.dir, STATE_DIR);
  }

  /** All lives, this one included. */
  get output(): string {
    return [...this.#past, this.running?.output() ?? ''].join('\n--- next life ---\n');
  }

  /** How often it has connected to its broker, in all lives. */
  get connections(): number {
    return [...this.output.matchAll(/source: connected/g)].length;
  }

  /** The sum of what the first group of the pattern captured in the logs of all lives. */
  countSaid(pattern: RegExp): number {
    let sum = 0;
    for (const [, count] of this.output.matchAll(pattern)) sum += Number(count);
    return sum;
  }

  /** Starts without waiting for anything. */
  start(): void {
    if (this.running) throw new Error(`${this.dir}: it is running`);
    const running = startForetide(['run', 'config.yaml'], this.dir);
    this.running = running;
    alive.add(this);
  }

  /** Resolves when it is connected to its broker; starts it where it is not running. */
  async connected(): Promise<void> {
    if (!this.running) this.start();
    const { running } = this;
    await waitFor(
      () => {
        if (this.#hasEnded()) throw new Error(`the daemon ended by itself:\n${this.output}`);
        return running!.output().includes('source: connected');
      },
      () => `the daemon to connect:\n${this.output}`,
    );
  }

  /** kill -9. @throws Error when it had ended by itself before */
  async kill(): Promise<void> {
    if (this.#hasEnded()) throw new Error(`the daemon ended by itself:\n${this.output}`);
    this.running!.process.kill('SIGKILL');
    await this.#over();
  }

  /** SIGTERM, and kill -9 some ms later. @returns whether it had stopped by itself before */
  async killStopping(afterMs: number): Promise<boolean> {
    const { process: child } = this.running!;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    const code = await this.#over();
    clearTimeout(timer);
    return code === 0;
  }

  /** SIGTERM. @throws Error when it does not end with 0 */
  async stop(): Promise<ReadonlyMap<string, Account>> {
    const { running } = this;
    running!.process.kill('SIGTERM');
    const code = await this.#over();
    if (code !== 0) throw new Error(`the daemon ended with code ${code}:\n${this.output}`);
    return accounts(running!.output());
  }

  /** For clean-up: whatever it does. */
  async end(): Promise<void> {
    if (!this.running) return;
    this.running.process.kill('SIGKILL');
    await this.#over();
  }

  /** Memory of the process in MiB. */
  residentMib(): number {
    const status = readFileSync(`/proc/${this.running!.process.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1_024;
  }

  #hasEnded(): boolean {
    const { process: child } = this.running!;
    return child.exitCode !== null || child.signalCode !== null;
  }

  async #over(): Promise<number | null> {
    const { running } = this;
    const code = await running!.exitCode;
    this.#past.push(running!.output());
    this.running = undefined;
    alive.delete(this);
    return code;
  }
}

/** What the last lines of a daemon's log say, by stream. @throws Error where a sum does not come out */
function accounts(output: string): Map<string, Account> {
  if (output.includes('UNACCOUNTED')) throw new Error(`the account does not add up:\n${output}`);
  const found = new Map<string, Account>();
  const line = /stream ([^:\s]+): (\d+) received = ([^"\n]+ pending)/g;
  for (const [, stream, received, parts] of output.matchAll(line)) {
    const counts = [...parts!.matchAll(/(\d+) (\w+)/g)].map(([, count, what]) => [
      what,
      Number(count),
    ]);
    found.set(stream!, { received: Number(received), ...Object.fromEntries(counts) });
  }
  return found;
}
