/** A real Mosquitto and a real InfluxDB for the integration tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accepts, freePort } from './ports.ts';
import { startServer, type TestServer } from './server-process.ts';

export type { TestServer } from './server-process.ts';

export interface MosquittoOptions {
  readonly port?: number;
  /** Lines for mosquitto.conf; they come after `listener`, so TLS settings apply to it. */
  readonly config?: readonly string[];
  readonly dir?: string;
}

/** A broker for everybody on loopback, unless `config` says otherwise. */
export function startMosquitto(options: MosquittoOptions = {}): Promise<TestServer> {
  const extra = options.config ?? [];
  const open = !extra.some((line) => /^\s*(allow_anonymous|password_file)\b/.test(line));
  return startServer({
    program: 'mosquitto',
    scheme: 'mqtt',
    port: options.port,
    dir: options.dir,
    prepare(dir, port) {
      const file = join(dir, 'mosquitto.conf');
      // Started by root it would become a user that may not write to the folder.
      const user = process.getuid?.() === 0 ? ['user root'] : [];
      const location = [`persistence_location ${dir}/`];
      const lines = [...user, ...location, `listener ${port} 127.0.0.1`];
      if (open) lines.push('allow_anonymous true');
      writeFileSync(file, [...lines, ...extra, ''].join('\n'));
      return { args: ['-v', '-c', file] };
    },
    ready: accepts,
  });
}

export interface InfluxdOptions {
  readonly port?: number;
  readonly dir?: string;
  /** Settings as the server takes them: `INFLUXDB_HTTP_AUTH_ENABLED: 'true'`. */
  readonly env?: NodeJS.ProcessEnv;
}

/** InfluxDB 1.x with an empty database folder. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<TestServer> {
  const rpcPort = await freePort();
  return startServer({
    program: 'influxd',
    scheme: 'http',
    port: options.port,
    dir: options.dir,
    prepare(dir, port) {
      const file = join(dir, 'influxdb.conf');
      writeFileSync(file, influxdConfig(dir, port, rpcPort));
      return { args: ['run', '-config', file], env: options.env };
    },
    async ready(port) {
      try {
        return (await fetch(`http://127.0.0.1:${port}/ping`)).status === 204;
      } catch {
        return false;
      }
    },
  });
}

function influxdConfig(dir: string, port: number, rpcPort: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${dir}/meta"
[data]
  dir = "${dir}/data"
  wal-dir = "${dir}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
`;
}
