/** The InfluxDB sink against a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configSchema, type InfluxSinkConfig } from '../../src/config/schema.ts';
import { InfluxSink } from '../../src/sink/influx.ts';
import { storedTag } from '../../src/sink/tag.ts';
import { type InfluxRow, influxQuery } from '../support/influx-query.ts';
import { leadScore, START_MS, STEP_MS, seriesPoints } from '../support/points.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';

let server: TestServer;
let database: string;
let databases = 0;
beforeAll(async () => {
  server = await startInfluxd();
});
afterAll(() => server.stop());
beforeEach(() => {
  database = `test ${++databases}`;
});

function influxConfig(over: object = {}): InfluxSinkConfig {
  const influx = { url: server.url, database, ...over };
  return configSchema.parse({ streams: [{ topic: 'a' }], sinks: { influx } }).sinks.influx!;
}

function createSink(over: object = {}): InfluxSink {
  return new InfluxSink(influxConfig(over), true);
}

function query(q: string): Promise<InfluxRow[]> {
  return influxQuery(server.url, q, { db: database });
}

const step = (i: number) => seriesPoints({ issuedMs: START_MS + i * STEP_MS, actual: i }, 0);
const values = async (): Promise<unknown[]> =>
  (await query('SELECT value FROM actual')).map(({ value }) => value);

describe('creation', () => {
  it('creates the database, says so, and writes the layout', async () => {
    const sink = createSink();
    const notices: string[] = [];
    sink.notices.subscribe((notice) => notices.push(notice));
    expect(await sink.write([seriesPoints()])).toEqual([]);
    await sink.write([seriesPoints({ issuedMs: START_MS + STEP_MS })]);
    await sink.close();
    expect(notices).toEqual([
      expect.stringMatching(`created database "${database}" on InfluxDB 1\\.`),
    ]);
    expect(await query('SELECT * FROM forecast')).toEqual(
      [1, 1, 2].map((lead, i) => ({
        time: START_MS + (i + 1) * STEP_MS,
        series: 'boiler/temperature',
        mean: 20 + lead,
        lower: 19 + lead,
        upper: 21 + lead,
        lead,
        issued: START_MS + Math.min(i, 1) * STEP_MS,
      })),
    );
    expect(await query('SELECT * FROM forecast_score LIMIT 1')).toEqual([
      {
        ...{ time: START_MS, series: 'boiler/temperature', lead: '1' },
        ...{
          forecast: 21,
          actual: 20.5,
          error: 0.5,
          naive_error: -1,
          covered: 1,
          coverage: 0.9,
          skill: 0.25,
        },
      },
    ]);
    expect(await values()).toEqual([20.5, 20.5]);
    const types = await query('SHOW FIELD KEYS');
    expect(new Set(types.map(({ fieldType }) => fieldType))).toEqual(new Set(['float']));
  });

  it('creates the retention policy, and writes to it', async () => {
    const sink = createSink({ retention: { name: 'short', duration: '36500d' } });
    await sink.write([step(1)]);
    await sink.close();
    expect(await query('SELECT value FROM short.actual')).toHaveLength(1);
    expect(await values()).toEqual([]);
    const policies = await query('SHOW RETENTION POLICIES');
    expect(policies.find(({ name }) => name === 'short')).toMatchObject({
      duration: '876000h0m0s',
      default: false,
    });
  });

  it('leaves a policy of another duration as it is, and says so once', async () => {
    await query(`CREATE DATABASE "${database}"`);
    await query(`CREATE RETENTION POLICY kept ON "${database}" DURATION 0s REPLICATION 1`);
    const sink = createSink({ retention: { name: 'kept', duration: '90d' } });
    await sink.prepare();
    await sink.prepare();
    const notices: string[] = [];
    sink.notices.subscribe((notice) => notices.push(notice));
    await sink.close();
    expect(notices).toEqual([expect.stringMatching(/"kept" has no limit, not 90d; it stays/)]);
    const policies = await query('SHOW RETENTION POLICIES');
    expect(policies.find(({ name }) => name === 'kept')!.duration).toBe('0s');
  });

  it('says nothing of a policy that is as configured', async () => {
    const retention = { name: 'same', duration: '90d' };
    const first = createSink({ retention });
    await first.prepare();
    await first.close();
    const sink = createSink({ retention });
    const notices: string[] = [];
    sink.notices.subscribe((notice) => notices.push(notice));
    await sink.prepare();
    await sink.close();
    expect(notices).toEqual([]);
  });

  it('creates what was dropped meanwhile again', async () => {
    const sink = createSink({ retention: { name: 'short', duration: '36500d' } });
    await sink.write([step(1)]);
    await query(`DROP DATABASE "${database}"`);
    expect(await sink.write([step(2)])).toEqual([]);
    expect(await query('SELECT value FROM short.actual')).toHaveLength(1);

    await query(`DROP RETENTION POLICY short ON "${database}"`);
    await expect(sink.write([step(3)])).rejects.toMatchObject({ name: 'SinkUnavailable' });
    expect(await sink.write([step(3)])).toEqual([]);
    expect(await query('SELECT value FROM short.actual')).toHaveLength(1);
    await sink.close();
  });
});

describe('what the server stores is what was meant', () => {
  const names = [
    'plain',
    'comma,space equals=',
    'quote"single\'',
    'line\nend',
    'carriage\rreturn',
    'both\r\n',
    '\nfirst',
    'back\\slash',
    'trailing\\',
    'two\\\\',
    'before\\,comma\\ space\\=equals',
    'space and quote\\ "a=b",c',
    'ends with space ',
    ' begins',
    '#comment',
    ',',
    '=',
    '"',
    '\\',
    '\t',
    '\0',
    'θ→温度🌡',
    '__proto__',
    'percent %0A',
    'actual,series=x value=1',
    `long ${'x'.repeat(60_000)}`,
  ];

  it('in the tag, for every kind of name, each a series of its own', async () => {
    const sink = createSink();
    const batch = names.map((series, i) => seriesPoints({ series, actual: i, scores: [] }, 0));
    expect(await sink.write(batch)).toEqual([]);
    await sink.close();
    const rows = await query('SELECT value FROM actual GROUP BY "series"');
    const stored = new Map(rows.map(({ series, value }) => [series, value]));
    expect(stored).toEqual(new Map(names.map((name, i) => [storedTag(name), i])));
    expect(await query('SHOW MEASUREMENTS')).toEqual([{ name: 'actual' }]);
  });

  it('with the lead beside it, and for an empty name', async () => {
    const sink = createSink();
    const batch = ['', ...names].map((series) => seriesPoints({ series }));
    expect(await sink.write(batch)).toEqual([]);
    await sink.close();
    const rows = await query('SELECT skill FROM forecast_score GROUP BY "series", lead');
    const stored = rows.map(({ series, lead }) => `${series} ${lead}`);
    expect(stored.sort()).toEqual(['', ...names].map((name) => `${storedTag(name)} 1`).sort());
    expect(await query(`SELECT mean FROM forecast WHERE "series" = ''`)).toHaveLength(2);
  });

  it('in numbers and times, to the last bit', async () => {
    const numbers = [Number.MAX_VALUE, Number.MIN_VALUE, -0.1, 1e21, 1e-7, 1 / 3, 0];
    const times = [-9_223_372_036_000, -1.5, 0, 0.5, START_MS + 0.25, 4_294_967_296_000, 9e12];
    const sink = createSink();
    const batch = numbers.map((actual, i) =>
      seriesPoints({ issuedMs: times[i]!, actual, scores: [] }, 0),
    );
    expect(await sink.write(batch)).toEqual([]);
    await sink.close();
    const rows = await query('SELECT value FROM actual');
    expect(rows.map(({ value }) => value)).toEqual(numbers);
    expect(rows.map(({ time }) => time)).toEqual(times.map((ms) => Math.round(ms) + 0));
  });
});

describe('what the server refuses', () => {
  it('a type conflict harms its own measurement only, and is found without a search', async () => {
    await query(`CREATE DATABASE "${database}"`);
    const write = `${server.url}/write?db=${encodeURIComponent(database)}`;
    await fetch(write, {
      method: 'POST',
      body: `forecast,series=old mean="text" ${START_MS}000000`,
    });
    const sink = createSink();
    const batch = Array.from({ length: 50 }, (_, i) =>
      seriesPoints({ issuedMs: START_MS + 3 * i * STEP_MS }, 3),
    );
    const rejected = await sink.write(batch);
    expect(rejected).toHaveLength(150);
    expect(rejected[0]).toEqual({
      series: 'boiler/temperature',
      detail: expect.stringMatching(/field type conflict: input field "mean"/),
    });
    expect(await values()).toHaveLength(50);
    await sink.close();
  });

  it('a single bad point is found by bisection; the rest is stored', async () => {
    const sink = createSink({ retention: { name: 'hour', duration: '1h' } });
    const now = Date.now();
    const at = (i: number): number => (i === 37 ? START_MS : now + i);
    const batch = Array.from({ length: 100 }, (_, i) =>
      seriesPoints({ series: `s${i}`, issuedMs: at(i), actual: i, scores: [] }, 0),
    );
    const rejected = await sink.write(batch);
    expect(rejected).toEqual([
      { series: 's37', detail: expect.stringMatching(/points beyond retention policy dropped=1/) },
    ]);
    expect(await query('SELECT value FROM hour.actual')).toHaveLength(99);
    await sink.close();
  });

  it('many bad points among good ones: a bounded search, and nothing good is lost', async () => {
    const sink = createSink({ retention: { name: 'hour', duration: '1h' } });
    const now = Date.now();
    const batch = Array.from({ length: 2_000 }, (_, i) =>
      seriesPoints({ issuedMs: (i % 2 ? START_MS : now) + i, actual: i, scores: [] }, 0),
    );
    const rejected = await sink.write(batch);
    expect(await query('SELECT count(value) FROM hour.actual')).toMatchObject([{ count: 1_000 }]);
    expect(rejected.length).toBeGreaterThan(10);
    expect(rejected.length).toBeLessThan(400);
    expect(rejected.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(1_000);
    expect(rejected.some(({ detail }) => /^\d+ points of this and other/.test(detail))).toBe(true);
    await sink.close();
  });

  it('more lines than fit into one request go out in several, in order', async () => {
    const sink = createSink({ batch_points: 7 });
    // The same moment again and again: the last one written must stand.
    const batch = Array.from({ length: 100 }, (_, i) =>
      seriesPoints({ actual: i, scores: [leadScore({ skill: i })] }, 3),
    );
    expect(await sink.write(batch)).toEqual([]);
    expect(await values()).toEqual([99]);
    await sink.close();
  });
});
