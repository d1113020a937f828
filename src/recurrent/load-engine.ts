/** From an engine's name in the configuration to the engine, or to the one configured instead. */
import type { RecurrentEngine } from './engine.ts';
import { createReferenceEngine } from './reference.ts';

export type EngineName = RecurrentEngine['name'];

/** What makes each engine; one that is not built in is left out. */
export type EngineMakers = Readonly<
  Partial<Record<EngineName, () => RecurrentEngine | Promise<RecurrentEngine>>>
>;

/** tfjs is imported when it is asked for, and not before. */
export const ENGINE_MAKERS: EngineMakers = {
  reference: createReferenceEngine,
  tfjs: async () => (await import('./tfjs/load.ts')).loadTfjsEngine(),
};

export interface LoadEngineOptions {
  /** In place of an engine that cannot run here; none = refuse. */
  readonly fallback: EngineName | 'none';
  /** Told when the fallback is used. */
  readonly log: (message: string) => void;
  /** Default ENGINE_MAKERS. */
  readonly makers?: EngineMakers;
}

/** An engine cannot run here. The message says why, and what to do. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
  /** For the command line: bad configuration. */
  readonly exitCode = 2;
  readonly engine: EngineName;
  readonly reason: string;

  constructor(engine: EngineName, reason: string, remedy: string) {
    super(`engine ${engine}: ${reason}; ${remedy}`);
    this.engine = engine;
    this.reason = reason;
  }
}

/** @throws EngineUnavailable when neither the engine nor its fallback can run */
export async function loadEngine(
  name: EngineName,
  { fallback, log, makers = ENGINE_MAKERS }: LoadEngineOptions,
): Promise<RecurrentEngine> {
  try {
    return await make(name, makers);
  } catch (error) {
    if (!(error instanceof EngineUnavailable)) throw error;
    if (fallback === 'none' || fallback === name) throw withFallbackHint(error);
    const engine = await make(fallback, makers);
    log(`${error.message}. Going on with engine ${fallback}, as model.engine_fallback says`);
    return engine;
  }
}

async function make(name: EngineName, makers: EngineMakers): Promise<RecurrentEngine> {
  const maker = makers[name];
  if (maker === undefined) {
    const known = Object.keys(makers).join(', ');
    throw new EngineUnavailable(name, 'is not part of this program', `choose one of ${known}`);
  }
  return maker();
}

function withFallbackHint(error: EngineUnavailable): EngineUnavailable {
  error.message += '; or choose another model.engine, or name one in model.engine_fallback';
  return error;
}
