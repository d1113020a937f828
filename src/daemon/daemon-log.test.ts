/** However often something goes wrong, the log of a running daemon stays readable. */
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { until } from '../../test/support/foretide.ts';
import { collectLog } from '../../test/support/log.ts';
import { parseConfig } from '../config/load.ts';
import { type RejectedPoint, type Sink, SinkUnavailable } from '../sink/sink.ts';
import type { MessageBatch, Source, SourceEvent } from '../source/source.ts';
import type { SeriesPoints } from '../store/points.ts';
import { Daemon } from './daemon.ts';
import { prepareCore } from './prepare.ts';

class FlappingSource implements Source {
  readonly url = 'mqtt://broker';
  readonly events = new Subject<SourceEvent>();
  readonly #messages = new Subject<MessageBatch>();

  messages(): Subject<MessageBatch> {
    return this.#messages;
  }

  give(topic: string, payload: string, receivedMs: number): void {
    const message = { topic, payload: Buffer.from(payload), receivedMs, retained: false };
    this.#messages.next([{ ...message, where: `topic ${topic}` }]);
  }

  progress(): undefined {}

  async stop(): Promise<void> {
    this.#messages.complete();
  }

  async close(): Promise<void> {}
}

/** Away at every other write; refuses all points when it is there. */
class FlappingSink implements Sink {
  readonly name = 'influx http://db:8086';
  readonly interleaves = false;
  readonly pacing = { batchSteps: 1, flushMs: 0, retryMsMin: 1, retryMsMax: 2 };
  outages = 0;
  refused = 0;
  #here = false;

  async write(batch: readonly SeriesPoints[]): Promise<readonly RejectedPoint[]> {
    this.#here = !this.#here;
    if (!this.#here) {
      this.outages++;
      throw new SinkUnavailable('http://db:8086: connection refused');
    }
    this.refused += batch.length;
    return batch.map(({ series }) => ({ series, detail: 'field type conflict' }));
  }

  async close(): Promise<void> {}
}

async function flooded(level: 'info' | 'debug') {
  const config = parseConfig(
    `{ source: { mqtt: { url: "mqtt://broker" } }, shards: 1, state: { keep: false },
       streams: [{ topic: x/+, payload: number, every: 1s, model: { cell: none } }] }`,
    'test',
    {},
    '.',
  );
  const { log, lines } = collectLog();
  log.level = level;
  const [source, sink] = [new FlappingSource(), new FlappingSink()];
  const core = await prepareCore(config, log);
  const daemon = new Daemon(config, { ...core, source, sinks: [sink], live: true, log });
  const done = daemon.run();
  const startMs = Date.now() - 3_600_000;
  for (let i = 0; i < 500; i++) {
    const nowMs = startMs + i * 1000;
    source.give(`x/${i % 20}`, `bad ${i}`, nowMs);
    source.give('x/good', String(i), nowMs + 1);
    source.events.next({ kind: 'disconnected', detail: 'broker mqtt://broker: hung up' });
    source.events.next({ kind: 'connected', detail: 'broker mqtt://broker: MQTT 5' });
    source.events.next({ kind: 'dropped', count: i + 1, detail: 'too fast' });
    daemon.log.warn(`page: GET /api/series?limit=${i}: it broke`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => sink.outages > 100 && sink.refused > 100);
  await daemon.stop();
  await done.catch(() => {});
  return { lines: lines.map(({ msg }) => msg), sink };
}

describe('the log of a daemon', () => {
  it('has a few lines where bad messages, refused points and flapping servers come by hundreds', async () => {
    const { lines } = await flooded('info');
    const about = (text: string): string[] => lines.filter((line) => line.includes(text));
    // Three of an event, and at the end how many more.
    expect(about('broker mqtt://broker: hung up')).toEqual([
      ...Array(3).fill('source: disconnected: broker mqtt://broker: hung up'),
      '497 more; the last: source: disconnected: broker mqtt://broker: hung up',
    ]);
    expect(about('connection refused')).toHaveLength(4);
    expect(about('back after')).toHaveLength(4);
    expect(about('it broke')).toHaveLength(4);
    expect(about('too fast').at(-1)).toBe('497 more; the last: source: 500 dropped: too fast');
    // One of what may come with each sample.
    expect(about('invalid')).toHaveLength(2);
    expect(about('invalid').at(-1)).toMatch(/: 499 more; the last: topic x\/19: /);
    expect(about('point refused')).toHaveLength(2);
    expect(lines.length).toBeLessThan(40);
  }, 60_000);

  it('tells each outage with level debug', async () => {
    const { lines, sink } = await flooded('debug');
    const about = (text: string): string[] => lines.filter((line) => line.includes(text));
    expect(about('hung up')).toHaveLength(500);
    expect(about('connection refused')).toHaveLength(sink.outages);
    expect(about('point refused')).toHaveLength(2);
  }, 60_000);
});
