import { describe, expect, it } from 'vitest';
import { collectLog } from '../../test/support/log.ts';
import { Incidents } from './incidents.ts';

describe('Incidents', () => {
  it('logs the first at once, the rest once a minute with their number', () => {
    let nowMs = 0;
    const { log, lines } = collectLog();
    const incidents = new Incidents(log, () => nowMs);
    for (let i = 0; i < 1000; i++) incidents.report('not_json', `message ${i}`);
    incidents.flush();
    nowMs = 60_000;
    incidents.flush();
    expect(lines.map((line) => line.msg)).toEqual([
      'not_json: message 0',
      'not_json: 999 more; the last: message 999',
    ]);
  });

  it('forgets what has stopped, and then reports it anew', () => {
    let nowMs = 0;
    const { log, lines } = collectLog();
    const incidents = new Incidents(log, () => nowMs);
    incidents.report('late', 'one');
    nowMs = 60_000;
    incidents.flush();
    incidents.report('late', 'two');
    expect(lines.map((line) => line.msg)).toEqual(['late: one', 'late: two']);
  });

  it('keeps the number of kinds bounded', () => {
    const { log, lines } = collectLog();
    const incidents = new Incidents(log, () => 0);
    for (let i = 0; i < 5000; i++) incidents.report(`kind ${i}`, 'x');
    expect(lines.length).toBe(201);
    expect(lines.at(-1)?.msg).toBe('other trouble: x');
  });
});
