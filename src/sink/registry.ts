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
  const sinks: Sink[] = [];
  for (const kind of SINK_KINDS) {
    const sink = await createSink(kind, config, context);
    if (sink) sinks.push(sink);
  }
  return sinks;
}

export type SinkKind = keyof Config['sinks'];
/** In the order in which they are made. */
export const SINK_KINDS: readonly SinkKind[] = ['influx', 'line_protocol', 'mqtt'];

/** undefined: the configuration names none. @throws as `createSinks` */
export async function createSink(
  kind: SinkKind,
  { sinks, actual, base, source }: Config,
  context: SinkContext,
): Promise<Sink | undefined> {
  const { influx, line_protocol: lineProtocol, mqtt } = sinks;
  if (kind === 'influx' && influx) {
    const sink = new InfluxSink(influx, actual);
    if (influx.exit_if_unreachable) await reach(sink);
    return sink;
  }
  if (kind === 'line_protocol' && lineProtocol) {
    return LineProtocolFile.open(lineProtocol, actual, context.goOn);
  }
  if (kind === 'mqtt' && mqtt) return createMqttSink({ base, sinks, source }, mqtt, context);
  return undefined;
}

/** How the names of a kind's sinks begin. */
export function isOfKind(sink: { readonly name: string }, kind: SinkKind): boolean {
  const [first] = sink.name.split(' ');
  return first === (kind === 'line_protocol' ? 'file' : kind);
}

async function reach(sink: InfluxSink): Promise<void> {
  try {
    await sink.prepare();
  } catch (error) {
    await sink.close();
    throw new SinkStartError((error as Error).message, EXIT_UNREACHABLE);
  }
}

function createMqttSink(
  config: Pick<Config, 'base' | 'sinks' | 'source'>,
  mqtt: MqttSinkConfig,
  context: SinkContext,
): MqttSink {
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
