/**
 * Where the WebAssembly kernel keeps a network, as one table a shape; creation, saving, loading and
 * weight exchange all go by it. layout.ts has the canonical order, `places` leads from it to here.
 *
 *     block      | counters | weights | meanSquare | mean | state | stored | ring of inputs [T][I] |
 *     weights    | layer 0 | layer 1 | … | head |
 *     layer      panels of rows [b_ih | x I | h H | b_hh] and columns, unit-major, [H ÷ 4][G][4]
 *     head       panels of rows [O] and columns [H], then b [O]; see kernel/product.ts for panels
 *
 * Here H and O are rounded up to a multiple of 4 and the vectors of a row to an even number. What
 * pads has weight, gradient and state 0 and stays so.
 */
import type { NetworkShape, TrainSettings } from './engine.ts';
import { align } from './kernel-memory.ts';
import { CELLS, GATES, memoryLayout, weightLayout } from './layout.ts';

const LANES = 4;
const FLOAT = 4;
/** The struct Counters of kernel/plan.ts, field by field. */
export const COUNTER_FIELDS = [
  'windowLength',
  'windowStart',
  'updates',
  'replacedInputs',
  'stateResets',
] as const;

/** A matrix of the network: `rows` inputs by `vectors` · 4 columns in panels of `width` vectors. */
export class Panels {
  readonly offset: number;
  readonly rows: number;
  readonly vectors: number;
  readonly width: number;

  constructor(offset: number, rows: number, columns: number) {
    this.offset = offset;
    this.rows = rows;
    this.vectors = 2 * Math.ceil(columns / LANES / 2);
    this.width = [8, 4, 2].find((width) => this.vectors % width === 0)!;
  }

  get stride(): number {
    return this.rows * this.width * LANES * FLOAT;
  }

  get bytes(): number {
    return (this.vectors / this.width) * this.stride;
  }

  /** Index of a float in the block. */
  place(row: number, column: number): number {
    const vector = Math.floor(column / LANES);
    const panel = Math.floor(vector / this.width);
    const inPanel = (row * this.width + (vector % this.width)) * LANES + (column % LANES);
    return (this.offset + panel * this.stride) / FLOAT + inPanel;
  }
}

/** Offsets in bytes, from the start of a network's block. */
export interface BlockLayout {
  readonly hidden: number;
  readonly layers: readonly Panels[];
  readonly head: Panels;
  readonly headBias: number;
  readonly weights: number;
  readonly weightBytes: number;
  readonly meanSquare: number;
  readonly mean: number;
  readonly state: number;
  readonly stored: number;
  readonly ring: number;
  readonly bytes: number;
  /** Index of a float in the block, for each value of layout.ts's memory. */
  readonly places: Int32Array;
}

export function blockLayout(
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
): BlockLayout {
  const gates = GATES[shape.cell];
  const hidden = LANES * Math.ceil(shape.hidden / LANES);
  const weights = align(COUNTER_FIELDS.length * FLOAT);
  const layers: Panels[] = [];
  let at = weights;
  for (let l = 0; l < shape.layers; l++) {
    const panels = new Panels(at, hidden + (l === 0 ? shape.inputs : hidden) + 2, gates * hidden);
    layers.push(panels);
    at += panels.bytes;
  }
  const outputs = LANES * Math.ceil(shape.outputs / LANES);
  const head = new Panels(at, outputs, hidden);
  const headBias = at + head.bytes;
  const weightBytes = align(headBias + outputs * FLOAT - weights);
  const states = shape.layers * hidden * (shape.cell === 'lstm' ? 2 : 1) * FLOAT;
  const meanSquare = weights + weightBytes;
  const mean = meanSquare + (optimizer === 'sgd' ? 0 : weightBytes);
  const state = mean + (optimizer === 'adam' ? weightBytes : 0);
  const stored = state + states;
  const ring = stored + states;
  const bytes = align(ring + shape.windowSteps * shape.inputs * FLOAT);
  const weightsAt = { hidden, layers, head, headBias, weights, weightBytes };
  const layout = { ...weightsAt, meanSquare, mean, state, stored, ring, bytes };
  return { ...layout, places: placesOf(shape, optimizer, layout) };
}

function placesOf(
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
  block: Omit<BlockLayout, 'places'>,
): Int32Array {
  const canonical = memoryLayout(shape, optimizer);
  const places = new Int32Array(canonical.count);
  placeWeights(shape, block, places);
  const weightCount = weightLayout(shape).count;
  const copies = [
    [canonical.meanSquare, canonical.mean, block.meanSquare],
    [canonical.mean, canonical.state, block.mean],
  ] as const;
  for (const [from, end, offset] of copies) {
    if (end > from && end - from !== weightCount) throw new Error('layout: moments of odd length');
    for (let j = from; j < end; j++) {
      places[j] = places[j - from]! + (offset - block.weights) / FLOAT;
    }
  }
  const H = shape.hidden;
  const placeState = (from: number, end: number, offset: number): void => {
    for (let j = 0; j < end - from; j++) {
      places[from + j] = offset / FLOAT + Math.floor(j / H) * block.hidden + (j % H);
    }
  };
  placeState(canonical.state, canonical.stored, block.state);
  placeState(canonical.stored, canonical.inputs, block.stored);
  for (let j = canonical.inputs; j < canonical.count; j++) {
    places[j] = block.ring / FLOAT + j - canonical.inputs;
  }
  return places;
}

