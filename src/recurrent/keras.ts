/**
 * Weights exchange with Keras, through the LayersModel format of TensorFlow.js: model.json and its
 * weight files. The model is a Sequential of LSTM, GRU or SimpleRNN layers, all alike, and one Dense
 * for the head. Keras' `tensorflowjs_converter` translates to and from Keras' own files.
 *
 * A GRU has to have `reset_after: true`, the default of Keras 2 and 3. TensorFlow.js' own GRU layer
 * has not, and computes something else: such a model cannot be read, nor ours loaded there.
 */
import type { Cell } from './engine.ts';
import { biasRows, type KerasLayer, layerFromKeras, layerToKeras } from './keras-layers.ts';
import { type ModelLayer, parseModel, readArrays, type WeightArray } from './keras-model.ts';
import { checkShape, GATES, type WeightShape, weightLayout } from './layout.ts';
import type { NetworkWeights } from './weights-file.ts';

export const WEIGHTS_FILE = 'weights.bin';

const CLASSES: Readonly<Record<Cell, string>> = {
  lstm: 'LSTM',
  gru: 'GRU',
  rnn_tanh: 'SimpleRNN',
  rnn_relu: 'SimpleRNN',
};
const CELL_NAMES: Readonly<Record<Cell, string>> = {
  lstm: 'lstm_cell',
  gru: 'gru_cell',
  rnn_tanh: 'simple_rnn_cell',
  rnn_relu: 'simple_rnn_cell',
};
/** Layers that change nothing in a forecast. */
const PASSIVE = ['InputLayer', 'Dropout'];

export interface KerasModel {
  /** The content of model.json. */
  readonly json: object;
  /** The content of weights.bin. */
  readonly bytes: Uint8Array;
}

interface NamedArray extends WeightArray {
  readonly name: string;
}

