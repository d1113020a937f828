/** A daemon as users start it, with a broker of its own, and a made-up plant that publishes to it. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import type { PipelineReport } from '../../../src/observe/http/api.ts';
import { startForetide, writeConfig } from '../foretide.ts';
import { freePort } from '../ports.ts';
import { type FakeSeries, fakeSeries, SYMBOLS, symbolAt, value } from './fake-signals.ts';

/** Steps that the plant has published before anybody looks. */
const HISTORY_STEPS = 1_500;
/** Steps that a new series has published. */
const NEW_STEPS = 9;
/** Steps that a silent one has not. */
const SILENT_STEPS = 40;
const PUBLISHED_AT_ONCE = 500;
const LEARN_MS_MAX = 300_000;

export interface RealPlant {
  /** Of the page. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves when all that was published before has been learned; then the plant goes on. */
export async function startRealPlant(count: number): Promise<RealPlant> {
  const [brokerPort, pagePort] = [await freePort(), await freePort()];
  const { dir, path } = writeConfig(configuration(brokerPort, pagePort));
  const daemon = startForetide(['run', path], dirname(path));
  await daemon.says('page on');
  const url = `http://127.0.0.1:${pagePort}`;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${brokerPort}`);
  const all = fakeSeries(count);
  const everyMs = all[0]!.everyMs;
  let next = Math.floor(Date.now() / everyMs) - HISTORY_STEPS;
  let published = 0;
  const publish = async (): Promise<void> => {
    const newest = Math.floor(Date.now() / everyMs);
    for (; next <= newest; next++) {
      const messages = all.flatMap((series) => messageOf(series, next, newest) ?? []);
      for (let i = 0; i < messages.length; i += PUBLISHED_AT_ONCE) {
        const some = messages.slice(i, i + PUBLISHED_AT_ONCE);
        await Promise.all(
          some.map(({ topic, payload }) => client.publishAsync(topic, payload, { qos: 1 })),
        );
      }
      published += messages.length;
    }
  };
  await publish();
  const before = published;
  await untilLearned(url, before);
  const timer = setInterval(() => void publish(), 1_000);
  return {
    url,
    async stop() {
      clearInterval(timer);
      await client.endAsync(true);
      daemon.process.kill('SIGTERM');
      await daemon.exitCode;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function messageOf(
  series: FakeSeries,
  step: number,
  newest: number,
): { topic: string; payload: string }[] | undefined {
  const { state, name, kind, everyMs } = series;
  if (state === 'learning' && step <= newest - NEW_STEPS) return undefined;
  if (state === 'stale' && step > newest - SILENT_STEPS) return undefined;
  const v = kind === 'symbol' ? SYMBOLS[symbolAt(series, step)] : value(series, step);
  if (v === null) return undefined;
  return [{ topic: name, payload: JSON.stringify({ t: step * everyMs, v }) }];
}

async function untilLearned(url: string, samples: number): Promise<void> {
  const giveUpMs = performance.now() + LEARN_MS_MAX;
  while (performance.now() < giveUpMs) {
    const report = (await (await fetch(`${url}/api/pipeline`)).json()) as PipelineReport;
    const accounts = Object.values(report.accounting);
    if (accounts.reduce((sum, { learned }) => sum + learned, 0) >= samples) return;
    await sleep(500);
  }
  throw new Error(`${samples} samples were not learned in time`);
}

function configuration(brokerPort: number, pagePort: number): string {
  const streams = [
    ['machines', 'plant/press-3/mode', 'kind: symbol'],
    ['plant', 'plant/#', ''],
    ['energy', 'site/#', ''],
    ['market', 'market/#', ''],
    ['sensors', 'sensors/#', ''],
  ];
  const lines = streams.map(([name, topic, more]) => {
    const keys = 'values: v, time: t, series: "{topic}", every: 5s, horizon: 24';
    const rest = more ? `, ${more}` : '';
    return `  - { name: ${name}, topic: "${topic}", ${keys}, score_leads: [1, 6, 24]${rest} }`;
  });
  return `
source: { mqtt: { embedded: { port: ${brokerPort} } } }
streams:
${lines.join('\n')}
sinks: { line_protocol: { file: forecast.lp } }
http: { port: ${pagePort} }
state: { keep: false }
overload: wait
log: { level: info }
`;
}
