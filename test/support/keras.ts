/** Real TensorFlow.js layers, beside which the exchange of weights is tested. */
import * as layers from '@tensorflow/tfjs-layers';
import type { Cell } from '../../src/recurrent/engine.ts';
import type { KerasModel } from '../../src/recurrent/keras.ts';
import type { WeightShape } from '../../src/recurrent/layout.ts';
import { Random } from '../../src/recurrent/random.ts';
import { createReferenceEngine } from '../../src/recurrent/reference.ts';
import type { NetworkWeights } from '../../src/recurrent/weights-file.ts';
import { tf } from './tfjs-cpu.ts';

type Sequential = layers.Sequential;
type LayersModel = layers.LayersModel;

/** A model as Keras users build it, with random weights. */
export function buildKeras(shape: WeightShape, seed: number): Sequential {
  const model = layers.sequential();
  for (let l = 0; l < shape.layers; l++) {
    const inputShape = l === 0 ? [null, shape.inputs] : undefined;
    model.add(recurrentLayer(shape.cell, shape.hidden, inputShape));
  }
  model.add(layers.layers.dense({ units: shape.outputs }));
  const random = new Random(seed);
  model.setWeights(
    model.getWeights().map(({ shape: dims }) => {
      const count = dims.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length: count }, () => random.uniform(-0.8, 0.8));
      return tf.tensor(values, dims);
    }),
  );
  return model;
}

function recurrentLayer(cell: Cell, units: number, inputShape: (number | null)[] | undefined) {
  // The default, orthogonal, would need the chained forms of operations, which are not loaded.
  const recurrentInitializer = 'zeros' as const;
  const common = { units, returnSequences: true, inputShape, recurrentInitializer };
  const gated = { ...common, recurrentActivation: 'sigmoid' as const };
  if (cell === 'lstm') return layers.layers.lstm(gated);
  if (cell === 'gru') return layers.layers.gru(gated);
  const activation = cell === 'rnn_relu' ? 'relu' : 'tanh';
  return layers.layers.simpleRNN({ ...common, activation });
}

/** What TensorFlow.js writes for the model. */
export async function saveKeras(model: LayersModel): Promise<KerasModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
  const { modelTopology, weightSpecs, weightData } = saved!;
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  return {
    json: { format: 'layers-model', modelTopology, weightsManifest },
    bytes: new Uint8Array(weightData as ArrayBuffer),
  };
}

/** What TensorFlow.js makes of model.json and weights.bin. */
export function loadKeras({ json, bytes }: KerasModel): Promise<LayersModel> {
  const { modelTopology, weightsManifest } = json as tf.io.ModelJSON;
  return layers.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: modelTopology as object,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      weightData: bytes.slice().buffer,
    }),
  );
}

/** Outputs [T·O] for the inputs [T][I], from a state of zero. */
export function predictKeras(model: LayersModel, x: readonly Float64Array[]): number[] {
  return tf.tidy(() => {
    const out = model.predict(tf.tensor([x.map((row) => [...row])])) as tf.Tensor;
    return [...out.dataSync()];
  });
}

/** The same of our reference engine. */
export function predictOurs(
  { shape, weights }: NetworkWeights,
  x: readonly Float64Array[],
): number[] {
  const network = createReferenceEngine().create(
    { ...shape, windowSteps: 1 },
    { optimizer: 'sgd', learningRate: 0, clipNorm: 0 },
    1,
  );
  network.setWeights(weights);
  const out = new Float64Array(shape.outputs);
  return x.flatMap((row) => {
    network.forward(row, out);
    return [...out];
  });
}

/**
 * Keras' GRU with reset_after, which TensorFlow.js lacks, after the equations of its documentation;
 * arrays in Keras' own form, row-major, and a layer at a time.
 * @returns h of every step
 */
export function kerasGru(
  hidden: number,
  kernel: ArrayLike<number>,
  recurrentKernel: ArrayLike<number>,
  bias: ArrayLike<number>,
  x: readonly (readonly number[])[],
): number[][] {
  const columns = 3 * hidden;
  const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
  const product = (v: readonly number[], m: ArrayLike<number>, row: number): number[] =>
    Array.from({ length: columns }, (_, j) =>
      v.reduce((sum, value, k) => sum + value * m[k * columns + j]!, bias[row * columns + j]!),
    );
  let h = new Array<number>(hidden).fill(0);
  return x.map((input) => {
    const fromX = product(input, kernel, 0);
    const fromH = product(h, recurrentKernel, 1);
    h = h.map((before, u) => {
      const z = sigmoid(fromX[u]! + fromH[u]!);
      const r = sigmoid(fromX[hidden + u]! + fromH[hidden + u]!);
      const candidate = Math.tanh(fromX[2 * hidden + u]! + r * fromH[2 * hidden + u]!);
      return z * before + (1 - z) * candidate;
    });
    return h;
  });
}
