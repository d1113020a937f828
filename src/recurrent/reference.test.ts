import { describeEngine } from '../../test/support/engine-battery.ts';
import { createReferenceEngine } from './reference.ts';

describeEngine('reference', createReferenceEngine, {
  value: 1e-9,
  differenceStep: 1e-5,
  difference: 1e-7,
});
