import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigWatch, digestOf } from './config-watch.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'foretide-watch-'));
  path = join(dir, 'config.yaml');
});
afterEach(() => rmSync(dir, { recursive: true }));

/** How often it told of a change in so many looks. */
async function told(watch: ConfigWatch, seen: { count: number }, looks: number): Promise<number> {
  for (let i = 0; i < looks; i++) await watch.look();
  return seen.count;
}

async function watching(): Promise<{ watch: ConfigWatch; seen: { count: number } }> {
  const seen = { count: 0 };
  const watch = new ConfigWatch(path, () => seen.count++);
  watch.knows(await digestOf(path));
  await told(watch, seen, 3);
  expect(seen.count).toBe(0);
  return { watch, seen };
}

it('tells of another content once it stays, and not of a file that was only touched', async () => {
  writeFileSync(path, 'a');
  const { watch, seen } = await watching();
  writeFileSync(path, 'a');
  expect(await told(watch, seen, 3)).toBe(0);
  writeFileSync(path, 'b');
  expect(await told(watch, seen, 1)).toBe(0);
  writeFileSync(path, 'bc');
  expect(await told(watch, seen, 1)).toBe(0);
  expect(await told(watch, seen, 3)).toBe(1);
  watch.knows(await digestOf(path));
  expect(await told(watch, seen, 3)).toBe(1);
});

it('follows a file that another takes the place of, gone for a while or not', async () => {
  writeFileSync(path, 'a');
  const { watch, seen } = await watching();
  writeFileSync(join(dir, 'new'), 'b');
  renameSync(join(dir, 'new'), path);
  expect(await told(watch, seen, 2)).toBe(1);
  rmSync(path);
  expect(await told(watch, seen, 3)).toBe(1);
  writeFileSync(path, 'c');
  expect(await told(watch, seen, 2)).toBe(2);
});

it('follows links two folders up, as a config map swaps them', async () => {
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(dir, version));
    writeFileSync(join(dir, version, 'config.yaml'), version);
  }
  symlinkSync('v1', join(dir, 'data'));
  symlinkSync(join('data', 'config.yaml'), path);
  const { watch, seen } = await watching();
  symlinkSync('v2', join(dir, 'data.new'));
  renameSync(join(dir, 'data.new'), join(dir, 'data'));
  expect(await told(watch, seen, 2)).toBe(1);
});
