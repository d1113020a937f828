/** What a forecaster knows and how it fares, for people. Numbers are NaN where there are none. */
import type { Cell, Network } from '../recurrent/engine.ts';
import { weightLayout } from '../recurrent/layout.ts';
import type { UpdateMeans, UpdateRecord } from './update-record.ts';

/** One lead: its record, and the newest forecast. */
export interface LeadView {
  readonly lead: number;
  /** Forecasts of this lead that were scored. */
  readonly scored: number;
  /** Lately; against the last value. */
  readonly skill: number;
  readonly mean: number;
  /** The widest first. */
  readonly intervals: readonly IntervalView[];
}

export interface IntervalView {
  /** Share of values that should be inside … */
  readonly nominal: number;
  /** … and that were, lately. */
  readonly coverage: number;
  readonly lower: number;
  readonly upper: number;
}

export interface ForecasterView {
  /** In use, in steps. */
  readonly seasons: readonly number[];
  /** Forecasts of experts put aside so far, as no credible numbers. */
  readonly putAside: number;
  /** Absent where there is none. */
  readonly network?: NetworkView;
}

export interface NetworkView extends UpdateMeans {
  readonly cell: Cell;
  readonly inputs: number;
  readonly hidden: number;
  readonly layers: number;
  readonly outputs: number;
  readonly windowSteps: number;
  readonly weights: number;
  readonly updates: number;
  readonly skipped: number;
  /** In the order of the weights. */
  readonly blocks: readonly WeightBlock[];
}

export interface WeightBlock {
  /** `layer 1 input`, `head bias` … */
  readonly name: string;
  readonly count: number;
  /** Euclidean. */
  readonly norm: number;
  /** Largest magnitude. */
  readonly largest: number;
}

export function networkView(network: Network, record: UpdateRecord): NetworkView {
  const { cell, inputs, hidden, layers, outputs, windowSteps } = network.shape;
  return {
    ...{ cell, inputs, hidden, layers, outputs, windowSteps },
    weights: network.weightCount,
    updates: record.updates,
    skipped: record.skipped,
    ...record.means,
    blocks: blocksOf(network),
  };
}

function blocksOf(network: Network): WeightBlock[] {
  const weights = network.weights();
  const layout = weightLayout(network.shape);
  const starts: [name: string, start: number][] = layout.layers.flatMap((layer, i) => [
    [`layer ${i + 1} input`, layer.weightIh],
    [`layer ${i + 1} recurrent`, layer.weightHh],
    [`layer ${i + 1} input bias`, layer.biasIh],
    [`layer ${i + 1} recurrent bias`, layer.biasHh],
  ]);
  starts.push(['head', layout.headWeight], ['head bias', layout.headBias]);
  return starts.map(([name, start], i) => {
    const values = weights.subarray(start, starts[i + 1]?.[1] ?? layout.count);
    let [square, largest] = [0, 0];
    for (const value of values) {
      square += value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    return { name, count: values.length, norm: Math.sqrt(square), largest };
  });
}
