import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { changesNothing, configChanges, type Setup } from './config-changes.ts';
import { describeChanges } from './reload.ts';
import { streamSettings } from './settings.ts';

const BEFORE = `
source: { mqtt: { url: mqtt://a, username: me, password: secret } }
streams:
  - { topic: a/+ }
  - { name: b, topic: b/+, every: 1s }
sinks: { influx: {}, mqtt: {} }
`;

function setup(text: string): Setup {
  const config = parseConfig(text, 'c.yaml', {}, '.');
  return { config, settings: streamSettings(config) };
}

function changes(from: string, to: string) {
  const text = BEFORE.replace(from, to);
  expect(text, `${from} is not there`).not.toBe(BEFORE);
  return configChanges(setup(BEFORE), setup(text));
}

describe('what is different in another configuration', () => {
  it('is nothing where it says the same in other words', () => {
    const same = `shards: auto\n${BEFORE.replace('every: 1s', 'every: 1000ms')}# by hand\n`;
    expect(changesNothing(configChanges(setup(BEFORE), setup(same)))).toBe(true);
  });

  it.each([
    ['every: 1s', 'every: 1s, horizon: 5', ['stream b: horizon changed; its series begin anew']],
    ['every: 1s', 'every: 1s, lateness: 5s', ['stream b: changed; its series go on']],
    [
      'every: 1s',
      'every: 1s, model: { learning_rate: 0.1 }',
      ['stream b: changed; its series go on'],
    ],
    ['topic: b/+', 'topic: c/+', ['stream b: messages are read in another way; its series go on']],
    [
      'name: b',
      'name: c',
      ['stream c: added', 'stream b: removed; its series rest until it is configured again'],
    ],
    ['influx: {}', 'influx: { timeout: 3s }', ['sinks.influx: changed']],
    [
      'influx: {}, mqtt: {}',
      'line_protocol: { file: a.lp }',
      ['sinks.influx: removed', 'sinks.line_protocol: added', 'sinks.mqtt: removed'],
    ],
    ['streams:', 'actual: false\nstreams:', ['sinks.influx: changed', 'actual: changed']],
    [
      'streams:',
      'log: { level: warn }\noutbox: { points_max: 9 }\noverload: wait\nreload: off\nstreams:',
      ['log, outbox, overload, reload: changed'],
    ],
  ])('%s → %s', (from, to, told) => {
    const found = changes(from, to);
    expect(describeChanges(found)).toEqual(told);
    expect(found.later).toEqual([]);
    expect(changesNothing(found)).toBe(false);
  });

  it('sees another order of streams, as a message goes to the first that wants it', () => {
    const text = BEFORE.replace('  - { topic: a/+ }\n', '').replace(
      'sinks:',
      '  - { topic: a/+ }\nsinks:',
    );
    const { streams } = configChanges(setup(BEFORE), setup(text));
    expect(streams).toMatchObject({ added: [], removed: [], changed: [], reordered: true });
  });

  it('leaves to the next start what cannot be taken over, and names it without its value', () => {
    const more = 'base: tide\nshards: 3\nstate: { dir: ./elsewhere }\nstreams:';
    const all = BEFORE.replace('streams:', more)
      .replace('password: secret', 'password: other')
      .replace('mqtt://a', 'mqtt://b')
      .replace('every: 1s', 'every: 1s, lateness: 5s');
    const found = configChanges(setup(BEFORE), setup(all));
    expect(found.later.toSorted()).toEqual([
      'base',
      'shards',
      'source.mqtt.password',
      'source.mqtt.url',
      'state.dir',
    ]);
    const { base, shards, source, state, streams } = found.config;
    const before = setup(BEFORE).config;
    expect({ base, shards, source, state }).toEqual({
      base: before.base,
      shards: before.shards,
      source: before.source,
      state: before.state,
    });
    expect(streams[1]!.lateness).toBe(5_000);
    // What waits is told again, as long as it does.
    const again = configChanges({ ...setup(BEFORE), config: found.config }, setup(all));
    expect(again.later).toEqual(found.later);
  });
});
