/**
 * One daemon a state directory. The holder listens on a socket in the directory, `lock-<id>.sock`; when
 * its process ends, however it does, the kernel closes that, and what is left is a name that refuses
 * connections. Works between containers that share the directory on one host.
 *
 * Each process first publishes a socket of its own, listening already, then asks all others:
 *   refuses     its process is gone: the name is removed. Names are never used twice, so this can hit
 *               no other;
 *   holding     we give up;
 *   starting    the greater of the two names gives up, the smaller asks again, until the other is gone
 *               or holds: it may have looked before we were there.
 * Of two, the one that published later sees the other, so both can never hold.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SocketDir } from './socket-dir.ts';
import { removeIfThere } from './state-dir.ts';
import { StateError, stateError } from './state-error.ts';

const NAME = /^lock-[0-9a-f]+\.sock$/;
/** A holder may be busy computing. */
const ANSWER_MS_MAX = 2_000;
const ASK_AGAIN_MS = 20;

export interface StateLock {
  release(): Promise<void>;
}

export interface Holder {
  readonly state: 'starting' | 'holding';
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/**
 * The directory for this process alone. It must be there.
 * @throws StateError when another process has it; the message says which
 */
export async function lockState(dir: string): Promise<StateLock> {
  let sockets: SocketDir | undefined;
  try {
    sockets = new SocketDir(dir);
    const id = randomBytes(8).toString('hex');
    const own = new OwnSocket(sockets, id);
    await own.publish();
    try {
      await waitForTurn(dir, sockets, own.name);
    } catch (error) {
      await own.close();
      throw error;
    }
    own.state = 'holding';
    const { release } = sockets;
    return {
      release: async () => {
        await own.close();
        release();
      },
    };
  } catch (error) {
    sockets?.release();
    throw stateError(dir, 'lock', error);
  }
}

/**
 * Who has the directory; undefined: nobody. Takes nothing and leaves nothing.
 * @throws StateError
 */
export async function holderOf(dir: string): Promise<Holder | 'silent' | undefined> {
  let sockets: SocketDir | undefined;
  try {
    sockets = new SocketDir(dir);
    for (const name of readdirSync(sockets.dir)) {
      if (!NAME.test(name)) continue;
      const holder = await ask(sockets.path(name));
      if (holder === 'silent' || (holder !== 'gone' && holder.state === 'holding')) return holder;
    }
    return undefined;
  } catch (error) {
    throw stateError(dir, 'read', error);
  } finally {
    sockets?.release();
  }
}

class OwnSocket {
  readonly #sockets: SocketDir;
  readonly #server: Server;
  readonly #unpublished: string;
  readonly name: string;
  state: Holder['state'] = 'starting';

  constructor(sockets: SocketDir, id: string) {
    this.#sockets = sockets;
    this.#unpublished = `new-${id}.sock`;
    this.name = `lock-${id}.sock`;
    const since = new Date().toISOString();
    this.#server = createServer((socket) => {
      const { state } = this;
      const holder: Holder = { state, pid: process.pid, host: hostname(), since };
      socket.on('error', () => {});
      socket.end(JSON.stringify(holder));
    });
  }

  /** Under its name only once it listens: before, it would look like that of a dead process. */
  async publish(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#sockets.path(this.#unpublished), resolve);
    });
    this.#server.unref();
    this.#rename();
  }

  #rename(): void {
    const { dir } = this.#sockets;
    renameSync(join(dir, this.#unpublished), join(dir, this.name));
  }

  async close(): Promise<void> {
    try {
      removeIfThere(join(this.#sockets.dir, this.name));
    } catch {
      // A disk that fails: the next start finds nobody behind it.
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function waitForTurn(dir: string, sockets: SocketDir, own: string): Promise<void> {
  for (;;) {
    let mustWait = false;
    for (const name of readdirSync(sockets.dir)) {
      if (name === own || !NAME.test(name)) continue;
      const holder = await ask(sockets.path(name));
      if (holder === 'gone') removeIfThere(join(sockets.dir, name));
      else if (holder === 'silent' || holder.state === 'holding' || name < own) {
        throw new StateError(inUse(dir, holder));
      } else mustWait = true;
    }
    if (!mustWait) return;
    await sleep(ASK_AGAIN_MS);
  }
}

function inUse(dir: string, holder: Holder | 'silent'): string {
  const who =
    holder === 'silent'
      ? 'another process, which is too busy to answer'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  return (
    `state directory ${dir}: in use by ${who}; ` +
    'stop that, or give each daemon its own state.dir'
  );
}

type Answer = Holder | 'silent' | 'gone';

function ask(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const end = (result: Answer | Promise<Answer>): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end('silent'), ANSWER_MS_MAX);
    socket.setEncoding('utf8');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('end', () => end(parse(text)));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      // It ended while we asked.
      if (code === 'ECONNRESET') return end(ask(path));
      // No permission, say: somebody is there.
      const gone = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK';
      end(gone ? 'gone' : 'silent');
    });
  });
}

function parse(text: string): Holder | 'silent' {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return 'silent';
  }
}
