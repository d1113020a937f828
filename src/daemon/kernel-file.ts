import { readFileSync } from 'node:fs';

/** dist/kernel.wasm, seen from dist/daemon/, src/daemon/ and dist-bench/src/daemon/. */
const PLACES = ['../kernel.wasm', '../../dist/kernel.wasm', '../../../dist/kernel.wasm'];

/**
 * The compiled kernel for `WasmEngine`. A module may be handed to worker threads.
 * @throws Error when the program has not been built
 */
export function readKernel(): WebAssembly.Module {
  for (const place of PLACES) {
    let bytes: Buffer;
    try {
      bytes = readFileSync(new URL(place, import.meta.url));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    return new WebAssembly.Module(new Uint8Array(bytes));
  }
  throw new Error('kernel.wasm is missing: run `npm run build`');
}
