/** The script of a shard's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { createEngine } from './engine.ts';
import { Shard } from './shard.ts';
import { ShardHost, transfers } from './shard-host.ts';
import type { ShardRequest, ShardWorkerData } from './shard-protocol.ts';

const port = parentPort;
if (!port) throw new Error('shard-worker.js runs as a worker thread only');
const { settings } = workerData as ShardWorkerData;
const host = new ShardHost(new Shard(settings, createEngine()));
port.on('message', (request: ShardRequest) => {
  const reply = host.handle(request);
  if (reply) port.postMessage(reply, transfers(reply));
});
