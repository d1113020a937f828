import { describe, expect, it } from 'vitest';
import { expectClose, uniform } from '../../test/support/engine/tools.ts';
import {
  buildKeras,
  kerasGru,
  loadKeras,
  predictKeras,
  predictOurs,
  saveKeras,
} from '../../test/support/keras.ts';
import { tf } from '../../test/support/tfjs-cpu.ts';
import { fromKeras, type KerasModel, toKeras, WEIGHTS_FILE } from './keras.ts';
import { type WeightShape, weightLayout } from './layout.ts';
import { Random } from './random.ts';
import type { NetworkWeights } from './weights-file.ts';

const TOLERANCE = 1e-5;
const STEPS = 9;
/** Sizes: even, odd, and of one. */
const SIZES = [
  { inputs: 4, hidden: 8, layers: 1, outputs: 3 },
  { inputs: 3, hidden: 5, layers: 2, outputs: 2 },
  { inputs: 1, hidden: 1, layers: 1, outputs: 1 },
];
const CELLS = ['lstm', 'rnn_tanh', 'rnn_relu'] as const;
const CASES = CELLS.flatMap((cell) => SIZES.map((sizes): WeightShape => ({ cell, ...sizes })));
const GRU_CASES = SIZES.map((sizes): WeightShape => ({ cell: 'gru', ...sizes }));

function randomWeights(shape: WeightShape, seed: number): NetworkWeights {
  const weights = uniform(new Random(seed), weightLayout(shape).count, 0.8);
  return { shape, weights: weights.map(Math.fround) };
}

function inputs(shape: WeightShape): Float64Array[] {
  const random = new Random(5);
  return Array.from({ length: STEPS }, () => uniform(random, shape.inputs, 1).map(Math.fround));
}

function read({ json, bytes }: KerasModel): NetworkWeights {
  // As it comes from a file.
  return fromKeras(JSON.parse(JSON.stringify(json)), (path) => {
    expect(path).toBe(WEIGHTS_FILE);
    return bytes;
  });
}

describe('beside real TensorFlow.js layers', () => {
  it.each(CASES)(
    '$cell $hidden × $layers: our export, loaded there, says the same',
    async (shape) => {
      const ours = randomWeights(shape, 1);
      const x = inputs(shape);
      const theirs = await loadKeras(toKeras(ours));
      const expected = predictKeras(theirs, x);
      expectClose(predictOurs(ours, x), expected, TOLERANCE, 'outputs');
      if (shape.hidden > 1) expect(new Set(expected).size).toBeGreaterThan(STEPS / 2);
    },
  );

  it.each(CASES)(
    '$cell $hidden × $layers: their model, read here, says the same',
    async (shape) => {
      const theirs = buildKeras(shape, 2);
      const ours = read(await saveKeras(theirs));
      expect(ours.shape).toEqual(shape);
      const x = inputs(shape);
      expectClose(predictOurs(ours, x), predictKeras(theirs, x), TOLERANCE, 'outputs');
    },
  );

  // Their GRU resets h before the product, ours after it. Where the candidate's recurrent matrix is
  // diagonal, and its bias zero, the two are the same.
  it.each(GRU_CASES)('gru $hidden × $layers: the same where the kinds agree', async (shape) => {
    const theirs = buildKeras(shape, 3);
    const H = shape.hidden;
    const diagonal = theirs.getWeights().map((tensor, i) => {
      const isRecurrent = i % 3 === 1 && i < 3 * shape.layers;
      const values = tensor.dataSync().map((value, j) => {
        const candidate = (j % (3 * H)) - 2 * H;
        const row = Math.floor(j / (3 * H));
        return isRecurrent && candidate >= 0 && candidate !== row ? 0 : value;
      });
      return tf.tensor(values, tensor.shape);
    });
    theirs.setWeights(diagonal);
    const ours = read(asResetAfter(await saveKeras(theirs)));
    expect(ours.shape).toEqual(shape);
    const x = inputs(shape);
    expectClose(predictOurs(ours, x), predictKeras(theirs, x), TOLERANCE, 'outputs');
  });
});

interface Manifest {
  modelTopology: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
  weightsManifest: {
    paths: string[];
    weights: { name: string; shape: number[]; dtype: string }[];
  }[];
}

