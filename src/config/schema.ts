/**
 * The configuration: the only source of truth for validation, types, the editors' JSON Schema and
 * docs/configuration.md. Keys are snake_case; durations are written "10s" and are ms once read.
 */
import { z } from 'zod';
import { duration, period } from './duration.ts';

const text = z.string().min(1);
const count = z.number().int().positive();

const tls = z.strictObject({
  ca_file: text
    .optional()
    .describe('PEM file of the authority that signed the broker’s certificate.'),
  cert_file: text.optional().describe('PEM file of the client certificate.'),
  key_file: text.optional().describe('PEM file of the client certificate’s key.'),
  server_name: text
    .optional()
    .describe('Name to expect in the certificate, where it is not the host.'),
  verify: z
    .boolean()
    .default(true)
    .describe('Refuse a broker whose certificate does not check out.'),
});

const credentials = {
  username: text.optional().describe('User name.'),
  password: z.string().optional().describe('Password; better `${NAME}` or `password_file`.'),
  password_file: text.optional().describe('File whose first line is the password.'),
};

const mqttSource = z.strictObject({
  url: text.optional().describe('Broker: `mqtt://`, `mqtts://`, `ws://` or `wss://` host:port.'),
  embedded: z
    .strictObject({
      host: text.default('127.0.0.1').describe('Address to listen on.'),
      port: z.number().int().min(0).max(65535).default(1883).describe('Port; 0 = any free one.'),
    })
    .optional()
    .describe('Run a broker inside the daemon instead of connecting to `url`.'),
  ...credentials,
  tls: tls.optional().describe('TLS settings for `mqtts://` and `wss://`.'),
  client_id: text.optional().describe('Fixed client id; default `<base>-<host name>`.'),
  protocol: z
    .enum(['auto', '5', '3.1.1'])
    .default('auto')
    .describe('auto: 5, falling back to 3.1.1.'),
  qos: z.literal([0, 1, 2]).default(1).describe('Quality of service of the subscriptions.'),
  session_expiry: duration.default(86_400_000).describe('How long the broker keeps our session.'),
  keepalive: duration.default(30_000).describe('Keepalive period.'),
  retry_min: duration
    .default(1_000)
    .describe('First wait before reconnecting; doubles, with jitter.'),
  retry_max: duration.default(60_000).describe('Longest wait before reconnecting.'),
  exit_if_unreachable: z
    .boolean()
    .default(false)
    .describe(
      'Exit with code 3 instead of retrying when the broker cannot be reached at the start.',
    ),
});

const fileSource = z.strictObject({
  file: text.describe('Path; `.gz` is unpacked while reading.'),
  topic: text.optional().describe('Topic its rows carry; default: the file name without endings.'),
});

const source = z
  .strictObject({
    mqtt: mqttSource.optional().describe('Subscribe to an MQTT broker.'),
    csv: fileSource
      .extend({ delimiter: z.string().length(1).default(',').describe('Cell separator.') })
      .optional()
      .describe('Read a CSV file with a header line.'),
    ndjson: fileSource
      .optional()
      .describe(
        'Read a file of JSON lines: objects, or recorded messages `{"topic", "payload", "time"}` (`mosquitto_sub -F %j` writes such).',
      ),
  })
  .refine(
    (s) => [s.mqtt, s.csv, s.ndjson].filter(Boolean).length === 1,
    'give exactly one of mqtt, csv, ndjson',
  )
  .refine((s) => !s.mqtt || Boolean(s.mqtt.url) !== Boolean(s.mqtt.embedded), {
    path: ['mqtt'],
    message: 'give either url or embedded',
  });

