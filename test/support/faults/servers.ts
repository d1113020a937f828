import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInfluxd, startMosquitto, type TestServer } from '../servers.ts';

export interface Surroundings {
  /** For whatever the daemons keep. */
  readonly dir: string;
  readonly broker: TestServer;
  readonly database: TestServer;
}

/** The queue of a client that is away has no end. */
export const BROKER_CONFIG = ['max_queued_messages 0'];

/** A Mosquitto, an InfluxDB and a folder; gone afterwards, whatever happens. */
export async function withServers<T>(work: (servers: Surroundings) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-faults-'));
  const [broker, database] = await Promise.all([
    startMosquitto({ config: BROKER_CONFIG }),
    startInfluxd(),
  ]);
  try {
    return await work({ dir, broker, database });
  } finally {
    await Promise.all([broker.stop(), database.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}
