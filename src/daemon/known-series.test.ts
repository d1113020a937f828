import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { SeriesRegistry } from '../decode/series.ts';
import { jsonBytes } from '../store/json.ts';
import { StateStore } from '../store/state-store.ts';
import { forgetChanged, readSeries } from './known-series.ts';
import { streamSettings } from './settings.ts';

const dirs: string[] = [];
const stores: StateStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const events = { onLoss: () => {} };

/** With two series, `a` of the stream `x` and `b` of `y`. */
async function storeOfTwo(): Promise<StateStore> {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-known-'));
  dirs.push(dir);
  const store = new StateStore(dir);
  stores.push(store);
  await store.commit((write) => {
    for (const [id, [stream, name]] of [['x', 'a'] as const, ['y', 'b'] as const].entries()) {
      write.put('series', id, jsonBytes({ id, stream, name, receiveTime: false }));
    }
  });
  return store;
}

describe('readSeries', () => {
  it('takes up symbols of which a salvage has left one out', async () => {
    const store = await storeOfTwo();
    await store.commit((write) => {
      write.put('symbols', [0, 0], jsonBytes('rest'));
      write.put('symbols', [0, 2], jsonBytes('swim'));
    });
    const known = readSeries(store, events);
    const registry = new SeriesRegistry();
    registry.restore(known.series, known.size);
    expect(registry.symbolCode(0, 'swim', 9)).toBe(2);
    expect(registry.get(0)!.symbols).toEqual(['rest', '(lost 1)', 'swim']);
  });
});

describe('forgetChanged', () => {
  it('still names the series whose stream is gone or has changed: points of theirs may wait', async () => {
    const store = await storeOfTwo();
    const restart = (streams: string) => {
      const config = parseConfig(`streams: [${streams}]`, 'test', {}, '.');
      const all = readSeries(store, events);
      return forgetChanged(store, all, config.streams, streamSettings(config), events);
    };
    const x = (more = '') => `{ name: x, topic: x/#, payload: number, every: 1s${more} }`;
    const first = await restart(x());
    expect([first.series, first.others].map(([info]) => info?.name)).toEqual(['a', 'b']);
    const changed = await restart(x(', horizon: 7'));
    expect(changed.series).toEqual([]);
    expect(changed.others.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('says which series rest, and which go on again', async () => {
    const store = await storeOfTwo();
    const said: string[] = [];
    const restart = (...names: string[]) => {
      const streams = names.map((name) => `{ name: ${name}, topic: ${name}, payload: number }`);
      const config = parseConfig(`streams: [${streams.join(', ')}]`, 'test', {}, '.');
      const onLoss = (text: string) => said.push(text);
      const settings = streamSettings(config);
      return forgetChanged(store, readSeries(store, events), config.streams, settings, { onLoss });
    };
    await restart('x', 'y');
    await restart('x', 'z');
    await restart('x', 'y');
    expect(said).toEqual([
      expect.stringMatching(/^stream y: not configured any more; its 1 series rest until it is/),
      'stream y: configured again; its 1 series go on as they were',
    ]);
  });
});
