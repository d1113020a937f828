/**
 * Loads `@tensorflow/tfjs-node` where it is installed. It can be missing, lack its native library
 * (an install script downloads it), or load and then fail in its operations, as on Node 23 and
 * later, which dropped functions it calls. So before it is trusted, a small network has to learn.
 */
import type { OpenEngine } from '../engine.ts';
import { EngineUnavailable } from '../load-engine.ts';
import { createReferenceEngine } from '../reference.ts';
import { createTfjsEngine } from './engine.ts';
import type { Tf } from './tf.ts';

const PACKAGE: string = '@tensorflow/tfjs-node';
const INSTALL = `npm install ${PACKAGE}@4.22.0`;
/** The newest major version of Node that tfjs-node 4.22 runs on. */
const NODE_MAJOR_MAX = 22;
const TOLERANCE = 1e-4;

/** @throws EngineUnavailable that says why, and what to do */
export async function loadTfjsEngine(
  importModule: () => Promise<unknown> = () => import(PACKAGE),
  nodeVersion: string = process.versions.node,
): Promise<OpenEngine> {
  try {
    const tf = namespaceOf(await importModule());
    await tf.ready();
    const engine = createTfjsEngine(tf);
    selfTest(engine);
    return engine;
  } catch (error) {
    throw new EngineUnavailable('tfjs', reason(error, nodeVersion), remedy(error, nodeVersion));
  }
}

/** CommonJS: what it exports is the `default` of the import. */
function namespaceOf(module: unknown): Tf {
  const { default: exported } = module as { default?: Tf };
  return exported ?? (module as Tf);
}

/** @throws Error when updates of a small network do not do what the reference's does */
function selfTest(engine: OpenEngine): void {
  const after = [engine, createReferenceEngine()].map((each) => {
    const network = each.create(
      { cell: 'lstm', inputs: 1, hidden: 2, layers: 1, outputs: 1, windowSteps: 2 },
      { optimizer: 'sgd', learningRate: 0.5, clipNorm: 1 },
      1,
    );
    for (let t = 0; t < 2; t++) network.forward(Float64Array.of(1 - t), new Float64Array(1));
    // The first update changes the zero head alone; after it the cell learns too.
    for (let n = 0; n < 3; n++) network.train(Float64Array.of(1, -2), Uint8Array.of(1, 1));
    const weights = network.weights();
    network.dispose();
    return weights;
  });
  const worst = Math.max(...after[0]!.map((w, j) => Math.abs(w - after[1]![j]!)));
  if (worst < TOLERANCE) return;
  throw new Error(`its arithmetic is wrong: a weight is off by ${worst} after three updates`);
}

function reason(error: unknown, nodeVersion: string): string {
  if (isMissing(error)) return `${PACKAGE} is not installed`;
  if (lacksLibrary(error)) return `${PACKAGE} is installed, but without its native library`;
  const firstLine = String(error instanceof Error ? error.message : error).split('\n', 1)[0];
  return `${PACKAGE} does not work on Node ${nodeVersion}: ${firstLine}`;
}

function remedy(error: unknown, nodeVersion: string): string {
  const major = Number.parseInt(nodeVersion, 10);
  if (major > NODE_MAJOR_MAX) {
    return `it needs Node ${NODE_MAJOR_MAX} or older; this is Node ${nodeVersion}`;
  }
  if (isMissing(error)) {
    return `install it with "${INSTALL}", whose install script has to be allowed to download a library`;
  }
  if (lacksLibrary(error)) {
    return (
      `run "npm rebuild ${PACKAGE}" where the network is reachable and install scripts are allowed ` +
      '(where it has no binary for this machine, add --build-addon-from-source)'
    );
  }
  return `install it anew with "${INSTALL}"`;
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? '') && (message ?? '').includes(PACKAGE);
}

function lacksLibrary(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ERR_DLOPEN_FAILED' || (message ?? '').includes('tfjs_binding.node');
}
