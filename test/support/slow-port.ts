import { EventEmitter } from 'node:events';
import { Shard } from '../../src/daemon/shard.ts';
import { ShardHost } from '../../src/daemon/shard-host.ts';
import type { ShardPort, ShardRequest, ShardWorkerData } from '../../src/daemon/shard-protocol.ts';
import { ENGINES } from './core-journal.ts';

/** A thread that is none: copies what passes, and takes its time. */
export class SlowPort extends EventEmitter implements ShardPort {
  readonly #host: ShardHost;
  readonly #fate: () => 'live' | 'dies before' | 'dies after';
  readonly #queue: ShardRequest[] = [];
  #working = false;
  #ended = false;

  constructor({ settings }: ShardWorkerData, fate: () => 'live' | 'dies before' | 'dies after') {
    super();
    this.#host = new ShardHost(new Shard(settings, ENGINES));
    this.#fate = fate;
  }

  postMessage(request: ShardRequest): void {
    this.#queue.push(structuredClone(request));
    if (this.#working) return;
    this.#working = true;
    setImmediate(() => this.#work());
  }

  async terminate(): Promise<void> {
    this.#ended = true;
  }

  die(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.emit('error', new Error(reason));
    this.emit('exit', 1);
  }

  #work(): void {
    const request = this.#queue.shift();
    this.#working = request !== undefined;
    if (!request || this.#ended) return;
    const fate = request.kind === 'restore' ? 'live' : this.#fate();
    if (fate === 'dies before') return this.die('struck');
    const reply = this.#host.handle(request, ENGINES);
    if (fate === 'dies after') return this.die('struck');
    if (reply) this.emit('message', structuredClone(reply));
    setImmediate(() => this.#work());
  }
}
