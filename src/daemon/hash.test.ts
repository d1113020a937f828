import { describe, expect, it } from 'vitest';
import { shardOf } from './hash.ts';

describe('shardOf', () => {
  it('spreads names that are alike over all shards', () => {
    const families = [
      (i: number) => `sensors/room${i}/temperature`,
      (i: number) => `plant/${i * 2}`,
      (i: number) => String.fromCharCode(97 + 2 * (i % 13)).repeat(1 + (i >> 2)),
    ];
    for (const family of families) {
      for (const shards of [2, 3, 4, 8]) {
        const counts = new Array<number>(shards).fill(0);
        for (let i = 0; i < 1_000; i++) counts[shardOf(family(i), shards)]!++;
        expect(Math.min(...counts)).toBeGreaterThan((0.6 * 1_000) / shards);
      }
    }
  });

  it('never changes: saved states are kept by it', () => {
    expect(
      ['', 'a', 'sensors/1/t', 'Größe'].map((name) => shardOf(name, 64)),
    ).toMatchInlineSnapshot(`
      [
        11,
        51,
        39,
        0,
      ]
    `);
  });
});
