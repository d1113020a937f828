import { describe, expect, it } from 'vitest';
import { type ConfigError, parseConfig } from './load.ts';

function faults(text: string): string[] {
  try {
    parseConfig(text, 'c.yaml', {}, '.');
    return [];
  } catch (error) {
    return (error as ConfigError).faults.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('mqtt', () => {
  it('says nothing that would surprise, where nothing is told', () => {
    const { mqtt } = parseConfig('streams: [{ topic: a }]', 'c.yaml', {}, '.');
    expect(mqtt.requests).toBe('none');
    expect(mqtt.home_assistant.enabled).toBe(false);
  });

  it('refuses Home Assistant without forecasts on MQTT, and streams that there are not', () => {
    expect(
      faults(`
source: { mqtt: { url: mqtt://b } }
streams: [{ topic: a/# }, { name: yard, topic: y }]
mqtt: { home_assistant: { enabled: true, streams: [{ name: a/# }, { name: plant }] } }
`),
    ).toEqual([
      'mqtt.home_assistant.enabled: needs the forecasts on MQTT, which is where Home Assistant reads them; add sinks: { mqtt: {} }',
      'mqtt.home_assistant.streams[1].name: "plant" is no stream; write one of a/#, yard',
    ]);
    expect(
      faults(
        '{ streams: [{ topic: a }], mqtt: { home_assistant: { prefix: "ha/#" }, requests: yes } }',
      ),
    ).toHaveLength(2);
    expect(
      faults(
        '{ streams: [{ topic: a }], mqtt: { home_assistant: { streams: [{ name: a }, { name: a }] } } }',
      ),
    ).toEqual(['mqtt.home_assistant.streams[1].name: "a" is named twice; remove one']);
  });
});
