/** The script of a shard's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadEngines } from './engines.ts';
import { Shard } from './shard.ts';
import { ShardHost, transfers } from './shard-host.ts';
import type { ShardRequest, ShardWorkerData } from './shard-protocol.ts';

const port = parentPort;
if (!port) throw new Error('shard-worker.js runs as a worker thread only');
const { settings } = workerData as ShardWorkerData;
// The main thread has loaded the same before, and said what there was to say.
const engines = await loadEngines(settings, () => {});
const host = new ShardHost(new Shard(settings, engines));
port.on('message', (request: ShardRequest) => {
  const reply = host.handle(request);
  if (reply) port.postMessage(reply, transfers(reply));
});
