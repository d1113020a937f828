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
}

/** By stream; streams with the same choice share an engine. Each thread loads its own. */
export type Engines = ReadonlyMap<string, RecurrentEngine>;

const MAKERS: EngineMakers = { ...ENGINE_MAKERS, wasm: () => new WasmEngine(readKernel()) };

/**
 * @param log told, once an engine, when a fallback is used
 * @throws EngineUnavailable when an engine cannot run and has no fallback
 */
export async function loadEngines(
  streams: ReadonlyMap<string, { readonly engine: EngineChoice }>,
  log: (message: string) => void,
  makers: EngineMakers = MAKERS,
): Promise<Engines> {
  const loaded = new Map<string, RecurrentEngine>();
  const engines = new Map<string, RecurrentEngine>();
  for (const [stream, { engine }] of streams) {
    const { name, fallback } = engine;
    const key = `${name} ${fallback}`;
    const found = loaded.get(key) ?? (await loadEngine(name, { fallback, log, makers }));
    loaded.set(key, found);
    engines.set(stream, found);
  }
  return engines;
}
