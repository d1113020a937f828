// How many sequences a network needs to learn a lag of up to 100 steps, online.
//
//     npm run bench:memory-tasks [-- --json] [--seeds 1,2,3,4,5]
//
// Two tasks of [1]: the adding problem with T = 100 (experiment 4) and temporal order 6a. Every
// sequence is new and is presented once: the network's answer after its last step is scored, then
// one update is made over the whole sequence, and the state is set to zero. Batch 1. Only the last
// step has a target.
//
// Learned means: 2000 sequences in a row were right, each scored before it was learnt from, and the
// running mean squared error is below the paper's bound. Two counts are printed: `before`,
// sequences presented before that run of 2000 began, and `sequences`, all that were presented until
// the criterion was met, those 2000 included. [1] publishes the latter, and so the goals are judged
// on it; its figures are means over its trials: 74,000 (adding) and 31,390 (temporal order).
//
// Where we differ from [1]: Adam with a global-norm clip, weights that start out remembering
// (`memorySteps`), true gradients through time, and a learning rate that falls with the error.
//
// [1] S. Hochreiter, J. Schmidhuber: Long short-term memory. 1997. Sections 5.4 and 5.6.
import { readKernel } from '../../dist/daemon/kernel-file.js';
import { Random } from '../../dist/recurrent/random.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';

const LENGTH_MIN = 100;
const LENGTH_MAX = 110;
const RIGHT_IN_A_ROW = 2000;
const SEQUENCES_MAX = 40_000;
/** The same for both tasks and every seed; chosen on seeds above 100, which are not reported. */
const NETWORK = { cell: 'lstm', hidden: 16, layers: 1, windowSteps: LENGTH_MAX };
const TRAIN = { optimizer: 'adam', clipNorm: 0.1, learningRate: 0.01, loss: { kind: 'squared' } };
const INITIAL = { memorySteps: LENGTH_MAX };
/** Learning rate ÷ full rate = the running RMS error ÷ errorFullRate, within rateMin and 1. */
const SCHEDULE = { errorFullRate: 0.1, rateMin: 0.02, errorKeep: 0.99, squaredErrorStart: 0.1 };

/** Whole number, 0 ≤ value < count. */
const below = (random, count) => Math.floor(random.uniform(0, count));

/**
 * Pairs (value in [-1, 1], marker). Marker 1 at two steps: one of the first 10, and one of the
 * first T/2 − 1 that are still unmarked; −1 at the first and the last step, else 0. Should the first
 * step be chosen, its value is 0, as in the paper. Answer: 0.5 + (X1 + X2) / 4.
 */
function addingProblem(random) {
  const length = LENGTH_MIN + below(random, LENGTH_MIN / 10 + 1);
  const steps = Array.from({ length }, () => [random.uniform(-1, 1), 0]);
  const first = below(random, 10);
  const draw = below(random, LENGTH_MIN / 2 - 1);
  const second = draw < first ? draw : draw + 1;
  steps[first][1] = 1;
  steps[second][1] = 1;
  steps[0][1] = -1;
  steps[length - 1][1] = -1;
  if (first === 0 || second === 0) steps[0][0] = 0;
  return { steps, answer: [0.5 + (steps[first][0] + steps[second][0]) / 4] };
}

const SYMBOLS = ['a', 'b', 'c', 'd', 'X', 'Y', 'E', 'B'];
const oneHot = (count, at) => Array.from({ length: count }, (_, j) => (j === at ? 1 : 0));

/**
 * Symbols, one-hot: E, then distractors a–d, but X or Y at one step of 10..20 and at one of 50..60
 * (counted from 0), and B at the end. Answer: which of XX, XY, YX, YY it was, one-hot.
 */
function temporalOrder(random) {
  const length = LENGTH_MIN + below(random, 11);
  const names = Array.from({ length }, () => SYMBOLS[below(random, 4)]);
  const first = below(random, 2);
  const second = below(random, 2);
  names[10 + below(random, 11)] = 'XY'[first];
  names[50 + below(random, 11)] = 'XY'[second];
  names[0] = 'E';
  names[length - 1] = 'B';
  const steps = names.map((name) => oneHot(SYMBOLS.length, SYMBOLS.indexOf(name)));
  return { steps, answer: oneHot(4, 2 * first + second) };
}

const TASKS = [
  {
    key: 'adding',
    title: 'adding problem, T = 100',
    sequence: addingProblem,
    inputs: 2,
    outputs: 1,
    // Every output of a sequence that is right is nearer than this to its target.
    errorMax: 0.04,
    meanSquareMax: 0.01,
    published: 74_000,
    goal: 20_000,
  },
  {
    key: 'temporal_order_6a',
    title: 'temporal order 6a',
    sequence: temporalOrder,
    inputs: SYMBOLS.length,
    outputs: 4,
    errorMax: 0.3,
    meanSquareMax: 0.1,
    published: 31_390,
    goal: 10_000,
  },
];

