/**
 * What of a LayersModel (the format of `tfjs.converters`, and of `model.save` in TensorFlow.js) is
 * read: a Sequential of recurrent layers and one Dense, and a manifest of its weights.
 */
import { z } from 'zod';

const layerConfig = z.looseObject({
  name: z.string(),
  units: z.number().int().positive().optional(),
  activation: z.string().optional(),
  recurrent_activation: z.string().optional(),
  use_bias: z.boolean().optional(),
  return_sequences: z.boolean().optional(),
  go_backwards: z.boolean().optional(),
  reset_after: z.boolean().optional(),
});
const layer = z.looseObject({ class_name: z.string(), config: layerConfig });
const topology = z.looseObject({
  class_name: z.string(),
  config: z.union([z.array(layer), z.looseObject({ layers: z.array(layer) })]),
});
const entry = z.looseObject({
  name: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  dtype: z.string(),
  quantization: z.unknown().optional(),
});

/** Python's converter wraps the topology once more. */
const modelSchema = z.looseObject({
  format: z.string().optional(),
  modelTopology: z.union([z.looseObject({ model_config: topology }), topology]),
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string()), weights: z.array(entry) })),
});

export type ModelLayer = z.infer<typeof layer>;
export interface LayersModel {
  readonly layers: readonly ModelLayer[];
  readonly weightsManifest: z.infer<typeof modelSchema>['weightsManifest'];
}

/** One array of weights, row-major. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** @throws Error that says what is not as it should be */
export function parseModel(json: unknown): LayersModel {
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new Error(`model.json is not a LayersModel: ${path.join('.') || 'file'}: ${message}`);
  }
  const { format, modelTopology, weightsManifest } = parsed.data;
  if (format !== undefined && format !== 'layers-model') {
    throw new Error(`model.json has format "${format}"; convert to "layers-model"`);
  }
  const { class_name, config } = topologyOf(modelTopology);
  if (class_name !== 'Sequential') {
    throw new Error(`the model is a "${class_name}"; only a Sequential model can be read`);
  }
  return { layers: Array.isArray(config) ? config : config.layers, weightsManifest };
}

function topologyOf(found: z.infer<typeof modelSchema>['modelTopology']): z.infer<typeof topology> {
  return 'model_config' in found && found.model_config !== undefined
    ? (found.model_config as z.infer<typeof topology>)
    : (found as z.infer<typeof topology>);
}

/**
 * The arrays by name.
 * @param read gives the content of a file of the manifest
 */
export function readArrays(
  { weightsManifest }: LayersModel,
  read: (path: string) => Uint8Array,
): Map<string, WeightArray> {
  const arrays = new Map<string, WeightArray>();
  for (const { paths, weights } of weightsManifest) {
    const bytes = joined(paths.map(read));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const { name, shape, dtype, quantization } of weights) {
      if (dtype !== 'float32' || quantization !== undefined) {
        const form = quantization === undefined ? dtype : 'quantized';
        throw new Error(`weight "${name}" is ${form}; save the model with float32 weights`);
      }
      const count = shape.reduce((product, size) => product * size, 1);
      const end = at + count * 4;
      if (end > bytes.length) {
        const files = paths.join(', ');
        throw new Error(`${files}: ${bytes.length} bytes, and weight "${name}" ends at ${end}`);
      }
      const values = new Float32Array(count);
      for (let j = 0; j < count; j++) values[j] = view.getFloat32(at + j * 4, true);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw new Error(`weight "${name}"[${bad}] is ${values[bad]}`);
      arrays.set(name, { shape, values });
      at = end;
    }
    if (at !== bytes.length) {
      throw new Error(`${paths.join(', ')}: ${bytes.length} bytes, but the manifest has ${at}`);
    }
  }
  return arrays;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
