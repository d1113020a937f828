/**
 * TensorFlow.js with its CPU backend, which is plain JavaScript: what the tests run the tfjs engine
 * on, where the native module may be missing.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
// Registers the derivatives of all operations; the bundle of tfjs-core for Node has none.
import '@tensorflow/tfjs-layers';

// Otherwise it advertises the native module on standard error.
tf.enableProdMode();
await tf.setBackend('cpu');

export { tf };
