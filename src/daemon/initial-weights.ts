import { readFileSync } from 'node:fs';
import { networkShape } from '../forecaster/experts/network-plan.ts';
import type { SeasonedSettings } from '../forecaster/forecaster.ts';
import { readWeights, shapeText } from '../recurrent/weights-file.ts';

/** The file of `model.initial_weights` cannot be used. */
export class InitialWeightsError extends Error {
  override readonly name = 'InitialWeightsError';
  /** For the command line: bad configuration. */
  readonly exitCode = 2;

  constructor(stream: string, file: string, what: string) {
    super(`stream ${stream}: model.initial_weights: ${file} ${what}`);
  }
}

/**
 * The weights that every series of the stream starts with.
 * @throws InitialWeightsError when the file is damaged, or of another shape than the stream's network
 */
export function readInitialWeights(
  stream: string,
  file: string,
  settings: SeasonedSettings,
): Float64Array {
  const refuse = (what: string): never => {
    throw new InitialWeightsError(stream, file, what);
  };
  const bytes = attempt(
    () => readFileSync(file),
    (message) => refuse(`cannot be read: ${message}`),
  );
  const found = attempt(() => readWeights(bytes), refuse);
  const { windowSteps: _, ...wanted } = networkShape(settings, settings.recurrent!);
  if (shapeText(found.shape) !== shapeText(wanted)) {
    refuse(`holds ${shapeText(found.shape)}; the stream's network is ${shapeText(wanted)}`);
  }
  return found.weights;
}

function attempt<T>(read: () => T, refuse: (message: string) => never): T {
  try {
    return read();
  } catch (error) {
    return refuse((error as Error).message);
  }
}
