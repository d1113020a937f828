/** Traffic as it comes in the field, for what looks at messages before there is a configuration. */
import { encode as msgpack } from '@msgpack/msgpack';
import { encode as cbor } from 'cborg';
import type { Message } from '../../src/source/source.ts';
import { sparkplug, TYPE } from './sparkplug.ts';
import { Random } from './streams.ts';

/** Saturday, on a whole minute. */
export const TRAFFIC_START_MS = Date.UTC(2026, 4, 2, 12);

export interface Talk {
  readonly topic: string;
  readonly everyMs: number;
  /** Share of the period that a message comes early or late. */
  readonly jitter?: number;
  /** The i-th payload. */
  readonly payload: (i: number, nowMs: number, random: Random) => string | Uint8Array;
}

/** All messages of the talks for so long, in order of arrival. */
export function traffic(talks: readonly Talk[], forMs: number, seed = 1): Message[] {
  const messages = talks.flatMap(({ topic, everyMs, jitter = 0, payload }, t) => {
    const random = new Random(seed + 7919 * t);
    return Array.from({ length: Math.floor(forMs / everyMs) }, (_, i) => {
      const off = jitter * everyMs * (random.uniform() - 0.5);
      const receivedMs = Math.round(TRAFFIC_START_MS + i * everyMs + off + t * 0.1 * everyMs);
      return message(topic, payload(i, receivedMs, random), receivedMs);
    });
  });
  return messages.sort((a, b) => a.receivedMs - b.receivedMs);
}

export function message(
  topic: string,
  payload: string | Uint8Array,
  receivedMs: number,
  retained = false,
): Message {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  return { topic, payload: bytes, receivedMs, retained, where: `topic ${topic}` };
}

/** As `foretide replay` reads them: JSON lines. */
export function recorded(messages: readonly Message[]): string {
  const lines = messages.map(({ topic, payload, receivedMs }) =>
    JSON.stringify({
      topic,
      payload_base64: Buffer.from(payload).toString('base64'),
      time: receivedMs,
    }),
  );
  return `${lines.join('\n')}\n`;
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
const wave = (i: number, random: Random): number => 20 + 3 * Math.sin(i / 5) + random.normal() / 4;

/** One after another: what a hall full of different devices says. */
export const FIELD: Readonly<Record<string, Talk>> = {
  tasmotaSensor: {
    topic: 'tele/boiler/SENSOR',
    everyMs: 1_000,
    payload: (i, now, random) =>
      JSON.stringify({
        Time: new Date(now + 7_200_000).toISOString().slice(0, 19),
        AM2301: { Temperature: round(wave(i, random)), Humidity: round(50 + random.normal()) },
        ENERGY: { Total: round(3 + i / 1000, 3), Power: 230 + Math.round(10 * random.normal()) },
        TempUnit: 'C',
      }),
  },
  tasmotaState: {
    topic: 'tele/boiler/STATE',
    everyMs: 1_000,
    payload: (i, now) =>
      JSON.stringify({
        Time: new Date(now + 7_200_000).toISOString().slice(0, 19),
        UptimeSec: 1000 + i,
        Heap: 25 + (i % 3),
        POWER: i % 6 < 2 ? 'ON' : 'OFF',
        Wifi: { AP: 1, SSId: 'home', RSSI: 60 + (i % 4), Signal: -60 - (i % 5) },
      }),
  },
  zigbee: {
    topic: 'zigbee2mqtt/kitchen',
    everyMs: 2_000,
    jitter: 0.1,
    payload: (i, _now, random) =>
      JSON.stringify({
        battery: 100,
        humidity: round(45 + random.normal(), 2),
        linkquality: 90 + (i % 7),
        temperature: round(wave(i, random), 2),
        update: { installed_version: 1, state: 'idle' },
      }),
  },
  shelly: {
    topic: 'shellies/plug1/relay/0/power',
    everyMs: 1_000,
    payload: (i, _now, random) => round(100 + 20 * Math.sin(i / 4) + random.normal(), 2).toString(),
  },
  relay: {
    topic: 'shellies/plug1/relay/0',
    everyMs: 1_500,
    jitter: 0.2,
    payload: (i) => (i % 5 < 2 ? 'on' : 'off'),
  },
  csv: {
    topic: 'machine/press/vibration',
    everyMs: 1_000,
    payload: (i, now, random) =>
      `${new Date(now).toISOString()},${round(wave(i, random), 3)},${round(random.normal(), 3)}`,
  },
  ticks: {
    topic: 'market/AAPL/trade',
    everyMs: 700,
    jitter: 1.8,
    payload: (i, now, random) =>
      JSON.stringify({
        price: round(189 + Math.sin(i / 9) + random.normal() / 20, 2),
        size: 10 * (1 + Math.floor(random.uniform() * 9)),
        ts: now,
      }),
  },
  telegraf: {
    topic: 'telegraf/gateway/mem',
    everyMs: 1_000,
    payload: (i, now, random) =>
      JSON.stringify({
        fields: { used_percent: round(wave(i, random), 3), total: 8_000_000_000 },
        name: 'mem',
        tags: { host: 'gateway' },
        timestamp: Math.floor(now / 1000),
      }),
  },
  statestream: {
    topic: 'ha/sensor/attic/state',
    everyMs: 1_000,
    payload: (i, _now, random) => round(wave(i, random), 1).toFixed(1),
  },
  cbor: {
    topic: 'node/7/cbor',
    everyMs: 1_000,
    payload: (i, now, random) => cbor({ t: round(wave(i, random), 2), id: 7, ts: now }),
  },
  msgpack: {
    topic: 'node/8/msgpack',
    everyMs: 1_000,
    payload: (i, _now, random) => msgpack({ sensor: { t: round(wave(i, random), 2) }, fw: 3 }),
  },
  lineProtocol: {
    topic: 'influx/gateway',
    everyMs: 1_000,
    payload: (i, now, random) =>
      ['a', 'b']
        .map(
          (host) => `cpu,host=${host} idle=${round(wave(i, random), 2)},uptime=${i}i ${now}000000`,
        )
        .join('\n'),
  },
  sparkplug: {
    topic: 'spBv1.0/plant/DDATA/edge/pump',
    everyMs: 1_000,
    payload: (i, now, random) =>
      sparkplug({
        timestamp: now,
        seq: i % 256,
        metrics: [{ alias: 1, double: wave(i, random) }],
      }),
  },
};

/** What makes the data of the Sparkplug talk readable, and comes once. */
export function sparkplugBirths(): Message[] {
  const birth = (topic: string, seq: number, name: string): Message => {
    const metric = { name, alias: seq, type: TYPE.Double, double: 20 };
    const payload = sparkplug({ timestamp: TRAFFIC_START_MS, seq, metrics: [metric] });
    return message(topic, payload, TRAFFIC_START_MS - 10 + seq);
  };
  return [
    birth('spBv1.0/plant/NBIRTH/edge', 0, 'load'),
    birth('spBv1.0/plant/DBIRTH/edge/pump', 1, 'pressure'),
  ];
}
