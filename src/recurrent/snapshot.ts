/**
 * A network as bytes, little-endian:
 *
 *     magic u32 | version u32 | head: 12 float64 | memory: float64s or float32s, see layout.ts
 *
 * The magic number says which engine wrote it, the head what network it is (cell, optimizer, sizes)
 * and where in its stream it stands.
 */
import type { NetworkShape, TrainSettings } from './engine.ts';
import { CELLS, OPTIMIZERS } from './layout.ts';

/** An engine's own form. */
export interface SnapshotForm {
  readonly engine: string;
  readonly magic: number;
}

/** "FTRN" */
export const REFERENCE_FORM: SnapshotForm = { engine: 'reference', magic: 0x4e525446 };
/** "FTWN" */
export const WASM_FORM: SnapshotForm = { engine: 'wasm', magic: 0x4e575446 };
/** "FTTN" */
export const TFJS_FORM: SnapshotForm = { engine: 'tfjs', magic: 0x4e545446 };

/** What is saved besides the counters; its type is the form's precision. */
export type SnapshotMemory = Float64Array | Float32Array;

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
  form: SnapshotForm,
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
  counters: Counters,
  memory: SnapshotMemory,
): Uint8Array {
  const fields = identity(shape, optimizer);
  const headBytes = (fields.length + COUNTERS.length) * 8;
  const view = new DataView(new ArrayBuffer(PREFIX_BYTES + headBytes + memory.byteLength));
  view.setUint32(0, form.magic, true);
  view.setUint32(4, VERSION, true);
  let at = PREFIX_BYTES;
  const put = (value: number): void => {
    view.setFloat64(at, value, true);
    at += 8;
  };
  for (const [, value] of fields) put(value);
  for (const name of COUNTERS) put(counters[name]);
  if (memory instanceof Float64Array) {
    for (let i = 0; i < memory.length; i++) put(memory[i]!);
  } else {
    for (let i = 0; i < memory.length; i++) view.setFloat32(at + i * 4, memory[i]!, true);
  }
  return new Uint8Array(view.buffer);
}

/**
 * Checks everything, then fills `memory`.
 * @returns the counters
 * @throws Error that says what does not fit; then `memory` is as it was
 */
export function readSnapshot(
  form: SnapshotForm,
  bytes: Uint8Array,
  shape: NetworkShape,
  optimizer: TrainSettings['optimizer'],
  memory: SnapshotMemory,
): Counters {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX_BYTES || view.getUint32(0, true) !== form.magic) {
    throw new Error(`saved network: these bytes are not a network of the ${form.engine} engine`);
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
  const wantedBytes = headEnd + memory.byteLength;
  if (bytes.length !== wantedBytes) {
    throw new Error(`saved network: ${bytes.length} bytes, but this network has ${wantedBytes}`);
  }
  const size = memory.BYTES_PER_ELEMENT;
  const value = (i: number): number =>
    size === 8 ? view.getFloat64(headEnd + i * 8, true) : view.getFloat32(headEnd + i * 4, true);
  for (let i = 0; i < memory.length; i++) {
    if (!Number.isFinite(value(i))) {
      throw new Error(`saved network: damaged, value ${i} is not finite`);
    }
  }
  for (let i = 0; i < memory.length; i++) memory[i] = value(i);
  return counters;
}
