import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BoardMonitor } from '../../../test/support/monitor.ts';
import { parseConfig } from '../../config/load.ts';
import { Discovery } from './discovery.ts';
import { announcement, deviceId, discoveryTopic } from './home-assistant.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Options {
  readonly keys?: string;
  readonly knowsAll?: boolean;
}

function start(
  names: readonly string[],
  { keys = 'enabled: true', knowsAll = true }: Options = {},
) {
  const config = parseConfig(
    `{ base: site, sinks: { mqtt: { url: mqtt://b } }, mqtt: { home_assistant: { ${keys} } },
       streams: [{ name: plant, topic: p/# }, { name: yard, topic: y/# }] }`,
    'test',
    {},
    '.',
  );
  const monitor = new BoardMonitor(names);
  const said: string[] = [];
  const warnings: string[] = [];
  const log = pino(
    { level: 'warn' },
    { write: (line) => void warnings.push(JSON.parse(line).msg) },
  );
  let { streams } = config;
  const subject = new Discovery({
    config,
    streams: () => streams,
    version: '1.2.3',
    monitor,
    knowsAll,
    log,
    publish: (topic, payload) => {
      said.push(`${payload === '' ? '−' : '+'} ${nameOf(topic)}`);
    },
    random: () => 0.5,
  });
  subject.start();
  const taken = (): string[] => said.splice(0);
  const reload = (next: typeof streams): void => {
    streams = next;
  };
  return { subject, monitor, taken, warnings, config, reload };
}

const SERIES = ['a', 'b', 'c', 'd', 'old'];
const topicOf = (series: string) =>
  discoveryTopic('homeassistant', 'site', deviceId('site', series));
const nameOf = (topic: string) => SERIES.find((series) => topicOf(series) === topic) ?? topic;

function leftover(series: string, stream: string, { config }: ReturnType<typeof start>): string {
  const about = {};
  const settings = { base: 'site', version: '0', prefix: 'homeassistant', about };
  const given = { ...config.streams[0]!, name: stream };
  return announcement({ series, kind: 'number' }, { ...settings, stream: given }).payload;
}

describe('Discovery', () => {
  it('announces what there is, what comes, and takes back what goes', async () => {
    const { subject, monitor, taken } = start(['plant:a', 'yard:b']);
    expect(taken()).toEqual([]);
    subject.onConnected();
    expect(taken()).toEqual(['+ a', '+ b']);
    monitor.add('plant:c');
    monitor.board.remove('a');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(taken()).toEqual(['− a', '+ c']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(taken()).toEqual([]);
    subject.stop();
  });

  it('announces the streams that a reload brings', async () => {
    const { subject, monitor, taken, reload, config } = start(['plant:a']);
    subject.onConnected();
    expect(taken()).toEqual(['+ a']);
    reload([...config.streams, { ...config.streams[0]!, name: 'shed', topic: 's/#' }]);
    monitor.add('shed:b');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(taken()).toEqual(['+ b']);
    subject.stop();
  });

  it('announces all again with a new connection, and some seconds after Home Assistant starts', async () => {
    const { subject, taken } = start(['plant:a']);
    subject.onConnected();
    subject.onConnected();
    expect(taken()).toEqual(['+ a', '+ a']);
    subject.onMessage('homeassistant/status', 'offline');
    subject.onMessage('homeassistant/status', 'online');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(taken()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(taken()).toEqual(['+ a']);
    subject.stop();
  });

  it('announces the streams that are named, so many series at most, and says so', () => {
    const names = ['plant:a', 'plant:b', 'plant:c', 'yard:d'];
    const some = start(names, { keys: 'enabled: true, streams: [{ name: yard }]' });
    some.subject.onConnected();
    expect([some.taken(), some.warnings]).toEqual([['+ d'], []]);
    const few = start(names, { keys: 'enabled: true, devices_max: 2' });
    few.subject.onConnected();
    few.subject.sync();
    expect(few.taken()).toEqual(['+ a', '+ b']);
    expect(few.warnings).toEqual([
      'home assistant: 4 series, of which the first 2 are announced; raise mqtt.home_assistant.devices_max, or name the streams that matter',
    ]);
    some.subject.stop();
    few.subject.stop();
  });

  it('takes back what an earlier run has announced and nobody wants', async () => {
    const run = start(['plant:a'], { keys: 'enabled: true, streams: [{ name: plant }]' });
    const { subject, taken, monitor } = run;
    monitor.ready = false;
    subject.onConnected();
    for (const [series, stream] of [
      ['a', 'plant'],
      ['old', 'plant'],
      ['d', 'yard'],
    ] as const) {
      subject.onMessage(topicOf(series), leftover(series, stream, run));
    }
    subject.onMessage(topicOf('b'), '');
    subject.onMessage('homeassistant/device/x/y/config', '{"dev":{"name":"x"},"o":{"name":"z2m"}}');
    subject.sync();
    expect(taken()).toEqual(['+ a', '− d']);
    monitor.ready = true;
    monitor.silent.add('c');
    subject.onMessage(topicOf('c'), leftover('c', 'plant', run));
    subject.sync();
    await vi.advanceTimersByTimeAsync(0);
    expect(taken()).toEqual(['− old']);
    subject.stop();
  });

  it('leaves a series that is not known yet, where nothing is kept', () => {
    const run = start(['plant:a'], { knowsAll: false });
    run.subject.onConnected();
    run.subject.onMessage(topicOf('old'), leftover('old', 'plant', run));
    run.subject.sync();
    expect(run.taken()).toEqual(['+ a']);
    run.subject.stop();
  });

  it('takes all back when it is off again', () => {
    const run = start(['plant:a'], { keys: 'enabled: false' });
    expect(run.subject.filters).toEqual([discoveryTopic('homeassistant', 'site', '+')]);
    run.subject.onConnected();
    run.subject.onMessage(topicOf('a'), leftover('a', 'plant', run));
    expect(run.taken()).toEqual(['− a']);
    run.subject.stop();
  });
});
