/**
 * kill -9 of the daemon at moments that the seed tells, under a load of QoS 1: while it runs, while
 * it starts or takes up what it has left, while it stops. Beside it runs one on the same broker that
 * nobody kills: databases and saved states must be equal in the end, and the account must hold every
 * message that was published.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  databaseRows,
  holdsSeries,
  rowsDiffer,
  savedStates,
  statesDiffer,
} from '../support/faults/compare.ts';
import { type Account, FaultyDaemon } from '../support/faults/daemon.ts';
import { Publisher } from '../support/faults/publisher.ts';
import { daemonConfig, END_SERIES, hasItsOwnTime, Load } from '../support/faults/streams.ts';
import { waitFor } from '../support/faults/wait.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { FaultError, type Scenario } from './scenario.ts';

const KILLS_A_LIFE = 10;
const ROUND_MS = 40;

export const daemonKilled: Scenario = {
  name: 'daemon-killed',
  faultModel:
    'kill -9 of the daemon, 0.1 to 2 s apart, while it runs, starts, takes up its state or stops',
  longRuns: 200,
  async run({ runs, seed, log }) {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-faults-'));
    const config = ['max_queued_messages 0', 'persistence false'];
    const [broker, database] = await Promise.all([startMosquitto({ config }), startInfluxd()]);
    const counts = { lives: 0, running: 0, starting: 0, stopping: 0, published: 0, repeated: 0 };
    const results = { 'rows equal': 0, 'states equal': 0, lost: 0, 'learned twice': 0 };
    try {
      for (let kills = 0; kills < runs; counts.lives++) {
        const count = Math.min(KILLS_A_LIFE, runs - kills);
        const life = new Life(seed + counts.lives, { dir, broker, database });
        const told = await life.run(count);
        kills += count;
        for (const [key, value] of Object.entries(told.kills)) {
          counts[key as keyof typeof told.kills] += value;
        }
        counts.published += told.published;
        counts.repeated += told.repeated;
        results['rows equal'] += told.rows;
        results['states equal'] += told.states;
        results.lost += told.lost;
        results['learned twice'] += told.twice;
        log(`${kills} kills, ${counts.published} messages: nothing lost, nothing twice`);
      }
    } finally {
      await Promise.all([broker.stop(), database.stop()]);
      rmSync(dir, { recursive: true, force: true });
    }
    return { counts: { ...counts, ...results } };
  },
};

interface Surroundings {
  readonly dir: string;
  readonly broker: TestServer;
  readonly database: TestServer;
}

type Moment = 'running' | 'starting' | 'stopping';

interface Told {
  readonly kills: Readonly<Record<Moment, number>>;
  readonly published: number;
  /** Samples published and not received; received more often than published. */
  readonly lost: number;
  readonly twice: number;
  /** Deliveries that the broker repeated and that were known. */
  readonly repeated: number;
  readonly rows: number;
  readonly states: number;
}

/** One state directory from its first start to the comparison. */
class Life {
  readonly #seed: number;
  readonly #random: Random;
  readonly #url: { readonly broker: string; readonly database: string };
  readonly #killed: FaultyDaemon;
  readonly #spared: FaultyDaemon;
  readonly #load: Load;
  readonly #kills = { running: 0, starting: 0, stopping: 0 };
  readonly #about: string;
  #lost = 0;
  #twice = 0;

