import { z } from 'zod';
import { keepalive, sessionExpiry, timer } from './duration.ts';
import { credentials, inputPath, qos, text, tls } from './kinds.ts';
import { credentialsRule, retryRule, rule, tlsRule, urlRule } from './rule.ts';
import { topicNameFault } from './topic.ts';

export const MQTT_SCHEMES = ['mqtt', 'mqtts', 'ws', 'wss'] as const;

const embedded = z.strictObject({
  host: text.default('127.0.0.1').describe('Address to listen on.'),
  port: z.number().int().min(0).max(65535).default(1883).describe('Port; 0 = any free one.'),
});

const mqttSource = z
  .strictObject({
    url: text.optional().describe('Broker: `mqtt://`, `mqtts://`, `ws://` or `wss://` host:port.'),
    embedded: embedded
      .optional()
      .describe('Run a broker inside the daemon instead of connecting to `url`.'),
    ...credentials,
    tls: tls.optional().describe('TLS settings for `mqtts://` and `wss://`.'),
    client_id: text
      .optional()
      .describe(
        'Fixed client id; default `<base>-<host name>-<digits>`, the digits by the place of the state directory.',
      ),
    protocol: z
      .literal(['auto', '5', '3.1.1'])
      .default('auto')
      .describe('MQTT version; auto: 5, falling back to 3.1.1.'),
    qos: qos.default(1).describe('Quality of service of the subscriptions.'),
    session_expiry: sessionExpiry
      .prefault('1d')
      .describe('How long the broker keeps our session while we are away.'),
    keepalive: keepalive.prefault('30s').describe('Keepalive period.'),
    retry_min: timer
      .prefault('1s')
      .describe('First wait before reconnecting; doubles, with jitter.'),
    retry_max: timer.prefault('1m').describe('Longest wait before reconnecting.'),
    exit_if_unreachable: z
      .boolean()
      .default(false)
      .describe(
        'Exit with code 3 instead of retrying when the broker cannot be reached at the start.',
      ),
  })
  .check(
    urlRule(MQTT_SCHEMES),
    credentialsRule,
    retryRule,
    tlsRule,
    rule(['url', 'embedded'], (mqtt, fault) => {
      if (mqtt.url === undefined && mqtt.embedded === undefined) {
        fault([], 'names no broker; give url: mqtt://host:1883, or embedded: {} to run one here');
      }
      if (mqtt.url !== undefined && mqtt.embedded !== undefined) {
        fault(['embedded'], 'url is given as well; remove one of the two');
      }
    }),
    rule(['embedded', 'username', 'password', 'password_file', 'tls'], (mqtt, fault) => {
      if (!mqtt.embedded) return;
      for (const key of ['username', 'password', 'password_file', 'tls'] as const) {
        if (mqtt[key] === undefined) continue;
        fault([key], 'the embedded broker knows neither users nor TLS; remove it, or use url');
      }
    }),
  );

const fileKeys = {
  file: inputPath.describe('The file; `.gz` is unpacked while reading.'),
  topic: text.optional().describe('Topic its rows carry; default: the file name without endings.'),
};
const fileTopicRule = rule<{ topic?: string }>(['topic'], ({ topic }, fault) => {
  const message = topic === undefined ? undefined : topicNameFault(topic);
  if (message) fault(['topic'], message);
});

const csvSource = z
  .strictObject({
    ...fileKeys,
    delimiter: z.string().length(1).default(',').describe('Cell separator: one character.'),
  })
  .check(
    fileTopicRule,
    rule(['delimiter'], ({ delimiter }, fault) => {
      if (/["\r\n]/.test(delimiter)) {
        fault(['delimiter'], 'a quote or a line end cannot separate cells; write "," ";" or "\\t"');
      }
    }),
  );

export const source = z
  .strictObject({
    mqtt: mqttSource.optional().describe('Subscribe to an MQTT broker.'),
    csv: csvSource.optional().describe('Read a CSV file with a header line.'),
    ndjson: z
      .strictObject(fileKeys)
      .check(fileTopicRule)
      .optional()
      .describe(
        'Read a file of JSON lines: objects, or recorded messages `{"topic", "payload", "time"}` (`mosquitto_sub -F %j` writes such).',
      ),
  })
  .check(
    rule([], (value, fault) => {
      const given = (['mqtt', 'csv', 'ndjson'] as const).filter((key) => value[key] !== undefined);
      if (given.length === 0) fault([], 'names no source; give one of mqtt, csv, ndjson');
      for (const key of given.slice(1)) {
        fault([key], `${given[0]} is given as well; give exactly one of mqtt, csv, ndjson`);
      }
    }),
  );
