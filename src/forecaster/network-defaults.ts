/** The network that each effort has where the user says nothing else. */
import type { Effort, RecurrentSettings } from './forecaster.ts';

export type NetworkSize = Pick<
  RecurrentSettings,
  'hidden' | 'layers' | 'updateSteps' | 'windowSteps' | 'learningRate'
> &
  Pick<Partial<RecurrentSettings>, 'seasonStepsMax' | 'settleSteps'>;

const SMALL: NetworkSize = {
  hidden: 16,
  layers: 1,
  updateSteps: 4,
  windowSteps: 32,
  learningRate: 0.003,
};

/**
 * simple, low: the network speaks for itself alone, and keeps learning at one rate.
 * balanced, high: it shapes the state for the learned reservoir: quick at first, then steady.
 */
const DEFAULTS: Readonly<Record<Effort, NetworkSize>> = {
  simple: SMALL,
  low: SMALL,
  balanced: {
    hidden: 24,
    layers: 1,
    updateSteps: 16,
    windowSteps: 32,
    learningRate: 0.02,
    settleSteps: 1_500,
  },
  high: {
    hidden: 48,
    layers: 1,
    updateSteps: 8,
    windowSteps: 64,
    seasonStepsMax: 192,
    learningRate: 0.01,
    settleSteps: 1_500,
  },
};

/** What the user has said of it. */
export type NetworkWish = {
  readonly [Key in 'hidden' | 'layers' | 'updateSteps' | 'windowSteps' | 'learningRate']?:
    | number
    | undefined;
};

/** The wish, and the effort's own for the rest. */
export function networkSize(effort: Effort, wish: NetworkWish = {}): NetworkSize {
  const own = DEFAULTS[effort];
  // A window shorter than the update interval would leave steps out: the default gives way.
  const updateSteps =
    wish.updateSteps ?? Math.min(own.updateSteps, wish.windowSteps ?? own.updateSteps);
  return {
    ...own,
    hidden: wish.hidden ?? own.hidden,
    layers: wish.layers ?? own.layers,
    updateSteps,
    windowSteps: wish.windowSteps ?? Math.max(own.windowSteps, updateSteps),
    learningRate: wish.learningRate ?? own.learningRate,
  };
}
