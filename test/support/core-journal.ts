/** A journal with everything in it that a core may meet. */

import { loadEngines } from '../../src/daemon/engines.ts';
import type { StreamSettings } from '../../src/daemon/settings.ts';
import type { SeriesInfo } from '../../src/decode/series.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { streamSettings } from './stream-settings.ts';
import { Random } from './streams.ts';

export const T0 = 1_700_000_000_000;
const STREAM = streamSettings({
  name: 'fast',
  horizon: 3,
  seasons: [{ ms: 7_000 }],
  coverage: [0.9, 0.8],
  scoreLeads: [1, 3],
  reportWeights: true,
  recurrent: {
    cell: 'gru',
    hidden: 3,
    layers: 1,
    updateSteps: 2,
    windowSteps: 6,
    optimizer: 'adam',
    learningRate: 0.01,
    clipNorm: 1,
  },
  effort: 'low',
});
export const SETTINGS = new Map<string, StreamSettings>([
  ['fast', STREAM],
  [
    'clock',
    {
      ...STREAM,
      name: 'clock',
      align: { ...STREAM.align, aggregate: 'mean' },
      recurrent: undefined,
    },
  ],
  ['states', { ...STREAM, name: 'states', symbolsMax: 6 }],
]);

export const ENGINES = await loadEngines(SETTINGS, () => {});

/** Series come one by one; samples in disorder, twice or far off now and then; the clock ticks. */
export function* coreJournal(batches: number, seed: number): Generator<JournalEntry[]> {
  const random = new Random(seed);
  let [series, seconds] = [0, 0];
  const vocabularies: SeriesInfo[] = [];
  for (let b = 0; b < batches; b++) {
    const entries: JournalEntry[] = [];
    if (series < 15 && b % 3 === 0) {
      const states = series >= 12;
      const stream = states ? 'states' : series % 3 === 0 ? 'clock' : 'fast';
      const receiveTime = stream === 'clock';
      // Two in three of a stream belong together, four by four.
      const group = { key: `g${series >> 2}`, channel: series & 3, channels: 4 };
      const alone = { id: series, stream, name: `s${series}`, receiveTime };
      const info: SeriesInfo = receiveTime || states ? alone : { ...alone, group };
      if (states) vocabularies[series] = info;
      entries.push({ kind: 'series', series: info });
      series++;
    }
    const count = Math.floor(random.uniform() * 20);
    const batch = {
      count,
      seriesId: new Int32Array(count),
      timeMs: new Float64Array(count),
      value: new Float64Array(count),
    };
    for (let i = 0; i < count; i++) {
      seconds += random.uniform() < 0.9 ? random.uniform() / 3 : -1;
      batch.seriesId[i] = Math.floor(random.uniform() * series);
      batch.timeMs[i] = T0 + 1000 * (random.uniform() < 0.01 ? seconds * 10 : seconds);
      const named = vocabularies[batch.seriesId[i]!];
      batch.value[i] = named ? symbolCode(named, random, entries) : random.normal();
    }
    if (count > 0) entries.push({ kind: 'samples', batch });
    if (b % 11 === 2) entries.push({ kind: 'thin', factor: 2 ** (b % 4) });
    if (b % 7 === 0) entries.push({ kind: 'tick', timeMs: T0 + 1000 * seconds });
    yield entries;
  }
}

/** Symbols are named as they come, which threads do not hear of. */
function symbolCode(info: SeriesInfo, random: Random, entries: JournalEntry[]): number {
  info.symbols ??= [];
  const { length: from } = info.symbols;
  const code = Math.floor(random.uniform() * Math.min(6, from + 1));
  if (code < from) return code;
  const names = [`state ${code}`];
  info.symbols.push(...names);
  entries.push({ kind: 'symbols', id: info.id, from, names });
  return code;
}
