import { describe, expect, it } from 'vitest';
import { type Asked, answered, checkGeneration, InfluxRefusal } from './influx-errors.ts';
import { SinkUnavailable } from './sink.ts';

const asked = (version: Asked['version']): Asked => ({ version, where: 'http://h/f', as: 'as x' });
const json = (message: string): string => JSON.stringify({ code: 'c', message });

describe('answers that are about the lines', () => {
  it.each([
    [400, json("unable to parse 'x': missing fields"), undefined],
    [413, json('unable to read data: points batch is too large'), undefined],
    [422, json('failure writing points to database: partial write: y dropped=3'), 3],
    [500, json('unexpected error writing points to database: partial write: y dropped=32'), 32],
    [500, 'max request size (10485760 bytes) exceeded', undefined],
    [403, json('data in table a is outside of the retention period: minimum …'), undefined],
    [404, json('bucket "f" not found'), undefined],
  ])('%d %s', (status, body, dropped) => {
    const failure = answered(status, body, asked(2));
    expect(failure).toBeInstanceOf(InfluxRefusal);
    expect(failure).toMatchObject({ dropped, storeMissing: status === 404, lines: undefined });
  });

  it('names the lines, from 0, where the answer does', () => {
    const data = [{ original_line: 'a', line_number: 2, error_message: 'bad' }, { odd: 1 }, null];
    const body = JSON.stringify({ error: 'partial write of line protocol occurred', data });
    expect(answered(400, body, asked(3))).toMatchObject({ lines: [{ index: 1, reason: 'bad' }] });
  });
});

describe('answers that are about something else', () => {
  it.each([
    [401, json('unauthorized access'), 2, 'slow', /as x: unauthorized access; check token in/],
    [403, json('insufficient permissions for write'), 2, 'slow', /refuses access .*check token/],
    [404, json('organization name "o" not found'), 2, 'slow', /not found; check org in sinks\.in/],
    [404, '<h1>nothing</h1>', 3, 'slow', /answers 404: .*is that an InfluxDB 3\?/],
    [400, '{"error":"invalid character in database name: …"}', 3, 'slow', /check database in/],
    [
      422,
      '{"error":"Adding a new database would exceed limit of 5 databases"}',
      3,
      'slow',
      /is th/,
    ],
    [429, json('rate limit'), 2, 'normal', /is busy: rate limit/],
    [500, 'oops', 2, 'normal', /answers 500: oops$/],
    [301, '', 2, 'slow', /answers 301/],
  ] as const)('%d %s', (status, body, version, pace, message) => {
    const failure = answered(status, body, asked(version));
    expect(failure).toBeInstanceOf(SinkUnavailable);
    expect(failure).toMatchObject({ pace, message: expect.stringMatching(message) });
  });

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['86400', 600_000],
    [new Date(Date.now() + 3_600_000).toUTCString(), 600_000],
    [new Date(Date.now() - 3_600_000).toUTCString(), 0],
    ['soon', 0],
    [null, 0],
  ])('Retry-After %s: a wait of %d ms', (header, waitMs) => {
    expect(answered(503, '', asked(2), header)).toMatchObject({ waitMs });
  });
});

describe('checkGeneration', () => {
  it.each([
    ['1.6.7', 1],
    ['v2.7.11', 2],
    ['3.4.1', 3],
    ['0.13.0', 1],
    [undefined, 2],
    ['unknown', 3],
    ['Cloud', 2],
  ] as const)('%s is taken as %d', (told, version) => {
    expect(() => checkGeneration(told, asked(version))).not.toThrow();
  });

  it.each([
    ['v2.7.1', 1, /version: 2, with token, org and bucket/],
    ['3.0.0', 2, /version: 3, with token and database/],
    ['1.8.10', 3, /version: 1, with database/],
    ['4.0', 3, /version: to that, where Foretide knows it/],
  ] as const)('%s is not %d, and the keys are named', (told, version, message) => {
    expect(() => checkGeneration(told, asked(version))).toThrow(message);
  });
});
