/** What the host may call. */
export { forward, heapBase, layerBytes, planBytes, train } from './network';
export { peak } from './peak';
export { applyMath } from './probe';
