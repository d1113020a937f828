import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelMemory } from './kernel-memory.ts';

describe('kernel memory', () => {
  it('random blocks never overlap, are zero and aligned, and all come back', () => {
    const operations = fc.array(fc.nat({ max: 9999 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(operations, (numbers) => {
        const memory = new KernelMemory({ growBytes: 1 });
        memory.begin(1000);
        const blocks: { at: number; size: number; mark: number }[] = [];
        numbers.forEach((number, mark) => {
          if (number % 3 === 0 && blocks.length > 0) {
            const [block] = blocks.splice(number % blocks.length, 1);
            const { at, size } = block!;
            const bytes = memory.u8.subarray(at, at + size);
            expect(bytes.every((byte) => byte === block!.mark % 255)).toBe(true);
            memory.give(at, size);
          } else {
            const at = memory.take(number + 1);
            expect(at % 64).toBe(0);
            expect(at).toBeGreaterThanOrEqual(1000);
            const bytes = memory.u8.subarray(at, at + number + 1);
            expect(bytes.every((byte) => byte === 0)).toBe(true);
            bytes.fill(mark % 255);
            blocks.push({ at, size: number + 1, mark });
          }
        });
        for (const { at, size } of blocks) memory.give(at, size);
        expect(memory.usedBytes).toBe(0);
        // All is one range again: the whole fits without growth.
        const { bytes } = memory;
        memory.take(bytes - 1024);
        expect(memory.bytes).toBe(bytes);
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  it('grows in the steps asked for, and never past its limit', () => {
    const memory = new KernelMemory({ bytesMax: 10 * 65_536 + 5, growBytes: 3 * 65_536 });
    memory.begin(0);
    expect(memory.bytes).toBe(65_536);
    memory.take(65_536);
    memory.take(1);
    expect(memory.bytes).toBe(4 * 65_536);
    memory.take(8 * 65_536);
    expect(memory.bytes).toBe(10 * 65_536);
    expect(() => memory.take(65_536)).toThrow(/65536 bytes more do not fit; 589888 are in use/);
    expect(memory.usedBytes).toBe(9 * 65_536 + 64);
  });

  it('refuses limits that make no sense', () => {
    expect(() => new KernelMemory({ bytesMax: 100 })).toThrow(/limit must be from 65536/);
    expect(() => new KernelMemory({ bytesMax: 2 ** 33 })).toThrow(/limit/);
    expect(() => new KernelMemory({ growBytes: Number.NaN })).toThrow(/growth above 0/);
  });
});
