import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const FOLDER = new URL('../../config', import.meta.url).pathname;
const ENV = { MQTT_PASSWORD: 'a', INFLUX_PASSWORD: 'b', INFLUX_TOKEN: 'c' };
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

it('has examples', () => {
  const names = [
    'binary',
    'demand',
    'embedded',
    'etth1',
    'home-assistant',
    'influx2',
    'influx3',
    'minimal',
    'schedule',
    'sensors',
    'sparkplug',
    'stocks',
    'telegraf',
    'ticks',
  ];
  for (const name of names) {
    expect(EXAMPLES).toContain(`${name}.yaml`);
  }
});

it.each(EXAMPLES)('config/%s loads, and names its schema to editors', (name) => {
  const path = join(FOLDER, name);
  expect(loadConfig(path, ENV).streams.length).toBeGreaterThan(0);
  const first = readFileSync(path, 'utf8').split('\n', 1)[0];
  expect(first).toBe('# yaml-language-server: $schema=./foretide.schema.json');
});

it('minimal.yaml resolves to the documented defaults', () => {
  expect(loadConfig(join(FOLDER, 'minimal.yaml'), {})).toEqual({
    base: 'foretide',
    source: {
      mqtt: {
        url: 'mqtt://127.0.0.1:1883',
        protocol: 'auto',
        qos: 1,
        session_expiry: 86_400_000,
        keepalive: 30_000,
        retry_min: 1_000,
        retry_max: 60_000,
        exit_if_unreachable: false,
      },
    },
    streams: [
      {
        topic: 'sensors/+/temperature',
        kind: 'number',
        symbols_max: 32,
        payload: 'json',
        values: '*',
        channels: 'together',
        covariates: [],
        time: 'auto',
        max_ahead: 3_600_000,
        series_max: 10_000,
        retained: 'skip',
        aggregate: 'auto',
        lateness: 0,
        gap_limit: 1_000,
        ahead_limit: 60,
        horizon: 12,
        transform: 'none',
        seasons: 'auto',
        coverage: [0.8, 0.9],
        model: {
          cell: 'gru',
          layers: 1,
          optimizer: 'adam',
          clip_norm: 1,
          engine: 'wasm',
          effort: 'balanced',
          engine_fallback: 'none',
          memory_mib: 4096,
          seed: 1,
        },
      },
    ],
    sinks: { line_protocol: { file: 'forecast.lp' } },
    shards: 'auto',
    overload: 'thin',
    actual: true,
    outbox: {
      points_max: 100_000,
      disk_mib: 1024,
      age_max: 7 * 86_400_000,
      when_full: 'drop_oldest',
    },
    state: {
      keep: true,
      commit_delay: 5,
      checkpoint_every: 300_000,
      journal_keep: 86_400_000,
      journal_mib: 256,
    },
    mqtt: {
      health_every: 30_000,
      requests: 'none',
      home_assistant: { enabled: false, prefix: 'homeassistant', devices_max: 100 },
    },
    reload: 'signal',
    log: { level: 'info' },
  });
});
