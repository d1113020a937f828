import { describe, expect, it } from 'vitest';
import type { TrainReport } from '../recurrent/engine.ts';
import { ByteReader, ByteWriter } from '../store/bytes.ts';
import { UpdateRecord } from './update-record.ts';

function report(over: Partial<TrainReport>): TrainReport {
  return {
    ...{ loss: 1, gradNorm: 2, clippedNorm: 2, clipped: false, skipped: false, gradientReach: 1 },
    ...over,
  };
}

describe('UpdateRecord', () => {
  it('knows nothing before the first update, and nothing of skipped ones', () => {
    const record = new UpdateRecord();
    record.add(report({ skipped: true, loss: Number.NaN }));
    expect([record.updates, record.skipped]).toEqual([0, 1]);
    expect(Object.values(record.means).every(Number.isNaN)).toBe(true);
  });

  it('gives means, of the reach the geometric one', () => {
    const record = new UpdateRecord();
    record.add(report({ gradNorm: 3, clippedNorm: 1, clipped: true, gradientReach: 0.25 }));
    record.add(report({ gradNorm: 1, clippedNorm: 1, gradientReach: Number.NaN }));
    record.add(report({ loss: 4, gradNorm: 2, clippedNorm: 1, clipped: true, gradientReach: 1 }));
    const { loss, gradNorm, clippedNorm, clippedShare, gradientReach } = record.means;
    expect([loss, gradNorm, clippedNorm]).toEqual([2, 2, 1]);
    expect(clippedShare).toBeCloseTo(2 / 3, 12);
    expect(gradientReach).toBeCloseTo(0.5, 12);
  });

  it('goes on after save and load as before, and follows what is new', () => {
    const record = new UpdateRecord();
    for (let i = 0; i < 300; i++) record.add(report({ gradNorm: 10 }));
    const out = new ByteWriter();
    record.save(out);
    const loaded = new UpdateRecord();
    loaded.load(new ByteReader(out.finish()));
    for (const one of [record, loaded]) {
      for (let i = 0; i < 500; i++) one.add(report({ gradNorm: 1 }));
    }
    expect(loaded.means).toEqual(record.means);
    expect(loaded.updates).toBe(800);
    expect(loaded.means.gradNorm).toBeCloseTo(1, 0);
  });
});
