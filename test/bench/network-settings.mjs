/** The network that an effort has by default. */
export function networkSettings({ cell }) {
  const e = process.env;
  return {
    cell,
    hidden: Number(e.H ?? 16),
    layers: 1,
    updateSteps: Number(e.K1 ?? 4),
    windowSteps: Number(e.K2 ?? 32),
    optimizer: 'adam',
    learningRate: Number(e.LR ?? 0.003),
    clipNorm: 1,
  };
}
