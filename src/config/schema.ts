/**
 * The configuration: the only source of truth for validation, types, the editors' JSON Schema and
 * docs/configuration.md. Keys are snake_case; durations are written "10s" and are ms once read.
 */
import { z } from 'zod';
import { duration } from './duration.ts';
import { count, text } from './kinds.ts';
import { type FaultAt, rule } from './rule.ts';
import { http } from './schema-http.ts';
import { mqtt } from './schema-mqtt.ts';
import { sinks } from './schema-sink.ts';
import { source } from './schema-source.ts';
import { state } from './schema-state.ts';
import { stream } from './schema-stream.ts';
import { streamName } from './stream-name.ts';
import { checkStreams } from './stream-rules.ts';

const outbox = z.strictObject({
  points_max: count
    .default(100_000)
    .describe(
      'Most steps waiting for a sink in memory; with a state directory, the rest are on disk.',
    ),
  disk_mib: count.default(1_024).describe('Room for waiting steps on disk, over all sinks.'),
  age_max: duration
    .prefault('7d')
    .describe('Steps that have waited longer are dropped and counted.'),
  when_full: z
    .enum(['drop_oldest', 'wait'])
    .default('drop_oldest')
    .describe(
      'At the limit: drop the oldest steps and count them, or stop taking messages until a sink takes steps again; the broker then keeps what it can.',
    ),
});

const log = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe(
      'Least level that is written; debug also tells each connection, outage and recovery, of which else the first three a minute are told and the rest counted.',
    ),
});

export const configSchema = z
  .strictObject({
    base: text.default('foretide').describe('First level(s) of the topics Foretide publishes on.'),
    source: source
      .optional()
      .describe(
        'Where samples come from: exactly one of mqtt, csv, ndjson. `run` needs it; `replay` puts its file in its place.',
      ),
    streams: z
      .array(stream)
      .min(1)
      .describe('What to forecast. A message goes to the first entry whose topic filter matches.'),
    sinks: sinks.prefault({}).describe('Where forecasts go; each gets every point.'),
    shards: z
      .union([z.literal('auto'), count.max(64)])
      .default('auto')
      .describe(
        'Threads that learn; the result does not depend on it. auto = one core fewer than there are, at most 8. With 1 the main thread does it; more keep a copy of every series’ state, to restart a thread from.',
      ),
    overload: z
      .enum(['thin', 'wait'])
      .default('thin')
      .describe(
        'When samples come faster than they can be learned: learn at fewer updates, or learn at all of them while the source waits. Forecasts go on either way.',
      ),
    actual: z.boolean().default(true).describe('Write the aligned series beside its forecasts.'),
    outbox: outbox.prefault({}).describe('Points waiting to be written.'),
    state: state.prefault({}).describe('What outlives the process.'),
    mqtt: mqtt
      .prefault({})
      .describe('What the daemon says of itself on MQTT, and what can be asked of it.'),
    http: http
      .optional()
      .describe('The page that shows a running daemon; without this section there is none.'),
    reload: z
      .enum(['signal', 'auto', 'off'])
      .default('signal')
      .describe(
        'When `run` takes over another configuration without a stop: at SIGHUP; auto: also when the file has changed.',
      ),
    log: log.prefault({}).describe('The log, on standard error.'),
  })
  .check(
    rule(['base'], ({ base }, fault) => {
      if (/[+#\s\0]|^\$|^\/|\/$|\/\//.test(base)) {
        const message = `"${base}" cannot begin a topic; write levels without wildcards, spaces or a leading $`;
        fault(['base'], `${message}, as in foretide or site/foretide`);
      }
    }),
    rule([], ({ streams }, fault) => {
      if (Array.isArray(streams)) checkStreams(streams, fault);
    }),
    rule(['source', 'sinks'], (config, fault) => {
      const sink = config.sinks.mqtt;
      if (sink && sink.url === undefined && !config.source?.mqtt) {
        fault(['sinks', 'mqtt'], 'has no broker, as the source is not MQTT; add url');
      }
    }),
    rule(['sinks', 'streams', 'mqtt'], checkHomeAssistant),
  );

interface HomeAssistantKeys {
  streams: { name?: string; topic: string }[];
  sinks: { mqtt?: object };
  mqtt: { home_assistant: { enabled: boolean; streams?: { name: string }[] } };
}

function checkHomeAssistant({ streams, sinks, mqtt }: HomeAssistantKeys, fault: FaultAt): void {
  const { enabled, streams: announced = [] } = mqtt.home_assistant;
  const at = ['mqtt', 'home_assistant'];
  if (enabled && !sinks.mqtt) {
    const why = 'needs the forecasts on MQTT, which is where Home Assistant reads them';
    fault([...at, 'enabled'], `${why}; add sinks: { mqtt: {} }`);
  }
  const names = streams.map(streamName);
  for (const [i, { name }] of announced.entries()) {
    if (names.includes(name)) continue;
    const message = `"${name}" is no stream; write one of ${names.join(', ')}`;
    fault([...at, 'streams', i, 'name'], message);
  }
}

export type Config = z.output<typeof configSchema>;
export type SourceConfig = NonNullable<Config['source']>;
export type StreamConfig = Config['streams'][number];
export type MqttSourceConfig = NonNullable<SourceConfig['mqtt']>;
export type CsvSourceConfig = NonNullable<SourceConfig['csv']>;
export type NdjsonSourceConfig = NonNullable<SourceConfig['ndjson']>;
export type InfluxSinkConfig = NonNullable<Config['sinks']['influx']>;
export type MqttSinkConfig = NonNullable<Config['sinks']['mqtt']>;
export type MqttConfig = Config['mqtt'];
export type HomeAssistantConfig = MqttConfig['home_assistant'];
export type LineProtocolSinkConfig = NonNullable<Config['sinks']['line_protocol']>;
export type HttpConfig = NonNullable<Config['http']>;
