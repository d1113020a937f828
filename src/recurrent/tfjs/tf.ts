/**
 * TensorFlow.js as the engine uses it: the functions that `@tensorflow/tfjs-core` exports, and
 * `@tensorflow/tfjs-node` again. Only the types are imported, so nothing is loaded here.
 */
export type Tf = typeof import('@tensorflow/tfjs-core');
export type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs-core';
