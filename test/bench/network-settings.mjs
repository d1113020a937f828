import { networkSize } from '../../dist/forecaster/network-defaults.js';

/** The network that an effort has by default. */
export function networkSettings({ effort, cell = 'gru' }) {
  return { ...networkSize(effort), cell, optimizer: 'adam', clipNorm: 1 };
}
