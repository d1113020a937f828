/** Fuzzed messages through a real broker, the daemon's process, and a real database. */
import mqtt from 'mqtt';
import { DurableDaemon } from '../support/durable-daemon.ts';
import type { FuzzMessage } from '../support/fuzz.ts';
import { influxQuery } from '../support/influx-query.ts';
import { nameOfTag } from '../support/line-reader.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import { STREAMS } from './fuzzed-messages.ts';
import { FaultError } from './scenario.ts';

const WAIT_MS = 60_000;
const MEASUREMENTS = ['actual', 'forecast', 'forecast_event', 'forecast_score'];

/** @returns steps in the database */
export async function throughServers(
  messages: readonly FuzzMessage[],
  seed: number,
): Promise<{ points: number }> {
  const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
  const database = await startInfluxd();
  const name = `fuzz${seed}`;
  const daemon = new DurableDaemon({
    brokerUrl: broker.url,
    databaseUrl: database.url,
    name,
    stateDir: `${broker.dir}/state`,
    streams: STREAMS,
  });
  try {
    await daemon.up();
    await publish(broker, messages);
    const sound = messages.filter(({ topic }) => topic.startsWith('sound/')).length;
    await daemon.writes(sound, WAIT_MS, 'sound');
    // They were the last ones, and messages are taken in order.
    const accounts = await daemon.stop();
    const { learned } = accounts.get('sound')!;
    if (learned !== sound) throw new FaultError(seed, `${learned} sound learned, not ${sound}`);
    return { points: await expectNoOthers(database, name, messages, seed) };
  } finally {
    await daemon.close();
    await Promise.all([broker.stop(), database.stop()]);
  }
}

async function publish(broker: TestServer, messages: readonly FuzzMessage[]): Promise<void> {
  const client = await mqtt.connectAsync(broker.url);
  for (let i = 0; i < messages.length; i += 100) {
    const some = messages.slice(i, i + 100).map(({ topic, payload }) => {
      return client.publishAsync(allowed(topic), payload, { qos: 1 });
    });
    await Promise.all(some);
  }
  await client.endAsync();
}

/** Mosquitto ends the connection over others. */
function allowed(topic: string): string {
  const text = topic.replace(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu, '_');
  return text.split('/').slice(0, 100).join('/').slice(0, 10_000).toWellFormed();
}

/** Measurements, fields and series of the database are those that were meant. */
async function expectNoOthers(
  database: TestServer,
  db: string,
  messages: readonly FuzzMessage[],
  seed: number,
): Promise<number> {
  const measurements = await influxQuery(database.url, 'show measurements', { db });
  for (const { name } of measurements) {
    if (!MEASUREMENTS.includes(String(name))) throw new FaultError(seed, `measurement ${name}`);
  }
  const topics = messages.map(({ topic }) => allowed(topic));
  const roots = new Set(topics);
  const rows = await influxQuery(database.url, 'show tag values with key = "series"', { db });
  for (const { value } of rows) {
    const series = nameOfTag(String(value));
    // The topic itself, or with a field behind it.
    let at = series.length;
    while (at > 0 && !roots.has(series.slice(0, at))) at = series.lastIndexOf('/', at - 1);
    if (at <= 0) throw new FaultError(seed, `series ${JSON.stringify(series)} is of no topic`);
  }
  const counts = await influxQuery(database.url, 'select count(value) from actual', { db });
  return Number(counts[0]?.count ?? 0);
}
