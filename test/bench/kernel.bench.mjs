// The kernel's speed: one update of one network, for each cell, width and window.
//
//     npm run bench:kernel [-- --json] [--quick]
//
// Useful work is counted as 2 operations a multiply-add:
//
//     forward            2 G H (I + H) T
//     back through time  2 G H H T              (no gradient is asked of the network's inputs)
//     weight gradients   2 G H (I + H) T
//
// Nonlinearities, head, loss, clipping and optimizer take time and are not counted as work.
//
// The yardstick is a loop of independent multiply-adds (kernel/peak.ts) in the same instance,
// measured just before and just after each slice of updates. Where another program uses the core,
// both fall, but not alike; so only quiet rounds count, in which both yardsticks came within a
// twentieth of the best one seen. Figures are medians over them; all begins after a warm-up past the
// compiler's first tier. A case that stays without enough quiet rounds is marked with "~".
import { readKernel } from '../../dist/daemon/kernel-file.js';
import { WasmEngine } from '../../dist/recurrent/wasm.js';

const GATES = { lstm: 4, gru: 3, rnn_tanh: 1, rnn_relu: 1 };
const WIDTHS = [8, 16, 32, 64, 128];
const WINDOWS = [16, 32, 96];
const INPUTS = 4;
const OUTPUTS = 1;
const PEAK_ROUNDS = 2000;
const PEAK_OPERATIONS = 4 * 13 * 8 * PEAK_ROUNDS;
const SLICE_US = 1000;
const QUIET = 0.95;

const json = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const quietRounds = quick ? 15 : 25;
const roundsMax = quick ? 600 : 1500;

const engine = new WasmEngine(readKernel());
const { kernel } = engine;

function operations(cell, hidden, steps) {
  return 2 * GATES[cell] * hidden * steps * (2 * (INPUTS + hidden) + hidden);
}

/** A network with a full window, and what trains it once. */
function prepare(cell, hidden, steps) {
  const shape = { cell, inputs: INPUTS, hidden, layers: 1, outputs: OUTPUTS, windowSteps: steps };
  const settings = { optimizer: 'rmsprop', learningRate: 1e-5, clipNorm: 1 };
  const network = engine.create(shape, settings, 1);
  const x = new Float64Array(INPUTS);
  const out = new Float64Array(OUTPUTS);
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < INPUTS; i++) x[i] = Math.sin(t * 0.7 + i);
    network.forward(x, out);
  }
  const targets = Float64Array.from({ length: steps * OUTPUTS }, (_, t) => Math.cos(t * 0.5));
  const mask = new Uint8Array(steps * OUTPUTS).fill(1);
  return { network, update: () => network.train(targets, mask) };
}

function microseconds(run, count) {
  const start = process.hrtime.bigint();
  for (let n = 0; n < count; n++) run();
  return Number(process.hrtime.bigint() - start) / 1e3 / count;
}

let bestPeak = 0;

/** GFLOP/s of the yardstick now; two goes, as the first may meet a cold loop. */
function peakNow() {
  const us = Math.min(...[1, 2].map(() => microseconds(() => kernel.peak(PEAK_ROUNDS), 3)));
  const gflops = PEAK_OPERATIONS / us / 1e3;
  bestPeak = Math.max(bestPeak, gflops);
  return gflops;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Medians over quiet rounds of µs an update, and of the yardstick around it. */
function measure(update) {
  const count = Math.max(1, Math.round(SLICE_US / microseconds(update, 5)));
  const rounds = [];
  const quiet = () => rounds.filter(({ low }) => low >= QUIET * bestPeak);
  for (let round = 0; round < roundsMax && quiet().length < quietRounds; round++) {
    const before = peakNow();
    const us = microseconds(update, count);
    const after = peakNow();
    rounds.push({ us, low: Math.min(before, after), peak: (before + after) / 2 });
  }
  const enough = quiet().length >= quietRounds;
  const counted = quiet().length > 2 ? quiet() : rounds;
  return {
    enough,
    us: median(counted.map(({ us }) => us)),
    peak: median(counted.map(({ peak }) => peak)),
  };
}

function warmUp() {
  for (const cell of Object.keys(GATES)) {
    for (const hidden of [8, 16, 24, 32]) {
      const { network, update } = prepare(cell, hidden, 16);
      microseconds(update, 1000);
      network.dispose();
    }
  }
  for (let n = 0; n < 1000; n++) peakNow();
}

function run() {
  warmUp();
  const rows = [];
  for (const cell of Object.keys(GATES)) {
    for (const hidden of quick ? [16, 32, 64] : WIDTHS) {
      for (const steps of quick ? [32] : WINDOWS) {
        const { network, update } = prepare(cell, hidden, steps);
        microseconds(update, 50);
        const { us, peak, enough } = measure(update);
        network.dispose();
        const gflops = operations(cell, hidden, steps) / us / 1e3;
        const share = gflops / peak;
        rows.push({ cell, hidden, steps, update_us: us, gflops, peak, share, enough });
      }
    }
  }
  return rows;
}

function print(rows) {
  const line = (...cells) => console.log(cells.map((cell) => String(cell).padStart(9)).join(' '));
  console.log(`one update, ${INPUTS} inputs, ${OUTPUTS} output, RMSprop, norm clipping, float32\n`);
  line('cell', 'H', 'T', 'µs', 'GFLOP/s', 'peak', 'share');
  for (const { cell, hidden, steps, update_us, gflops, peak, share, enough } of rows) {
    const percent = `${enough ? '' : '~'}${(share * 100).toFixed(1)} %`;
    line(cell, hidden, steps, update_us.toFixed(2), gflops.toFixed(1), peak.toFixed(1), percent);
  }
}

const rows = run();
print(rows);
if (json) {
  const table = (value) =>
    Object.fromEntries(
      rows.map((row) => [
        `${row.cell}_h${row.hidden}_t${row.steps}`,
        Number(value(row).toFixed(4)),
      ]),
    );
  console.log(
    JSON.stringify({
      update_us: table((row) => row.update_us),
      gflops: table((row) => row.gflops),
      peak_gflops: Number(bestPeak.toFixed(4)),
      peak_share: table((row) => row.share),
      ratio_tfjs: null,
    }),
  );
}
