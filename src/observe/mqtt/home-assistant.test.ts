/** Against what Home Assistant’s documentation demands of a device discovery message. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/load.ts';
import { ownTopics } from '../../config/own-topics.ts';
import type { StreamConfig } from '../../config/schema.ts';
import type { SeriesSummary } from '../monitor.ts';
import { announcedOf, announcement, deviceId, discoveryTopic } from './home-assistant.ts';

/** `<prefix>/<component>/[<node_id>/]<object_id>/config` */
const TOPIC = /^homeassistant\/device\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+\/config$/;

const streams = new Map<string, StreamConfig>();
function streamOf(keys: string): StreamConfig {
  const known = streams.get(keys);
  if (known) return known;
  const text = `streams: [{ topic: x, ${keys} }]`;
  const stream = parseConfig(text, 'test', {}, '.').streams[0]!;
  streams.set(keys, stream);
  return stream;
}

function announced(series: string, kind: SeriesSummary['kind'] = 'number', keys = '', about = {}) {
  const stream = streamOf(keys);
  const settings = { base: 'site', version: '1.2.3', prefix: 'homeassistant', stream, about };
  const { topic, payload } = announcement({ series, kind }, settings);
  return { topic, message: JSON.parse(payload) };
}

describe('announcement', () => {
  it('is a device with its entities, which read the forecast message', () => {
    const about = { unit: '°C', device_class: 'temperature' };
    const { topic, message } = announced('kitchen/temperature', 'number', 'name: rooms', about);
    const id = deviceId('site', 'kitchen/temperature');
    expect(topic).toBe(discoveryTopic('homeassistant', 'site', id));
    expect(message).toEqual({
      dev: {
        ids: [`foretide_${id}`],
        name: 'kitchen/temperature',
        mf: 'Foretide',
        mdl: 'rooms',
        sw: '1.2.3',
      },
      o: { name: 'foretide', sw: '1.2.3' },
      cmps: expect.anything(),
      availability: [{ topic: 'site/status' }],
      state_topic: 'site/forecast/kitchen/temperature',
    });
    expect(Object.keys(message.cmps)).toEqual(['forecast', 'lower', 'upper', 'anomaly', 'skill']);
    expect(message.cmps.forecast).toEqual({
      p: 'sensor',
      unique_id: `foretide_${id}_forecast`,
      name: 'Forecast',
      value_template: '{{ value_json.mean[0] }}',
      unit_of_measurement: '°C',
      device_class: 'temperature',
      json_attributes_topic: 'site/forecast/kitchen/temperature',
    });
    expect(message.cmps.skill).toMatchObject({ entity_category: 'diagnostic' });
  });

  it('has of symbols the likeliest one, and how likely it is', () => {
    const { message } = announced('door', 'symbol', 'kind: symbol, payload: text', { unit: 'x' });
    expect(Object.keys(message.cmps)).toEqual(['forecast', 'probability', 'skill']);
    expect(message.cmps.forecast).not.toHaveProperty('unit_of_measurement');
  });

  it('leaves attributes out that Home Assistant could not store', () => {
    expect(announced('a', 'number', 'horizon: 100').message.cmps.forecast).toHaveProperty(
      'json_attributes_topic',
    );
    expect(announced('a', 'number', 'horizon: 500').message.cmps.forecast).not.toHaveProperty(
      'json_attributes_topic',
    );
  });

  it('has topics and ids that are allowed, whatever the name, and no two alike', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), {
      minLength: 2,
      maxLength: 20,
    });
    const ids = new Map<string, string>();
    fc.assert(
      fc.property(names, (series) => {
        for (const name of series) {
          const { topic, message } = announced(name);
          expect(topic).toMatch(TOPIC);
          expect(ownTopics('site', 'homeassistant')(topic)).toBe(true);
          expect(message.state_topic).not.toMatch(/[+#\0]/);
          expect(message.o.name).not.toBe('');
          for (const component of Object.values<Record<string, string>>(message.cmps)) {
            expect(component.p).toBe('sensor');
            expect(component.unique_id).toMatch(/^[a-zA-Z0-9_]{1,120}$/);
            expect(component.value_template).toMatch(/^\{\{ .* \}\}$/);
            expect(ids.get(component.unique_id!) ?? name).toBe(name);
            ids.set(component.unique_id!, name);
          }
          expect(announcedOf(JSON.stringify(message))).toEqual({ series: name, stream: 'x' });
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a/b', 'a_b'],
    ['A b', 'a_b'],
    ['θ', 'φ'],
    [`${'x'.repeat(60)}1`, `${'x'.repeat(60)}2`],
  ])('%s and %s are different devices', (one, other) => {
    expect(deviceId('site', one)).not.toBe(deviceId('site', other));
    expect(deviceId('site', one)).not.toBe(deviceId('other', one));
  });

  it('keeps ids from release to release', () => {
    expect(deviceId('foretide', 'kitchen/temp')).toBe('kitchen_temp_b665c5cf18afd5ef');
    expect(discoveryTopic('homeassistant', 'foretide', 'x')).toBe(
      'homeassistant/device/foretide_248c2c5bf3c7/x/config',
    );
  });

  it('knows its own announcements from others', () => {
    expect(announcedOf('')).toBeUndefined();
    expect(announcedOf('null')).toBeUndefined();
    expect(announcedOf('{"dev":{"name":"x"},"o":{"name":"zigbee2mqtt"}}')).toBeUndefined();
  });
});
