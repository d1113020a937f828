/** `inspect` and `snapshot`, as a user meets them. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Overview } from '../../src/cli/inspect/overview.ts';
import type { SeriesState } from '../../src/cli/inspect/series-state.ts';
import { lockState } from '../../src/store/lock.ts';
import { StateStore } from '../../src/store/state-store.ts';
import { type Ended, foretideIn } from '../support/command.ts';
import { makeState, STATE_T0 } from '../support/state-dir.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-state-'));
beforeAll(async () => {
  await makeState(join(dir, 'state'));
  writeFileSync(join(dir, 'site.yaml'), 'streams: [{ topic: t }]\nstate: { dir: state }\n');
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true }));

const foretide = (...args: string[]): Promise<Ended> => foretideIn(dir, ...args);

/** A state of its own for tests that change it. */
function copy(name: string): string {
  cpSync(join(dir, 'state'), join(dir, name), { recursive: true });
  return join(dir, name);
}

async function inspectJson<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await foretide('inspect', ...args, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as T;
}

/** One byte of a value changes. */
function flip(state: string, text: string): void {
  const file = join(state, 'store/data.mdb');
  const bytes = readFileSync(file);
  let at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  for (; at >= 0; at = bytes.indexOf(text, at + 1)) bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

describe('foretide inspect', () => {
  it('lists what is there, by the directory or the configuration', async () => {
    const { code, stdout } = await foretide('inspect', 'site.yaml');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state directory {2}state \(format 1\), \d+ KiB$/m);
    expect(stdout).toMatch(/^daemon {11}none runs$/m);
    expect(stdout).toMatch(/^intake {11}hall\/\+: 300 received, 0 invalid, 3 filtered$/m);
    expect(stdout).toMatch(/^hall\/t +hall\/\+ {2}2026-05-04T00:02:29Z +150 +0\.\d+ +\d+ %/m);

    const overview = await inspectJson<Overview>('state', '--sort', 'bytes');
    const byName = new Map(overview.series.map((row) => [row.name, row]));
    expect(byName.size).toBe(5);
    expect(byName.get('hall/t')).toMatchObject({
      ...{ stream: 'hall/+', learned: 150, after: 10, newestMs: STATE_T0 + 149_000 },
    });
    expect(byName.get('door')!.skill).toBeGreaterThan(0.3);
    expect(overview.journal).toMatchObject({ first: 0, end: 166, thinning: 1 });
    expect(overview.outbox).toEqual([{ sink: 'influx', waiting: 750, dropped: 0 }]);
    const sizes = overview.series.map(({ bytes }) => bytes!);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes[0]).toBeGreaterThan(10_000);
  });

  it('loads one series as a restart would have it', async () => {
    const state = await inspectJson<SeriesState>('state', '--series', 'press/kw');
    expect(state).toMatchObject({ members: ['press/bar', 'press/kw'], samplesSince: 20 });
    const { channels } = state.learned;
    expect(channels.map(({ series }) => series)).toEqual(['press/bar', 'press/kw']);
    for (const { samples, everyMs, newestMs, forecast } of channels) {
      expect(samples).toMatchObject({ learned: 160, pending: 0 });
      expect(everyMs).toBe(1_000);
      expect(newestMs).toBe(STATE_T0 + 159_000);
      const { leads, network } = forecast!;
      expect(leads.map(({ lead }) => lead)).toEqual([1, 2]);
      expect(leads[0]!.scored).toBe(159);
      const weight = leads[0]!.experts.reduce((sum, one) => sum + one.weight, 0);
      expect(weight).toBeCloseTo(1, 6);
      const [wide] = leads[0]!.intervals;
      expect(wide!.upper! - wide!.lower!).toBeGreaterThan(0);
      expect(wide!.coverage).toBeGreaterThan(0.5);
      expect(network!.updates).toBeGreaterThan(70);
      expect(network!.gradNorm).toBeGreaterThanOrEqual(network!.clippedNorm!);
      const count = network!.blocks.reduce((sum, block) => sum + block.count, 0);
      expect(count).toBe(network!.weights);
    }
    const { stdout } = await foretide('inspect', 'state', '--series', 'door');
    expect(stdout).toMatch(/^ {2}samples {2}160 learned/m);
    expect(stdout).toMatch(/^ {2}layer 1 recurrent +48/m);
  });

  it('shows what a daemon has on disk while it runs', async () => {
    const state = copy('running');
    const lock = await lockState(state);
    const store = new StateStore(state);
    await store.commit((write) => write.put('meta', 'more', new Uint8Array(5)));
    const { stdout } = await foretide('inspect', 'running');
    expect(stdout).toContain(`process ${process.pid} on `);
    const saved = await foretide('snapshot', 'save', 'now', '--state', 'running');
    expect(saved.stderr).toMatch(/^saved snapshot now, .*: 5 series, next entry 166,/);
    const refused = await foretide('snapshot', 'restore', 'now', '--state', 'running');
    expect(refused.stderr).toContain(`in use by process ${process.pid}`);
    expect(refused.code).toBe(5);
    await store.close();
    await lock.release();
    const overview = await inspectJson<Overview>('running/snapshots/now');
    expect(overview.series).toHaveLength(5);
  });

  it('tells what is damaged, and shows the rest', async () => {
    const state = copy('damaged');
    flip(state, '"name":"hall/rh"');
    const overview = await inspectJson<Overview>('damaged', '--values');
    expect(overview.damaged.join('\n')).toContain('its checksum does not fit');
    expect(overview.series.map(({ name }) => name)).toContain('hall/t');
    expect(overview.series).toHaveLength(4);
    flip(state, 'foretide forecaster 8');
    const one = await inspectJson<SeriesState>('damaged', '--series', 'hall/t');
    expect(one.damaged.join('\n')).toContain('its state is lost');
    // What the journal still has of it.
    expect(one.learned.channels[0]!.samples.learned).toBe(160);
  });

  it.each([
    [['absent'], 5, 'state directory absent: there is none'],
    [['empty'], 5, 'there is no store in it'],
    [['state', '--series', 'hall/temp'], 2, 'not among the 5 that are known'],
    [['state', '--series', 'hal/t'], 2, 'did you mean hall/t'],
    [['state', '--limit', '-1'], 2, '--limit -1: write a whole number'],
    [['newer'], 5, 'written by a newer Foretide (format 99'],
    [['broken'], 5, 'the store is damaged'],
  ])('%j ends with code %i', async (args, exitCode, message) => {
    mkdirSync(join(dir, 'empty'), { recursive: true });
    if (args[0] === 'newer') {
      const store = new StateStore(copy('newer'));
      const format = Buffer.from('{"format":99}');
      await store.commit((write) => write.put('meta', 'format', format));
      await store.close();
    }
    if (args[0] === 'broken') {
      writeFileSync(join(copy('broken'), 'store/data.mdb'), Buffer.alloc(100_000, 3));
    }
    const { code, stderr } = await foretide('inspect', ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(exitCode);
  });
});

