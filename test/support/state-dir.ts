/** A state directory as a daemon leaves it that was killed: states, a journal after them, and points. */
import { parseConfig } from '../../src/config/load.ts';
import { loadEngines } from '../../src/daemon/engines.ts';
import { InlineCore } from '../../src/daemon/inline-core.ts';
import { Keeper } from '../../src/daemon/keeper.ts';
import { forgetChanged, readSeries } from '../../src/daemon/known-series.ts';
import { streamSettings } from '../../src/daemon/settings.ts';
import { SeriesRegistry } from '../../src/decode/series.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { DiskOutbox } from '../../src/store/disk-outbox.ts';
import { ensureFormat } from '../../src/store/format.ts';
import { prepareDir } from '../../src/store/state-dir.ts';
import { StateStore } from '../../src/store/state-store.ts';
import { Random } from './streams.ts';

export const STATE_T0 = Date.parse('2026-05-04T00:00:00Z');
const NETWORK = '{ cell: gru, hidden: 4, window: 8, update_interval: 2, effort: balanced }';
const CONFIG = `
streams:
  - { topic: hall/+, every: 1s, horizon: 3, coverage: [0.9, 0.5], model: ${NETWORK} }
  - { topic: press, every: 1s, horizon: 2, channels: together, transform: log, model: ${NETWORK} }
  - { topic: door, kind: symbol, every: 1s, horizon: 2, model: ${NETWORK} }
`;
/** Samples of each series before the states are saved, and after. */
const SAVED = 150;
const AFTER = 10;

/** Series: hall/t, hall/rh; press/bar and press/kw, which are learned as one; the symbols of door. */
export async function makeState(dir: string): Promise<void> {
  const config = parseConfig(CONFIG, 'site.yaml', {}, dir);
  const settings = streamSettings(config);
  prepareDir(dir);
  const store = new StateStore(dir);
  await ensureFormat(store);
  const onLoss = (text: string): never => {
    throw new Error(text);
  };
  const before = readSeries(store, { onLoss });
  const known = await forgetChanged(store, before, config.streams, settings, { onLoss });
  const registry = new SeriesRegistry();
  const lookup = {
    seriesOf: (id: number) => registry.get(id),
    idOf: (name: string) => registry.find(name)?.id,
  };
  const outbox = new DiskOutbox(store, lookup, {
    ...{ pointsMax: 1_000, bytesMax: 2 ** 26, ageMsMax: 1e9, whenFull: 'wait' },
  });
  outbox.reader('influx').peek(1);
  const core = new InlineCore(settings, await loadEngines(settings, () => {}));
  const keeper = new Keeper({
    ...{ store, known, registry, settings: config.state, outbox, core, onLoss },
    ...{ onInfo: () => {}, onTrim: () => {} },
  });
  const apply = async (entries: JournalEntry[]): Promise<void> => {
    const counts = new Map([['hall/+', { received: 2 * SAVED, invalid: 0, filtered: 3 }]]);
    const last = await keeper.journal.append({ entries, counts });
    outbox.put(await keeper.core.apply(entries, last + 1 - entries.length), last);
  };
  const group = { key: 'press', channels: 2 };
  const series = [
    registry.add('hall/+', 'hall/t', false),
    registry.add('hall/+', 'hall/rh', false),
    registry.add('press', 'press/bar', false, { group: { ...group, channel: 0 } }),
    registry.add('press', 'press/kw', false, { group: { ...group, channel: 1 } }),
    registry.add('door', 'door', false),
  ];
  series[4]!.symbols = ['open', 'shut'];
  await apply([
    ...series.map((info): JournalEntry => ({ kind: 'series', series: info })),
    { kind: 'symbols', id: 4, from: 0, names: ['open', 'shut'] },
  ]);
  for (let i = 0; i < SAVED; i++) await apply([samples(i)]);
  await keeper.checkpoint(series.length);
  for (let i = SAVED; i < SAVED + AFTER; i++) await apply([samples(i)]);
  await keeper.close();
  await core.close();
  await outbox.close();
  await store.close();
}

function samples(second: number): JournalEntry {
  const random = new Random(second);
  const wave = Math.sin(second / 4) + 0.1 * random.normal();
  const value = [20 + wave, 50 - wave, 5 + wave / 2, 3 - wave / 3, second % 7 < 3 ? 0 : 1];
  return {
    kind: 'samples',
    batch: {
      count: value.length,
      seriesId: Int32Array.from(value.keys()),
      timeMs: new Float64Array(value.length).fill(STATE_T0 + 1_000 * second),
      value: Float64Array.from(value),
    },
  };
}
