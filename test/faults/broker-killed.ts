/**
 * kill -9 of Mosquitto, which comes back after 1, 10 or 60 s: with what it had saved, or with an empty
 * memory; and while it is away the daemon may be killed and started too. The publisher is one that
 * keeps its newest messages: after each outage it publishes those of the last seconds once more.
 * Another daemon gets the same messages from a broker that stays, each once.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Publisher, type Sender } from '../support/faults/publisher.ts';
import { BROKER_CONFIG, type Surroundings, withServers } from '../support/faults/servers.ts';
import { Load } from '../support/faults/streams.ts';
import { Twins } from '../support/faults/twins.ts';
import { waitFor } from '../support/faults/wait.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { type Counts, FaultError, type Scenario } from './scenario.ts';
import { addCounts, quantile } from './totals.ts';

const OUTAGES_S = [1, 10, 60];
const OUTAGES_A_LIFE = 4;
const ROUND_MS = 40;
/** Far more than Mosquitto lets pass between two looks at what it has to save. */
const KEPT_MS = 5_000;
/** Saved on disk after every change, as far as Mosquitto can. */
const PERSISTENT = ['persistence true', 'autosave_interval 1', 'autosave_on_changes true'];
const KINDS = ['kept', 'forgotten', 'kept', 'away at the start'] as const;

export const brokerKilled: Scenario = {
  name: 'broker-killed',
  faultModel:
    'kill -9 of Mosquitto and restart after 1, 10, 60 s, with its session saved or forgotten; daemon killed and started meanwhile',
  longRuns: 20,
  run: ({ runs, seed, log }) =>
    withServers(async (servers) => {
      const counts: Record<string, number> = {};
      const recoveriesMs: number[] = [];
      const outagesS = runs < 2 * OUTAGES_A_LIFE ? OUTAGES_S.slice(0, 1) : OUTAGES_S;
      for (let done = 0, lives = 0; done < runs; lives++) {
        const count = Math.min(OUTAGES_A_LIFE, runs - done);
        const exposed = await startMosquitto({ config: [...BROKER_CONFIG, ...PERSISTENT] });
        const life = new Life(seed + lives, servers, exposed);
        const lengths = Array.from({ length: count }, (_, i) => {
          return outagesS[(done + i) % outagesS.length]!;
        });
        addCounts(counts, await life.run(lengths).finally(() => exposed.stop()));
        recoveriesMs.push(...life.recoveriesMs);
        done += count;
        log(`${done} outages, ${counts.published} messages`);
      }
      const ms = (share: number): number => Math.round(quantile(recoveriesMs, share));
      return { counts: { ...counts, 'back after p50 ms': ms(0.5), 'p99 ms': ms(0.99) } };
    }),
};

/** Keeps what was published last, to publish it once more. */
class KeepingSender implements Sender {
  #kept: { readonly atMs: number; readonly topic: string; readonly payload: string }[] = [];
  publisher: Publisher;

  constructor(publisher: Publisher) {
    this.publisher = publisher;
  }

  publish(topic: string, payload: string): void {
    const atMs = performance.now();
    this.#kept.push({ atMs, topic, payload });
    const { sent, acknowledged } = this.publisher;
    // Saving takes the broker long: what it has not acknowledged is kept in any case.
    if (sent === acknowledged && this.#kept[0]!.atMs < atMs - 2 * KEPT_MS) {
      this.#kept = this.#kept.filter((message) => message.atMs >= atMs - KEPT_MS);
    }
    this.publisher.publish(topic, payload);
  }

  /** @returns how many messages that were */
  repeat(): number {
    for (const { topic, payload } of this.#kept) this.publisher.publish(topic, payload);
    return this.#kept.length;
  }
}

class Life {
  readonly recoveriesMs: number[] = [];
  readonly #seed: number;
  readonly #random: Random;
  readonly #broker: TestServer;
  readonly #calm: TestServer;
  readonly #twins: Twins;
  readonly #load: Load;
  #repeated = 0;
  #about = '';

  constructor(seed: number, { dir, broker: calm, database }: Surroundings, exposed: TestServer) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#load = new Load(seed);
    this.#broker = exposed;
    this.#calm = calm;
    this.#twins = new Twins({
      dir,
      seed,
      databaseUrl: database.url,
      exposed: { brokerUrl: exposed.url, checkpointEvery: '2s', retryMax: '5s' },
      spared: { brokerUrl: calm.url },
    });
  }

  async run(outagesS: readonly number[]): Promise<Counts> {
    const calm = await Publisher.connect(this.#calm.url);
    const kept = new KeepingSender(await Publisher.connect(this.#broker.url));
    const both: Sender = {
      publish: (topic, payload) => {
        calm.publish(topic, payload);
        kept.publish(topic, payload);
      },
    };
    try {
      await this.#twins.connected();
      for (const [i, lengthS] of outagesS.entries()) {
        await this.#publish(both);
        await this.#outage(kept, KINDS[i]!, lengthS);
      }
      await this.#publish(both);
      this.#load.publishEnd(both);
      await Promise.all([calm.settled(), kept.publisher.settled()]);
      await this.#twins.taken();
      const accounts = await this.#twins.stop();
      const { rows, states, duplicates, late } = await this.#twins.compare(accounts);
      return {
        published: calm.acknowledged,
        'published again': this.#repeated,
        'known as duplicates': duplicates,
        'passed over as late': late,
        'rows equal': rows,
        'states equal': states,
      };
    } catch (error) {
      throw new FaultError(this.#seed, `${this.#about}: ${(error as Error).message}`);
    } finally {
      await Promise.all([this.#twins.end(), calm.end(), kept.publisher.end()]);
    }
  }

  /** 1 to 2 s of load. */
  async #publish(sender: Sender): Promise<void> {
    const untilMs = performance.now() + 1_000 + this.#random.uniform() * 1_000;
    while (performance.now() < untilMs) {
      this.#load.publish(sender);
      await sleep(ROUND_MS);
    }
  }

  async #outage(kept: KeepingSender, kind: (typeof KINDS)[number], lengthS: number): Promise<void> {
    this.#about = `${kind}, ${lengthS} s`;
    const { exposed } = this.#twins;
    await this.#broker.kill('SIGKILL');
    await kept.publisher.end();
    if (kind === 'forgotten') rmSync(join(this.#broker.dir, 'mosquitto.db'), { force: true });
    if (kind === 'away at the start') {
      await exposed.kill();
      exposed.start();
    }
    await sleep(1_000 * lengthS);
    const before = exposed.connections;
    const startedMs = performance.now();
    await this.#broker.restart();
    const back = waitFor(
      () => exposed.connections > before,
      () => `the daemon to be back:\n${exposed.output}`,
    ).then(() => this.recoveriesMs.push(performance.now() - startedMs));
    // A broker that knows no subscription keeps nothing.
    if (kind === 'forgotten') await back;
    kept.publisher = await Publisher.connect(this.#broker.url);
    this.#repeated += kept.repeat();
    await back;
  }
}