function answerOf(network, steps, out) {
  network.restart();
  const x = new Float64Array(network.shape.inputs);
  for (const step of steps) {
    x.set(step);
    network.forward(x, out);
  }
}

function learnFrom(network, answer, learningRate) {
  const cells = network.windowLength * answer.length;
  const targets = new Float64Array(cells);
  const mask = new Uint8Array(cells);
  targets.set(answer, cells - answer.length);
  mask.fill(1, cells - answer.length);
  return network.train(targets, mask, learningRate);
}

/** @returns counts; `sequences` is null when SEQUENCES_MAX were not enough */
function learn(engine, task, seed) {
  const shape = { ...NETWORK, inputs: task.inputs, outputs: task.outputs };
  const network = engine.create(shape, TRAIN, seed, INITIAL);
  // Far from the seed of the weights, so that sequences and weights have nothing in common.
  const random = new Random(seed + 1e6);
  const out = new Float64Array(task.outputs);
  const { errorFullRate, rateMin, errorKeep, squaredErrorStart } = SCHEDULE;
  let meanSquare = squaredErrorStart;
  let right = 0;
  const start = performance.now();
  for (let sequences = 1; sequences <= SEQUENCES_MAX; sequences++) {
    const { steps, answer } = task.sequence(random);
    answerOf(network, steps, out);
    const errors = answer.map((target, o) => Math.abs(out[o] - target));
    const square = errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
    meanSquare = errorKeep * meanSquare + (1 - errorKeep) * square;
    right = errors.every((error) => error < task.errorMax) ? right + 1 : 0;
    if (right >= RIGHT_IN_A_ROW && meanSquare < task.meanSquareMax) {
      network.dispose();
      const seconds = (performance.now() - start) / 1e3;
      return { seed, sequences, before: sequences - right, seconds };
    }
    const rate = Math.min(1, Math.max(rateMin, Math.sqrt(meanSquare) / errorFullRate));
    if (learnFrom(network, answer, TRAIN.learningRate * rate).skipped) {
      throw new Error(`${task.key}, seed ${seed}: update ${sequences} was skipped`);
    }
  }
  network.dispose();
  return { seed, sequences: null, before: null, seconds: (performance.now() - start) / 1e3 };
}

function print(task, runs) {
  const { hidden } = NETWORK;
  console.log(
    `${task.title}: LSTM, ${hidden} hidden, memorySteps ${INITIAL.memorySteps}, squared loss,`,
  );
  console.log(
    `Adam, learning rate ${TRAIN.learningRate} and falling with the error, ` +
      `norm clipped at ${TRAIN.clipNorm}\n`,
  );
  const line = (...cells) => console.log(cells.map((cell) => String(cell).padStart(10)).join(' '));
  line('seed', 'before', 'sequences', 'seconds');
  for (const { seed, before, sequences, seconds } of runs) {
    line(seed, before ?? '-', sequences ?? 'not learnt', seconds.toFixed(1));
  }
  const worst = worstOf(runs);
  const verdict = worst !== null && worst <= task.goal ? 'met' : 'MISSED';
  console.log(
    `\nmost: ${worst ?? 'not learnt'}; goal ${task.goal}, ${verdict}; LSTM 1997: ${task.published}\n`,
  );
}

/** The largest count, or null when a run did not learn. */
function worstOf(runs) {
  if (runs.some(({ sequences }) => sequences === null)) return null;
  return Math.max(...runs.map(({ sequences }) => sequences));
}

function seedsOf(argv) {
  const at = argv.indexOf('--seeds');
  if (at < 0) return [1, 2, 3, 4, 5];
  const seeds = (argv[at + 1] ?? '').split(',').map(Number);
  if (seeds.every((seed) => Number.isInteger(seed) && seed > 0)) return seeds;
  throw new Error('--seeds takes whole numbers above 0 with commas between: --seeds 1,2,3');
}

const seeds = seedsOf(process.argv);
const engine = new WasmEngine(readKernel());
const results = TASKS.map((task) => {
  const runs = seeds.map((seed) => learn(engine, task, seed));
  print(task, runs);
  return { task, runs };
});
if (process.argv.includes('--json')) {
  const figures = results.map(({ task, runs }) => [
    task.key,
    {
      sequences: runs.map((run) => run.sequences),
      before: runs.map((run) => run.before),
      sequences_max: worstOf(runs),
      goal: task.goal,
    },
  ]);
  console.log(JSON.stringify({ seeds, ...Object.fromEntries(figures) }));
}
