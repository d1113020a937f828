import { expect, it } from 'vitest';
import { resolveShards } from './core.ts';

it('leaves one core to what goes in and out', () => {
  expect([1, 2, 4, 9, 128].map((cores) => resolveShards('auto', cores))).toEqual([1, 1, 3, 8, 8]);
  expect(resolveShards(64, 2)).toBe(64);
});
