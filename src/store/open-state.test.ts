import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeFormat } from './format.ts';
import { type OpenState, openState, readState } from './open-state.ts';
import { StateStore } from './state-store.ts';

// Other work may keep the machine and the disk busy.
vi.setConfig({ testTimeout: 120_000 });

const dirs: string[] = [];
const open: OpenState[] = [];
afterEach(async () => {
  for (const state of open.splice(0)) await state.close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-state-'));
  dirs.push(dir);
  return join(dir, 'state');
}

async function start(dir: string): Promise<OpenState & { readonly told: string[] }> {
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  const state = await openState(dir, { info: tell, warn: tell, error: tell });
  open.push(state);
  return { ...state, told };
}

async function stop(state: OpenState): Promise<void> {
  open.splice(
    open.findIndex(({ store }) => store === state.store),
    1,
  );
  await state.close();
}

/** What a killed process leaves: its record says that it runs. */
async function die(state: OpenState): Promise<void> {
  const path = join(state.dir, 'start.json');
  const record = readFileSync(path);
  await stop(state);
  writeFileSync(path, record);
}

const value = (size: number, fill: number): Buffer => Buffer.alloc(size, fill);

describe('openState', () => {
  it('makes the directory for its owner alone, and finds again what was written', async () => {
    const dir = newDir();
    const first = await start(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    await first.store.commit((write) => write.put('heads', 3, value(9, 1)));
    await stop(first);
    const second = await start(dir);
    expect(second.cleanStart).toBe(true);
    expect(second.store.get('heads', 3)).toEqual(value(9, 1));
    expect(second.told).toEqual([]);
  });

  it('knows an unclean stop', async () => {
    const dir = newDir();
    await die(await start(dir));
    const second = await start(dir);
    expect(second.cleanStart).toBe(false);
    expect(second.told).toEqual([]);
  });

  it('refuses a file in its place', async () => {
    const dir = newDir();
    writeFileSync(dir, '');
    const opening = start(dir);
    await expect(opening).rejects.toThrow('it, or a part of its path, is a file; choose another');
    await expect(opening).rejects.toMatchObject({ exitCode: 5 });
    await expect(start(join(dir, 'deeper'))).rejects.toThrow(
      'it, or a part of its path, is a file',
    );
  });

  it('refuses what a newer version has written, and leaves it as it is', async () => {
    const dir = newDir();
    const first = await start(dir);
    await writeFormat(first.store, 9);
    await stop(first);
    for (let i = 0; i < 2; i++) {
      await expect(start(dir)).rejects.toThrow(
        /written by a newer Foretide \(format 9; this one reads 1\)/,
      );
    }
    const store = new StateStore(dir);
    await writeFormat(store);
    await store.close();
    // Refused starts are no deaths.
    expect((await start(dir)).told).toEqual([]);
  });

  it('refuses an older format that it knows no way from', async () => {
    const dir = newDir();
    const first = await start(dir);
    await writeFormat(first.store, 0);
    await stop(first);
    await expect(start(dir)).rejects.toThrow(/an older Foretide \(format 0; this one reads 1/);
  });

  it('is read beside a running daemon, where there is something to read', async () => {
    const dir = newDir();
    await expect(readState(dir)).rejects.toThrow('there is no state in it');
    const state = await start(dir);
    await state.store.commit((write) => write.put('heads', 1, value(3, 3)));
    const reader = await readState(dir);
    expect(reader.get('heads', 1)).toEqual(value(3, 3));
    await reader.close();
    await writeFormat(state.store, 9);
    await expect(readState(dir)).rejects.toThrow('written by a newer Foretide (format 9');
  });

  it('tells when the store is no longer where it was', async () => {
    const dir = newDir();
    const state = await start(dir);
    expect(state.vanished()).toBeUndefined();
    renameSync(join(dir, 'store'), join(dir, 'elsewhere'));
    expect(state.vanished()).toContain('no such file or directory');
    mkdirSync(join(dir, 'store'));
    writeFileSync(join(dir, 'store', 'data.mdb'), '');
    expect(state.vanished()).toContain('replaced by another file');
  });

  it('writes the store anew once after early deaths, and then looks elsewhere', async () => {
    const dir = newDir();
    const told: string[][] = [];
    for (let i = 0; i < 5; i++) {
      const state = await start(dir);
      if (i === 0) await state.store.commit((write) => write.put('states', 1, value(9_000, 7)));
      told.push(state.told);
      await die(state);
    }
    expect(told.slice(0, 2)).toEqual([[], []]);
    expect(told[2]).toEqual([expect.stringContaining('the store is written anew')]);
    expect(told[3]).toEqual([expect.stringContaining('the cause is elsewhere')]);
    const last = await start(dir);
    expect(last.store.get('states', 1)).toEqual(value(9_000, 7));
    expect(last.lost).toEqual([]);
    last.healthy();
    await die(last);
    expect((await start(dir)).told).toEqual([]);
  });

  it('says that a store is gone which was there', async () => {
    const dir = newDir();
    await stop(await start(dir));
    rmSync(join(dir, 'store'), { recursive: true });
    expect((await start(dir)).told).toEqual([expect.stringContaining('is gone')]);
  });
});

describe('a damaged store', () => {
  it('keeps all that is whole of a file cut short, and the old file', async () => {
    const dir = newDir();
    const first = await start(dir);
    for (let i = 0; i < 100; i++) {
      await first.store.commit((write) => write.put('states', i, value(9_000, i)));
    }
    await stop(first);
    const path = join(dir, 'store', 'data.mdb');
    truncateSync(path, Math.floor(statSync(path).size / 2));
    const second = await start(dir);
    const [lost] = second.lost;
    expect(lost?.table).toBe('states');
    expect(lost?.count).toBeGreaterThan(20);
    expect(lost?.keys).toHaveLength(lost?.count ?? 0);
    expect(lost?.kept).toBe(second.store.count('states'));
    for (const key of second.store.keys<number>('states')) {
      expect(second.store.get('states', key)).toEqual(value(9_000, key));
    }
    expect(second.told.join('\n')).toMatch(/the store is damaged: .* states: \d+ of 100 lost/s);
    expect(readdirSync(dir).filter((name) => name.startsWith('damaged-'))).toHaveLength(1);
    await stop(second);
    expect((await start(dir)).told).toEqual([]);
  });

  it('finds the leaves of a table whose root page is overwritten', async () => {
    const dir = newDir();
    const first = await start(dir);
    await first.store.commit((write) => {
      for (let i = 0; i < 500; i++) write.put('journal', i, value(90, i));
    });
    await stop(first);
    const path = join(dir, 'store', 'data.mdb');
    const bytes = readFileSync(path);
    const at = pagesOfKind(bytes, 1)[0]!;
    writeFileSync(path, bytes.fill(0xaa, at * 4096, (at + 1) * 4096));
    const second = await start(dir);
    expect(second.told.join()).toContain('nothing is lost');
    expect(second.store.count('journal')).toBe(500);
    expect(second.store.get('journal', 77)).toEqual(value(90, 77));
  });

  it('goes on from every moment of an interrupted healing', async () => {
    for (const moment of ['copying', 'copied', 'moved']) {
      const dir = newDir();
      const first = await start(dir);
      await first.store.commit((write) => write.put('series', 1, value(10, 1)));
      await first.store.copyTo(join(dir, 'healing'));
      await stop(first);
      if (moment !== 'copying') writeFileSync(join(dir, 'healing', 'complete'), '');
      if (moment === 'moved')
        renameSync(join(dir, 'store'), join(dir, 'damaged-20260101T000000000'));
      const second = await start(dir);
      expect(second.store.get('series', 1)).toEqual(value(10, 1));
      expect(existsSync(join(dir, 'healing'))).toBe(false);
      expect(second.told).toEqual([]);
    }
  });

  it('keeps the newest two', async () => {
    const dir = newDir();
    for (let i = 0; i < 4; i++) {
      const state = await start(dir);
      await state.store.commit((write) => write.put('states', i, value(9_000, 1)));
      await stop(state);
      truncateSync(join(dir, 'store', 'data.mdb'), 30_000 + i);
    }
    await start(dir);
    const kept = readdirSync(dir).filter((name) => name.startsWith('damaged-'));
    expect(kept).toHaveLength(2);
    const sizes = kept.map((name) => statSync(join(dir, name, 'data.mdb')).size).toSorted();
    expect(sizes).toEqual([30_002, 30_003]);
  });
});

/** Numbers of its pages; 1: branches. */
function pagesOfKind(bytes: Buffer, kind: number): number[] {
  const pages = Array.from({ length: bytes.length / 4096 }, (_, page) => page);
  return pages.filter((page) => page > 1 && bytes.readUInt16LE(page * 4096 + 18) === kind);
}
