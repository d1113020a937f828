/** Bytes that no device should send, for decoders; seeded, so that a run can be had again. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Decoded, decoding, message } from './decode.ts';

const SEED = 20_261_121;

/** Sound payloads, some with a few bytes changed, cut off or put in, and noise. */
export function spoiled(sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(), with: fc.uint8Array({ maxLength: 3 }), cut: fc.nat(3) });
  const changed = fc
    .tuple(sound, fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([payload, changes]) => changes.reduce(spoil, payload));
  const cut = fc
    .tuple(sound, fc.nat())
    .map(([payload, at]) => payload.subarray(0, at % (payload.length + 1)));
  return fc.oneof(sound, changed, cut, fc.uint8Array({ maxLength: 200 }));
}

function spoil(payload: Uint8Array, change: { at: number; with: Uint8Array; cut: number }) {
  const at = change.at % (payload.length + 1);
  return Buffer.concat([payload.subarray(0, at), change.with, payload.subarray(at + change.cut)]);
}

/**
 * Never throws, accounts for every message, and lets no value through that cannot be learned.
 * @param yaml of each stream that is tried
 */
export function expectSound(
  yaml: readonly string[],
  payloads: fc.Arbitrary<Uint8Array>,
  { topic = fc.constant('a/b') as fc.Arbitrary<string>, runs = 2_000 } = {},
): void {
  const decoders = yaml.map((stream) => decoding(stream));
  fc.assert(
    fc.property(fc.constantFrom(...decoders), topic, payloads, (decode, from, payload) => {
      const found = decode(message(payload, { topic: from }));
      expect(found.length).toBeGreaterThan(0);
      for (const one of found) expectLearnable(one);
    }),
    { seed: SEED, numRuns: runs },
  );
}

function expectLearnable(found: Decoded): void {
  if (found.length === 2) {
    expect(found[1]).toMatch(/^(invalid|filtered) [a-z0-9_]+$/);
    return;
  }
  const [, timeMs, value] = found;
  expect(timeMs === undefined || Number.isFinite(timeMs)).toBe(true);
  if (typeof value === 'number') expect(Math.abs(value)).toBeLessThanOrEqual(1e100);
  else expect(Buffer.byteLength(value)).toBeLessThanOrEqual(256);
}
