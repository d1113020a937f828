import { z } from 'zod';
import { period, timer } from './duration.ts';
import { influxVersionRules } from './influx-rules.ts';
import { count, credentials, outputPath, qos, secret, secretPath, text, tls } from './kinds.ts';
import { credentialsRule, retryRule, rule, tlsRule, urlRule } from './rule.ts';
import { MQTT_SCHEMES } from './schema-source.ts';

const retention = z
  .strictObject({
    name: text
      .optional()
      .describe('Version 1 only, and needed there: policy to write to; created if absent.'),
    duration: period.describe('How long the database keeps the points: `90d`.'),
  })
  .check(
    rule(['duration'], ({ duration }, fault) => {
      if ('months' in duration || duration.ms < 3_600_000 || duration.ms % 1_000 !== 0) {
        fault(['duration'], 'is no retention InfluxDB knows; write whole seconds, 1h or more: 90d');
      }
    }),
  );

const influxSink = z
  .strictObject({
    url: text.default('http://127.0.0.1:8086').describe('Address of the database.'),
    version: z
      .literal([1, 2, 3])
      .default(1)
      .describe('Generation of the database: InfluxDB 1.x, 2.x or 3.'),
    database: text
      .optional()
      .describe('Versions 1 and 3; default `foretide`. Created if it is absent.'),
    org: text.optional().describe('Version 2: the organization.'),
    bucket: text
      .optional()
      .describe('Version 2; default `foretide`. Created if it is absent and the token may.'),
    token: secret.optional().describe(`Versions 2 and 3; better \`\${NAME}\` or \`token_file\`.`),
    token_file: secretPath.optional().describe('File whose first line is the token.'),
    retention: retention
      .optional()
      .describe(
        'Version 1: write to this retention policy instead of the database’s default. Version 2: what the bucket gets when it is created.',
      ),
    ...credentials,
    gzip: z
      .boolean()
      .optional()
      .describe('Versions 2 and 3: pack requests; default: where it is not on this machine.'),
    batch_points: count.default(20_000).describe('Most lines a request.'),
    flush_interval: timer
      .prefault('250ms')
      .describe('Longest wait before a batch that is not full is written.'),
    timeout: timer.prefault('10s').describe('A request that takes longer is tried again.'),
    retry_min: timer
      .prefault('500ms')
      .describe('First wait after a failure; doubles, with jitter.'),
    retry_max: timer.prefault('30s').describe('Longest wait after a failure.'),
    health_every: z
      .union([z.literal('off'), timer])
      .prefault('10s')
      .describe(
        'How often a live daemon writes its own state (`foretide_health`, `foretide_stream`, `foretide_sink`) there, or off.',
      ),
    exit_if_unreachable: z
      .boolean()
      .default(false)
      .describe(
        'Exit with code 3 instead of retrying when the database cannot be reached at the start.',
      ),
  })
  .check(
    // First: what does not belong there need not be sound.
    ...influxVersionRules,
    urlRule(['http', 'https']),
    credentialsRule,
    retryRule,
    rule(['username', 'password', 'password_file'], (influx, fault) => {
      const secret = influx.password ?? influx.password_file;
      if (influx.username === undefined && secret !== undefined) {
        fault([], 'has a password and no username; add username');
      }
      if (influx.username !== undefined && secret === undefined) {
        fault(['username'], `has no password; add password_file or password: \${NAME}`);
      }
    }),
  );

const lineProtocolSink = z.strictObject({
  file: outputPath.describe(
    'The file; `run` with a state directory goes on with it, else it is written anew at each start.',
  ),
  header: z
    .string()
    .regex(/^[^\r\n]+$/)
    .optional()
    .describe('Database for a `# DML` head that `influx -import` wants.'),
});

const mqttSink = z
  .strictObject({
    url: text.optional().describe('Broker; default: the source’s.'),
    ...credentials,
    tls: tls.optional().describe('TLS settings for `mqtts://` and `wss://`.'),
    qos: qos.default(0).describe('Quality of service.'),
    retain: z
      .boolean()
      .default(true)
      .describe('Let the broker keep the newest forecast of each series.'),
  })
  .check(urlRule(MQTT_SCHEMES), credentialsRule, tlsRule);

export const sinks = z.strictObject({
  influx: influxSink.optional().describe('InfluxDB 1.x, 2.x or 3.'),
  line_protocol: lineProtocolSink.optional().describe('A file of InfluxDB line protocol.'),
  mqtt: mqttSink.optional().describe('JSON messages on `<base>/forecast/<series>`.'),
});
