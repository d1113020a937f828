import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { noCounts } from './channel.ts';
import { KnownCovariates } from './known-covariates.ts';

const EVERY = 10;
const stepOf = (timeMs: number): number => Math.floor(timeMs / EVERY) * EVERY;

function step(known: KnownCovariates, timeMs: number): number[] {
  return [...known.step((lead) => timeMs + lead * EVERY, stepOf)];
}

describe('KnownCovariates', () => {
  it('gives what is known now and at each lead, whatever the order in which it came', () => {
    const known = new KnownCovariates(2, 3, noCounts());
    for (const [time, value] of [
      [35, 3],
      [12, 1],
      [5, 0],
      [90, 9],
    ] as const) {
      known.push(0, time, value, false);
    }
    known.push(1, 20, 7, false);
    const none = Number.NaN;
    expect(step(known, 0)).toEqual([0, 1, none, 3, none, none, 7, none]);
    expect(step(known, 10)).toEqual([1, none, 3, none, none, 7, none, none]);
    expect(step(known, 40)).toEqual(Array(8).fill(none));
    expect(step(known, 70)).toEqual([none, none, 9, none, none, none, none, none]);
  });

  it('accounts for every value', () => {
    const total = noCounts();
    const known = new KnownCovariates(1, 2, total);
    known.push(0, 10, 1, false);
    known.push(0, 20, 2, false);
    known.push(0, 20, 3, false);
    known.push(0, 0, 4, true);
    expect(total).toMatchObject({ pending: 2, duplicate: 1, late: 1, learned: 0 });
    expect(step(known, 10)).toEqual([1, 3, Number.NaN]);
    expect(total).toMatchObject({ pending: 1, learned: 1 });
  });

  it('is part of the state, its accounts too', () => {
    const known = new KnownCovariates(1, 2, noCounts());
    known.push(0, 10, 1, false);
    known.push(0, 20, 2, false);
    step(known, 10);
    const out = new ByteWriter();
    known.save(out);
    const total = noCounts();
    const loaded = new KnownCovariates(1, 2, total);
    loaded.load(new ByteReader(out.finish()));
    expect(total).toMatchObject({ pending: 1, learned: 1 });
    expect(step(loaded, 20)).toEqual(step(known, 20));
  });
});
