/** The outputs that a configuration names. */
import type { Config, MqttSinkConfig } from '../config/schema.ts';
import { InfluxSink } from './influx.ts';
import { LineProtocolFile } from './line-protocol-file.ts';
import { MqttSink } from './mqtt.ts';
import { mqttBroker } from './mqtt-broker.ts';
import { type Sink, SinkStartError } from './sink.ts';

export interface SinkContext {
  /** The broker that the source is connected to. */
  readonly sourceUrl?: string;
  /** Go on with a file where an earlier run ended; else it begins anew. */
  readonly goOn?: boolean;
}

const EXIT_USAGE = 2;
const EXIT_UNREACHABLE = 3;

/**
 * @throws SinkStartError where the user must act first: a file that cannot be written, or a database
 *   that cannot be reached and `exit_if_unreachable` is set
 */
export async function createSinks(config: Config, context: SinkContext): Promise<Sink[]> {
  const { influx, line_protocol: lineProtocol, mqtt } = config.sinks;
  const sinks: Sink[] = [];
  if (influx) {
    const sink = new InfluxSink(influx, config.actual);
    if (influx.exit_if_unreachable) await reach(sink);
    sinks.push(sink);
  }
  if (lineProtocol) {
    const { actual } = config;
    sinks.push(await LineProtocolFile.open(lineProtocol, actual, context.goOn));
  }
  if (mqtt) sinks.push(createMqttSink(config, mqtt, context));
  return sinks;
}

async function reach(sink: InfluxSink): Promise<void> {
  try {
    await sink.prepare();
  } catch (error) {
    await sink.close();
    throw new SinkStartError((error as Error).message, EXIT_UNREACHABLE);
  }
}

function createMqttSink(config: Config, mqtt: MqttSinkConfig, context: SinkContext): MqttSink {
  const broker = mqttBroker(config, context.sourceUrl);
  if (!broker) {
    throw new SinkStartError(
      'sinks.mqtt: no broker, as the source is not MQTT; add url',
      EXIT_USAGE,
    );
  }
  const { url, username, password, tls } = broker;
  return new MqttSink(url, config.base, { ...mqtt, username, password, tls });
}
