/**
 * The sink for InfluxDB 2 and 3. Neither can be run here: a stand-in answers as they do. What each says
 * of a server of another generation is tried against a real InfluxDB 1.x.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { type DrainEvent, SinkDrain } from '../../src/sink/drain.ts';
import { InfluxSink } from '../../src/sink/influx.ts';
import { storedTag } from '../../src/sink/tag.ts';
import { MemoryOutbox } from '../../src/store/memory-outbox.ts';
import type { SeriesPoints } from '../../src/store/points.ts';
import { FAKE_ORG, FakeInflux, type FakeInfluxOptions } from '../support/fake-influx.ts';
import { FakeStore } from '../support/fake-influx-store.ts';
import { START_MS, STEP_MS, seriesPoints } from '../support/points.ts';
import { startInfluxd } from '../support/servers.ts';

const TOKEN = 'geheim==';
const V2 = { version: 2, token: TOKEN, org: FAKE_ORG, bucket: 'f' };
const V3 = { version: 3, token: TOKEN, database: 'f' };

const open: { stop(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function start(kind: FakeInfluxOptions['kind'], over: object = {}): Promise<FakeInflux> {
  const fake = await FakeInflux.start({ kind, token: TOKEN, ...over });
  open.push(fake);
  return fake;
}

function sinkTo(url: string, over: object = {}): InfluxSink {
  const influx = { url, retry_min: '10ms', retry_max: '200ms', ...over };
  const config = configSchema.parse({ streams: [{ topic: 'a' }], sinks: { influx } });
  const sink = new InfluxSink(config.sinks.influx!, true);
  open.push({ stop: () => sink.close() });
  return sink;
}

function noticesOf(sink: InfluxSink): string[] {
  const notices: string[] = [];
  sink.notices.subscribe((notice) => notices.push(notice));
  return notices;
}

async function failureOf(work: Promise<unknown>): Promise<{ message: string; pace: string }> {
  const error = (await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { name: string; message: string; pace: string };
  expect(error?.name).toBe('SinkUnavailable');
  expect(error.message).not.toContain(TOKEN);
  return error;
}

const step = (i: number, over: Partial<SeriesPoints> = {}): SeriesPoints =>
  seriesPoints({ issuedMs: START_MS + i * STEP_MS, actual: i, scores: [], ...over }, 0);
const steps = (from: number, to: number): SeriesPoints[] =>
  Array.from({ length: to - from }, (_, i) => step(from + i));
const values = (fake: FakeInflux): unknown[] =>
  fake.points('f', 'actual').map(({ fields }) => fields.value);

const KINDS = [
  ['2', 'v2', V2],
  ['3 Core', 'core3', V3],
  ['3 of the older clouds', 'cloud3', V3],
] as const;

describe.each(KINDS)('InfluxDB %s', (_, kind, influx) => {
  async function ready(over: object = {}): Promise<FakeInflux> {
    const fake = await start(kind, over);
    fake.stores.set('f', new FakeStore(0));
    return fake;
  }

  it('stores the layout, and each kind of name as a series of its own', async () => {
    const names = ['comma,space equals=', 'quote"\'', 'line\nend', 'trailing\\', 'θ→🌡', '#c', ' '];
    const fake = await ready();
    const sink = sinkTo(fake.url, influx);
    expect(await sink.write(names.map((series) => seriesPoints({ series })))).toEqual([]);
    const count = (measurement: string): number => fake.points('f', measurement).length;
    expect(['actual', 'forecast', 'forecast_score'].map(count)).toEqual([7, 14, 7]);
    const stored = fake.points('f', 'actual').map(({ tags }) => tags.series);
    expect(stored).toEqual(names.map(storedTag));
    const [point] = fake.points('f', 'forecast');
    expect(point).toMatchObject({
      timeMs: START_MS + STEP_MS,
      fields: { mean: 21, lower: 20, upper: 22, lead: 1, issued: START_MS },
    });
  });

  it('packs requests where that is wanted, and large ones only', async () => {
    const fake = await ready();
    const sink = sinkTo(fake.url, { ...influx, gzip: true });
    await sink.write([step(0)]);
    await sink.write(steps(1, 500));
    expect(fake.writes.map(({ headers }) => headers['content-encoding'])).toEqual([
      undefined,
      'gzip',
    ]);
    expect(values(fake)).toHaveLength(500);
    // Not to this machine, unless it is said.
    await sinkTo(fake.url, influx).write(steps(500, 1_000));
    expect(fake.writes.at(-1)!.headers['content-encoding']).toBeUndefined();
  });

  it('a type conflict is rejected and counted by name, all else is stored', async () => {
    const fake = await ready();
    fake.stores.get('f')!.declareText('forecast_score', 'skill');
    const batch = Array.from({ length: 60 }, (_, i) =>
      seriesPoints({ series: `s${i % 3}`, issuedMs: START_MS + i * STEP_MS }, 0),
    );
    const rejected = await sinkTo(fake.url, influx).write(batch);
    expect(rejected.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(60);
    expect(new Set(rejected.map(({ series }) => series))).toEqual(new Set(['s0', 's1', 's2']));
    expect(rejected[0]!.detail).toMatch(/"skill"|'skill'/);
    expect(values(fake)).toHaveLength(60);
  });

  it('what is too large for one request goes in parts, and nothing is rejected', async () => {
    const fake = await ready({ bodyMax: 5_000 });
    expect(await sinkTo(fake.url, influx).write(steps(0, 1_000))).toEqual([]);
    expect(values(fake)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  it('a wrong token is told, with the key to look at, and not tried soon again', async () => {
    const fake = await ready();
    const { message, pace } = await failureOf(
      sinkTo(fake.url, { ...influx, token: 'other' }).write([step(0)]),
    );
    expect(message).toMatch(/refuses access with this token: .*; check token in sinks\.influx/);
    expect(pace).toBe('slow');
  });

  it('a poor line: said once an incident, all is written in the end', async () => {
    const fake = await ready();
    const busy = { status: 503, body: '{"code":"unavailable","message":"try later"}' };
    const faults = [
      undefined,
      busy,
      { cut: 'before' },
      { cut: 'after' },
      { delayMs: 2_500 },
    ] as const;
    fake.fault = (write) => faults[write];
    const sink = sinkTo(fake.url, { ...influx, timeout: '2s' });
    const box = new MemoryOutbox({ pointsMax: 1_000 });
    const drain = new SinkDrain(box.reader(sink.name), sink, { batchSteps: 100 });
    const events: DrainEvent[] = [];
    drain.events.subscribe((event) => events.push(event));
    drain.start();
    box.put(steps(0, 450), 0);
    await drain.flush();
    expect(drain.counts).toEqual({ written: 450, rejected: 0, retries: 4 });
    const kinds = events.map((event) => event.kind);
    expect(kinds).toEqual(['unavailable', 'recovered']);
    expect(values(fake)).toEqual(Array.from({ length: 450 }, (_, i) => i));
    await drain.stop({ deadlineMs: 1_000 });
  });

  it('waits as long as it is asked to', async () => {
    const fake = await ready();
    const headers = { 'Retry-After': '7' };
    fake.fault = () => ({ status: 429, body: '{"message":"too many"}', headers });
    const error = await failureOf(sinkTo(fake.url, influx).write([step(0)]));
    expect(error).toMatchObject({ pace: 'normal', waitMs: 7_000 });
    expect(error.message).toMatch(/is busy: too many/);
  });
});

describe('buckets', () => {
  it('creates the bucket with its retention, says so, and creates it again', async () => {
    const fake = await start('v2');
    const sink = sinkTo(fake.url, { ...V2, retention: { duration: '90d' } });
    const notices = noticesOf(sink);
    const now = Date.now();
    await sink.write([step(0, { issuedMs: now })]);
    expect(notices).toEqual(['created bucket "f" on InfluxDB v2.7.11']);
    expect(fake.stores.get('f')!.retentionMs).toBe(90 * 86_400_000);
    fake.stores.delete('f');
    expect(await sink.write([step(1, { issuedMs: now, actual: 1 })])).toEqual([]);
    expect(values(fake)).toEqual([1]);
  });

  it('leaves one with another retention as it is, and says so', async () => {
    const fake = await start('v2');
    fake.stores.set('f', new FakeStore(86_400_000));
    const sink = sinkTo(fake.url, { ...V2, retention: { duration: '90d' } });
    const notices = noticesOf(sink);
    await sink.prepare();
    expect(notices).toEqual([expect.stringMatching(/"f" keeps points for 1d, not 90d; it stays/)]);
    expect(fake.stores.get('f')!.retentionMs).toBe(86_400_000);
  });

  it('points beyond the retention are found, counted exactly, and not offered for ever', async () => {
    const fake = await start('v2', { now: () => START_MS + 2_000 * STEP_MS });
    fake.stores.set('f', new FakeStore(1_000 * STEP_MS));
    const rejected = await sinkTo(fake.url, V2).write(steps(0, 2_000));
    expect(rejected.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(1_000);
    for (const { detail } of rejected) expect(detail).toMatch(/points beyond retention policy/);
    expect(values(fake)).toEqual(Array.from({ length: 1_000 }, (_, i) => 1_000 + i));
  });

  it('a token that may only write to a bucket is enough where that is there', async () => {
    const fake = await start('v2', { may: [] });
    fake.stores.set('f', new FakeStore(0));
    const sink = sinkTo(fake.url, V2);
    expect(await sink.write([step(5)])).toEqual([]);
    expect(values(fake)).toEqual([5]);
  });

  it('says what to do where the bucket is missing and the token may not create it', async () => {
    const fake = await start('v2', { may: [] });
    const { message, pace } = await failureOf(sinkTo(fake.url, V2).prepare());
    expect(message).toMatch(
      /bucket "f" not found, and the token may not create it; create it \(in/,
    );
    expect(pace).toBe('slow');
  });

  it('says which key is wrong where the organization is', async () => {
    const fake = await start('v2');
    const error = await failureOf(sinkTo(fake.url, { ...V2, org: 'other' }).prepare());
    expect(error.message).toMatch(/organization name "other" not found; check org in sinks\.inf/);
    expect(error.pace).toBe('slow');
  });
});

describe('InfluxDB 3', () => {
  it('writes by write_lp with a bearer token, and by the interface of 2 where that is missing', async () => {
    const core = await start('core3');
    await sinkTo(core.url, V3).write([step(0)]);
    expect(core.writes[0]).toMatchObject({
      path: '/api/v3/write_lp',
      query: { db: 'f', precision: 'millisecond', accept_partial: 'true' },
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const cloud = await start('cloud3');
    cloud.stores.set('f', new FakeStore(0));
    await sinkTo(cloud.url, V3).write([step(0)]);
    expect(cloud.writes[0]).toMatchObject({ path: '/api/v2/write', query: { bucket: 'f' } });
  });

  it('takes the lines that are named as refused at their word: no search', async () => {
    const fake = await start('core3');
    fake.stores.set('f', new FakeStore(0));
    fake.stores.get('f')!.declareText('actual', 'anomaly');
    const batch = steps(0, 400).map((points, i) => (i % 8 ? points : { ...points, anomaly: 0.5 }));
    const rejected = await sinkTo(fake.url, V3).write(batch);
    expect(rejected).toHaveLength(50);
    expect([fake.writes.length, values(fake).length]).toEqual([1, 350]);
  });

  it('sends the rest again where a long list may have been cut', async () => {
    const fake = await start('core3');
    fake.stores.set('f', new FakeStore(0));
    fake.stores.get('f')!.declareText('actual', 'anomaly');
    const batch = steps(0, 400).map((points, i) => (i % 2 ? points : { ...points, anomaly: 0.5 }));
    expect(await sinkTo(fake.url, V3).write(batch)).toHaveLength(200);
    expect([fake.writes.length, values(fake).length]).toEqual([2, 200]);
  });

  it('says that a database is missing where it does not come by itself', async () => {
    const fake = await start('cloud3');
    const error = await failureOf(sinkTo(fake.url, V3).prepare());
    expect([error.pace, error.message]).toEqual([
      'slow',
      expect.stringMatching(/database not found; create/),
    ]);
  });

  it('needs no token where the server wants none', async () => {
    const fake = await start('core3', { token: undefined });
    await sinkTo(fake.url, { version: 3, database: 'f' }).write([step(0)]);
    expect(fake.writes[0]!.headers.authorization).toBeUndefined();
  });
});

describe('a server of another generation', () => {
  it.each([
    [
      'v2',
      { version: 1 },
      /is InfluxDB v2\.7\.11, and version is 1; set sinks\.influx\.version: 2/,
    ],
    ['v2', V3, /version is 3; set sinks\.influx\.version: 2, with token, org and bucket/],
    ['core3', V2, /is InfluxDB 3\.4\.1, and version is 2; set .*version: 3, with token and data/],
    // It wants a token before it tells its version.
    ['core3', { version: 1 }, /where it is an InfluxDB 2 or 3, set sinks\.influx\.version/],
  ] as const)('%s, configured as %j', async (kind, influx, expected) => {
    const fake = await start(kind);
    const { message, pace } = await failureOf(sinkTo(fake.url, influx).prepare());
    expect(message).toMatch(expected);
    expect(pace).toBe('slow');
  });

  it('a real InfluxDB 1.x, configured as 2 and as 3', async () => {
    const server = await startInfluxd();
    open.push(server);
    for (const influx of [V2, V3]) {
      const { message } = await failureOf(sinkTo(server.url, influx).prepare());
      expect(message).toMatch(
        /is InfluxDB 1\.\S+, and version is [23]; set .*version: 1, with data/,
      );
    }
  });
});
