/** FORETIDE_FAULTS: how many damages, FORETIDE_SEED: from which on. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkStore } from './check.ts';
import { type OpenState, openState } from './open-state.ts';
import { DamagedValue } from './sealed.ts';
import { StateStore } from './state-store.ts';
import { type Key, TABLES, type TableName } from './tables.ts';

const COUNT = Number(process.env.FORETIDE_FAULTS ?? 24);
const SEED = Number(process.env.FORETIDE_SEED ?? 1);
const PAGE = 4096;
const EVERYTHING = { msMax: 60_000, bytesMax: Number.POSITIVE_INFINITY };

interface Written {
  readonly table: TableName;
  readonly key: Key;
  readonly value: Buffer;
}

type Random = (below: number) => number;

/** Park and Miller. */
function random(seed: number): Random {
  let state = (seed * 48_271 + 11) % 2_147_483_647;
  const next = (): number => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  for (let i = 0; i < 10; i++) next();
  return (below) => Math.floor(next() * below);
}

const root = mkdtempSync(join(tmpdir(), 'foretide-damage-'));
const base = join(root, 'base');
/** By table and the key's text. */
const written = new Map<string, Written>();
/** As it was before the newest commit. */
let before = new Map(written);

function bytesOf(below: Random, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => below(256)));
}

/** Some commits of every table, with values small and large, replaced and removed. */
async function build(): Promise<void> {
  const below = random(7);
  const { store, close } = await openState(base, { info() {}, warn() {}, error() {} });
  for (let round = 0; round < 40; round++) {
    const puts: [TableName, Key, number][] = [
      ['series', round, 40],
      ['symbols', [round, 1], 8],
      ['heads', below(40), 60],
      ['states', below(40), 1_000 + below(9_000)],
      ['outbox', round * 100, below(3_000)],
      ['meta', `name ${round % 5}`, 20],
    ];
    for (let i = 0; i < 20; i++) puts.push(['journal', round * 20 + i, below(600)]);
    const values = puts.map(([table, key, size]) => ({ table, key, value: bytesOf(below, size) }));
    const gone = round > 10 ? [0, 1, 2].map((i) => (round - 10) * 20 + i) : [];
    await store.commit((write) => {
      for (const { table, key, value } of values) write.put(table, key, value);
      for (const key of gone) write.remove('journal', key);
    });
    if (round === 39) before = new Map(written);
    for (const value of values) written.set(nameOf(value.table, value.key), value);
    for (const key of gone) written.delete(nameOf('journal', key));
  }
  await close();
}

beforeAll(build);
afterAll(() => rmSync(root, { recursive: true, force: true }));

function nameOf(table: TableName, key: Key): string {
  return `${table} ${JSON.stringify(key)}`;
}

const DAMAGES: Record<string, (bytes: Buffer, below: Random) => Buffer> = {
  'a flipped bit': (bytes, below) => flip(bytes, below(bytes.length), below),
  'a flipped bit in a head of a page': (bytes, below) =>
    flip(bytes, below(bytes.length / PAGE) * PAGE + below(48), below),
  'a flipped bit in a meta page': (bytes, below) =>
    flip(bytes, below(2) * PAGE + below(168), below),
  'ten flipped bits': (bytes, below) => {
    for (let i = 0; i < 10; i++) flip(bytes, below(bytes.length), below);
    return bytes;
  },
  'a torn page': (bytes, below) => {
    const at = below(bytes.length / PAGE) * PAGE;
    return bytes.fill(0, at + 512 * (1 + below(7)), at + PAGE);
  },
  'a page of noise': (bytes, below) => {
    bytesOf(below, PAGE).copy(bytes, below(bytes.length / PAGE) * PAGE);
    return bytes;
  },
  'one page in place of another': (bytes, below) => {
    const from = below(bytes.length / PAGE) * PAGE;
    bytes.copy(bytes, below(bytes.length / PAGE) * PAGE, from, from + PAGE);
    return bytes;
  },
  'a file cut short': (bytes, below) => bytes.subarray(0, below(bytes.length)),
};

function flip(bytes: Buffer, at: number, below: Random): Buffer {
  bytes[at]! ^= 1 << below(8);
  return bytes;
}

