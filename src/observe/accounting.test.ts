import { describe, expect, it } from 'vitest';
import { formatAccounting, sumAccounting, unaccounted } from './accounting.ts';

describe('sumAccounting', () => {
  it('adds what each part counted, by stream, and names streams that saw nothing', () => {
    const intake = new Map([['a', { received: 10, invalid: 2, filtered: 1 }]]);
    const shard = new Map([['a', { learned: 4, duplicate: 1, late: 1, pending: 1 }]]);
    const total = sumAccounting(['a', 'b'], [intake, shard]);
    expect(formatAccounting(total.get('a')!)).toBe(
      '10 received = 4 learned + 1 duplicate + 1 late + 2 invalid + 1 filtered + 1 pending',
    );
    expect(total.get('b')).toMatchObject({ received: 0, learned: 0, pending: 0 });
  });

  it('adds verdicts that both sides count', () => {
    const total = sumAccounting(
      ['a'],
      [new Map([['a', { invalid: 2 }]]), new Map([['a', { invalid: 3 }]])],
    );
    expect(total.get('a')!.invalid).toBe(5);
  });

  it('says so when samples are missing', () => {
    const total = sumAccounting(['a'], [new Map([['a', { received: 3, learned: 1 }]])]);
    expect(unaccounted(total.get('a')!)).toBe(2);
    expect(formatAccounting(total.get('a')!)).toContain('2 UNACCOUNTED');
  });
});
