import type { Config, MqttSinkConfig, MqttSourceConfig } from '../config/schema.ts';

/** A broker, and how to come in. */
export interface MqttBroker {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: MqttSinkConfig['tls'];
  /** That the source is connected to. */
  readonly isSource: boolean;
  /** As the source is told to speak to it. */
  readonly protocol: MqttSourceConfig['protocol'];
}

/**
 * Where forecasts go that are sent as messages, and what is said beside them: the broker of
 * `sinks.mqtt`, else the source’s, which comes with the source’s credentials where the sink has none.
 * @param sourceUrl where the source is connected to, with the port that an embedded broker got
 * @returns undefined: there is none
 */
export function mqttBroker(
  { sinks, source }: Pick<Config, 'sinks' | 'source'>,
  sourceUrl: string | undefined,
): MqttBroker | undefined {
  const { mqtt } = sinks;
  if (mqtt?.url !== undefined) {
    const { url, username, password, tls } = mqtt;
    return { url, username, password, tls, isSource: false, protocol: 'auto' };
  }
  const from = source?.mqtt;
  const url = sourceUrl ?? from?.url;
  if (url === undefined) return undefined;
  const own = mqtt?.username === undefined ? from : mqtt;
  return {
    url,
    username: own?.username,
    password: own?.password,
    tls: mqtt?.tls ?? from?.tls,
    isSource: from !== undefined,
    protocol: from?.embedded ? '3.1.1' : (from?.protocol ?? 'auto'),
  };
}
