/**
 * A network as bytes, little-endian:
 *
 *     magic u32 | version u32 | head: 12 float64 | memory: float64s, see layout.ts
 *
 * The head says what network it is (cell, optimizer, sizes) and where in its stream it stands.
 */
import type { NetworkShape, TrainSettings } from './engine.ts';
import { CELLS, OPTIMIZERS } from './layout.ts';

/** "FTRN" */
const MAGIC = 0x4e525446;
const VERSION = 1;
const PREFIX_BYTES = 8;

/** What a network counts. */
export interface Counters {
  windowLength: number;
  /** Row of the oldest input in the ring of inputs. */
  windowStart: number;
  /** Updates done, for Adam's bias correction. */
  updates: number;
  replacedInputs: number;
  stateResets: number;
}

const COUNTERS = [
  'windowLength',
  'windowStart',
  'updates',
  'replacedInputs',
  'stateResets',
] as const;

/** Fields that must agree, in the order of the head. */
type Identity = readonly (readonly [name: string, value: number, known?: readonly string[]])[];

function identity(shape: NetworkShape, optimizer: TrainSettings['optimizer']): Identity {
  return [
    ['cell', CELLS.indexOf(shape.cell), CELLS],
    ['optimizer', OPTIMIZERS.indexOf(optimizer), OPTIMIZERS],
    ['inputs', shape.inputs],
    ['hidden', shape.hidden],
    ['layers', shape.layers],
    ['outputs', shape.outputs],
    ['windowSteps', shape.windowSteps],
  ];
}

export function writeSnapshot(
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
  counters: Counters,
  memory: Float64Array,
): Uint8Array {
  const fields = identity(shape, optimizer);
  const count = fields.length + COUNTERS.length + memory.length;
  const view = new DataView(new ArrayBuffer(PREFIX_BYTES + count * 8));
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  let at = PREFIX_BYTES;
  const put = (value: number): void => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  for (const [, value] of fields) put(value);
  for (const name of COUNTERS) put(counters[name]);
  for (let i = 0; i < memory.length; i++) put(memory[i]!);
  return new Uint8Array(view.buffer);
}

/**
 * Checks everything, then fills `memory`.
 * @returns the counters
 * @throws Error that says what does not fit; then `memory` is as it was
 */
export function readSnapshot(
  bytes: Uint8Array,
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
  memory: Float64Array,
): Counters {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new Error('saved network: these bytes are not a network of the reference engine');
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) {
    throw new Error(`saved network: version ${version}, but this program reads ${VERSION}`);
  }
  const fields = identity(shape, optimizer);
  const headEnd = PREFIX_BYTES + (fields.length + COUNTERS.length) * 8;
  if (bytes.length < headEnd) throw new Error(`saved network: cut off at byte ${bytes.length}`);
  let at = PREFIX_BYTES;
  const get = (): number => {
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  for (const [name, wanted, known] of fields) {
    const found = get();
    if (found === wanted) continue;
    const text = (value: number): string | number => known?.[value] ?? value;
    throw new Error(
      `saved network: ${name} ${text(found)}, but this network has ${name} ${text(wanted)}`,
    );
  }
  const counters = {
    windowLength: 0,
    windowStart: 0,
    updates: 0,
    replacedInputs: 0,
    stateResets: 0,
  };
  for (const name of COUNTERS) {
    const value = get();
    const bound = name.startsWith('window') ? shape.windowSteps : Number.MAX_SAFE_INTEGER;
    if (!Number.isInteger(value) || value < 0 || value > bound) {
      throw new Error(`saved network: damaged, ${name} is ${value}`);
    }
    counters[name] = value;
  }
  const wantedBytes = headEnd + memory.length * 8;
  if (bytes.length !== wantedBytes) {
    throw new Error(`saved network: ${bytes.length} bytes, but this network has ${wantedBytes}`);
  }
  for (let i = 0; i < memory.length; i++) {
    if (!Number.isFinite(view.getFloat64(headEnd + i * 8, true))) {
      throw new Error(`saved network: damaged, value ${i} is not finite`);
    }
  }
  for (let i = 0; i < memory.length; i++) memory[i] = view.getFloat64(headEnd + i * 8, true);
  return counters;
}
