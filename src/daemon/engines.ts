import type { RecurrentEngine } from '../recurrent/engine.ts';
import {
  ENGINE_MAKERS,
  type EngineMakers,
  type EngineName,
  loadEngine,
} from '../recurrent/load-engine.ts';
import { WasmEngine } from '../recurrent/wasm.ts';
import { readKernel } from './kernel-file.ts';

/** What the configuration says of a stream's engine. */
export interface EngineChoice {
  readonly name: EngineName;
  readonly fallback: EngineName | 'none';
  /** The most memory for networks, a thread. */
  readonly bytesMax: number;
}

/** By stream; streams with the same choice share an engine. Each thread loads its own. */
export type Engines = ReadonlyMap<string, RecurrentEngine>;

const MAKERS: EngineMakers = {
  ...ENGINE_MAKERS,
  wasm: (bytesMax) => new WasmEngine(readKernel(), { bytesMax }),
};

/** Engines in use, and what they were chosen by. */
export interface EnginesInUse {
  readonly settings: ReadonlyMap<string, { readonly engine: EngineChoice }>;
  readonly engines: Engines;
}

/**
 * @param log told, once an engine, when a fallback is used
 * @param inUse not loaded again: an engine's memory is one, and limited
 * @throws EngineUnavailable when an engine cannot run and has no fallback
 */
export async function loadEngines(
  streams: ReadonlyMap<string, { readonly engine: EngineChoice }>,
  log: (message: string) => void,
  makers: EngineMakers = MAKERS,
  inUse?: EnginesInUse,
): Promise<Engines> {
  const loaded = new Map<string, RecurrentEngine>();
  for (const [stream, engine] of inUse?.engines ?? []) {
    loaded.set(keyOf(inUse!.settings.get(stream)!.engine), engine);
  }
  const engines = new Map<string, RecurrentEngine>();
  for (const [stream, { engine }] of streams) {
    const { name, fallback, bytesMax } = engine;
    const key = keyOf(engine);
    const found = loaded.get(key) ?? (await loadEngine(name, { fallback, bytesMax, log, makers }));
    loaded.set(key, found);
    engines.set(stream, found);
  }
  return engines;
}

function keyOf({ name, fallback, bytesMax }: EngineChoice): string {
  return `${name} ${fallback} ${bytesMax}`;
}
