import { encode as msgpack } from '@msgpack/msgpack';
import { encode as cbor } from 'cborg';
import { describe, expect, it } from 'vitest';
import {
  FIELD,
  message,
  type Talk,
  TRAFFIC_START_MS,
  traffic,
} from '../../../../test/support/traffic.ts';
import { type Findings, SURVEY_LIMITS, Survey } from './survey.ts';
import type { TopicFinding } from './topic.ts';

const T0 = TRAFFIC_START_MS;

function survey(messages: Parameters<Survey['add']>[0][], limits = SURVEY_LIMITS): Findings {
  const all = new Survey('foretide', limits);
  for (const heard of messages) all.add(heard);
  return all.findings();
}

function of(talk: Talk, forMs = 30_000): TopicFinding {
  return survey(traffic([talk], forMs)).topics[0]!;
}

/** One topic that sends these payloads, a second apart. */
function sends(payloads: readonly (string | Uint8Array)[]): TopicFinding {
  return survey(payloads.map((payload, i) => message('a', payload, T0 + 1_000 * i))).topics[0]!;
}

describe('a payload is told by its form', () => {
  it.each([
    ['21.5', 'number'],
    ['-1e3', 'number'],
    ['ON', 'text'],
    ['true', 'text'],
    ['{"t":21.5}', 'json'],
    ['[1,2]', 'json'],
    ['"open"', 'json'],
    ['2026-05-02T12:00:00Z,1.5,ok', 'csv'],
    ['1.5,2.5', 'csv'],
    ['hello, world', 'text'],
    ['{"t":21.5', undefined],
    ['21,5', undefined],
    ['1;2;3', undefined],
    ['', undefined],
    ['cpu,host=a idle=3i 1777723200000000000', 'line_protocol'],
    ['alarm x=', 'text'],
    [cbor({ t: 21.5 }), 'cbor'],
    [msgpack({ t: 21.5 }), 'msgpack'],
    [msgpack(21.5), 'msgpack'],
    [Buffer.from([0xc1, 0, 0xff, 3]), undefined],
  ])('%j: %s', (payload, format) => {
    expect(sends([payload]).format).toBe(format);
  });

  it('what is broken now and then is told, and the rest is read', () => {
    const topic = sends(['{"t":1}', '{"t":', '{"t":3}']);
    expect(topic).toMatchObject({ format: 'json', odd: 1 });
    expect(topic.fault).toContain('broken JSON');
  });
});

describe('fields', () => {
  it('are found where they are nested, with their types and ranges', () => {
    const fields = sends([
      '{"s":{"t":[1.5,2]},"on":true,"text":"21.5","no":null}',
      '{"s":{"t":[2.5,2]},"on":false,"text":"22"}',
    ]).fields;
    const told = fields.map(({ name, numbers, numberTexts, texts, nulls, min, max }) => {
      return [name, numbers, numberTexts, texts, nulls, min, max];
    });
    const NONE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    expect(told.sort()).toEqual([
      ['no', 0, 0, 0, 1, ...NONE],
      ['on', 0, 0, 2, 0, ...NONE],
      ['s.t[0]', 2, 0, 0, 0, 1.5, 2.5],
      ['s.t[1]', 2, 0, 0, 0, 2, 2],
      ['text', 0, 2, 2, 0, 21.5, 22],
    ]);
  });
});

