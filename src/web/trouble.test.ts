import { describe, expect, it } from 'vitest';
import type { PipelineReport } from '../observe/http/api.ts';
import { troubles } from './trouble.ts';

const WELL: PipelineReport = {
  ...{ instance: 'a', version: '1', nowMs: 2, startedMs: 1, paused: false, thinFactor: 1 },
  source: { name: 'mqtt://broker', connected: true, trouble: 'an old one', dropped: 0 },
  sinks: [
    {
      ...{ name: 'influx', available: true, trouble: null, waiting: 3, written: 9, retries: 4 },
      ...{ dropped: 0, rejected: 0 },
    },
  ],
  state: {
    ...{ dir: 'state', journalFullness: 0.4, journalEntries: 7 },
    ...{ unsavedSeries: 1, recoveringSeries: 0 },
  },
  accounting: {
    hall: { received: 9, learned: 4, duplicate: 1, late: 1, invalid: 1, filtered: 1, pending: 1 },
  },
  rates: { receivedPerSecond: 1, learnedPerSecond: 1, writtenPerSecond: 1 },
  latencyMs: null,
  eventLoopMs: { p50: 1, p99: 2 },
  residentBytes: 1,
  series: { learning: 0, good: 1, drifting: 0, stale: 0, failing: 0 },
};

const texts = (change: Partial<PipelineReport>): string[] =>
  troubles({ ...WELL, ...change }).map(({ tone, text }) => `${tone}: ${text}`);

describe('troubles', () => {
  it('has none where all is well, whatever was wrong before', () => {
    expect(texts({})).toEqual([]);
  });

  it('says what is wrong with source and sinks', () => {
    const sink = { ...WELL.sinks[0]!, available: false, waiting: 1_200, dropped: 2 };
    const source = { ...WELL.source, connected: false, dropped: 5 };
    expect(texts({ source, sinks: [sink] })).toEqual([
      'bad: No connection to the source: nothing comes in.',
      'warn: Messages of QoS 0 lost before they could be taken: 5.',
      'bad: influx takes nothing. Steps that wait for it: 1,200.',
      'bad: Steps given up for influx, as too many waited: 2.',
    ]);
  });

  it('leaves samples their time from one count to the next', () => {
    const hall = { ...WELL.accounting.hall!, received: 10 };
    expect(texts({ accounting: { hall } })).toEqual([]);
    const rates = { ...WELL.rates, receivedPerSecond: 0 };
    expect(texts({ accounting: { hall }, rates })).toEqual([
      'bad: Samples of hall that nothing accounts for: 1. Please report this.',
    ]);
  });

  it('tells a pause from a lost connection', () => {
    const source = { ...WELL.source, connected: false };
    expect(texts({ source, paused: true })).toEqual([
      'warn: Paused: no messages are taken; the broker keeps what it can.',
    ]);
  });

  it('finds samples that nobody can account for, and overload, and a full journal', () => {
    const hall = { ...WELL.accounting.hall!, received: 12 };
    const state = { ...WELL.state!, journalFullness: 0.91 };
    expect(texts({ accounting: { hall }, thinFactor: 4, state })).toEqual([
      'warn: The journal is 91 % full; at its limit the source has to wait.',
      'warn: Overload: networks learn at one in 4 of their updates.',
      'bad: Samples of hall that nothing accounts for: 3. Please report this.',
    ]);
  });
});