/** A deep copy of the JSON, open to changes. */
function copy({ json }: KerasModel): Manifest {
  return JSON.parse(JSON.stringify(json)) as Manifest;
}

/** Their GRU, with a second row of biases that are zero. */
function asResetAfter(saved: KerasModel): KerasModel {
  const json = copy(saved);
  for (const { class_name, config } of json.modelTopology.config.layers) {
    if (class_name === 'GRU') config.reset_after = true;
  }
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const entry of json.weightsManifest[0]!.weights) {
    const length = 4 * entry.shape.reduce((product, size) => product * size, 1);
    parts.push(saved.bytes.slice(at, at + length));
    at += length;
    if (!/gru.*\/bias$/i.test(entry.name)) continue;
    entry.shape = [2, entry.shape[0]!];
    parts.push(new Uint8Array(length));
  }
  return { json, bytes: Uint8Array.from(parts.flatMap((part) => [...part])) };
}

describe('GRU with reset_after', () => {
  it.each(SIZES)('$hidden × $layers: as the equations of Keras say', (sizes) => {
    const shape: WeightShape = { cell: 'gru', ...sizes };
    const ours = randomWeights(shape, 4);
    const x = inputs(shape);
    const { json, bytes } = toKeras(ours);
    const { weights } = copy({ json, bytes }).weightsManifest[0]!;
    let at = 0;
    const arrays = weights.map((entry) => {
      const count = entry.shape.reduce((product, size) => product * size, 1);
      at += count;
      return new Float32Array(bytes.buffer, 4 * (at - count), count);
    });
    expect(weights.slice(0, 3).map((entry) => entry.shape)).toEqual([
      [shape.inputs, 3 * shape.hidden],
      [shape.hidden, 3 * shape.hidden],
      [2, 3 * shape.hidden],
    ]);
    let rows = x.map((row) => [...row]);
    for (let l = 0; l < shape.layers; l++) {
      rows = kerasGru(shape.hidden, arrays[3 * l]!, arrays[3 * l + 1]!, arrays[3 * l + 2]!, rows);
    }
    const [head, bias] = arrays.slice(-2) as [Float32Array, Float32Array];
    const expected = rows.flatMap((h) =>
      Array.from(bias, (b, o) =>
        h.reduce((sum, value, u) => sum + value * head[u * shape.outputs + o]!, b),
      ),
    );
    expectClose(predictOurs(ours, x), expected, TOLERANCE, 'outputs');
  });
});

describe('round trip', () => {
  it.each([...CASES, ...GRU_CASES])('$cell $hidden × $layers', (shape) => {
    const ours = randomWeights(shape, 6);
    const exported = toKeras(ours);
    const back = read(exported);
    expect(back.shape).toEqual(shape);
    // From there to us and back not a bit changes; from us to there, at most the split of biases.
    expect(toKeras(back)).toEqual(exported);
    const x = inputs(shape);
    expectClose(predictOurs(back, x), predictOurs(ours, x), 1e-6, 'outputs');
    if (shape.cell === 'gru') expect(back.weights).toEqual(ours.weights);
  });
});

describe('what Python writes', () => {
  it('wraps the topology, scopes names, and cuts weights into several files', () => {
    const ours = randomWeights({ cell: 'gru', ...SIZES[1]! }, 7);
    const { json, bytes } = toKeras(ours);
    const { modelTopology, weightsManifest } = copy({ json, bytes });
    const { layers } = modelTopology.config;
    const dropout = { class_name: 'Dropout', config: { name: 'd', rate: 0.5 } };
    const config = { layers: [layers[0], dropout, ...layers.slice(1)] };
    const [{ weights }] = weightsManifest as [Manifest['weightsManifest'][0]];
    for (const entry of weights) entry.name = `sequential/${entry.name}`;
    const wrapped = {
      format: 'layers-model',
      modelTopology: { keras_version: '2', model_config: { class_name: 'Sequential', config } },
      weightsManifest: [{ paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights }],
    };
    const back = fromKeras(wrapped, (path) =>
      path.includes('shard1') ? bytes.slice(0, 101) : bytes.slice(101),
    );
    expect(back).toEqual(ours);
  });

  it('may leave biases out', () => {
    const ours = randomWeights({ cell: 'lstm', ...SIZES[0]! }, 8);
    const { json, bytes } = toKeras(ours);
    const changed = copy({ json, bytes });
    changed.modelTopology.config.layers[0]!.config.use_bias = false;
    const back = fromKeras(changed, () => bytes);
    const { biasIh, rows } = weightLayout(ours.shape).layers[0]!;
    expect(back.weights.slice(biasIh, biasIh + 2 * rows).every((value) => value === 0)).toBe(true);
  });
});

