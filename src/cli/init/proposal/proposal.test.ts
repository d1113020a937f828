import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collectLog } from '../../../../test/support/log.ts';
import {
  FIELD,
  message,
  recorded,
  sparkplugBirths,
  type Talk,
  TRAFFIC_START_MS,
  traffic,
} from '../../../../test/support/traffic.ts';
import { parseConfig } from '../../../config/load.ts';
import type { Config } from '../../../config/schema.ts';
import { Daemon } from '../../../daemon/daemon.ts';
import { prepareCore } from '../../../daemon/prepare.ts';
import { createSource } from '../../../source/registry.ts';
import type { Message } from '../../../source/source.ts';
import { Survey } from '../survey/survey.ts';
import { configText } from './config-text.ts';
import { type Proposal, propose } from './proposal.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-proposal-'));
afterAll(() => rmSync(dir, { recursive: true }));

function proposed(messages: readonly Message[], asked = '#'): { proposal: Proposal; text: string } {
  const survey = new Survey('foretide');
  for (const heard of messages) survey.add(heard);
  const proposal = propose(survey.findings(), asked);
  const text = configText(proposal, {
    file: 'foretide.yaml',
    heard: 'on 2026-05-02, after 40s of # on mqtt://h.',
    broker: { url: 'mqtt://h:1883' },
    influx: undefined,
    httpPort: undefined,
  });
  return { proposal, text };
}

function config(text: string): Config {
  return parseConfig(text, 'foretide.yaml', {}, dir);
}

/** The series that a daemon with this configuration forecasts when it hears these messages. */
async function forecastSeries(
  text: string,
  messages: readonly Message[],
): Promise<{
  series: string[];
  invalid: number;
}> {
  const file = join(dir, 'heard.ndjson');
  writeFileSync(file, recorded(messages));
  const given = { ...config(text), source: { ndjson: { file } }, sinks: {}, shards: 1 };
  const { log } = collectLog();
  const series = new Set<string>();
  const daemon = new Daemon(given, {
    ...(await prepareCore(given, log)),
    source: await createSource(given),
    sinks: [],
    live: false,
    log,
    onPoints: (batch) => {
      for (const points of batch) {
        const count = points.mean.length + (points.symbols?.probability.length ?? 0);
        if (count > 0) series.add(points.series);
      }
    },
  });
  await daemon.run();
  const invalid = [...daemon.accounting().values()].reduce((sum, a) => sum + a.invalid, 0);
  return { series: [...series].sort(), invalid };
}

/** Fields under the topic, or whole names. */
const SERIES: Readonly<Record<string, readonly string[]>> = {
  tasmotaSensor: ['/AM2301.Temperature', '/AM2301.Humidity', '/ENERGY.Power'],
  tasmotaState: ['/POWER'],
  zigbee: ['/humidity', '/temperature'],
  shelly: [''],
  relay: [''],
  csv: ['/v2', '/v3'],
  ticks: ['/price'],
  telegraf: ['/fields.used_percent'],
  statestream: [''],
  cbor: ['/t'],
  msgpack: ['/sensor.t'],
  lineProtocol: ['cpu,host=a/idle', 'cpu,host=b/idle'],
  sparkplug: ['plant/edge/pump/pressure'],
};

describe('a daemon with the proposal, hearing the same again', () => {
  const expected = (name: string): string[] =>
    SERIES[name]!.map((part) => {
      return part === '' || part.startsWith('/') ? `${FIELD[name]!.topic}${part}` : part;
    });

  it.each(Object.keys(SERIES))('forecasts what %s is about, and nothing else', async (name) => {
    const births = name === 'sparkplug' ? sparkplugBirths() : [];
    const messages = [...births, ...traffic([FIELD[name]!], 60_000)];
    const { text } = proposed(messages);
    expect(await forecastSeries(text, messages)).toEqual({
      series: expected(name).sort(),
      invalid: 0,
    });
  });

  it('forecasts every series where all of them talk at once', async () => {
    const messages = [...sparkplugBirths(), ...traffic(Object.values(FIELD), 60_000)];
    const { proposal, text } = proposed(messages);
    const { series, invalid } = await forecastSeries(text, messages);
    expect(series).toEqual(Object.keys(SERIES).flatMap(expected).sort());
    // The birth of the node tells one metric more, of which no data come.
    expect(proposal.series).toBe(series.length + 1);
    expect(invalid).toBe(0);
  });
});