describe('foretide snapshot', () => {
  it('saves, lists, restores and removes', async () => {
    copy('kept');
    const at = ['--state', 'kept'];
    expect((await foretide('snapshot', 'save', 'one', ...at)).code).toBe(0);
    const again = await foretide('snapshot', 'save', 'one', ...at);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('exists already')]);
    const restored = await foretide('snapshot', 'restore', 'one', ...at);
    expect(restored.stderr).toMatch(/^restored snapshot one, taken .*: 5 series/);
    expect(restored.stderr).toMatch(/^what was there is kept as snapshot before-restore-\d+T\d+$/m);
    expect(restored.stderr).toContain(
      '750 steps that waited for a sink are in that snapshot alone',
    );
    expect(restored.code).toBe(0);
    const { stdout } = await foretide('snapshot', 'list', ...at);
    expect(stdout).toMatch(/^one {2,}\d{4}-.* 166 +5 +[\d.]+ [KM]iB$/m);
    expect(stdout.split('\n')).toHaveLength(4);
    expect((await foretide('snapshot', 'remove', 'one', ...at)).code).toBe(0);
    const absent = await foretide('snapshot', 'remove', 'one', ...at);
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining('there are before-')]);
  });

  it('forgets what was learned since a time', async () => {
    copy('forgets');
    const at = ['--state', 'forgets'];
    const since = new Date(STATE_T0 + 155_000).toISOString();
    const early = await foretide('snapshot', 'restore', '--forget-since', since, ...at);
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('there are none')]);
    await foretide('snapshot', 'save', 'one', ...at);
    const { code, stderr } = await foretide(
      ...['snapshot', 'restore', 'one', '--forget-since', since, ...at],
    );
    expect(stderr).toMatch(/^forgot 25 samples since 2026-05-04T00:02:35Z/);
    expect(code).toBe(0);
    const state = await inspectJson<SeriesState>('forgets', '--series', 'hall/t');
    expect(state.learned.channels[0]!.samples.learned).toBe(155);
    // What waits for the sinks still does.
    expect((await inspectJson<Overview>('forgets')).outbox![0]!.waiting).toBe(750);
  });

  it.each([
    [['restore'], 'name a snapshot, or a time with --forget-since'],
    [['restore', 'a', '--forget-since', 'noon'], '--forget-since noon: write a time such as'],
    [['restore', '--forget-since', '2999-01-01'], 'is in the future'],
    [['list', '--state', 'a', '--config', 'b'], 'mutually exclusive'],
    [[], 'Say save, list, restore or remove.'],
  ])('%j ends with code 2 and says why', async (args, message) => {
    const { code, stderr } = await foretide('snapshot', ...args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});
