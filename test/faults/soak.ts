/**
 * A long day: many series in bursts, with the broker and the database away now and then. Nothing is
 * lost, and what the process holds does not grow with what went through it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CountingPublisher, DurableDaemon, within } from '../support/durable-daemon.ts';
import { freePort } from '../support/ports.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { FaultError, type Outcome, type RunOptions, type Scenario } from './scenario.ts';

const SERIES = 1_000;
/** Rounds of samples in one burst, at most. */
const BURST_STEPS = 5;
/** Measurements of the process, over all samples. */
const MEASUREMENTS = 50;
/** One burst in so many comes with an outage: of the broker, of the database, in turn … */
const OUTAGE_EVERY_MIN = 5;
/** … and so many in all, about, however long it goes on: each costs several seconds. */
const OUTAGES_MAX = 100;
const OUTAGE_MS = 3_000;
const WAIT_MS = 300_000;
/** Measurements before this share of the way are warm-up: code is compiled, pools fill. */
const WARM_UP = 0.3;
const MIB = 2 ** 20;
const MILLION = 1e6;

/** Runs in the daemon's process, and tells when that ends. */
const WATCH = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 2 });
delay.enable();
const ms = (ns) => (ns / 1e6).toFixed(1);
process.on('exit', () => {
  console.error('event loop: p50 ' + ms(delay.percentile(50)) + ' p99 ' + ms(delay.percentile(99)));
});
`;

export const soak: Scenario = {
  name: 'soak',
  faultModel:
    'samples of 1,000 series in bursts; one burst in five (of many, a hundred in all) comes after the broker was ' +
    'stopped and started, or with the database away for three seconds',
  longRuns: 10_000_000,
  async run(options) {
    const broker = await startMosquitto({
      config: ['max_queued_messages 0', 'persistence true', 'autosave_interval 0'],
    });
    const database = await startInfluxd();
    const daemon = new DurableDaemon({
      brokerUrl: broker.url,
      databaseUrl: database.url,
      name: 'soak',
      stateDir: `${broker.dir}/state`,
      state: 'checkpoint_every: 1m, journal_keep: 0s',
      httpPort: await freePort(),
      nodeOptions: `--import data:text/javascript,${encodeURIComponent(WATCH)}`,
    });
    try {
      return await new Soak(daemon, broker, database).run(options);
    } finally {
      await daemon.close();
      await Promise.all([broker.stop(), database.stop()]);
    }
  },
};

class Soak {
  readonly #daemon: DurableDaemon;
  readonly #broker: TestServer;
  readonly #database: TestServer;
  /** Samples and resident MiB. */
  readonly #resident: (readonly [number, number])[] = [];
  readonly #outages = { broker: 0, database: 0 };

  constructor(daemon: DurableDaemon, broker: TestServer, database: TestServer) {
    this.#daemon = daemon;
    this.#broker = broker;
    this.#database = database;
  }

  async run({ runs, seed, log }: RunOptions): Promise<Outcome> {
    const daemon = this.#daemon;
    const random = new Random(seed);
    await daemon.up();
    let publisher = await CountingPublisher.connect(this.#broker.url, 'soak', SERIES);
    let filesBefore = 0;
    let next = 0;
    const bursts = runs / ((SERIES * (1 + BURST_STEPS)) / 2);
    const outageEvery = Math.max(OUTAGE_EVERY_MIN, Math.ceil(bursts / OUTAGES_MAX));
    for (let burst = 1; publisher.published < runs; burst++) {
      if (burst % outageEvery === 0) publisher = await this.#outage(publisher);
      const left = Math.ceil((runs - publisher.published) / SERIES);
      await publisher.publish(Math.min(left, 1 + Math.floor(BURST_STEPS * random.uniform())));
      if (publisher.published < Math.min(next, runs)) continue;
      next = publisher.published + runs / MEASUREMENTS;
      await daemon.settled(publisher.published, WAIT_MS);
      this.#resident.push([publisher.published, daemon.residentBytes / MIB]);
      if (publisher.published < WARM_UP * runs) filesBefore = daemon.openFiles;
      log(`${publisher.published} samples, ${Math.round(daemon.residentBytes / MIB)} MiB`);
    }
    // Connections that were idle are closed by and by.
    await within(WAIT_MS, `${filesBefore} open files, as before`, async () => {
      await sleep(200);
      return daemon.openFiles <= filesBefore;
    });
    await publisher.close();
    await daemon.writes(publisher.published, WAIT_MS);
    return { counts: await this.#counts(publisher.published, filesBefore, seed) };
  }

  /** @returns who goes on publishing: a broker that was killed knows its clients no more */
  async #outage(publisher: CountingPublisher): Promise<CountingPublisher> {
    if (this.#outages.database < this.#outages.broker) {
      this.#outages.database++;
      await this.#database.kill('SIGTERM');
      await publisher.publish(1);
      await sleep(OUTAGE_MS);
      await this.#database.restart();
      return publisher;
    }
    this.#outages.broker++;
    // What the broker has acknowledged and not saved would be its own loss.
    await this.#daemon.settled(publisher.published, WAIT_MS);
    return publisher.after(() => this.#broker.restart());
  }

  async #counts(
    published: number,
    openFiles: number,
    seed: number,
  ): Promise<Record<string, number | string>> {
    const account = (await this.#daemon.stop(WAIT_MS)).get('s')!;
    const { received, learned, duplicate } = account;
    if (received !== published || learned !== published) {
      throw new FaultError(seed, `${published} published, ${JSON.stringify(account)}`);
    }
    const { slope, error } = slopeOf(this.#resident.filter(([at]) => at >= WARM_UP * published));
    const loop = /event loop: (.*)/.exec(this.#daemon.life.output())?.[1] ?? 'unknown';
    return {
      published,
      learned,
      duplicate,
      'broker outages': this.#outages.broker,
      'database outages': this.#outages.database,
      'MiB a million samples': `${(slope * MILLION).toFixed(1)} ± ${(error * MILLION).toFixed(1)}`,
      'open files': openFiles,
      'event loop, ms': loop,
    };
  }
}

/** Least squares: the slope and its standard error. */
function slopeOf(points: readonly (readonly [number, number])[]): { slope: number; error: number } {
  const n = points.length;
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / n;
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
  const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / sxx;
  const rest = points.reduce((sum, [x, y]) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  return { slope, error: Math.sqrt(rest / Math.max(1, n - 2) / sxx) };
}