function placeWeights(
  shape: NetworkShape,
  block: Omit<BlockLayout, 'places'>,
  places: Int32Array,
): void {
  const gates = GATES[shape.cell];
  const canonical = weightLayout(shape);
  for (const [l, { inputs, hidden, rows, ...at }] of canonical.layers.entries()) {
    const panels = block.layers[l]!;
    const firstH = panels.rows - 1 - block.hidden;
    for (let j = 0; j < rows; j++) {
      const unit = j % hidden;
      const gate = Math.floor(j / hidden);
      const column = (Math.floor(unit / LANES) * gates + gate) * LANES + (unit % LANES);
      for (let k = 0; k < inputs; k++) {
        places[at.weightIh + j * inputs + k] = panels.place(1 + k, column);
      }
      for (let k = 0; k < hidden; k++) {
        places[at.weightHh + j * hidden + k] = panels.place(firstH + k, column);
      }
      places[at.biasIh + j] = panels.place(0, column);
      places[at.biasHh + j] = panels.place(panels.rows - 1, column);
    }
  }
  for (let o = 0; o < shape.outputs; o++) {
    for (let k = 0; k < shape.hidden; k++) {
      places[canonical.headWeight + o * shape.hidden + k] = block.head.place(o, k);
    }
    places[canonical.headBias + o] = block.headBias / FLOAT + o;
  }
}

/** Addresses of the buffers a shape's networks share while one of them computes. */
export interface PlanTable {
  /** The structs Plan and Layer of kernel/plan.ts, as one table of 32-bit numbers. */
  readonly table: Int32Array;
  readonly at: {
    readonly x: number;
    readonly y: number;
    readonly targets: number;
    readonly mask: number;
    readonly levels: number;
    readonly rule: number;
    readonly report: number;
    readonly gradient: number;
  };
}

/** 32-bit fields of Plan and of Layer in kernel/plan.ts. */
export const PLAN_FIELDS = 33;
export const LAYER_FIELDS = 10;
const RULE_BYTES = 64;
const REPORT_BYTES = 64;

/** Lays out the buffers from `start` on, the table itself first. @returns also where they end */
export function planTable(
  shape: NetworkShape,
  block: BlockLayout,
  start: number,
): PlanTable & { readonly end: number } {
  const { hidden } = block;
  const { windowSteps: T, outputs } = shape;
  let end = start;
  const take = (bytes: number): number => {
    const at = end;
    end = align(at + bytes);
    return at;
  };
  take((PLAN_FIELDS + LAYER_FIELDS * shape.layers) * FLOAT);
  const first = block.layers[0]!;
  const { head } = block;
  const dStride = head.vectors * LANES * FLOAT;
  const yStride = head.rows * FLOAT;
  const zStride = oddLines(first.vectors * LANES * FLOAT);
  const layers = block.layers.map((panels) => {
    const inputs = panels.rows - hidden - 2;
    // [x I | h H], h at a multiple of four.
    const before = Math.ceil(inputs / LANES) * LANES * FLOAT;
    const aStride = before + dStride;
    const a = take((T + 1) * aStride) + before;
    const z = take(T * zStride);
    const zHidden = take(shape.cell === 'gru' ? T * zStride : 0);
    const c = take(shape.cell === 'lstm' ? (T + 1) * hidden * FLOAT : 0);
    const tanhC = take(shape.cell === 'lstm' ? T * hidden * FLOAT : 0);
    const d = take((T + 1) * dStride);
    return [inputs, panels.offset, panels.stride, a, aStride, z, zHidden, c, tanhC, d];
  });
  const bias = take(first.vectors * LANES * FLOAT);
  const dc = take(hidden * FLOAT);
  const y = take(T * yStride);
  const gradient = take(block.weightBytes);
  const x = take(shape.inputs * FLOAT);
  const targets = take(T * outputs * FLOAT);
  const mask = take(T * outputs);
  const levels = take(outputs * FLOAT);
  const rule = take(RULE_BYTES);
  const report = take(REPORT_BYTES);
  const plan = [
    ...[CELLS.indexOf(shape.cell), shape.layers, shape.inputs, hidden],
    ...[first.vectors, first.width, zStride, T],
    ...[outputs, head.vectors, head.width, head.offset, block.headBias, head.stride],
    ...[dStride, yStride],
    ...[block.weights, block.weightBytes, block.meanSquare, block.mean],
    ...[block.state, block.stored, block.ring],
    ...[bias, dc, y, gradient, x, targets, mask, levels, rule, report],
  ];
  const table = Int32Array.from([...plan, ...layers.flat()]);
  const at = { x, y, targets, mask, levels, rule, report, gradient };
  return { table, at, end };
}

/** An odd number of cache lines: rows a power of two apart would share a few sets of the cache. */
function oddLines(bytes: number): number {
  const lines = Math.ceil(bytes / 64);
  return 64 * (lines + (lines % 2 === 0 ? 1 : 0));
}
