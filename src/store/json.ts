const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** For rows that are few or small, and that people may want to read. */
export function jsonBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/** The shape is the writer's promise, held by the row's checksum and format. */
export function readJson<T>(bytes: Uint8Array): T {
  return JSON.parse(decoder.decode(bytes)) as T;
}