/** The streams of the configuration, with what was written in them. */
function streams(talks: readonly Talk[], forMs = 40_000, asked = '#'): Config['streams'] {
  const { text } = proposed(traffic(talks, forMs), asked);
  return config(text).streams;
}

const at = (talk: Talk, topic: string): Talk => ({ ...talk, topic });

describe('topics', () => {
  const { shelly, relay, zigbee, statestream } = FIELD as Record<string, Talk>;

  it('of one shape share a filter with + where they differ', () => {
    const rooms = ['kitchen', 'bath', 'hall'].map((room) => at(shelly!, `home/${room}/power`));
    expect(streams(rooms).map(({ topic }) => topic)).toEqual(['home/+/power']);
  });

  it('of other shapes are not taken by that filter', () => {
    const talks = ['kitchen', 'bath'].flatMap((room) => [
      at(shelly!, `home/${room}/power`),
      at(relay!, `home/${room}/relay`),
      at(zigbee!, `home/${room}/climate`),
    ]);
    expect(streams(talks).map(({ topic, kind }) => [topic, kind])).toEqual([
      ['home/+/climate', 'number'],
      ['home/+/power', 'number'],
      ['home/+/relay', 'symbol'],
    ]);
  });

  it('that no filter takes alone are named one by one, the narrower first', () => {
    const talks = [at(zigbee!, 'z/a'), at(zigbee!, 'z/b'), at(relay!, 'z/lamp')];
    expect(
      streams(talks)
        .map(({ topic }) => topic)
        .sort(),
    ).toEqual(['z/a', 'z/b', 'z/lamp']);
    const many = [...'abcdefgh'].map((name) => at(zigbee!, `z/${name}`));
    expect(streams([...many, at(relay!, 'z/lamp')]).map(({ topic }) => topic)).toEqual([
      'z/lamp',
      'z/+',
    ]);
  });

  it('keep the filter that was asked for, where it fits', () => {
    const asked = streams([at(statestream!, 'ha/sensor/attic/state')], 40_000, 'ha/sensor/+/state');
    expect(asked.map(({ topic }) => topic)).toEqual(['ha/sensor/+/state']);
  });

  it('with names that YAML would take for something else are quoted', () => {
    const odd = [
      'a: b',
      'x #y',
      'x$' + '{HOME}',
      '1',
      'null',
      '"q"',
      "it's",
      'ä/ö ü',
      '- x',
      'true',
    ];
    const talks = odd.map((name, i) => ({ ...at(shelly!, `${name}/${i % 2 ? 'u' : 'v/w'}`) }));
    const expected = talks.map(({ topic }) => topic).sort();
    const { text, proposal } = proposed(traffic(talks, 20_000));
    const named = proposal.streams.flatMap(({ topics }) => topics);
    expect([...named].sort()).toEqual(expected);
    expect(config(text).streams.map(({ topic }) => topic)).toEqual(
      proposal.streams.map(({ filter }) => filter),
    );
  });
});

