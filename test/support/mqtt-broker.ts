/** Brokers and clients in this process, for tests; `endAll` ends them after each. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AedesOptions } from 'aedes';
import { connectAsync, type MqttClient } from 'mqtt';
import { createMqttSource } from '../../src/source/mqtt.ts';
import type { Gate } from '../../src/source/source.ts';
import { mqttSettings, RunningSource } from './mqtt-source.ts';

export const cleanup: (() => unknown)[] = [];

export async function endAll(): Promise<void> {
  for (const end of cleanup.splice(0).reverse()) await end();
}

export interface Broker {
  readonly url: string;
  readonly port: number;
  readonly aedes: Aedes;
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** Speaks MQTT 3.1.1 only. */
export async function startBroker(options: AedesOptions = {}, port = 0): Promise<Broker> {
  const aedes = await Aedes.createBroker(options);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    aedes.handle(socket);
  });
  await listen(server, port);
  let open = true;
  const broker = {
    aedes,
    sockets,
    port: (server.address() as AddressInfo).port,
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      if (!open) return;
      open = false;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  cleanup.push(() => broker.close());
  return broker;
}

export function listen(server: Server, port = 0): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
}

/** A source on `#` with the base topic `tide`. */
export function run(url: string, keys: object = {}, gate?: Gate): RunningSource {
  const filters = [{ topic: '#', qos: 1 as const }];
  const running = new RunningSource(
    createMqttSource(mqttSettings(url, keys), 'tide', filters),
    gate,
  );
  cleanup.push(() => running.end());
  return running;
}

export async function client(url: string): Promise<MqttClient> {
  const publisher = await connectAsync(url, { reconnectPeriod: 0 });
  cleanup.push(() => publisher.endAsync(true));
  return publisher;
}
