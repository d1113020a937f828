import type { NetworkShape, OpenEngine, OpenNetwork, TrainSettings } from '../engine.ts';
import { checkSettings, checkShape } from '../layout.ts';
import { Scratch, TfjsNetwork } from './network.ts';
import type { Tf } from './tf.ts';

class TfjsEngine implements OpenEngine {
  readonly name = 'tfjs';
  readonly #tf: Tf;
  /** By shape; an entry lives as long as a network that uses it. */
  readonly #scratches = new Map<string, Scratch>();

  constructor(tf: Tf) {
    this.#tf = tf;
  }

  create(shape: NetworkShape, train: TrainSettings, seed: number): OpenNetwork {
    checkShape(shape);
    checkSettings(shape, train);
    const { cell, layers, inputs, hidden, outputs, windowSteps } = shape;
    const key = [cell, inputs, hidden, layers, outputs, windowSteps].join(' ');
    const scratch = this.#scratches.get(key) ?? new Scratch(this.#tf, shape);
    this.#scratches.set(key, scratch);
    scratch.users++;
    const release = (): void => {
      scratch.users--;
      if (scratch.users > 0) return;
      scratch.dispose();
      this.#scratches.delete(key);
    };
    return new TfjsNetwork(this.#tf, shape, train, seed, scratch, release);
  }
}

/**
 * Networks in float32 on TensorFlow.js, with its automatic differentiation. On one machine and one
 * backend the same inputs give the same bytes; on others they need not.
 * @param tf with a backend that is ready
 */
export function createTfjsEngine(tf: Tf): OpenEngine {
  return new TfjsEngine(tf);
}
