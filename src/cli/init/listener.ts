/** Hears what a broker has to say for a while. Leaves no trace there: a client id and session of the moment. */
import { readFileSync } from 'node:fs';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { explainFailure, explainReason } from '../../source/mqtt-failure.ts';
import type { Message } from '../../source/source.ts';

export interface BrokerAccess {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly caFile?: string | undefined;
}

/** The broker cannot be heard; `kind` says what may help. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  constructor(
    message: string,
    readonly kind: 'unreachable' | 'refused',
  ) {
    super(message);
  }
}

const CONNECT_TIMEOUT_MS = 10_000;
const REFUSED_FROM = 128;

/**
 * @param forMs how long, unless `stop` comes first
 * @throws CannotListen
 */
export async function listen(
  access: BrokerAccess,
  filter: string,
  forMs: number,
  onMessage: (message: Message) => void,
  stop: AbortSignal,
): Promise<void> {
  const client = await connected(access);
  let lastMs = 0;
  try {
    client.on('message', (topic, payload, { retain }) => {
      lastMs = Math.max(lastMs + 0.001, performance.timeOrigin + performance.now());
      const where = `topic ${topic}`;
      onMessage({ topic, payload, receivedMs: lastMs, retained: retain, where });
    });
    const [grant] = await client.subscribeAsync(filter, { qos: 0 });
    if (grant && grant.qos >= REFUSED_FROM) {
      const why = `${access.url} refuses the topic filter "${filter}": ${explainReason(grant.qos)}`;
      throw new CannotListen(why, 'refused');
    }
    await during(forMs, stop);
  } catch (error) {
    if (error instanceof CannotListen) throw error;
    const { detail } = explainFailure(error as Error);
    throw new CannotListen(`${access.url}: ${detail}`, 'unreachable');
  } finally {
    await client.endAsync(true);
  }
}

/** MQTT 3.1.1, which nearly every broker speaks; else 5. */
async function connected(access: BrokerAccess): Promise<MqttClient> {
  let failure = explainFailure(undefined);
  for (const protocolVersion of [4, 5] as const) {
    try {
      return await connectAsync(access.url, clientOptions(access, protocolVersion), false);
    } catch (error) {
      failure = explainFailure(error as Error);
      if (failure.kind !== 'version') break;
    }
  }
  const kind = failure.kind === 'refused' ? 'refused' : 'unreachable';
  throw new CannotListen(`${access.url}: ${failure.detail}`, kind);
}

function clientOptions(
  { username, password, caFile }: BrokerAccess,
  protocolVersion: 4 | 5,
): IClientOptions {
  return {
    clientId: `foretide-init-${Math.random().toString(36).slice(2, 10)}`,
    clean: true,
    protocolVersion,
    username,
    password,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
  };
}

function during(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
}

/** What to do where there is no broker. */
export const NO_BROKER = [
  'No broker at hand? Either install one:',
  '  sudo apt install mosquitto          it then listens on mqtt://127.0.0.1:1883',
  'or let Foretide run one itself, for devices and clients on this machine:',
  '  foretide run config/embedded.yaml   "source: { mqtt: { embedded: {} } }"',
].join('\n');
