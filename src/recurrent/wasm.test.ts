import { describeEngine } from '../../test/support/engine-battery.ts';
import { readKernel } from '../daemon/kernel-file.ts';
import { WasmEngine } from './wasm.ts';

const module = readKernel();

describeEngine('wasm', () => new WasmEngine(module), {
  value: 2e-5,
  differenceStep: 1e-2,
  difference: 5e-3,
});
