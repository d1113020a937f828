import type { IPublishPacket } from 'mqtt';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { BoardMonitor, FakeControl } from '../../../test/support/monitor.ts';
import { Requests } from './requests.ts';

interface Said {
  readonly topic: string;
  readonly body: { id?: unknown; ok: boolean; result?: unknown; error?: string };
  readonly correlation: string | undefined;
}

function start(requests: 'read' | 'all' = 'all') {
  const said: Said[] = [];
  const control = new FakeControl();
  let nowMs = 0;
  const monitor = new BoardMonitor([
    'plant:boiler/temperature',
    'plant:boiler/pressure',
    'yard:gate',
  ]);
  const subject = new Requests({
    base: 'site',
    requests,
    asked: { monitor, control },
    log: pino({ level: 'silent' }),
    publish: (topic, payload, { properties }) => {
      const correlation = properties?.correlationData?.toString();
      said.push({ topic, body: JSON.parse(payload), correlation });
    },
    topicFault: (topic) => (topic.startsWith('site/') ? `"${topic}" is ours` : undefined),
    nowMs: () => nowMs,
  });
  const ask = (command: string, body: unknown = {}, more: Partial<IPublishPacket> = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const topic = `site/request/${command}`;
    const packet = { cmd: 'publish', qos: 1, dup: false, retain: false, topic } as const;
    return subject.take(command, { ...packet, payload: Buffer.from(text), ...more });
  };
  const errorOf = async (command: string, body: unknown): Promise<string> => {
    await ask(command, body);
    const { topic, body: answer } = said.at(-1)!;
    expect(topic).toBe(`site/response/${command}`);
    expect(answer.ok).toBe(false);
    return answer.error!;
  };
  const later = (ms: number): void => {
    nowMs += ms;
  };
  return { said, control, ask, errorOf, later };
}

describe('Requests', () => {
  it('lists series as the query has it, and gives the id back', async () => {
    const { ask, said } = start();
    await ask('list', { id: [1, 'a'], search: 'boiler', sort: 'series', limit: 1 });
    expect(said).toEqual([
      {
        topic: 'site/response/list',
        correlation: undefined,
        body: {
          id: [1, 'a'],
          ok: true,
          result: {
            total: 3,
            matched: 2,
            rows: [expect.objectContaining({ series: 'boiler/pressure', stream: 'plant' })],
          },
        },
      },
    ]);
  });

  it('takes an empty message for one that asks for nothing in particular', async () => {
    const { ask, said } = start();
    await ask('list', '');
    expect(said[0]?.body).toMatchObject({ ok: true, result: { matched: 3 } });
    await ask('health', '');
    expect(said[1]?.body.result).toMatchObject({
      version: '1.2.3',
      ready: true,
      uptimeS: 90,
      outbox: 7,
      accounting: { plant: { received: 3 } },
    });
  });

  it('hands on what is asked of the daemon, and says how it went', async () => {
    const { ask, said, control } = start();
    await ask('pause');
    await ask('resume');
    await ask('forget', { series: 'a b' });
    await ask('snapshot', { name: 'monday' });
    expect(control.calls).toEqual(['pause', 'resume', 'forget a b', 'snapshot monday']);
    expect(said.map(({ body }) => body.result)).toEqual([
      { paused: true },
      { paused: false },
      { series: 'a b' },
      { name: 'monday' },
    ]);
    control.fail = 'snapshot monday: exists already';
    await ask('snapshot', { id: 5, name: 'monday' });
    expect(said.at(-1)?.body).toEqual({ id: 5, ok: false, error: control.fail });
  });

  it('says what is wrong with a request', async () => {
    const { errorOf, control } = start();
    expect(await errorOf('lst', {})).toBe(
      'no such command; there are list, inspect, health, pause, resume, forget, snapshot',
    );
    expect(await errorOf('constructor', {})).toContain('no such command');
    expect(await errorOf('list', '{')).toMatch(
      /^not JSON \(.*\); write \{"key": value\}, or nothing/,
    );
    expect(await errorOf('list', '[]')).toBe('not an object: write {"key": value}');
    expect(await errorOf('list', { series: 'a', x: 1 })).toBe(
      'unknown "series", "x"; there are id, search, state, stream, sort, descending, offset, limit',
    );
    expect(await errorOf('list', { limit: 1_001, sort: 'size' })).toMatch(/"sort": .*; "limit": /);
    expect(await errorOf('forget', {})).toMatch(/^"series": /);
    const deep = `{"id":${'['.repeat(8_000)}${']'.repeat(8_000)}}`;
    expect(await errorOf('list', deep)).toBe('"id": nested deeper than 32 levels');
    expect(await errorOf('inspect', { series: 'none' })).toBe(
      'series "none": there is none of that name',
    );
    expect(await errorOf('list', 'x'.repeat(16_385))).toBe(
      '16385 bytes; a request has at most 16384',
    );
    expect(control.calls).toEqual([]);
  });

  it('changes nothing where it may only read', async () => {
    const { errorOf, control } = start('read');
    expect(await errorOf('forget', { series: 'a' })).toBe(
      'not answered here (mqtt.requests: read); only list, inspect, health',
    );
    expect(control.calls).toEqual([]);
  });

  it('answers where MQTT 5 says, with its correlation data, unless that is not for answers', async () => {
    const { ask, said } = start();
    const correlationData = Buffer.from('c1');
    await ask('pause', {}, { properties: { responseTopic: 'me/answers', correlationData } });
    await ask('pause', {}, { properties: { responseTopic: 'site/status', correlationData } });
    await ask('pause', {}, { properties: { responseTopic: 'me/+' } });
    expect(said.map(({ topic, correlation }) => [topic, correlation])).toEqual([
      ['me/answers', 'c1'],
      ['site/response/pause', 'c1'],
      ['site/response/pause', undefined],
    ]);
    expect(said[1]?.body.error).toBe('response topic "site/status" is ours');
    expect(said[2]?.body.error).toMatch(/^response topic "me\/\+" has a wildcard/);
  });

  it('passes over retained requests', async () => {
    const { ask, said, control } = start();
    await ask('pause', {}, { retain: true });
    expect([said, control.calls]).toEqual([[], []]);
  });

  it('works at one of each command at a time', async () => {
    const { ask, said, control } = start();
    let go = (): void => {};
    control.wait = new Promise((resolve) => {
      go = resolve;
    });
    const first = ask('snapshot', { id: 1, name: 'a' });
    await ask('snapshot', { id: 2, name: 'b' });
    await ask('list');
    expect(said.map(({ body }) => [body.id, body.ok])).toEqual([
      [2, false],
      [undefined, true],
    ]);
    go();
    await first;
    await ask('snapshot', { id: 3, name: 'c' });
    expect(said.slice(2).map(({ body }) => [body.id, body.ok])).toEqual([
      [1, true],
      [3, true],
    ]);
  });

  it('answers a flood once, and goes on when it is over', async () => {
    const { ask, said, later } = start();
    for (let i = 0; i < 100; i++) await ask('list');
    expect(said.filter(({ body }) => body.ok)).toHaveLength(20);
    expect(said.filter(({ body }) => !body.ok)).toHaveLength(1);
    expect(said.at(-1)?.body.error).toContain('at most 10 a second');
    later(1_000);
    for (let i = 0; i < 100; i++) await ask('list');
    expect(said).toHaveLength(21 + 10 + 1);
  });
});
