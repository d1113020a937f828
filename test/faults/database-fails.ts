/**
 * InfluxDB killed with kill -9 and away for 5 minutes; answers that take 5 s; errors and connections
 * that are cut before or after the write. Another daemon writes to a database that is well. In the
 * end no point is missing, or, where the outbox may keep them for a short time only, exactly as many
 * steps as the daemon says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { databaseRows } from '../support/faults/compare.ts';
import { Publisher } from '../support/faults/publisher.ts';
import { type Surroundings, withServers } from '../support/faults/servers.ts';
import { hasItsOwnTime, Load } from '../support/faults/streams.ts';
import { Twins } from '../support/faults/twins.ts';
import { waitFor } from '../support/faults/wait.ts';
import { startInfluxd, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { type Counts, FaultError, type Scenario } from './scenario.ts';
import { addCounts } from './totals.ts';

const KINDS = ['killed', 'kept too short', 'slow', 'errors'] as const;
type Kind = (typeof KINDS)[number];

/** [kind] Seconds of trouble, in the long version and in the short one. */
const LENGTHS_S: Readonly<Record<Kind, readonly [number, number]>> = {
  killed: [300, 3],
  'kept too short': [20, 6],
  slow: [60, 6],
  errors: [60, 4],
};
/** So long before memory is measured at first, in the long version; then what is made once is made. */
const WARM_UP_S = 60;
const ROUND_MS = 40;
const SLOW_MS = 5_000;
const LONG_RUNS_MIN = 4;
/** Few in memory, so that the disk has its part even in a short outage. */
const OUTBOX = 'outbox: { points_max: 100 }';
const SHORT_OUTBOX = 'outbox: { points_max: 50, age_max: 2s }';

export const databaseFails: Scenario = {
  name: 'database-fails',
  faultModel:
    'InfluxDB kill -9 and away for 5 min; answers after 5 s; 500, 503 and cut connections; an outbox that keeps steps for 2 s only',
  longRuns: 20,
  run: ({ runs, seed, log }) =>
    withServers(async (servers) => {
      const counts: Record<string, number> = {};
      let rssMib = '';
      for (let i = 0; i < runs; i++) {
        const kind = KINDS[i % KINDS.length]!;
        const isLong = runs >= LONG_RUNS_MIN;
        const lengthS = LENGTHS_S[kind][isLong ? 0 : 1];
        const warmUpS = isLong && kind === 'killed' ? WARM_UP_S : 1;
        const trouble = await Trouble.start(seed + i, kind, servers);
        addCounts(counts, await trouble.run(lengthS, warmUpS).finally(() => trouble.end()));
        log(`${i + 1} of ${runs}: ${kind} for ${lengthS} s, RSS ${trouble.rssMib} MiB`);
        if (kind === 'killed') rssMib = trouble.rssMib;
      }
      return {
        counts: { ...counts, 'RSS MiB before, after the last outage, and beside it': rssMib },
      };
    }),
};

class Trouble {
  rssMib = '';
  readonly #seed: number;
  readonly #kind: Kind;
  readonly #servers: Surroundings;
  readonly #database: TestServer;
  readonly #proxy: FaultProxy;
  readonly #twins: Twins;
  readonly #load: Load;

  static async start(seed: number, kind: Kind, servers: Surroundings): Promise<Trouble> {
    const database = await startInfluxd();
    return new Trouble(seed, kind, servers, database, await startFaultProxy(database.url));
  }