/** What is missing of each table; nothing that is there may be wrong. */
function compare(state: OpenState): Map<TableName, Key[]> {
  const missing = new Map<TableName, Key[]>(TABLES.map((table) => [table, []]));
  for (const [name, { table, key, value }] of written) {
    let found: Uint8Array | undefined;
    try {
      found = state.store.get(table, key);
    } catch (error) {
      // Told as soon as it is wanted: after a stop in good order no large value is read at the start.
      expect(error).toBeInstanceOf(DamagedValue);
      expect(state.cleanStart).toBe(true);
      continue;
    }
    if (!found) missing.get(table)!.push(key);
    else if (state.newest || !Buffer.from(found).equals(before.get(name)?.value ?? value)) {
      expect(Buffer.from(found).equals(value), name).toBe(true);
    }
  }
  for (const table of TABLES) {
    for (const key of state.store.keys(table)) {
      if (key === 'format') continue;
      const name = nameOf(table, key);
      expect(written.has(name) || (!state.newest && before.has(name)), name).toBe(true);
    }
  }
  return missing;
}

function expectTold(missing: ReadonlyMap<TableName, Key[]>, state: OpenState): void {
  for (const [table, all] of missing) {
    const keys = all.filter((key) => state.newest || before.has(nameOf(table, key)));
    if (keys.length === 0) continue;
    const lost = state.lost.find((entries) => entries.table === table);
    expect(lost, `${table}: ${keys.length} missing`).toBeDefined();
    if (lost?.count !== undefined) expect(lost.count).toBeGreaterThanOrEqual(keys.length);
  }
}

/** @returns whether the store was written anew, and whether something is lost */
async function survive(seed: number): Promise<{ mended: boolean; lossy: boolean }> {
  const below = random(seed);
  const dir = join(root, `damage-${seed}`);
  cpSync(base, dir, { recursive: true });
  const path = join(dir, 'store', 'data.mdb');
  const names = Object.keys(DAMAGES);
  const name = names[seed % names.length]!;
  writeFileSync(path, DAMAGES[name]!(readFileSync(path), below));
  // A record that cannot be read, as after a crash, for most of them.
  if (below(4) > 0) writeFileSync(join(dir, 'start.json'), 'noise');
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  const state = await openState(dir, { info: tell, warn: tell, error: tell });
  try {
    expectTold(compare(state), state);
    await state.store.commit((write) => {
      for (let i = 0; i < 50; i++) write.put('outbox', 1e6 + i, Buffer.alloc(i * 100));
    });
  } catch (error) {
    throw new Error(`seed ${seed}, ${name}: ${told.join('\n')}`, { cause: error });
  } finally {
    await state.close();
  }
  if (!state.cleanStart) expect(checkStore(path, EVERYTHING)).toEqual([]);
  rmSync(dir, { recursive: true });
  return { mended: told.length > 0, lossy: state.lost.length > 0 };
}

describe('a damaged store', () => {
  it('has nothing wrong before', () => {
    expect(checkStore(join(base, 'store', 'data.mdb'), EVERYTHING)).toEqual([]);
  });

  it(
    `is opened, with nothing wrong in it and all that is lost told: ${COUNT} damages`,
    async () => {
      let [mended, lossy] = [0, 0];
      for (let seed = SEED; seed < SEED + COUNT; seed++) {
        const result = await survive(seed);
        mended += Number(result.mended);
        lossy += Number(result.lossy);
      }
      console.log(`${COUNT} damages: ${mended} mended, ${lossy} of them with a loss`);
      // Others hit what is free, or only what is read when it is wanted.
      expect(mended).toBeGreaterThan(COUNT / 4);
      expect(lossy).toBeLessThan(mended);
    },
    60_000 + COUNT * 5_000,
  );
});

describe('the check', () => {
  it('finds nothing wrong in sound stores, whatever was done to them', async () => {
    const below = random(3);
    const dir = join(root, 'churn');
    let store = new StateStore(dir);
    for (let round = 0; round < 80; round++) {
      const keys = Array.from({ length: 30 }, () => below(400));
      await store.commit((write) => {
        for (const key of keys) {
          if (below(3) === 0) write.remove('states', key);
          else write.put('states', key, Buffer.alloc(below(3) * below(9_000), round));
          write.put('journal', round * 1_000 + key, Buffer.alloc(below(300)));
          if (round > 20) write.remove('journal', (round - 20) * 1_000 + key);
        }
        for (const code of keys) write.put('symbols', [code, round], Buffer.from('on'));
      });
      if (round % 40 === 39) {
        const copy = join(root, `copy-${round}`);
        await store.copyTo(copy);
        await store.close();
        store = new StateStore(copy);
      }
      const faults = checkStore(join(store.dir, 'store', 'data.mdb'), EVERYTHING);
      expect(faults, `after commit ${round}`).toEqual([]);
    }
    await store.close();
  }, 120_000);
});
