import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { IClientOptions } from 'mqtt';
import { statusTopic } from '../config/own-topics.ts';
import type { Config, MqttSourceConfig } from '../config/schema.ts';
import { stateDir } from '../config/state-dir.ts';
import { SourceError } from './source.ts';

/** The MQTT source's settings with the broker's address resolved (embedded: its real port). */
export type MqttSettings = MqttSourceConfig & { readonly url: string };

export type ProtocolVersion = 4 | 5;

const CONNECT_TIMEOUT_MS = 10_000;
const PLACE_DIGITS = 6;
/**
 * Messages of QoS 1 and 2 that an MQTT 5 broker may have under way to us. The broker keeps the
 * others, so this bounds what an overloaded daemon holds.
 */
const RECEIVE_MAXIMUM = 500;

export function clientId(settings: MqttSettings, base: string): string {
  return settings.client_id ?? `${base}-${hostname()}`;
}

/**
 * Of a configuration that names none: the same at each start, and not that of a daemon with another
 * state directory, whose session would hand out our messages to it, and its filters' to us.
 */
export function ownClientId(config: Config): string {
  const place = createHash('sha256')
    .update(resolve(stateDir(config)))
    .digest('hex');
  return `${config.base}-${hostname()}-${place.slice(0, PLACE_DIGITS)}`;
}

/**
 * Options of one connection. Reconnecting and resubscribing are ours (mqtt.js knows only a fixed
 * period). The certificate files are read each time, so that renewed ones are taken up.
 * @throws SourceError when a certificate file cannot be read
 */
export function clientOptions(
  settings: MqttSettings,
  base: string,
  version: ProtocolVersion,
): IClientOptions {
  const { username, password, keepalive, session_expiry: sessionExpiryMs } = settings;
  const options: IClientOptions = {
    clientId: clientId(settings, base),
    username,
    password,
    protocolVersion: version,
    keepalive: Math.ceil(keepalive / 1000),
    clean: false,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    will: { topic: statusTopic(base), payload: Buffer.from('offline'), qos: 1, retain: true },
    ...tlsOptions(settings),
  };
  if (version === 5) {
    options.properties = {
      sessionExpiryInterval: Math.ceil(sessionExpiryMs / 1000),
      receiveMaximum: RECEIVE_MAXIMUM,
    };
  }
  return options;
}

function tlsOptions({ tls }: MqttSettings): IClientOptions {
  if (!tls) return {};
  const options: IClientOptions = { rejectUnauthorized: tls.verify };
  if (tls.ca_file) options.ca = pem('tls.ca_file', tls.ca_file);
  if (tls.cert_file) options.cert = pem('tls.cert_file', tls.cert_file);
  if (tls.key_file) options.key = pem('tls.key_file', tls.key_file);
  if (tls.server_name) {
    options.servername = tls.server_name;
    options.wsOptions = { servername: tls.server_name } as IClientOptions['wsOptions'];
  }
  return options;
}

function pem(key: string, file: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new SourceError(`${key}: ${file} cannot be read (${(error as Error).message})`);
  }
  if (!content.includes('-----BEGIN ')) {
    throw new SourceError(`${key}: ${file} is not in PEM form; convert it with openssl`);
  }
  return content;
}
