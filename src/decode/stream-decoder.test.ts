import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message, streamConfig } from '../../test/support/decode.ts';
import type { Message } from '../source/source.ts';
import { SeriesRegistry } from './series.ts';
import { createIntake } from './stream-decoder.ts';

interface Options {
  live?: boolean;
  base?: string;
  nowMs?: () => number;
  onWrongClock?: (detail: string) => void;
}

function intakeOf(streams: readonly string[], { live = false, ...options }: Options = {}) {
  const rejections: string[] = [];
  const registry = new SeriesRegistry();
  const intake = createIntake(streams.map(streamConfig), registry, {
    live,
    ...options,
    onRejection: (stream, where, { verdict, reason }) =>
      void rejections.push(`${stream}: ${verdict} ${reason}: ${where}`),
  });
  return { intake, registry, rejections };
}

const on = (topic: string, payload: string, more: Partial<Message> = {}): Message =>
  message(payload, { topic, where: `topic ${topic}`, ...more });

describe('Intake', () => {
  it('declares a series before its first sample', () => {
    const { intake } = intakeOf(['topic: "s/+"']);
    const entries = intake.decode([on('s/a', '1'), on('s/b', '2'), on('s/a', '3')]);
    expect(entries).toEqual([
      { kind: 'series', series: { id: 0, stream: 's/+', name: 's/a', receiveTime: true } },
      { kind: 'series', series: { id: 1, stream: 's/+', name: 's/b', receiveTime: true } },
      {
        kind: 'samples',
        batch: {
          count: 3,
          seriesId: Int32Array.of(0, 1, 0),
          timeMs: Float64Array.of(1000, 1000, 1000),
          value: Float64Array.of(1, 2, 3),
        },
      },
    ]);
    expect(intake.counts().get('s/+')).toEqual({ received: 3, invalid: 0, filtered: 0 });
  });

  it('numbers the symbols of each series, with one number for those beyond the most', () => {
    const { intake, registry } = intakeOf(['topic: "s/+", kind: symbol, symbols_max: 2']);
    const texts = ['x', 'y', 'x', 'z', 'w', '(other)', 'y'];
    const entries = intake.decode(texts.map((text) => on('s/a', JSON.stringify(text))));
    expect(entries.at(-1)).toMatchObject({
      batch: { value: Float64Array.of(0, 1, 0, 2, 2, 2, 1) },
    });
    expect(entries.filter(({ kind }) => kind === 'symbols')).toEqual([
      { kind: 'symbols', id: 0, from: 0, names: ['x'] },
      { kind: 'symbols', id: 0, from: 1, names: ['y'] },
      { kind: 'symbols', id: 0, from: 2, names: ['(other)'] },
    ]);
    intake.decode([on('s/b', '"y"')]);
    expect(registry.all().map(({ symbols }) => symbols)).toEqual([['x', 'y', '(other)'], ['y']]);
  });

  it.each([
    ['topic: "s/#"', '{"v": 1, "w": 2}', ['s/x/y/v', 's/x/y/w']],
    ['topic: "s/#", values: v', '{"v": 1}', ['s/x/y']],
    ['topic: "s/#", series: "{topic[1]}-{topic[2]}-{field}"', '{"v": 1}', ['x-y-v']],
    ['name: n, topic: "s/#", series: "{stream}.{field}"', '5', ['n.value']],
    ['topic: "s/#", series: "{topic[9]}"', '{"v": 1}', []],
  ])('names series by %s', (stream, payload, names) => {
    const { intake, registry } = intakeOf([stream]);
    intake.decode([on('s/x/y', payload)]);
    expect(registry.all().map((series) => series.name)).toEqual(names);
  });

  it.each([
    ['topic: "m/+", series: "{topic[1]}"', ['X/open', 'X/high', 'X/low', 'X/close', 'X/volume']],
    [
      'topic: "m/+", series: "{field}:{topic[1]}"',
      ['open:X', 'high:X', 'low:X', 'close:X', 'volume:X'],
    ],
    ['topic: "m/+"', ['m/X/open', 'm/X/high', 'm/X/low', 'm/X/close', 'm/X/volume']],
  ])('makes a bar of a trade, and names its parts by %s', (stream, names) => {
    const { intake, registry } = intakeOf([`${stream}, every: 1m, bars: { price: p, volume: v }`]);
    const entries = intake.decode([on('m/X', '{"p": 5, "v": 20}')]);
    expect(registry.all().map(({ name }) => name)).toEqual(names);
    expect(registry.all().map(({ part }) => part)).toEqual([
      'open',
      'high',
      'low',
      'close',
      'volume',
    ]);
    expect(entries.at(-1)).toMatchObject({
      batch: { seriesId: Int32Array.of(0, 1, 2, 3, 4), value: Float64Array.of(5, 5, 5, 5, 20) },
    });
    expect([...intake.counts().values()]).toEqual([{ received: 5, invalid: 0, filtered: 0 }]);
  });

  it('takes a bare number for the price of a bar', () => {
    const { intake, registry } = intakeOf(['topic: p, payload: number, every: 1m, bars: {}']);
    intake.decode([on('p', '5')]);
    expect(registry.all().map(({ name }) => name)).toEqual([
      'p/open',
      'p/high',
      'p/low',
      'p/close',
    ]);
  });

  it('turns away what has no logarithm, where one is taken; a volume may be 0', () => {
    const bars = 'topic: m, every: 1m, transform: log_return, bars: { price: p, volume: v }';
    const { intake, rejections } = intakeOf(['topic: s, values: v, transform: log', bars]);
    intake.decode([on('s', '{"v": 0}'), on('s', '{"v": 1e-9}'), on('m', '{"p": -1, "v": 0}')]);
    expect(rejections).toEqual([
      's: invalid not_positive: topic s, field "v"',
      'm: invalid not_positive: topic m, field "p"',
    ]);
    expect([...intake.counts().values()]).toEqual([
      { received: 2, invalid: 1, filtered: 0 },
      { received: 2, invalid: 1, filtered: 0 },
    ]);
  });

  it('reads a known column of a file ahead of the others, and the rest at the end', () => {
    const stream =
      'topic: f, values: v, every: 1s, horizon: 2, covariates: [{ field: u, known: true }]';
    const { intake, registry } = intakeOf([stream]);
    const row = (second: number): Message => {
      const cells = [String(1_700_000_000 + second), String(10 + second), String(20 + second)];
      return on('f', '', { row: { columns: ['time', 'v', 'u'], cells } });
    };
    const told = (entries: ReturnType<typeof intake.decode>): string[] =>
      entries.flatMap((entry) => {
        if (entry.kind !== 'samples') return [];
        const { seriesId, value } = entry.batch;
        return [...value].map((v, i) => `${registry.get(seriesId[i]!)!.name}=${v}`);
      });
    expect(told(intake.decode([row(0), row(1)]))).toEqual(['f/u=20', 'f/u=21']);
    expect(told(intake.decode([row(2)]))).toEqual(['f/u=22', 'f/v=10']);
    expect(told(intake.finish())).toEqual(['f/v=11', 'f/v=12']);
    expect(intake.finish()).toEqual([]);
    expect(intake.counts().get('f')).toEqual({ received: 6, invalid: 0, filtered: 0 });
  });

  it('gives a message to the first stream that matches, and counts what matches none', () => {
    const { intake, registry } = intakeOf(['name: one, topic: "a/b"', 'name: rest, topic: "a/#"']);
    intake.decode([on('a/b', '1'), on('a/c', '1'), on('b', '1')]);
    expect(registry.all().map((series) => series.stream)).toEqual(['one', 'rest']);
    expect(intake.unmatched).toEqual({ count: 1, example: 'topic b' });
  });

  it('does not learn its own forecasts through a wildcard, but does when told to', () => {
    const { intake } = intakeOf(['topic: "#"'], { base: 'foretide' });
    intake.decode([on('foretide/forecast/x', '1')]);
    expect(intake.unmatched.count).toBe(1);
    const told = intakeOf(['topic: "foretide/forecast/+"'], { base: 'foretide' });
    told.intake.decode([on('foretide/forecast/x', '1')]);
    expect(told.intake.unmatched.count).toBe(0);
  });

  it('filters stored messages unless told otherwise', () => {
    const { intake, rejections } = intakeOf(['topic: a', 'topic: b, retained: learn']);
    intake.decode([on('a', '1', { retained: true }), on('b', '1', { retained: true })]);
    expect(rejections).toEqual(['a: filtered retained: topic a']);
    expect(intake.counts().get('b')).toEqual({ received: 1, invalid: 0, filtered: 0 });
  });

  it('makes up no time for a recording that has none', () => {
    const { intake, rejections } = intakeOf(['topic: a']);
    intake.decode([
      on('a', '1', { undated: true }),
      on('a', '{"ts": 5, "v": 1}', { undated: true }),
    ]);
    expect(rejections).toEqual(['a: invalid no_time: topic a']);
    expect(intake.counts().get('a')).toEqual({ received: 2, invalid: 1, filtered: 0 });
  });

  it('survives a time nested deeper than the stack', () => {
    const { intake, rejections } = intakeOf(['topic: a']);
    intake.decode([on('a', `{"time": ${'['.repeat(100_000)}${']'.repeat(100_000)}, "v": 1}`)]);
    expect(rejections).toEqual(['a: invalid bad_time: topic a']);
  });

  it('limits the number of series, and the others go on', () => {
    const { intake, rejections } = intakeOf(['topic: "s/+", series_max: 2']);
    intake.decode([on('s/a', '1'), on('s/b', '1'), on('s/c', '1'), on('s/a', '2')]);
    expect(rejections).toEqual(['s/+: filtered series_limit: topic s/c']);
    expect(intake.counts().get('s/+')).toEqual({ received: 4, invalid: 0, filtered: 1 });
  });

  it('refuses a name that another stream has', () => {
    const { intake, rejections } = intakeOf(['topic: a, series: x', 'topic: b, series: x']);
    intake.decode([on('a', '1'), on('b', '1')]);
    expect(rejections).toEqual(['b: invalid name_taken: topic b']);
  });

  it('holds stamps against the clock where messages come as they are made', () => {
    const ahead = '{"ts": 4291747200, "v": 1}';
    const live = intakeOf(['topic: a'], { live: true });
    live.intake.decode([on('a', ahead)]);
    expect(live.rejections).toEqual(['a: invalid time_ahead: topic a, field "v"']);
    const recorded = intakeOf(['topic: a']);
    recorded.intake.decode([on('a', ahead)]);
    expect(recorded.rejections).toEqual([]);
  });

  it('holds no stamp against a clock that cannot be right, and says so once', () => {
    let now = Date.UTC(1970, 0, 1, 0, 5);
    const told: string[] = [];
    const { intake, rejections } = intakeOf(['topic: a'], {
      live: true,
      nowMs: () => now,
      onWrongClock: (detail) => void told.push(detail),
    });
    const stamped = (ms: number): Message => on('a', JSON.stringify({ ts: ms, v: 1 }));
    const real = Date.UTC(2026, 10, 21);
    intake.decode([stamped(real), stamped(real + 1_000)]);
    expect(rejections).toEqual([]);
    expect(told).toEqual([
      'this machine’s clock says 1970-01-01T00:05:00.000Z; until it is set, max_ahead is not checked',
    ]);
    now = real;
    intake.decode([stamped(real + 2_000), stamped(real + 7_200_000)]);
    expect(rejections).toEqual(['a: invalid time_ahead: topic a, field "v"']);
    expect(told).toHaveLength(1);
  });

  it('survives any topic and payload, with clean names, finite values and exact accounts', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
      fc
        .array(fc.oneof(fc.double().map(String), fc.string()))
        .map((cells) => new TextEncoder().encode(cells.join(','))),
    );
    const topic = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a', 'b/c', 'a\nb', '"\\'),
    );
    const stream = fc.constantFrom(
      'topic: "#"',
      'topic: "#", payload: number',
      'topic: "#", payload: csv, series: "{topic}{field}"',
      'topic: "#", payload: cbor',
      'topic: "#", payload: msgpack, values: [a, b]',
      'topic: "#", payload: line_protocol, series: "{tags}{field}"',
      'topic: "#", payload: sparkplug, kind: symbol',
      'topic: "#", values: [a, "b[0]", __proto__], time: ts, series: "{topic[0]} {field}"',
    );
    fc.assert(
      fc.property(stream, fc.array(fc.tuple(topic, payload)), (config, messages) => {
        const { intake, registry, rejections } = intakeOf([config]);
        const batch = messages.map(([t, bytes]) => message(bytes, { topic: t }));
        const before = rejections.length;
        const entries = intake.decode(batch);
        const [counts] = intake.counts().values();
        let samples = 0;
        for (const entry of entries) {
          if (entry.kind !== 'samples') continue;
          samples += entry.batch.count;
          expect(entry.batch.value.every(Number.isFinite)).toBe(true);
          expect(entry.batch.timeMs.every(Number.isFinite)).toBe(true);
        }
        expect(counts!.received).toBe(samples + counts!.invalid + counts!.filtered);
        expect(counts!.received).toBe(samples + rejections.length - before);
        expect(counts!.received + intake.unmatched.count).toBeGreaterThanOrEqual(messages.length);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        for (const { name } of registry.all()) expect(name).toMatch(/^[^\u0000-\u001f\u007f]+$/);
      }),
      { seed: 3, numRuns: 3000 },
    );
  });
});