describe('the time', () => {
  const stamped = (stamp: (ms: number, i: number) => unknown, name = 'ts'): TopicFinding =>
    sends(
      Array.from({ length: 10 }, (_, i) =>
        JSON.stringify({ t: i, [name]: stamp(T0 + 1_000 * i, i) }),
      ),
    );

  it.each([
    ['s', (ms: number) => ms / 1_000],
    ['ms', (ms: number) => ms],
    ['us', (ms: number) => ms * 1_000],
    ['ns', (ms: number) => ms * 1e6],
    ['iso', (ms: number) => new Date(ms).toISOString()],
    ['s', (ms: number) => String(ms / 1_000)],
  ])('is found in unit %s', (unit, stamp) => {
    expect(stamped(stamp).clock).toMatchObject({ field: 'ts', unit });
  });

  it('is found under any name, where it is near the time of arrival', () => {
    expect(stamped((ms) => ms, 'when').clock.field).toBe('when');
    expect(stamped((_, i) => 1_000_000 + i, 'when').clock.field).toBeUndefined();
  });

  it.each([
    [
      'of another zone',
      (ms: number) => new Date(ms + 7_200_000).toISOString().slice(0, 19),
      'zone',
    ],
    ['that stands still', () => T0, 'always the same time'],
    ['that several messages share', (ms: number) => ms - (ms % 4_000), 'the same time'],
    ['far ahead', (ms: number) => ms + 90 * 86_400_000, 'its clock is wrong'],
    ['always an hour behind', (ms: number) => ms - 3_700_000, 'its clock is wrong'],
  ])('%s is not taken, and it is said why', (_, stamp, why) => {
    const { clock } = stamped(stamp);
    expect(clock.field).toBeUndefined();
    expect(clock.note).toContain(why);
  });

  it('of a recording that is played is taken, with a word', () => {
    const { clock } = stamped((ms) => ms - 900 * 86_400_000);
    expect(clock.field).toBe('ts');
    expect(clock.note).toContain('a recording');
  });

  it('counts the disorder of stamps', () => {
    expect(stamped((ms, i) => (i === 6 ? ms - 3_500 : ms)).disorderMs).toBe(2_500);
  });
});

describe('the rhythm', () => {
  const { zigbee, ticks, relay } = FIELD as Record<string, Talk>;

  it('is the period that people chose, and how exactly it is kept', () => {
    expect(of(zigbee!).rhythm).toMatchObject({ everyMs: 2_000, isRegular: true });
    const exact: Talk = { ...zigbee!, jitter: 0 };
    expect(of(exact).rhythm).toEqual({ everyMs: 2_000, isRegular: true, jitterMs: 0 });
  });

  it('of an odd period is not off by the jitter of single messages', () => {
    expect(of({ ...relay!, everyMs: 700, jitter: 0.2 }).rhythm?.everyMs).toBe(700);
  });

  it('is irregular where messages come as they like', () => {
    expect(of(ticks!).rhythm?.isRegular).toBe(false);
  });

  it('is not told from a handful of messages', () => {
    expect(of(zigbee!, 8_000).rhythm).toBeUndefined();
  });
});

describe('what is not looked at', () => {
  it('is counted: stored messages, those of brokers and our own', () => {
    const found = survey([
      message('a', '1', T0, true),
      message('b', '1', T0, true),
      message('b', '2', T0 + 1),
      message('$SYS/broker/uptime', '1', T0),
      message('foretide/status', 'online', T0),
      message('foretide2', '3', T0),
    ]);
    expect(found).toMatchObject({ storedOnly: ['a'], ours: 2, messages: 2 });
    expect(found.topics.map(({ topic, messages }) => [topic, messages])).toEqual([
      ['b', 1],
      ['foretide2', 1],
    ]);
  });

  it('is bounded in topics, messages and fields, and it says where', () => {
    const limits = { topics: 3, messages: 5, fields: 2 };
    const messages = Array.from({ length: 60 }, (_, i) =>
      message(`t/${i % 6}`, JSON.stringify({ a: i, b: i, c: i }), T0 + i),
    );
    const found = survey(messages, limits);
    expect(found).toMatchObject({ messages: 60, beyondTopics: 30, cutTopics: 3 });
    expect(found.topics).toHaveLength(3);
    for (const topic of found.topics) {
      expect(topic).toMatchObject({ messages: 10, looked: 5, fieldsCut: true });
      expect(topic.fields).toHaveLength(2);
    }
  });
});
