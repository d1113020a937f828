/** What the host may call. */
export { forward, heapBase, layerBytes, planBytes, train } from './network';
export { peak } from './peak';
export { applyMath } from './probe';
export { linearIssue, linearShrink } from './linear';
export { linearLearn, linearLearnAll, linearPredict } from './linear-leads';