export function toKeras({ shape, weights }: NetworkWeights): KerasModel {
  const arrays = arraysOf(shape, weights);
  const view = new DataView(new ArrayBuffer(4 * arrays.reduce((n, a) => n + a.values.length, 0)));
  let at = 0;
  for (const { values } of arrays) {
    for (const value of values) {
      if (!Number.isFinite(value)) throw new Error('a weight is too large for float32');
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  const manifest = arrays.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const json = {
    format: 'layers-model',
    generatedBy: 'foretide',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: { name: 'foretide', layers: layersOf(shape) },
      keras_version: '2.15.0',
      backend: 'tensorflow',
    },
    weightsManifest: [{ paths: [WEIGHTS_FILE], weights: manifest }],
  };
  return { json, bytes: new Uint8Array(view.buffer) };
}

function layerName(cell: Cell, l: number): string {
  return `${CELL_NAMES[cell].replace('_cell', '')}_${l + 1}`;
}

function layersOf({ cell, inputs, hidden, layers, outputs }: WeightShape): ModelLayer[] {
  const recurrent = Array.from({ length: layers }, (_, l) => ({
    class_name: CLASSES[cell],
    config: {
      name: layerName(cell, l),
      trainable: true,
      dtype: 'float32',
      ...(l === 0 ? { batch_input_shape: [null, null, inputs] } : {}),
      units: hidden,
      activation: cell === 'rnn_relu' ? 'relu' : 'tanh',
      ...(GATES[cell] > 1 ? { recurrent_activation: 'sigmoid' } : {}),
      ...(cell === 'gru' ? { reset_after: true } : {}),
      use_bias: true,
      return_sequences: true,
      return_state: false,
      go_backwards: false,
      stateful: false,
      unroll: false,
    },
  }));
  const head = { units: outputs, activation: 'linear', use_bias: true };
  const dense = { name: 'head', trainable: true, dtype: 'float32', ...head };
  return [...recurrent, { class_name: 'Dense', config: dense }];
}

function arraysOf(shape: WeightShape, w: Float64Array): NamedArray[] {
  const { cell, hidden, outputs } = shape;
  const layout = weightLayout(shape);
  const columns = GATES[cell] * hidden;
  const recurrent = layout.layers.flatMap((layer, l) => {
    const { kernel, recurrentKernel, bias } = layerToKeras(cell, layer, w);
    const prefix = `${layerName(cell, l)}/${CELL_NAMES[cell]}`;
    const biasShape = biasRows(cell) === 1 ? [columns] : [biasRows(cell), columns];
    return [
      { name: `${prefix}/kernel`, shape: [layer.inputs, columns], values: kernel },
      { name: `${prefix}/recurrent_kernel`, shape: [hidden, columns], values: recurrentKernel },
      { name: `${prefix}/bias`, shape: biasShape, values: bias },
    ];
  });
  const kernel = new Float32Array(hidden * outputs);
  for (let o = 0; o < outputs; o++) {
    for (let u = 0; u < hidden; u++)
      kernel[u * outputs + o] = w[layout.headWeight + o * hidden + u]!;
  }
  const bias = Float32Array.from(w.subarray(layout.headBias, layout.headBias + outputs));
  return [
    ...recurrent,
    { name: 'head/kernel', shape: [hidden, outputs], values: kernel },
    { name: 'head/bias', shape: [outputs], values: bias },
  ];
}

/**
 * @param json content of model.json
 * @param read gives the content of a file that model.json names
 * @throws Error that says what cannot be read, and what would
 */
export function fromKeras(json: unknown, read: (path: string) => Uint8Array): NetworkWeights {
  const model = parseModel(json);
  const layers = model.layers.filter(({ class_name }) => !PASSIVE.includes(class_name));
  const head = layers.at(-1);
  const recurrent = layers.slice(0, -1);
  if (head?.class_name !== 'Dense' || recurrent.length === 0) {
    const found = layers.map(({ class_name }) => class_name).join(', ') || 'no layers';
    throw new Error(
      `the model has ${found}; wanted are LSTM, GRU or SimpleRNN layers, then a Dense`,
    );
  }
  const cells = recurrent.map(cellOf);
  const [cell] = cells as [Cell];
  const hidden = unitsOf(recurrent[0]!);
  const odd = recurrent.find((layer, l) => cells[l] !== cell || unitsOf(layer) !== hidden);
  if (odd) {
    throw new Error(`layer "${odd.config.name}" differs; all recurrent layers must be alike`);
  }
  checkHead(head);

  const arrays = readArrays(model, read);
  const kernel = arrayOf(arrays, recurrent[0]!, 'kernel');
  const inputs = kernel.shape[0] ?? 0;
  const outputs = unitsOf(head);
  const shape: WeightShape = { cell, inputs, hidden, layers: recurrent.length, outputs };
  checkShape({ ...shape, windowSteps: 1 });
  const layout = weightLayout(shape);
  const weights = new Float64Array(layout.count);
  for (const [l, layer] of layout.layers.entries()) {
    const found = layerArrays(arrays, recurrent[l]!, cell, layer.inputs, hidden);
    layerFromKeras(cell, layer, found, weights);
  }
  const headKernel = shaped(arrays, head, 'kernel', [hidden, outputs]);
  for (let o = 0; o < outputs; o++) {
    for (let u = 0; u < hidden; u++) {
      weights[layout.headWeight + o * hidden + u] = headKernel[u * outputs + o]!;
    }
  }
  weights.set(biasOf(arrays, head, [outputs]), layout.headBias);
  return { shape, weights };
}

function cellOf({ class_name, config }: ModelLayer): Cell {
  const { name, activation, recurrent_activation, go_backwards, reset_after } = config;
  const refuse = (what: string, wanted: string): never => {
    throw new Error(`layer "${name}" (${class_name}) has ${what}; Foretide computes ${wanted}`);
  };
  if (go_backwards) refuse('go_backwards: true', 'forward in time only');
  if (class_name === 'SimpleRNN') {
    if (activation === 'relu') return 'rnn_relu';
    return activation === 'tanh' ? 'rnn_tanh' : refuse(`activation ${activation}`, 'tanh or relu');
  }
  if (class_name !== 'LSTM' && class_name !== 'GRU') {
    throw new Error(
      `layer "${name}" is a ${class_name}; wanted are LSTM, GRU or SimpleRNN layers, then a Dense`,
    );
  }
  if (activation !== 'tanh') refuse(`activation ${activation}`, 'tanh');
  if (recurrent_activation !== 'sigmoid') {
    refuse(`recurrent_activation ${recurrent_activation}`, 'sigmoid');
  }
  if (class_name === 'LSTM') return 'lstm';
  return reset_after === true ? 'gru' : refuse('reset_after: false', 'reset_after: true');
}

function checkHead({ config: { name, activation } }: ModelLayer): void {
  if (activation === undefined || activation === 'linear') return;
  throw new Error(`layer "${name}" (Dense) has activation ${activation}; the head is linear`);
}

function unitsOf({ config: { name, units } }: ModelLayer): number {
  if (units === undefined) throw new Error(`layer "${name}" has no units`);
  return units;
}

function layerArrays(
  arrays: ReadonlyMap<string, WeightArray>,
  layer: ModelLayer,
  cell: Cell,
  inputs: number,
  hidden: number,
): KerasLayer {
  const columns = GATES[cell] * hidden;
  return {
    kernel: shaped(arrays, layer, 'kernel', [inputs, columns]),
    recurrentKernel: shaped(arrays, layer, 'recurrent_kernel', [hidden, columns]),
    bias: biasOf(arrays, layer, biasRows(cell) === 1 ? [columns] : [biasRows(cell), columns]),
  };
}

function biasOf(
  arrays: ReadonlyMap<string, WeightArray>,
  layer: ModelLayer,
  shape: readonly number[],
): Float32Array {
  if (layer.config.use_bias !== false) return shaped(arrays, layer, 'bias', shape);
  return new Float32Array(shape.reduce((product, size) => product * size, 1));
}

function shaped(
  arrays: ReadonlyMap<string, WeightArray>,
  layer: ModelLayer,
  part: string,
  shape: readonly number[],
): Float32Array {
  const found = arrayOf(arrays, layer, part);
  if (found.shape.join() !== shape.join()) {
    const { name } = layer.config;
    throw new Error(`layer "${name}": ${part} is [${found.shape}], and should be [${shape}]`);
  }
  return found.values;
}

/** Names are `layer/kernel`, or with the cell's name between, and a scope before. */
function arrayOf(
  arrays: ReadonlyMap<string, WeightArray>,
  { config: { name } }: ModelLayer,
  part: string,
): WeightArray {
  for (const [full, array] of arrays) {
    const names = full.split('/');
    if (names.at(-1) === part && names.slice(0, -1).includes(name)) return array;
  }
  throw new Error(`layer "${name}": the manifest has no weight "${name}/…/${part}"`);
}
