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

  it('tells the first few events as they are, then counts them, what came last at the end', () => {
    let nowMs = 0;
    const { log, lines } = collectLog();
    const incidents = new Incidents(log, () => nowMs);
    for (let i = 0; i < 10; i++) {
      incidents.tell('warn', 'away', `away ${i}`);
      if (i < 9) incidents.tell('info', 'back', `back ${i}`);
    }
    nowMs = 60_000;
    incidents.flush();
    expect(lines.map((line) => line.msg)).toEqual([
      ...['away 0', 'back 0', 'away 1', 'back 1', 'away 2', 'back 2'],
      '6 more; the last: back 8',
      '7 more; the last: away 9',
    ]);
  });

  it('takes lines that differ in their numbers alone for one kind', () => {
    const { log, lines } = collectLog();
    const { log: quiet } = new Incidents(log, () => 0);
    for (let i = 0; i < 100; i++) quiet.info(`took ${i * 1.5} s`);
    quiet.error('took 3 s');
    expect(lines.map((line) => line.msg)).toEqual([
      ...['took 0 s', 'took 1.5 s', 'took 3 s'],
      'took 3 s',
    ]);
  });
});
