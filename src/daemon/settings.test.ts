import { describe, expect, it } from 'vitest';
import { seasonSteps } from './settings.ts';

describe('seasonSteps', () => {
  it('counts whole steps, on fixed and on calendar grids', () => {
    expect(seasonSteps({ ms: 86_400_000 }, 3_600_000)).toBe(24);
    expect(seasonSteps({ ms: 86_400_000 }, 7_000)).toBe(12_343);
    expect(seasonSteps({ months: 12 }, 30.4375 * 86_400_000)).toBe(12);
    expect(seasonSteps({ ms: 60_000 }, 60_000)).toBeUndefined();
  });
});