describe('what is written of a stream', () => {
  const { zigbee, ticks, csv, tasmotaSensor } = FIELD as Record<string, Talk>;

  it('the period, where the topics agree on it; else it is learned', () => {
    const quick: Talk = { ...zigbee!, topic: 'z/quick', everyMs: 1_000 };
    const slow: Talk = { ...zigbee!, topic: 'z/slow', everyMs: 5_000 };
    expect(streams([zigbee!])[0]!.every).toEqual({ ms: 2_000 });
    const [both] = streams([quick, slow]);
    expect([both!.topic, both!.every]).toEqual(['z/+', undefined]);
    expect(streams([{ ...slow, everyMs: 30_000 }])[0]!.every).toBeUndefined();
  });

  it('the time and its unit', () => {
    expect(streams([ticks!])[0]!.time).toEqual({ field: 'ts', unit: 'ms' });
    expect(streams([csv!])[0]).toMatchObject({
      columns: ['time', 'v2', 'v3'],
      time: { field: 'time', unit: 'iso' },
    });
    // Two hours ahead: local time.
    expect(streams([tasmotaSensor!])[0]!.time).toBe('receive');
  });

  it('trades as prices', () => {
    expect(streams([ticks!])[0]).toMatchObject({
      values: 'price',
      aggregate: 'last',
      transform: 'log_return',
    });
  });

  it('lateness where stamps came out of order', () => {
    const late: Talk = {
      topic: 'battery/sensor',
      everyMs: 1_000,
      payload: (i, now, random) =>
        JSON.stringify({ t: 20 + random.normal(), ts: (now - (i % 5 === 4 ? 2_500 : 0)) / 1_000 }),
    };
    expect(streams([late])[0]).toMatchObject({ lateness: 5_000, time: { field: 'ts', unit: 's' } });
  });
});

describe('what is left out', () => {
  const start = TRAFFIC_START_MS;
  const reason = (payloads: readonly (string | Uint8Array)[]): string | undefined => {
    const heard = payloads.map((payload, i) => message('a/b', payload, start + 1_000 * i));
    return proposed(heard).proposal.left[0]?.reason;
  };
  const twenty = (payload: (i: number) => string): string[] =>
    Array.from({ length: 20 }, (_, i) => payload(i));

  it.each([
    ['broken JSON', twenty((i) => `{"t": ${i}`), 'broken JSON'],
    ['bytes', [Buffer.from([0xc1, 0, 1, 2])], 'binary'],
    ['a decimal comma', twenty((i) => `21,${i}`), 'decimal comma'],
    ['semicolons', twenty((i) => `${i};2;3`), 'semicolons'],
    ['prose', twenty((i) => `event number ${i} has happened`), 'do not come again'],
    [
      'several devices',
      twenty((i) => `{"id":"s${i % 3}","t":${20 + Math.sin(i)}}`),
      'several devices',
    ],
    ['ids alone', twenty((i) => `{"id":${i}, "serial":${7 * i}}`), 'nothing to forecast'],
  ])('%s: the topic, with the reason', (_, payloads, expected) => {
    expect(reason(payloads)).toContain(expected);
  });

  it('fields that are no measurements, each with its reason as a comment', () => {
    const { text } = proposed(
      twenty((i) =>
        JSON.stringify({
          seq: i,
          uptime: 100 + i,
          rssi: -60 - (i % 3),
          fw_version: 3,
          load: Math.sin(i),
        }),
      ).map((payload, i) => message('a/b', payload, start + 1_000 * i)),
    );
    expect(text).toContain('# Left out: seq (up by 1 with each message: a counter)');
    expect(text).toContain('# Left out: uptime (how long the device runs)');
    expect(text).toContain('# Left out: rssi (about the device and its radio)');
    expect(config(text).streams[0]!.values).toBe('load');
  });

  it('a text that is the same within each topic, and another in the next', () => {
    const rooms = ['cellar', 'kitchen'];
    const heard = twenty((i) => JSON.stringify({ id: `dev-${rooms[i % 2]}`, t: Math.sin(i) })).map(
      (payload, i) => message(`sensors/${rooms[i % 2]}`, payload, start + 500 * i),
    );
    expect(proposed(heard).text).toContain('# Left out: id (always the same within a topic)');
  });

  it('but not the only value there is', () => {
    const counts = twenty((i) => JSON.stringify({ n: i })).map((payload, i) =>
      message('a/b', payload, start + 1_000 * i),
    );
    expect(config(proposed(counts).text).streams[0]!.values).toBe('n');
  });
});
