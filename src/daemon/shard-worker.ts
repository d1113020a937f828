/** The script of a shard's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadEngines } from './engines.ts';
import { Shard } from './shard.ts';
import { ShardHost, transfers } from './shard-host.ts';
import type { ShardRequest, ShardWorkerData } from './shard-protocol.ts';

const port = parentPort;
if (!port) throw new Error('shard-worker.js runs as a worker thread only');
let { settings } = workerData as ShardWorkerData;
// The main thread has loaded the same before, and said what there was to say.
let engines = await loadEngines(settings, () => {});
const host = new ShardHost(new Shard(settings, engines));

function answer(request: ShardRequest): void {
  const reply = host.handle(request, engines);
  if (reply) port!.postMessage(reply, transfers(reply));
}

async function reload(request: ShardRequest & { kind: 'reconfigure' }): Promise<void> {
  const next = request.change.settings;
  engines = await loadEngines(next, () => {}, undefined, { settings, engines });
  settings = next;
  answer(request);
}

/** While engines are loaded, what comes behind waits. */
let loading: Promise<void> | undefined;
port.on('message', (request: ShardRequest) => {
  if (request.kind !== 'reconfigure' && !loading) return answer(request);
  const own = (loading ?? Promise.resolve()).then(() =>
    request.kind === 'reconfigure' ? reload(request) : answer(request),
  );
  loading = own;
  void own.then(() => {
    if (loading === own) loading = undefined;
  });
});
