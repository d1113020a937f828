/** What Prometheus reads at /metrics: our own families, and those of every Node process. */
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricConfiguration,
  Registry,
} from 'prom-client';
import type { Monitor } from '../monitor.ts';
import { FAMILIES, type Family, type Snapshot } from './families.ts';
import { seriesSpreads } from './series-spread.ts';

export class Metrics {
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #monitor: Monitor;
  readonly #process = new Registry();
  #under: Promise<string> | undefined;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
    collectDefaultMetrics({ register: this.#process });
  }

  /** In Prometheus’ text format. Who asks while it is made for another gets the same. */
  text(): Promise<string> {
    this.#under ??= this.#text().finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  async #text(): Promise<string> {
    const pipeline = this.#monitor.pipeline();
    const spreads = await seriesSpreads(this.#monitor.board, pipeline.accounting.keys());
    const own = await ownMetrics({ pipeline, ready: this.#monitor.ready, spreads });
    return `${own}\n${await this.#process.metrics()}`;
  }
}

/**
 * The numbers are counted elsewhere; so each reading is a registry of its own, and what is no longer
 * there (a sink, a stream) is no longer told.
 */
function ownMetrics(snapshot: Snapshot): Promise<string> {
  const registry = new Registry();
  for (const family of FAMILIES) {
    const readings = [...family.read(snapshot)];
    if (readings.length === 0) continue;
    const { name, help, labels: labelNames } = family;
    const set = setter(family.kind, { name, help, labelNames, registers: [registry] });
    for (const { value, labels } of readings) {
      set(Object.fromEntries(labelNames.map((label, i) => [label, labels[i]!])), value);
    }
  }
  return registry.metrics();
}

type Set = (labels: Record<string, string>, value: number) => void;

function setter(kind: Family['kind'], options: MetricConfiguration<string>): Set {
  if (kind === 'gauge') {
    const gauge = new Gauge(options);
    return (labels, value) => gauge.set(labels, value);
  }
  const counter = new Counter(options);
  return (labels, value) => counter.inc(labels, value);
}
