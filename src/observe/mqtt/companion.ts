/** What the daemon says of itself on MQTT, and answers there, put together. */
import type { IPublishPacket } from 'mqtt';
import { healthTopic, ownTopics, requestTopic } from '../../config/own-topics.ts';
import type { Config } from '../../config/schema.ts';
import { streamName } from '../../config/stream-name.ts';
import { filterCovers } from '../../config/topic.ts';
import { mqttBroker } from '../../sink/mqtt-broker.ts';
import type { DaemonLog } from '../incidents.ts';
import type { Companion, Control, Monitor } from '../monitor.ts';
import { Discovery } from './discovery.ts';
import { healthOf } from './health.ts';
import { MqttCitizenLink } from './link.ts';
import { Requests } from './requests.ts';

export interface MqttCompanionParts {
  readonly monitor: Monitor;
  readonly control: Control;
  readonly log: DaemonLog;
  readonly version: string;
  /** Those that run: a reload changes them. */
  readonly streams: () => Config['streams'];
  /** Where the source is connected to. */
  readonly sourceUrl: string | undefined;
  /** See DiscoveryParts. */
  readonly knowsAll: boolean;
  /** For the jitter: in [0, 1). */
  readonly random?: () => number;
}

/** undefined: there is no broker, or nothing to say. */
export function createMqttCompanion(
  config: Config,
  parts: MqttCompanionParts,
): Companion | undefined {
  const broker = mqttBroker(config, parts.sourceUrl);
  const {
    health_every: healthMs,
    requests,
    home_assistant: { enabled },
  } = config.mqtt;
  const isSilent = healthMs === 0 && requests === 'none' && !enabled && broker?.isSource;
  return broker && !isSilent ? new MqttCompanion(config, parts, broker) : undefined;
}

class MqttCompanion implements Companion {
  readonly #base: string;
  readonly #healthMs: number;
  readonly #monitor: Monitor;
  readonly #log: DaemonLog;
  readonly #link: MqttCitizenLink;
  readonly #requests: Requests;
  readonly #discovery: Discovery;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    config: Config,
    parts: MqttCompanionParts,
    broker: NonNullable<ReturnType<typeof mqttBroker>>,
  ) {
    const { monitor, log, streams } = parts;
    const { base, mqtt } = config;
    this.#base = base;
    this.#healthMs = mqtt.health_every;
    this.#monitor = monitor;
    this.#log = log;
    this.#discovery = new Discovery({
      ...parts,
      config,
      publish: (topic, payload) => this.#link.publish(topic, payload, { qos: 1, retain: true }),
    });
    this.#requests = new Requests({
      base,
      requests: mqtt.requests,
      asked: { monitor, control: this.#synced(parts.control) },
      log,
      publish: (topic, payload, options) => this.#link.publish(topic, payload, options),
      topicFault: (topic) => responseFault(topic, config, streams()),
    });
    const asked = mqtt.requests === 'none' ? [] : [requestTopic(base, '+')];
    this.#link = new MqttCitizenLink({
      broker,
      base,
      log,
      filters: mqtt.home_assistant.enabled ? [...asked, ...this.#discovery.filters] : asked,
      quietFilters: mqtt.home_assistant.enabled ? [] : this.#discovery.filters,
      tellsStatus: !broker.isSource,
      onConnected: () => {
        this.#tellHealth();
        this.#discovery.onConnected();
      },
      onMessage: (packet) => this.#take(packet),
    });
  }

  /** Does not wait for the broker. */
  async start(): Promise<void> {
    this.#link.start();
    this.#discovery.start();
    if (this.#healthMs > 0) this.#timer = setInterval(() => this.#tellHealth(), this.#healthMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#discovery.stop();
    await this.#link.stop();
  }

  #tellHealth(): void {
    if (this.#healthMs === 0 || !this.#link.connected) return;
    this.#link.publish(healthTopic(this.#base), JSON.stringify(healthOf(this.#monitor)));
  }

  #take(packet: IPublishPacket): void {
    const beginning = requestTopic(this.#base, '');
    const { topic } = packet;
    if (topic.startsWith(beginning)) {
      const taken = this.#requests.take(topic.slice(beginning.length), packet);
      // Whatever is asked, the daemon goes on.
      taken.catch((error: Error) => this.#log.error(`mqtt: ${topic}: ${error.message}`));
    } else {
      this.#discovery.onMessage(topic, packet.payload.toString());
    }
  }

  /** What is forgotten is taken back at once. */
  #synced(control: Control): Control {
    return {
      pause: () => control.pause(),
      resume: () => control.resume(),
      snapshot: (name) => control.snapshot(name),
      forget: async (series) => {
        await control.forget(series);
        this.#discovery.sync();
      },
    };
  }
}

/** An answer must not be a request, nor be learned from, nor speak for us. */
function responseFault(
  topic: string,
  { base, mqtt }: Config,
  streams: Config['streams'],
): string | undefined {
  const isResponse = topic.startsWith(`${base}/response/`);
  if (isResponse) return undefined;
  const { prefix } = mqtt.home_assistant;
  const isOwn = ownTopics(base, prefix)(topic) || topic.startsWith(`${prefix}/`);
  if (isOwn || topic.startsWith('$')) {
    return `"${topic}" is not for answers; take one of your own, or ${base}/response/…`;
  }
  const taken = streams.find((stream) => filterCovers(stream.topic, topic));
  if (!taken) return undefined;
  return `"${topic}" would be taken as samples of stream ${streamName(taken)}; take ${base}/response/…`;
}