describe('refuses, and says what would do', () => {
  const model = toKeras(randomWeights({ cell: 'lstm', ...SIZES[1]! }, 1));
  const gru = toKeras(randomWeights({ cell: 'gru', ...SIZES[1]! }, 1));
  const layer = (json: Manifest, l: number) => json.modelTopology.config.layers[l]!;
  const weight = (json: Manifest, i: number) => json.weightsManifest[0]!.weights[i]!;

  it.each<[string, KerasModel, (json: Manifest) => void, RegExp]>([
    [
      'hard_sigmoid',
      model,
      (j) => (layer(j, 0).config.recurrent_activation = 'hard_sigmoid'),
      /"lstm_1" \(LSTM\) has recurrent_activation hard_sigmoid; Foretide computes sigmoid/,
    ],
    [
      'another activation',
      model,
      (j) => (layer(j, 1).config.activation = 'relu'),
      /"lstm_2" \(LSTM\) has activation relu; Foretide computes tanh/,
    ],
    [
      'reset before the product',
      gru,
      (j) => (layer(j, 0).config.reset_after = false),
      /"gru_1" \(GRU\) has reset_after: false; Foretide computes reset_after: true/,
    ],
    ['backwards', model, (j) => (layer(j, 0).config.go_backwards = true), /forward in time only/],
    [
      'Bidirectional',
      model,
      (j) => (layer(j, 0).class_name = 'Bidirectional'),
      /"lstm_1" is a Bidirectional; wanted are LSTM, GRU or SimpleRNN layers, then a Dense/,
    ],
    [
      'no head',
      model,
      (j) => j.modelTopology.config.layers.pop(),
      /has LSTM, LSTM; wanted are .* then a Dense/,
    ],
    [
      'a head that bends',
      model,
      (j) => (layer(j, 2).config.activation = 'softmax'),
      /"head" \(Dense\) has activation softmax; the head is linear/,
    ],
    ['layers of two widths', model, (j) => (layer(j, 1).config.units = 7), /"lstm_2" differs/],
    [
      'a wrong shape',
      model,
      (j) => weight(j, 1).shape.reverse(),
      /"lstm_1": recurrent_kernel is \[20,5\], and should be \[5,20\]/,
    ],
    [
      'a missing weight',
      model,
      (j) => (weight(j, 0).name = 'x/kernel'),
      /"lstm_1": the manifest has no weight "lstm_1\/…\/kernel"/,
    ],
    ['float16', model, (j) => (weight(j, 0).dtype = 'float16'), /is float16; save .* float32/],
    [
      'quantized',
      model,
      (j) => Object.assign(weight(j, 0), { quantization: { dtype: 'uint8' } }),
      /is quantized; save the model with float32/,
    ],
    [
      'no JSON of a model',
      model,
      (j) => Object.assign(j, { weightsManifest: 3 }),
      /model.json is not a LayersModel: weightsManifest/,
    ],
    [
      'a graph model',
      model,
      (j) => Object.assign(j, { format: 'graph-model' }),
      /format "graph-model"; convert to "layers-model"/,
    ],
  ])('%s', (_, { json, bytes }, change, message) => {
    const changed = copy({ json, bytes });
    change(changed);
    expect(() => fromKeras(changed, () => bytes)).toThrow(message);
  });

  it.each([-4, 4])('a file that is %i bytes off', (more) => {
    const bytes = new Uint8Array(model.bytes.length + more);
    expect(() => fromKeras(model.json, () => bytes)).toThrow(/weights.bin: \d+ bytes/);
  });

  it('weights that are not finite, either way', () => {
    const bytes = model.bytes.slice().fill(0xff, 8, 12);
    expect(() => fromKeras(model.json, () => bytes)).toThrow(/"lstm_1.*kernel"\[2\] is NaN/);
    const { shape, weights } = randomWeights({ cell: 'lstm', ...SIZES[1]! }, 1);
    weights[3] = 1e300;
    expect(() => toKeras({ shape, weights })).toThrow(/too large for float32/);
  });
});
