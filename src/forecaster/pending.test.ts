import { describe, expect, it } from 'vitest';
import { Pending } from './pending.ts';

describe('Pending', () => {
  it('gives back for lead h what was put h steps ago', () => {
    const pending = new Pending(5, 2);
    for (let step = 0; step < 30; step++) {
      for (let lead = 1; lead <= 5; lead++) {
        const row = pending.offset(lead);
        const due = [pending.values[row], pending.values[row + 1]];
        expect(due).toEqual(
          step < lead ? [Number.NaN, Number.NaN] : [step - lead, 100 * lead + step - lead],
        );
        pending.values[row] = step;
        pending.values[row + 1] = 100 * lead + step;
      }
      pending.next();
    }
    expect(pending.values.length).toBe(15 * 2);
  });
});
