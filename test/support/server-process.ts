/** A server of our own on loopback: started, waited for, stopped by its process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
const OUTPUT_CHARS_MAX = 4_000;
const PORT_ATTEMPTS = 5;

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Holds everything the server writes; removed by `stop` unless it was given. */
  readonly dir: string;
  /** Of the running process; another one after `restart`. */
  readonly pid: number;
  /** What it last printed. */
  readonly output: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** Sends the signal and waits until the process is gone; the folder stays. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** The same port and folder again, after `kill` or instead of it. */
  restart(): Promise<void>;
}

export interface ServerRecipe {
  readonly program: string;
  readonly scheme: string;
  readonly port?: number;
  readonly dir?: string;
  /** Writes what the server needs to its folder; gives its arguments and environment. */
  prepare(dir: string, port: number): { args: string[]; env?: NodeJS.ProcessEnv };
  ready(port: number): Promise<boolean>;
}

/** @throws Error that says what to install when the program is not there */
export function findProgram(program: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: the next one.
    }
  }
  throw new Error(
    `${program} is not installed, and the integration tests need it: ` +
      'run "node scripts/prepare.mjs --servers", or on Debian and Ubuntu ' +
      '"apt-get install mosquitto mosquitto-clients influxdb influxdb-client"',
  );
}

/** A free port can be gone a moment later, so a start is tried again where no port was asked for. */
export async function startServer(recipe: ServerRecipe): Promise<TestServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new ServerProcess(recipe, recipe.port ?? (await freePort()));
    try {
      await server.restart();
      return server;
    } catch (error) {
      const taken = /address already in use/i.test(server.output);
      await server.stop();
      if (!taken || recipe.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

class ServerProcess implements TestServer {
  readonly port: number;
  readonly dir: string;
  readonly url: string;
  readonly #recipe: ServerRecipe;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(recipe: ServerRecipe, port: number) {
    this.#recipe = recipe;
    this.port = port;
    this.url = `${recipe.scheme}://127.0.0.1:${port}`;
    this.dir = recipe.dir ?? mkdtempSync(join(tmpdir(), `foretide-${recipe.program}-`));
    mkdirSync(this.dir, { recursive: true });
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#recipe.program} is not running`);
    return this.#child.pid;
  }

  get output(): string {
    return this.#output;
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    const { args, env } = this.#recipe.prepare(this.dir, this.port);
    const [command, ...rest] = dyingWithUs([findProgram(this.#recipe.program), ...args]);
    const child = spawn(command!, rest, {
      cwd: this.dir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.once('error', (error) => this.#keep(`${error.message}\n`));
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    }
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    await this.#untilReady(child, closed);
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#end(signal);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    if (this.#recipe.dir === undefined && existsSync(this.dir)) {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }

  async #untilReady(child: ChildProcess, closed: Promise<void>): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!gone(child)) {
      const ready = await this.#recipe.ready(this.port);
      // Whoever answers on a port that was taken is not ours: then our own process has ended.
      if (ready) await sleep(20);
      if (ready && !gone(child)) return;
      if (performance.now() > deadline) throw this.#failure('is not ready');
      await sleep(20);
    }
    // Its last words may still be in the pipe.
    await Promise.race([closed, sleep(1_000)]);
    throw this.#failure('ended at once');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || gone(child)) return;
    const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exit;
    clearTimeout(timer);
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_CHARS_MAX);
  }

  #failure(what: string): Error {
    return new Error(`${this.#recipe.program} on port ${this.port} ${what}:\n${this.#output}`);
  }
}

/** A test run that is killed runs no clean-up: where it can, the kernel then ends the server. */
function dyingWithUs(command: string[]): string[] {
  if (!existsSync('/usr/bin/setpriv')) return command;
  return ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', ...command];
}

function gone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
