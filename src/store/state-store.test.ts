import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StateStore } from './state-store.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-store-'));
  dirs.push(dir);
  return dir;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('StateStore', () => {
  it('gives back what was committed, in another process’s view too', async () => {
    const dir = newDir();
    const store = new StateStore(dir);
    await Promise.all([
      store.commit((write) => write.put('journal', 7, bytes(1, 2))),
      store.commit((write) => write.put('symbols', [3, 0], bytes(3))),
    ]);
    const reader = new StateStore(dir, { readOnly: true });
    expect(reader.get('journal', 7)).toEqual(Buffer.from([1, 2]));
    await reader.close();
    await store.close();
    const again = new StateStore(dir);
    expect(again.get('symbols', [3, 0])).toEqual(Buffer.from([3]));
    expect(again.get('symbols', [3, 1])).toBeUndefined();
    expect([...again.keys('journal')]).toEqual([7]);
    expect(again.count('journal')).toBe(1);
    await again.close();
  });

  it('keeps keys in the order of numbers, and removes them', async () => {
    const store = new StateStore(newDir());
    await store.commit((write) => {
      for (const key of [1e12, 5, 300]) write.put('journal', key, bytes(1));
    });
    expect([...store.keys('journal', { start: 6 })]).toEqual([300, 1e12]);
    await store.commit((write) => write.remove('journal', 300));
    expect([...store.keys('journal', { reverse: true })]).toEqual([1e12, 5]);
    await store.close();
  });

  it('makes copies that can be emptied at once', async () => {
    const store = new StateStore(newDir());
    for (let key = 0; key < 2_000; key++) {
      const bytes = Buffer.alloc(key % 500 === 0 ? 300_000 : 300, key);
      await store.commit((write) => write.put('journal', key, bytes));
    }
    const dir = newDir();
    await store.copyTo(dir);
    await store.close();
    const copy = new StateStore(dir);
    await copy.commit((write) => {
      for (let key = 0; key < 2_000; key++) write.remove('journal', key);
    });
    expect(copy.count('journal')).toBe(0);
    await copy.close();
  });

  it('copies itself while it is open', async () => {
    const store = new StateStore(newDir());
    await store.commit((write) => write.put('meta', 'a', bytes(9)));
    const copy = newDir();
    await store.copyTo(copy);
    await store.commit((write) => write.put('meta', 'a', bytes(10)));
    const other = new StateStore(copy);
    expect(other.get('meta', 'a')).toEqual(Buffer.from([9]));
    await other.close();
    await store.close();
  });
});
