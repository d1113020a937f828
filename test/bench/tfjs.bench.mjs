// One update of one network in TensorFlow.js, beside our kernel: LSTM, 4 inputs, 32 hidden, 32 steps.
//
//     npm run bench:tfjs [-- --json]
//
//     tfjs cpu          our engine `tfjs` on TensorFlow.js' CPU backend
//     tfjs cpu layers   TensorFlow.js' own LSTM and Dense layers, trainOnBatch: what one would write
//     tfjs-node         our engine `tfjs` on its native library, where that loads
//     wasm              our kernel
//
// All are measured in turn, in one process; figures are the best of several rounds, and the median.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { readKernel } from '../../dist/daemon/kernel-file.js';
import { createTfjsEngine } from '../../dist/recurrent/tfjs/engine.js';
import { loadTfjsEngine } from '../../dist/recurrent/tfjs/load.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';

const SHAPE = { cell: 'lstm', inputs: 4, hidden: 32, layers: 1, outputs: 1, windowSteps: 32 };
const SETTINGS = { optimizer: 'rmsprop', learningRate: 1e-5, clipNorm: 1 };
const ROUNDS = 15;
const SLICE_MS = 100;

const json = process.argv.includes('--json');
tf.enableProdMode();
await tf.setBackend('cpu');

const inputs = Array.from({ length: SHAPE.windowSteps }, (_, t) =>
  Array.from({ length: SHAPE.inputs }, (_, i) => Math.sin(t * 0.7 + i)),
);
const targets = Float64Array.from(inputs, (_, t) => Math.cos(t * 0.5));

function updateOf(engine) {
  const network = engine.create(SHAPE, SETTINGS, 1);
  const out = new Float64Array(SHAPE.outputs);
  for (const row of inputs) network.forward(Float64Array.from(row), out);
  const mask = new Uint8Array(targets.length).fill(1);
  return () => network.train(targets, mask);
}

function layersUpdate() {
  const model = tfl.sequential();
  model.add(
    tfl.layers.lstm({
      units: SHAPE.hidden,
      inputShape: [SHAPE.windowSteps, SHAPE.inputs],
      returnSequences: true,
      recurrentActivation: 'sigmoid',
      recurrentInitializer: 'glorotUniform',
    }),
  );
  model.add(tfl.layers.dense({ units: SHAPE.outputs }));
  model.compile({ optimizer: tf.train.rmsprop(SETTINGS.learningRate), loss: 'meanSquaredError' });
  const x = tf.tensor([inputs]);
  const y = tf.tensor([Array.from(targets, (value) => [value])]);
  return () => model.trainOnBatch(x, y);
}

const updates = new Map([
  ['tfjs cpu', updateOf(createTfjsEngine(tf))],
  ['tfjs cpu layers', layersUpdate()],
  ['wasm', updateOf(new WasmEngine(readKernel()))],
]);

async function microseconds(update) {
  const startMs = performance.now();
  let count = 0;
  do {
    await update();
    count++;
  } while (performance.now() - startMs < SLICE_MS);
  return ((performance.now() - startMs) * 1e3) / count;
}

const times = new Map();
async function measure(names) {
  for (let round = -3; round < ROUNDS; round++) {
    for (const name of names) {
      const us = await microseconds(updates.get(name));
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), us]);
    }
  }
}
await measure([...updates.keys()]);

// Last: loading it makes its backend that of every network in the process.
try {
  updates.set('tfjs-node', updateOf(await loadTfjsEngine()));
  await measure(['tfjs-node']);
} catch (error) {
  console.error(error.message);
}

const best = (name) => Math.min(...(times.get(name) ?? [Number.NaN]));
console.log('LSTM 32, 32 steps, 4 inputs      best µs   median µs   times the kernel');
for (const [name, all] of times) {
  const median = all.toSorted((a, b) => a - b)[all.length >> 1];
  const figures = [best(name), median, best(name) / best('wasm')];
  console.log(name.padEnd(28), ...figures.map((value) => value.toFixed(1).padStart(11)));
}
if (json) {
  const result = Object.fromEntries([...times.keys()].map((name) => [name, best(name)]));
  const ratio = best('tfjs cpu layers') / best('wasm');
  console.log(JSON.stringify({ best_us: result, ratio_tfjs_layers: ratio }));
}
