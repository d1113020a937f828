import type { StreamSettings } from '../../src/daemon/settings.ts';

/** A stream of one sample a second, told two steps ahead, without a network; `over` replaces any part. */
export function streamSettings(over: Partial<StreamSettings> = {}): StreamSettings {
  return {
    name: 's',
    align: {
      every: { ms: 1000 },
      aggregate: 'none',
      latenessMs: 0,
      gapStepsMax: 20,
      aheadStepsMax: 60,
    },
    horizon: 2,
    seasons: [],
    coverage: [0.9],
    scoreLeads: [1, 2],
    reportWeights: false,
    recurrent: undefined,
    effort: 'balanced',
    engine: { name: 'wasm', fallback: 'none', bytesMax: 2 ** 26 },
    seed: 1,
    ...over,
  };
}
