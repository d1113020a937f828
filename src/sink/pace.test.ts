import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';
import { SinkUnavailable } from './sink.ts';

describe('backOffMs', () => {
  const pacing = { batchSteps: 100, flushMs: 0, retryMsMin: 100, retryMsMax: 1_000 };

  it('doubles up to the longest wait, with half of it jitter', () => {
    const failure = new SinkUnavailable('away');
    const least = new Pace(pacing, () => 0);
    expect([1, 2, 3, 4, 5, 6].map(() => least.backOffMs(failure))).toEqual([
      50, 100, 200, 400, 500, 500,
    ]);
    expect(new Pace(pacing, () => 1).backOffMs(failure)).toBe(100);
  });

  it('is never shorter than what the other side has asked for', () => {
    const pace = new Pace(pacing, () => 0);
    expect(pace.backOffMs(new SinkUnavailable('busy', 'normal', 7_000))).toBe(7_000);
    expect(pace.backOffMs(new SinkUnavailable('busy', 'normal', 10))).toBe(100);
    expect(pace.backOffMs(new SinkUnavailable('refused', 'slow', 10))).toBe(1_000);
  });
});
