/**
 * kill -9 of the daemon at moments that the seed tells, under a load of QoS 1: while it runs, while
 * it starts or takes up what it has left, while it stops. Beside it runs one on the same broker that
 * nobody kills: databases and saved states must be equal in the end, and the account must hold every
 * sample that was published, once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../support/faults/daemon.ts';
import { Publisher } from '../support/faults/publisher.ts';
import { type Surroundings, withServers } from '../support/faults/servers.ts';
import { Load } from '../support/faults/streams.ts';
import { Twins } from '../support/faults/twins.ts';
import { Random } from '../support/streams.ts';
import { type Counts, FaultError, type Scenario } from './scenario.ts';
import { addCounts } from './totals.ts';

const KILLS_A_LIFE = 10;
const ROUND_MS = 40;

export const daemonKilled: Scenario = {
  name: 'daemon-killed',
  faultModel:
    'kill -9 of the daemon, 0.1 to 2 s apart, while it runs, starts, takes up its state or stops',
  longRuns: 200,
  run: ({ runs, seed, log }) =>
    withServers(async (servers) => {
      const counts: Record<string, number> = {};
      for (let kills = 0, lives = 0; kills < runs; lives++) {
        const count = Math.min(KILLS_A_LIFE, runs - kills);
        const life = new Life(seed + lives, servers);
        addCounts(counts, await life.run(count));
        kills += count;
        log(`${kills} kills, ${counts.published} messages, ${counts.lost} lost`);
      }
      return { counts };
    }),
};

type Moment = 'running' | 'starting' | 'stopping';

/** One state directory from its first start to the comparison. */
class Life {
  readonly #seed: number;
  readonly #random: Random;
  readonly #brokerUrl: string;
  readonly #twins: Twins;
  readonly #load: Load;
  readonly #kills: Record<Moment, number> = { running: 0, starting: 0, stopping: 0 };
  readonly #about: string;

  constructor(seed: number, { dir, broker, database }: Surroundings) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#load = new Load(seed, { brokenShare: 0.01, twiceShare: 0.02 });
    const brokerUrl = broker.url;
    this.#brokerUrl = brokerUrl;
    const shards = this.#pick([1, 2]);
    const protocol = this.#pick(['5', '3.1.1'] as const);
    const checkpointEvery = this.#pick(['1s', '2s', '5m']);
    this.#about = `shards ${shards}, MQTT ${protocol}, checkpoint_every ${checkpointEvery}`;
    this.#twins = new Twins({
      dir,
      seed,
      databaseUrl: database.url,
      exposed: { brokerUrl, shards, protocol, checkpointEvery },
      spared: { brokerUrl },
    });
  }

  async run(kills: number): Promise<Counts> {
    const publisher = await Publisher.connect(this.#brokerUrl);
    const stop = new AbortController();
    const { exposed } = this.#twins;
    try {
      await this.#twins.connected();
      const published = this.#publish(publisher, stop.signal);
      for (let i = 0; i < kills; i++) await this.#kill();
      await exposed.connected();
      stop.abort();
      await published;
      this.#load.publishEnd(publisher);
      await publisher.settled();
      await this.#twins.taken();
      const accounts = await this.#twins.stop();
      const account = { ...this.#account(accounts.spared), ...this.#account(accounts.exposed) };
      const { rows, states } = await this.#twins.compare(accounts);
      const repeated = exposed.countSaid(/(\d+) repeated:/g);
      return {
        lives: 1,
        ...this.#kills,
        published: publisher.acknowledged,
        ...account,
        'repetitions known': repeated,
        'rows equal': rows,
        'states equal': states,
      };
    } catch (error) {
      const where = `${this.#about}, kills ${JSON.stringify(this.#kills)}`;
      throw new FaultError(this.#seed, `${where}: ${(error as Error).message}`);
    } finally {
      stop.abort();
      await Promise.all([this.#twins.end(), publisher.end()]);
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
    const { exposed } = this.#twins;
    const chance = this.#random.uniform();
    const moment: Moment = chance < 0.5 ? 'running' : chance < 0.8 ? 'starting' : 'stopping';
    if (moment === 'starting') {
      if (!exposed.running) exposed.start();
      await sleep(this.#random.uniform() * 1_500);
      await exposed.kill();
    } else {
      await exposed.connected();
      await sleep(100 + this.#random.uniform() * 1_900);
      if (moment === 'running') await exposed.kill();
      // Where it was quicker than the kill, that was a stop in good order.
      else if (await exposed.killStopping(this.#random.uniform() * 150)) return this.#kill();
    }
    this.#kills[moment]++;
  }

  /** @throws Error where not every sample was received, or one more than once */
  #account(accounts: ReadonlyMap<string, Account>): { lost: number; twice: number } {
    let lost = 0;
    let twice = 0;
    const faults: string[] = [];
    for (const [stream, samples] of this.#load.samples) {
      const received = accounts.get(stream)?.received ?? 0;
      lost += Math.max(0, samples - received);
      twice += Math.max(0, received - samples);
      if (received !== samples) faults.push(`${stream}: ${received} received of ${samples}`);
    }
    if (faults.length === 0) return { lost, twice };
    throw new Error(`${faults.join('; ')}\n${this.#twins.exposed.output}`);
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random.uniform() * values.length)]!;
  }
}
