import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { MqttSourceConfig } from '../config/schema.ts';
import { SourceError } from './source.ts';

export type EmbeddedBrokerConfig = NonNullable<MqttSourceConfig['embedded']>;

export interface EmbeddedBroker {
  /** With the port it really listens on. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A broker in this process, so that a newcomer needs none. It speaks MQTT 3.1.1, keeps everything in
 * memory and lets everybody in.
 * @throws SourceError when it cannot listen there
 */
export async function startEmbeddedBroker(config: EmbeddedBrokerConfig): Promise<EmbeddedBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  try {
    await listen(server, config);
  } catch (error) {
    await closeAedes(aedes);
    throw new SourceError(explain(error as NodeJS.ErrnoException, config));
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `mqtt://${hostInUrl(config.host)}:${port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeAedes(aedes);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: EmbeddedBrokerConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}

/** Clients cannot connect to "every address", but they can to this machine. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function explain(error: NodeJS.ErrnoException, { host, port }: EmbeddedBrokerConfig): string {
  const where = `embedded broker: ${host} port ${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is in use, perhaps by another broker; set source.mqtt.url to use that one, or choose another port (0 = any free one)`;
    case 'EACCES':
      return `${where} may not be opened by this user; choose a port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${where}: this machine does not have that address`;
    default:
      return `${where} cannot be opened: ${error.message}`;
  }
}
