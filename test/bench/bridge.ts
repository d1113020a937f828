/**
 * The bare bridge that the daemon is measured against: an mqtt.js subscriber and `influx`
 * writePoints, as one would write it in an afternoon. Nothing is learned; each message becomes as
 * many points as the daemon's (1 actual, one a lead, 2 scores).
 *
 *   node bridge.js BROKER_URL DATABASE_URL NAME HORIZON
 */
import { InfluxDB, type IPoint } from 'influx';
import mqtt from 'mqtt';

const [brokerUrl, databaseUrl, name, horizonText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
];
const horizon = Number(horizonText);
const BATCH_POINTS = 5_000;
const FLUSH_MS = 250;

const { hostname, port } = new URL(databaseUrl);
const influx = new InfluxDB({ host: hostname, port: Number(port), database: name });
await influx.createDatabase(name);

let waiting: IPoint[] = [];
let writing = false;

async function flush(all: boolean): Promise<void> {
  if (writing) return;
  writing = true;
  while (waiting.length >= BATCH_POINTS || (all && waiting.length > 0)) {
    const batch = waiting.slice(0, BATCH_POINTS);
    waiting = waiting.slice(BATCH_POINTS);
    await influx.writePoints(batch, { precision: 'ms' });
  }
  writing = false;
}

function pointsOf(series: string, timeMs: number, value: number): IPoint[] {
  const points: IPoint[] = [
    { measurement: 'actual', tags: { series }, fields: { value }, timestamp: timeMs },
  ];
  for (let lead = 1; lead <= horizon; lead++) {
    const fields = { mean: value, lower: value, upper: value, lead, issued: timeMs };
    const timestamp = timeMs + 1000 * lead;
    points.push({ measurement: 'forecast', tags: { series }, fields, timestamp });
  }
  for (const lead of [1, horizon]) {
    const fields = {
      forecast: value,
      actual: value,
      error: 0,
      naive_error: 0,
      covered: 1,
      skill: 0,
    };
    const tags = { series, lead: String(lead) };
    points.push({ measurement: 'forecast_score', tags, fields, timestamp: timeMs });
  }
  return points;
}

const client = mqtt.connect(brokerUrl, {
  clientId: name,
  protocolVersion: 5,
  clean: false,
  properties: { sessionExpiryInterval: 86_400, receiveMaximum: 500 },
});
client.on('message', (topic, payload) => {
  const { t, v } = JSON.parse(payload.toString()) as { t: number; v: number };
  waiting.push(...pointsOf(topic.split('/')[1]!, t, v));
  if (waiting.length >= BATCH_POINTS) void flush(false);
});
client.on('connect', () => {
  console.log('connected');
  client.subscribe(`${name}-in/+`, { qos: 1 });
});
setInterval(() => void flush(true), FLUSH_MS);
process.on('SIGTERM', () => process.exit(0));
