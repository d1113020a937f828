/**
 * The tests that every recurrent engine passes. An engine's test file calls
 * `describeEngine(name, create, tolerance)` and adds only what is special to it.
 */
import { describe } from 'vitest';
import type { OpenEngine } from '../../src/recurrent/engine.ts';
import { describeGolden } from './engine/golden.ts';
import { describeGradients } from './engine/gradients.ts';
import { describeLag, describeMemory } from './engine/lag.ts';
import { describeLearning } from './engine/learning.ts';
import { describePersistence } from './engine/persistence.ts';
import { describeSoftmax } from './engine/softmax.ts';
import { describeStream } from './engine/stream.ts';
import { describeTraining } from './engine/training.ts';

export interface EngineTolerance {
  /** Two values that should be equal differ by at most this · max(1, |value|). */
  readonly value: number;
  /** Finite differences: the step of a weight, and the bound on the error as above. */
  readonly differenceStep: number;
  readonly difference: number;
  /** Random shapes whose differences are taken; default 40. Fewer for a slow engine. */
  readonly differenceRuns?: number;
  /** Whole tasks, thousands of updates each; default true. */
  readonly learnsTasks?: boolean;
}

export function describeEngine(
  name: string,
  create: () => OpenEngine,
  tolerance: EngineTolerance,
): void {
  describe(`engine ${name}`, () => {
    describeGolden(create, tolerance);
    describeGradients(create, tolerance);
    describeStream(create, tolerance);
    describeTraining(create, tolerance);
    describePersistence(create);
    describeSoftmax(create, tolerance);
    describeMemory(create);
    if (tolerance.learnsTasks ?? true) {
      describeLearning(create);
      describeLag(create);
    }
  });
}
