import { isUtf8 } from 'node:buffer';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Outcome, readAll } from '../../test/support/sources.ts';
import { LINE_BYTES_MAX } from './lines.ts';
import { createNdjsonSource } from './ndjson.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-ndjson-'));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;
function read(content: string | Buffer, topic?: string): Promise<Outcome> {
  const file = join(dir, `rec${files++}.ndjson`);
  writeFileSync(file, content);
  return readAll(createNdjsonSource({ file, topic }));
}

const textOf = ({ messages }: Outcome) =>
  messages.map(({ payload }) => Buffer.from(payload).toString());

describe('NDJSON source', () => {
  it('takes a plain line as the payload, under the default topic', async () => {
    const outcome = await read('\ufeff{"v":1}\r\n\n  \n21.5\n[1]', 'plant/x');
    expect(textOf(outcome)).toEqual(['{"v":1}', '21.5', '[1]']);
    expect(
      outcome.messages.map(({ topic, receivedMs, retained }) => [topic, receivedMs, retained]),
    ).toEqual([
      ['plant/x', 1, false],
      ['plant/x', 4, false],
      ['plant/x', 5, false],
    ]);
    expect(outcome.messages[1]!.where).toMatch(/rec\d+\.ndjson:4$/);
    expect((await read('1')).messages[0]!.topic).toMatch(/^rec\d+$/);
  });

  it('takes recorded messages with payloads of any kind', async () => {
    const outcome = await read(
      [
        '{"topic":"a","payload":"21,5","time":1700000000000}',
        '{"topic":"a","payload":{"v":[1,null]},"time":1700000001}',
        '{"topic":"a","payload":7,"time":"2023-11-14T22:13:22.5Z"}',
        '{"topic":"a","payload_base64":"/v8A"}',
      ].join('\n'),
    );
    expect(outcome.messages.map(({ payload }) => Buffer.from(payload))).toEqual([
      Buffer.from('21,5'),
      Buffer.from('{"v":[1,null]}'),
      Buffer.from('7'),
      Buffer.from([0xfe, 0xff, 0x00]),
    ]);
    expect(outcome.messages.map(({ receivedMs }) => receivedMs)).toEqual([
      1_700_000_000_000, 1_700_000_001_000, 1_700_000_002_500, 1_700_000_002_500.001,
    ]);
  });

  it('takes what mosquitto_sub -F %j prints', async () => {
    const { messages } = await read(
      [
        '{"tst":"2026-11-21T03:32:57.187597Z+0000","topic":"a/b","qos":0,"retain":0,"payloadlen":6,"payload":"hi \\"x\\""}',
        '{"tst":"2026-11-21T04:32:57.191240Z+0100","topic":"a/n","qos":0,"retain":1,"payloadlen":0,"payload":null}',
      ].join('\n'),
    );
    expect(messages).toEqual([
      expect.objectContaining({ topic: 'a/b', payload: Buffer.from('hi "x"'), retained: false }),
      expect.objectContaining({ topic: 'a/n', payload: Buffer.alloc(0), retained: true }),
    ]);
    expect(messages[0]!.receivedMs).toBeCloseTo(Date.UTC(2026, 10, 21, 3, 32, 57) + 187.597, 3);
    expect(messages[1]!.receivedMs).toBeCloseTo(Date.UTC(2026, 10, 21, 3, 32, 57) + 191.24, 3);
  });

  it('keeps receive times increasing, and does not believe impossible ones', async () => {
    const times = [1_700_000_000_000, 1_600_000_000_000, 1e30, 1_700_000_000_001];
    const { messages } = await read(
      times.map((time) => `{"topic":"a","payload":1,"time":${time}}\n`).join(''),
    );
    expect(messages.map(({ receivedMs }) => receivedMs)).toEqual([
      1_700_000_000_000, 1_700_000_000_000.001, 1_700_000_000_000.002, 1_700_000_000_001,
    ]);
  });

  it('hands on every bad line for the decoder to count, and goes on', async () => {
    const deep = `{"topic":"a","payload":${'['.repeat(400_000)}${']'.repeat(400_000)}}`;
    const outcome = await read(
      Buffer.concat([
        Buffer.from('not JSON\n{"topic":"a","payload":1\n{"topic":5,"payload":1}\n{"topic":"a"}\n'),
        Buffer.from([...Buffer.from('{"topic":"a","payload":"'), 0xff, 0x22, 0x7d, 0x0a]),
        Buffer.from('{"topic":"a","payload_base64":"?"}\n'),
        Buffer.from(`${deep}\n`),
        Buffer.from(`1${' '.repeat(LINE_BYTES_MAX)}\n`),
        Buffer.from('{"v":2}\n'),
      ]),
      'file',
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.messages.map(({ topic }) => topic)).toEqual(Array(9).fill('file'));
    const tooLong = outcome.messages[7]!.payload;
    expect(isUtf8(tooLong)).toBe(false);
    expect(tooLong.length).toBeLessThan(1_000);
    expect(textOf(outcome)[8]).toBe('{"v":2}');
    expect(outcome.messages[8]!.where).toMatch(/:9$/);
  });

  it('reads lines that span chunks, and one just at the limit', async () => {
    const long = `"${'x'.repeat(LINE_BYTES_MAX - 2)}"`;
    const many = Array.from({ length: 20_000 }, (_, i) => `{"i":${i}}`);
    const outcome = await read(`${many.join('\n')}\n${long}`);
    expect(textOf(outcome)).toEqual([...many, long]);
  });

  it('gives nothing for an empty file', async () => {
    expect(await read('')).toEqual({ messages: [], error: undefined });
  });

  it('gives one message a line whatever the bytes', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record({ topic: fc.jsonValue(), payload: fc.jsonValue(), time: fc.jsonValue() })
        .map((record) => Buffer.from(JSON.stringify(record))),
    );
    const line = bytes.map((b) =>
      Buffer.from([0x78, ...b.filter((c) => c !== 0x0a)]).subarray(b[0]! & 1),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (lines) => {
        const text = Buffer.concat(lines.flatMap((l) => [l, Buffer.from('\n')]));
        const { messages, error } = await read(text);
        expect(error).toBeUndefined();
        const blank = (l: Buffer) => /^[ \t]*\r?$/.test(l.toString('latin1'));
        expect(messages).toHaveLength(lines.filter((l) => !blank(l)).length);
        const times = messages.map(({ receivedMs }) => receivedMs);
        expect(times.every((t, i) => i === 0 || t > times[i - 1]!)).toBe(true);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('does not carry keys into prototypes', async () => {
    const outcome = await read(
      '{"topic":"a","payload":{"__proto__":{"v":1}}}\n{"__proto__":{"topic":"a","payload":1}}',
    );
    expect(textOf(outcome)).toEqual([
      '{"__proto__":{"v":1}}',
      '{"__proto__":{"topic":"a","payload":1}}',
    ]);
    expect(Object.hasOwn(Object.prototype, 'v')).toBe(false);
  });
});