const model = z.strictObject({
  cell: z
    .enum(['lstm', 'gru', 'rnn_tanh', 'rnn_relu', 'none'])
    .default('gru')
    .describe('Recurrent cell; none = simple experts only.'),
  hidden: count.max(512).default(16).describe('Hidden units a layer.'),
  layers: count.max(3).default(1).describe('Stacked layers.'),
  update_interval: count.default(4).describe('Steps between updates (k1).'),
  window: count.max(4096).default(32).describe('Steps an update goes back (k2).'),
  optimizer: z
    .enum(['sgd', 'rmsprop', 'adam'])
    .default('rmsprop')
    .describe('How weights follow gradients.'),
  learning_rate: z
    .number()
    .positive()
    .max(1)
    .default(0.002)
    .describe('Step size of the optimizer.'),
  clip_norm: z
    .number()
    .min(0)
    .default(1)
    .describe('Largest global norm of a gradient; 0 = no limit.'),
  engine: z.enum(['reference']).default('reference').describe('What computes the network.'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(0xffffffff)
    .default(1)
    .describe('Start of the random initial weights.'),
});

const time = z.union([
  text,
  z.strictObject({
    field: text.describe('Field of the time; for CSV a column name or number.'),
    unit: z
      .enum(['auto', 's', 'ms', 'us', 'ns', 'iso'])
      .default('auto')
      .describe('auto: told by form and magnitude.'),
  }),
]);

const stream = z.strictObject({
  name: text.optional().describe('Name in messages and metrics; default: the topic filter.'),
  topic: text.describe('MQTT topic filter; `+` and `#` are wildcards.'),
  payload: z.enum(['json', 'number', 'csv']).default('json').describe('What a message holds.'),
  columns: z
    .array(text)
    .optional()
    .describe('Column names of a CSV payload that brings no header.'),
  values: z
    .union([text, z.array(text).min(1)])
    .default('*')
    .describe(
      'Field or fields to forecast: `temperature`, `sensor.t[0]`; `*` = every number in the payload.',
    ),
  time: time
    .default('auto')
    .describe(
      'Event time: a field, `receive` for the time of arrival, or `auto`: a field named time, timestamp, ts, datetime or date, else the time of arrival.',
    ),
  max_ahead: duration
    .default(3_600_000)
    .describe('Live sources: a stamp further ahead of this machine’s clock is invalid.'),
  series: text
    .optional()
    .describe(
      'Series name template: `{topic}`, `{topic[1]}` (a level, from 0), `{field}`, `{stream}`; default `{topic}`, with `/{field}` where there are several values.',
    ),
  series_max: count
    .default(10_000)
    .describe('Most series this stream may create; samples of further ones are filtered.'),
  retained: z
    .enum(['skip', 'learn'])
    .default('skip')
    .describe('What to do with the broker’s stored messages: their age is unknown.'),
  every: period
    .optional()
    .describe(
      'Period of the grid: `10s`, `1h`, `1mo`; default: learned from the first samples of each series.',
    ),
  aggregate: z
    .enum(['auto', 'none', 'mean', 'last', 'min', 'max', 'sum'])
    .default('auto')
    .describe(
      'How the samples of a step become its value; none: one sample a step; auto: told by the first samples.',
    ),
  lateness: duration
    .default(0)
    .describe('How late, in event time, a sample may come and still count.'),
  gap_limit: count.default(1_000).describe('A gap of more steps restarts the window.'),
  ahead_limit: count
    .default(60)
    .describe('A stamp more steps ahead is held until two others confirm it.'),
  horizon: count.max(1_000).default(12).describe('Steps to forecast.'),
  seasons: z.array(period).default([]).describe('Season lengths: `["24h", "7d"]`.'),
  coverage: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.9)
    .describe('Share of values the interval should hold.'),
  score_leads: z
    .union([z.literal('all'), z.array(count).min(1)])
    .optional()
    .describe('Leads written to forecast_score; default the first and the last.'),
  model: model.prefault({}).describe('The recurrent expert.'),
});

const influxSink = z.strictObject({
  url: text.default('http://127.0.0.1:8086').describe('Address of the database.'),
  database: text.default('foretide').describe('Created if it is absent.'),
  retention: z
    .strictObject({
      name: text.describe('Retention policy to write to; created if absent.'),
      duration: period.describe('How long the database keeps the points: `90d`.'),
    })
    .optional()
    .describe('Write to this retention policy instead of the database’s default.'),
  ...credentials,
  batch_points: count.default(5_000).describe('Most lines a request.'),
  flush_interval: duration
    .default(250)
    .describe('Longest wait before a batch that is not full is written.'),
  timeout: duration.default(10_000).describe('A request that takes longer is tried again.'),
  retry_min: duration.default(500).describe('First wait after a failure; doubles, with jitter.'),
  retry_max: duration.default(30_000).describe('Longest wait after a failure.'),
  exit_if_unreachable: z
    .boolean()
    .default(false)
    .describe(
      'Exit with code 3 instead of retrying when the database cannot be reached at the start.',
    ),
});

const sinks = z.strictObject({
  influx: influxSink.optional().describe('InfluxDB 1.x.'),
  line_protocol: z
    .strictObject({
      file: text.describe('Path; written anew at each start.'),
      header: z
        .string()
        .optional()
        .describe('Database for a `# DML` head that `influx -import` wants.'),
    })
    .optional()
    .describe('A file of InfluxDB line protocol.'),
  mqtt: z
    .strictObject({
      url: text.optional().describe('Broker; default: the source’s.'),
      ...credentials,
      tls: tls.optional(),
      qos: z.literal([0, 1, 2]).default(0).describe('Quality of service.'),
      retain: z
        .boolean()
        .default(true)
        .describe('Let the broker keep the newest forecast of each series.'),
    })
    .optional()
    .describe('JSON messages on `<base>/forecast/<series>`.'),
});

export const configSchema = z.strictObject({
  base: z
    .string()
    .regex(/^[^+#\s]+$/, 'an MQTT topic without wildcards')
    .default('foretide')
    .describe('First level(s) of the topics Foretide publishes on.'),
  source: source.describe('Where samples come from: exactly one of mqtt, csv, ndjson.'),
  streams: z
    .array(stream)
    .min(1)
    .describe('What to forecast. A message goes to the first entry whose topic filter matches.'),
  sinks: sinks.prefault({}).describe('Where forecasts go; each gets every point.'),
  actual: z.boolean().default(true).describe('Write the aligned series beside its forecasts.'),
  outbox: z
    .strictObject({
      points_max: count
        .default(100_000)
        .describe('Most steps waiting for a sink; beyond it the oldest are dropped and counted.'),
    })
    .prefault({})
    .describe('Points waiting to be written.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least level that is written.'),
    })
    .prefault({})
    .describe('The log, on standard error.'),
});

export type Config = z.output<typeof configSchema>;
export type StreamConfig = Config['streams'][number];
export type MqttSourceConfig = NonNullable<Config['source']['mqtt']>;
export type InfluxSinkConfig = NonNullable<Config['sinks']['influx']>;
export type MqttSinkConfig = NonNullable<Config['sinks']['mqtt']>;
export type LineProtocolSinkConfig = NonNullable<Config['sinks']['line_protocol']>;
