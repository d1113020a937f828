import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkStore } from './check.ts';
import { openState } from './open-state.ts';

// Other work may keep the machine and the disk busy.
vi.setConfig({ testTimeout: 120_000 });

/** Built, as another process cannot run the source. */
const SCRIPT = fileURLToPath(new URL('../../dist/store/open-state.js', import.meta.url));
/** Commits and says so, for ever: round r writes r to the heads 0..9 and replaces some states. */
const CODE = `
  import { openState } from ${JSON.stringify(SCRIPT)};
  const fail = (text) => { throw new Error(text); };
  const { store } = await openState(process.argv[1], { info: fail, warn: fail, error: fail });
  const first = 1 + (store.get('heads', 0)?.readUInt32LE(0) ?? 0);
  for (let round = first; ; round++) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(round);
    await store.commit((write) => {
      for (let i = 0; i < 10; i++) write.put('heads', i, bytes);
      for (let i = 0; i < 4; i++) {
        write.put('states', (round * 7 + i * 13) % 90, Buffer.alloc((round * 997) % 9000, round));
      }
      write.put('journal', round, Buffer.alloc(round % 800));
      if (round > 40) write.remove('journal', round - 40);
    });
    console.log(round);
  }`;

const dir = mkdtempSync(join(tmpdir(), 'foretide-killed-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The last round that it has told, when it is killed after some more. */
async function runUntilKilled(rounds: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CODE, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = 0;
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    last = Number(line);
    if (++count === rounds) child.kill('SIGKILL');
  }
  if (child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return last;
}

describe('a killed process', () => {
  it('leaves a sound store with all that it said was written', async () => {
    for (const rounds of [1, 25, 60, 110]) {
      const last = await runUntilKilled(rounds);
      const path = join(dir, 'store', 'data.mdb');
      const depth = { msMax: 60_000, bytesMax: Number.POSITIVE_INFINITY };
      expect(checkStore(path, depth)).toEqual([]);
      const told: string[] = [];
      const tell = (text: string): void => void told.push(text);
      const { store, close, cleanStart, healthy } = await openState(dir, {
        info: tell,
        warn: tell,
        error: tell,
      });
      expect(cleanStart).toBe(false);
      expect(told).toEqual([]);
      const heads = [...store.keys<number>('heads')].map((key) => store.get('heads', key));
      const found = new Set(heads.map((bytes) => Buffer.from(bytes!).readUInt32LE(0)));
      // One round more may have reached the disk untold; never a part of one.
      expect(found.size).toBe(1);
      expect([last, last + 1]).toContain([...found][0]);
      healthy();
      await close();
    }
  });
});
