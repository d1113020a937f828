import { ownTopics } from '../config/own-topics.ts';
import type { Config, MqttSourceConfig, StreamConfig } from '../config/schema.ts';
import { filterCovers } from '../config/topic.ts';
import { createCsvSource } from './csv.ts';
import { createMqttSource, type MqttSource } from './mqtt.ts';
import type { Filter } from './mqtt-connection.ts';
import { ownClientId } from './mqtt-options.ts';
import { createNdjsonSource } from './ndjson.ts';
import type { Pace } from './pace.ts';
import { createPaceTime } from './pace-time.ts';
import { type Source, SourceError } from './source.ts';

export interface SourceOptions {
  /** For recorded streams; default `max`: no waiting. */
  readonly speed?: Pace['speed'];
}

/**
 * The source that the configuration names. An embedded broker is started here, and closed with the
 * source.
 * @throws SourceError when there is none, or it cannot be set up
 */
export async function createSource(config: Config, options: SourceOptions = {}): Promise<Source> {
  const { mqtt, csv, ndjson } = config.source ?? {};
  const { speed = 'max' } = options;
  const pace = { speed, timeOf: createPaceTime(config.streams) };
  if (mqtt) return createMqtt(config, mqtt);
  if (csv) return createCsvSource(csv, pace);
  if (ndjson) return createNdjsonSource(ndjson, pace);
  throw new SourceError('source: names no input; give one of mqtt, csv, ndjson');
}

async function createMqtt(config: Config, mqtt: MqttSourceConfig): Promise<Source> {
  const isOwn = ownTopics(config.base, config.mqtt.home_assistant.prefix);
  const filters = subscriptions(config.streams, mqtt.qos);
  const { url, embedded, client_id = ownClientId(config) } = mqtt;
  if (url !== undefined) {
    const source = createMqttSource({ ...mqtt, client_id, url }, config.base, filters, isOwn);
    return following(source, mqtt.qos);
  }
  if (!embedded) throw new SourceError('source.mqtt: names no broker; give url or embedded');
  // Most have a broker of their own, and need none of this one's libraries.
  const { startEmbeddedBroker } = await import('./embedded-broker.ts');
  const broker = await startEmbeddedBroker(embedded);
  const settings = { ...mqtt, client_id, url: broker.url, protocol: '3.1.1' } as const;
  const source = createMqttSource(settings, config.base, filters, isOwn);
  const closeClient = source.close.bind(source);
  return Object.assign(following(source, mqtt.qos), {
    async close() {
      await closeClient();
      await broker.close();
    },
  });
}

function following(source: MqttSource, qos: Filter['qos']): Source {
  return Object.assign(source, {
    follow(streams: readonly StreamConfig[]) {
      source.subscribe(subscriptions(streams, qos));
    },
  });
}

/**
 * The streams' filters without those that another covers: brokers send a message once for each
 * subscription that matches.
 */
function subscriptions(streams: readonly StreamConfig[], qos: Filter['qos']): Filter[] {
  const topics = [...new Set(streams.map(({ topic }) => topic))];
  return topics
    .filter((topic) => !topics.some((other) => other !== topic && filterCovers(other, topic)))
    .map((topic) => ({ topic, qos }));
}