  constructor(seed: number, { dir, broker, database }: Surroundings) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#load = new Load(seed, { brokenShare: 0.01, twiceShare: 0.02 });
    this.#url = { broker: broker.url, database: database.url };
    const shards = this.#pick([1, 2]);
    const protocol = this.#pick(['5', '3.1.1'] as const);
    const checkpointEvery = this.#pick(['1s', '2s', '5m']);
    this.#about = `shards ${shards}, MQTT ${protocol}, checkpoint_every ${checkpointEvery}`;
    const daemon = (base: string, keys: object): FaultyDaemon => {
      const urls = { brokerUrl: broker.url, databaseUrl: database.url };
      return new FaultyDaemon(dir, base, daemonConfig({ base, ...urls, ...keys }));
    };
    this.#killed = daemon(`killed${seed}`, { shards, protocol, checkpointEvery });
    this.#spared = daemon(`spared${seed}`, {});
  }

  async run(kills: number): Promise<Told> {
    const publisher = await Publisher.connect(this.#url.broker);
    const stop = new AbortController();
    try {
      await Promise.all([this.#killed.connected(), this.#spared.connected()]);
      const published = this.#publish(publisher, stop.signal);
      for (let i = 0; i < kills; i++) await this.#kill();
      await this.#killed.connected();
      stop.abort();
      await published;
      this.#load.publishEnd(publisher);
      await publisher.settled();
      await Promise.all([this.#taken(this.#killed), this.#taken(this.#spared)]);
      const accounts = await Promise.all([this.#killed.stop(), this.#spared.stop()]);
      return { ...(await this.#compare(...accounts)), published: publisher.sent };
    } catch (error) {
      if (error instanceof FaultError) throw error;
      throw this.#fault((error as Error).message);
    } finally {
      stop.abort();
      await Promise.all([this.#killed.end(), this.#spared.end(), publisher.end()]);
    }
  }

  async #publish(publisher: Publisher, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#load.publish(publisher);
      await sleep(ROUND_MS);
    }
  }

  /** Once, at some moment; it runs before, or is started. */
  async #kill(): Promise<void> {
    const chance = this.#random.uniform();
    const moment: Moment = chance < 0.5 ? 'running' : chance < 0.8 ? 'starting' : 'stopping';
    this.#kills[moment]++;
    if (moment === 'starting') {
      if (!this.#killed.running) this.#killed.start();
      await sleep(this.#random.uniform() * 1_500);
      return this.#killed.kill();
    }
    await this.#killed.connected();
    await sleep(100 + this.#random.uniform() * 1_900);
    if (moment === 'running') return this.#killed.kill();
    // Where it was quicker than the kill, that was a stop in good order.
    if (await this.#killed.killStopping(this.#random.uniform() * 150)) await this.#kill();
  }

  /** All that was published before the end has been taken. */
  async #taken(daemon: FaultyDaemon): Promise<void> {
    await waitFor(
      () => holdsSeries(this.#url.database, daemon.base, END_SERIES),
      () => `the end to be in ${daemon.base}:\n${daemon.output}`,
    );
  }

  async #compare(
    killed: ReadonlyMap<string, Account>,
    spared: ReadonlyMap<string, Account>,
  ): Promise<Omit<Told, 'published'>> {
    for (const [stream, samples] of this.#load.samples) {
      this.#compareAccounts(stream, samples, killed.get(stream), spared.get(stream));
    }
    const rows = ({ base }: FaultyDaemon) => databaseRows(this.#url.database, base, hasItsOwnTime);
    const expected = await rows(this.#spared);
    const difference = rowsDiffer(expected, await rows(this.#killed));
    if (difference) throw this.#fault(`${difference}\n${this.#killed.output}`);
    const states = await savedStates(this.#spared.stateDir, hasItsOwnTime);
    const other = await savedStates(this.#killed.stateDir, hasItsOwnTime);
    const stateDifference = statesDiffer(states, other);
    if (stateDifference) throw this.#fault(`${stateDifference}\n${this.#killed.output}`);
    const repeated = [...this.#killed.output.matchAll(/(\d+) repeated:/g)];
    return {
      kills: this.#kills,
      lost: this.#lost,
      twice: this.#twice,
      repeated: repeated.reduce((sum, [, count]) => sum + Number(count), 0),
      rows: expected.length,
      states: states.size,
    };
  }

  #compareAccounts(
    stream: string,
    samples: number,
    killed: Account | undefined,
    spared: Account | undefined,
  ): void {
    const received = killed?.received ?? 0;
    this.#lost += Math.max(0, samples - received);
    this.#twice += Math.max(0, received - samples);
    for (const [which, account] of Object.entries({ killed, spared })) {
      if (account?.received === samples) continue;
      const what = `${account?.received} received of ${samples} samples published`;
      throw this.#fault(`stream ${stream}, the ${which} daemon: ${what}\n${this.#killed.output}`);
    }
    if (!hasItsOwnTime(`/${stream}`)) return;
    const [a, b] = [JSON.stringify(spared), JSON.stringify(killed)];
    if (a !== b) throw this.#fault(`stream ${stream}: expected ${a}, found ${b}`);
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.uniform() * values.length)]!;
  }

  #fault(what: string): FaultError {
    const where = `${this.#about}, kills ${JSON.stringify(this.#kills)}`;
    return new FaultError(this.#seed, `${where}: ${what}`);
  }
}
