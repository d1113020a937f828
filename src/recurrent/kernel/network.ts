/**
 * A network's two verbs, `forward` and `train`, as ../engine.ts defines them; what the host calls.
 * A network is a block of memory (see plan.ts), `net` its address; nothing here is allocated.
 */
import { headBackward, headForward, maskedLoss, softmaxGroups } from './head';
import { layerBackward, layerForward, layerInputGradient } from './layer';
import { update } from './optimizer';
import { Counters, Layer, layerOf, LSTM, Plan, Report, Rule } from './plan';
import {
  allFinite, copyFloats, copyVectors, limitedSquareSum, squareSum,
} from './vector';

/** Sizes of the tables, for the host to compare with its own. */
export function planBytes(): i32 {
  return offsetof<Plan>();
}

export function layerBytes(): i32 {
  return offsetof<Layer>();
}

/** First address the host may use. */
export function heapBase(): usize {
  return __heap_base;
}

/** x in plan.x joins the window, the state moves on, the outputs are in plan.y. */
export function forward(plan: Plan, net: usize, group: i32): void {
  const counters = changetype<Counters>(net);
  const steps = plan.windowSteps;
  const rowBytes = <usize>plan.inputs << 2;
  if (counters.windowLength == steps) {
    advance(plan, net, net + plan.stored, net + plan.ring + counters.windowStart * rowBytes);
    counters.windowStart = (counters.windowStart + 1) % steps;
    counters.windowLength--;
  }
  const index = (counters.windowStart + counters.windowLength) % steps;
  const row = net + plan.ring + index * rowBytes;
  for (let k: usize = 0; k < rowBytes; k += 4) {
    let x = load<f32>(plan.x + k);
    if (!isFinite(x)) {
      x = 0;
      counters.replacedInputs++;
    }
    store<f32>(row + k, x);
  }
  counters.windowLength++;
  advance(plan, net, net + plan.state, row);
  headForward(plan, net, 1);
  if (group > 0) softmaxGroups(plan.y, plan.outputs, group);
}

/** Moves a state on by one input [I]. */
function advance(plan: Plan, net: usize, state: usize, x: usize): void {
  if (step(plan, net, state, x)) return;
  // Overflow: forget the past, and see this input alone.
  changetype<Counters>(net).stateResets++;
  const bytes = stateBytes(plan);
  memory.fill(state, 0, bytes);
  if (!step(plan, net, state, x)) memory.fill(state, 0, bytes);
}

/** @returns whether the new state is finite */
function step(plan: Plan, net: usize, state: usize, x: usize): bool {
  const inputBytes = <usize>plan.inputs << 2;
  copyFloats(layerOf(plan, 0).a - inputBytes, x, inputBytes);
  setState(plan, state);
  runLayers(plan, net, 1);
  const hiddenBytes = <usize>plan.hidden << 2;
  let to = state;
  for (let l = 0; l < plan.layers; l++, to += hiddenBytes) {
    const layer = layerOf(plan, l);
    copyVectors(to, layer.a + layer.aStride, hiddenBytes);
  }
  if (plan.cell == LSTM) {
    for (let l = 0; l < plan.layers; l++, to += hiddenBytes) {
      copyVectors(to, layerOf(plan, l).c + hiddenBytes, hiddenBytes);
    }
  }
  return allFinite(state, stateBytes(plan));
}

function stateBytes(plan: Plan): usize {
  return (<usize>plan.layers * plan.hidden * (plan.cell == LSTM ? 2 : 1)) << 2;
}

/** h_0 and c_0 of all layers from h [L][H], c [L][H]. */
function setState(plan: Plan, state: usize): void {
  const hiddenBytes = <usize>plan.hidden << 2;
  for (let l = 0; l < plan.layers; l++, state += hiddenBytes) {
    copyVectors(layerOf(plan, l).a, state, hiddenBytes);
  }
  if (plan.cell != LSTM) return;
  for (let l = 0; l < plan.layers; l++, state += hiddenBytes) {
    copyVectors(layerOf(plan, l).c, state, hiddenBytes);
  }
}

function runLayers(plan: Plan, net: usize, steps: i32): void {
  const hiddenBytes = <usize>plan.hidden << 2;
  for (let l = 0; l < plan.layers; l++) {
    const layer = layerOf(plan, l);
    if (l > 0) {
      const below = layerOf(plan, l - 1);
      let from = below.a;
      let to = layer.a - hiddenBytes;
      for (let t = 0; t < steps; t++, to += layer.aStride) {
        from += below.aStride;
        copyVectors(to, from, hiddenBytes);
      }
    }
    layerForward(plan, layer, net, steps);
  }
}

/**
 * One update from targets and mask over the first `steps` rows of the window; the last of them has
 * a known target. @returns 0 skipped, 1 done, 2 done with the gradient clipped
 */
export function train(plan: Plan, net: usize, steps: i32): i32 {
  const rule = changetype<Rule>(plan.rule);
  const report = changetype<Report>(plan.report);
  loadWindow(plan, net, steps);
  setState(plan, net + plan.stored);
  runLayers(plan, net, steps);
  headForward(plan, net, steps);
  report.loss = maskedLoss(plan, rule, steps);
  report.reach = backward(plan, net, steps);
  const gradNorm = Math.sqrt(squareSum(plan.gradient, plan.weightBytes));
  report.gradNorm = gradNorm;
  report.clippedNorm = gradNorm;
  if (!isFinite(report.loss) || !isFinite(gradNorm)) return 0;

  let limit = f32.MAX_VALUE;
  let norm = gradNorm;
  if (rule.clipValue > 0) {
    limit = rule.clipValue;
    norm = Math.sqrt(limitedSquareSum(plan.gradient, plan.weightBytes, limit));
  }
  let scale: f64 = 1;
  if (rule.clipNorm > 0 && norm > rule.clipNorm) scale = rule.clipNorm / (norm + 1e-6);
  report.clippedNorm = norm * scale;
  update(plan, rule, net, limit, <f32>scale);
  return report.clippedNorm < gradNorm ? 2 : 1;
}

/** The window's inputs, oldest first, out of the ring into layer 0. */
function loadWindow(plan: Plan, net: usize, steps: i32): void {
  const layer = layerOf(plan, 0);
  const rowBytes = <usize>plan.inputs << 2;
  const ring = net + plan.ring;
  let index = changetype<Counters>(net).windowStart;
  let to = layer.a - rowBytes;
  for (let t = 0; t < steps; t++) {
    copyFloats(to, ring + index * rowBytes, rowBytes);
    to += layer.aStride;
    index = index + 1 == plan.windowSteps ? 0 : index + 1;
  }
}

/** All gradients from ∂L/∂p in plan.y. @returns ‖∂L/∂h_first‖ ÷ ‖∂L/∂h_last‖ over all layers */
function backward(plan: Plan, net: usize, steps: i32): f64 {
  const hiddenBytes = <usize>plan.hidden << 2;
  for (let l = 0; l < plan.layers; l++) {
    memory.fill(layerOf(plan, l).d, 0, (steps + 1) * plan.dStride);
  }
  headBackward(plan, net, steps);
  let first: f64 = 0;
  let last: f64 = 0;
  for (let l = plan.layers - 1; l >= 0; l--) {
    const layer = layerOf(plan, l);
    last += squareSum(layer.d + steps * plan.dStride, hiddenBytes);
    layerBackward(plan, layer, net, steps);
    first += squareSum(layer.d, hiddenBytes);
    if (l > 0) layerInputGradient(plan, layer, layerOf(plan, l - 1), net, steps);
  }
  return last == 0 ? NaN : Math.sqrt(first / last);
}