  private constructor(
    seed: number,
    kind: Kind,
    servers: Surroundings,
    database: TestServer,
    proxy: FaultProxy,
  ) {
    this.#seed = seed;
    this.#kind = kind;
    this.#servers = servers;
    this.#database = database;
    this.#proxy = proxy;
    const isShort = kind === 'kept too short';
    // How many steps the time of arrival makes, nobody knows.
    this.#load = new Load(seed, { byArrival: !isShort });
    const brokerUrl = servers.broker.url;
    const more = isShort ? SHORT_OUTBOX : OUTBOX;
    this.#twins = new Twins({
      dir: servers.dir,
      seed,
      databaseUrl: servers.database.url,
      exposedDatabaseUrl: database.url,
      exposed: {
        brokerUrl,
        databaseUrl: proxy.url,
        checkpointEvery: '2s',
        retryMax: '2s',
        more: `${more}\n`,
      },
      spared: { brokerUrl },
    });
  }

  async run(lengthS: number, warmUpS: number): Promise<Counts> {
    const publisher = await Publisher.connect(this.#servers.broker.url);
    try {
      await this.#twins.connected();
      await this.#publish(publisher, warmUpS);
      const lives = [this.#twins.exposed, this.#twins.spared];
      const before = lives.map((life) => life.residentMib());
      await this.#begin();
      await this.#publish(publisher, lengthS);
      const told = lives.map(
        (life, i) => `${before[i]!.toFixed(0)} → ${life.residentMib().toFixed(0)}`,
      );
      this.rssMib = `${told[0]} (spared: ${told[1]})`;
      await this.#finish();
      await this.#publish(publisher, 1);
      this.#load.publishEnd(publisher);
      await publisher.settled();
      await this.#twins.taken();
      return { runs: 1, published: publisher.acknowledged, ...(await this.#compare()) };
    } catch (error) {
      throw new FaultError(this.#seed, `${this.#kind}, ${lengthS} s: ${(error as Error).message}`);
    } finally {
      await Promise.all([this.#twins.end(), publisher.end()]);
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.#proxy.stop(), this.#database.stop()]);
  }

  async #begin(): Promise<void> {
    if (this.#kind === 'killed') return this.#database.kill('SIGKILL');
    if (this.#kind === 'kept too short') {
      // A write that is cut may be stored, and its steps be dropped: nobody could count those.
      this.#proxy.fault = () => ({ kind: 'cut', when: 'before' });
      await waitFor(
        () => this.#proxy.underWay === 0,
        () => 'the last write before the database stops',
      );
      return this.#database.kill('SIGTERM');
    }
    const random = new Random(this.#seed);
    this.#proxy.fault = () =>
      this.#kind === 'slow' ? { kind: 'delay', ms: SLOW_MS } : anyError(random);
  }

  async #finish(): Promise<void> {
    if (this.#kind === 'killed' || this.#kind === 'kept too short') await this.#database.restart();
    this.#proxy.fault = () => undefined;
  }

  async #publish(publisher: Publisher, lengthS: number): Promise<void> {
    const untilMs = performance.now() + 1_000 * lengthS;
    while (performance.now() < untilMs) {
      this.#load.publish(publisher);
      await sleep(ROUND_MS);
    }
  }

  async #compare(): Promise<Counts> {
    const accounts = await this.#twins.stop();
    if (this.#kind !== 'kept too short') {
      const { rows, states } = await this.#twins.compare(accounts);
      return { 'rows equal': rows, 'states equal': states };
    }
    const { exposed, spared } = this.#twins;
    const actual = async (url: string, base: string): Promise<string[]> =>
      (await databaseRows(url, base, hasItsOwnTime)).filter((row) => row.startsWith('actual '));
    const expected = await actual(this.#servers.database.url, spared.base);
    const found = new Set(await actual(this.#database.url, exposed.base));
    const missing = expected.filter((row) => !found.has(row)).length;
    const said = exposed.countSaid(/(\d+) steps? (?:was|were) dropped/g);
    if (missing === said && missing > 0) {
      return { 'steps missing in short outboxes': missing, 'steps said to be dropped': said };
    }
    throw new Error(`${missing} steps are missing, ${said} said to be dropped\n${exposed.output}`);
  }
}

/** Three of ten writes go through. */
function anyError(random: Random): Fault | undefined {
  const kind = Math.floor(random.uniform() * 10);
  if (kind < 2) return { kind: 'answer', status: 500, body: '{"error":"timeout"}' };
  if (kind < 4) return { kind: 'answer', status: 503 };
  if (kind < 5) return { kind: 'cut', when: 'before' };
  if (kind < 7) return { kind: 'cut', when: 'after' };
  return undefined;
}
