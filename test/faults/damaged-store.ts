/**
 * Damage to the file of the store, while the daemon is away: its next start mends what it can, says
 * what is lost, and goes on with everything else as if nothing had happened.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesInfo } from '../../src/decode/series.ts';
import { readJson } from '../../src/store/json.ts';
import { StateStore } from '../../src/store/state-store.ts';
import { CountingPublisher, DurableDaemon, T0_MS, within } from '../support/durable-daemon.ts';
import { influxQuery } from '../support/influx-query.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';
import { FaultError, type Outcome, type RunOptions, type Scenario } from './scenario.ts';

const SERIES = 12;
const STEPS = 60;
/** After the start; enough for a series that begins anew to be told. */
const NEW_STEPS = 5;
const ATTEMPTS_MAX = 3;
const WAIT_MS = 60_000;
const PAGE = 4_096;
const NAME = 'damage';

export const damagedStore: Scenario = {
  name: 'damaged-store',
  faultModel:
    '1 to 20 flipped bits, a file cut short, a page of zeros, a page or half of one from an earlier ' +
    'version of the file, in a store with states, a journal’s tail and points that wait',
  longRuns: 200,
  async run(options) {
    const dir = mkdtempSync(join(tmpdir(), 'foretide-damaged-'));
    const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
    const database = await startInfluxd();
    const scenario = new DamagedStores(dir, broker, database);
    try {
      return await scenario.run(options);
    } finally {
      await Promise.all([broker.stop(), database.stop()]);
      rmSync(dir, { recursive: true, force: true });
    }
  },
};

type Damage = (bytes: Buffer, below: (count: number) => number, earlier: Buffer) => Buffer;

const DAMAGES: Readonly<Record<string, Damage>> = {
  bits: (bytes, below) => {
    for (let i = below(20); i >= 0; i--) {
      const at = below(bytes.length);
      bytes[at]! ^= 1 << below(8);
    }
    return bytes;
  },
  cut: (bytes, below) => bytes.subarray(0, below(bytes.length)),
  zeros: (bytes, below) => {
    const at = PAGE * below(bytes.length / PAGE);
    return bytes.fill(0, at, at + PAGE);
  },
  earlier: (bytes, below, earlier) => {
    const at = PAGE * below(earlier.length / PAGE);
    const end = at + (below(2) === 0 ? PAGE : 512 * (1 + below(7)));
    earlier.copy(bytes, at, at, Math.min(end, bytes.length));
    return bytes;
  },
};

/** What a life on a copy came to. */
interface Ended {
  /** By series. */
  readonly states: ReadonlyMap<string, Buffer>;
  readonly log: string;
}

class DamagedStores {
  readonly #dir: string;
  readonly #broker: TestServer;
  readonly #database: TestServer;

  constructor(dir: string, broker: TestServer, database: TestServer) {
    this.#dir = dir;
    this.#broker = broker;
    this.#database = database;
  }

  async run({ runs, seed, log }: RunOptions): Promise<Outcome> {
    const counts: Record<string, number> = { 'told of': 0, 'begun anew': 0, 'states equal': 0 };
    const { base, earlier } = await this.#build();
    const copy = join(this.#dir, 'sound');
    copyState(base, copy);
    const sound = await this.#life(copy, 'sound');
    if (sound.states.size !== SERIES) throw new FaultError(seed, 'the base has not all states');
    const kinds = Object.keys(DAMAGES);
    for (let run = 0; run < runs; run++) {
      const kind = kinds[(seed + run) % kinds.length]!;
      try {
        const { told, anew, equal } = await this.#damaged(base, earlier, kind, seed + run, sound);
        counts[kind] = (counts[kind] ?? 0) + 1;
        counts['told of']! += told;
        counts['begun anew']! += anew;
        counts['states equal']! += equal;
      } catch (error) {
        throw new FaultError(seed + run, `${kind}: ${(error as Error).stack}`);
      }
      if (run % 10 === 9) log(`${run + 1} damages`);
    }
    return { counts };
  }

  /** A state directory as kill -9 leaves it, and the store's file some commits before. */
  async #build(): Promise<{ base: string; earlier: Buffer }> {
    const base = join(this.#dir, 'base');
    const daemon = this.#daemon(base);
    const publisher = await CountingPublisher.connect(this.#broker.url, NAME, SERIES);
    try {
      await daemon.up();
      await publisher.publish(STEPS);
      await daemon.writes(publisher.published, WAIT_MS);
      const earlier = readFileSync(dataOf(base));
      await this.#database.kill('SIGTERM');
      await publisher.publish(STEPS);
      await within(WAIT_MS, 'the journal', () => received(base) === publisher.published);
      // One more round of states, and the newest samples in the journal alone.
      await within(WAIT_MS, 'checkpoints', () => statesOf(base).size === SERIES);
      await daemon.end('SIGKILL', WAIT_MS);
      return { base, earlier };
    } finally {
      await daemon.close();
      await publisher.close();
      await this.#database.restart();
    }
  }

  async #damaged(
    base: string,
    earlier: Buffer,
    kind: string,
    seed: number,
    sound: Ended,
  ): Promise<{ told: number; anew: number; equal: number }> {
    const dir = join(this.#dir, `copy-${seed}`);
    copyState(base, dir);
    const random = new Random(seed);
    const below = (count: number): number => Math.floor(random.uniform() * count);
    const path = dataOf(dir);
    writeFileSync(path, DAMAGES[kind]!(readFileSync(path), below, earlier));
    const { states, log } = await this.#life(dir, `damaged (${kind})`);
    rmSync(dir, { recursive: true });
    const told = log
      .split('\n')
      .filter((line) => /"level":[45]0/.test(line))
      .join('\n');
    let equal = 0;
    for (const [name, state] of sound.states) {
      if (states.get(name)?.equals(state)) equal++;
      else if (!mayDiffer(name, told)) {
        throw new Error(`series ${name} has another state, and nothing was said of it:\n${log}`);
      }
    }
    return { told: Number(told !== ''), anew: SERIES - equal, equal };
  }

  /** Starts a daemon on the directory, lets each series have some more samples, and stops it. */
  async #life(dir: string, what: string): Promise<Ended> {
    const daemon = this.#daemon(dir);
    await influxQuery(this.#database.url, `drop database ${NAME}`);
    const publisher = await CountingPublisher.connect(this.#broker.url, NAME, SERIES, 2 * STEPS);
    try {
      let log = '';
      for (let attempt = 1; !(await starts(daemon)); attempt++) {
        log += daemon.life.output();
        if (attempt === ATTEMPTS_MAX) throw new Error(`${what} does not start:\n${log}`);
      }
      await publisher.publish(NEW_STEPS);
      await this.#forecasts(daemon, T0_MS + 1_000 * (2 * STEPS + NEW_STEPS - 1));
      await daemon.stop();
      return { states: statesOf(dir), log: log + daemon.life.output() };
    } finally {
      await daemon.close();
      await publisher.close();
    }
  }

  /** Of every series, beyond its newest sample. @throws Error with the daemon's own account */
  async #forecasts(daemon: DurableDaemon, newestMs: number): Promise<void> {
    const query = `select count(mean) from forecast where time > ${newestMs}ms group by "series"`;
    let rows = 0;
    try {
      await within(WAIT_MS, 'forecasts', async () => {
        rows = (await influxQuery(this.#database.url, query, { db: NAME }).catch(() => [])).length;
        return rows === SERIES;
      });
    } catch (cause) {
      await daemon.end('SIGTERM', WAIT_MS);
      const what = `${rows} series with new forecasts, not ${SERIES}`;
      throw new Error(`${what}:\n${daemon.life.output()}`, { cause });
    }
  }

  #daemon(stateDir: string): DurableDaemon {
    return new DurableDaemon({
      brokerUrl: this.#broker.url,
      databaseUrl: this.#database.url,
      name: NAME,
      stateDir,
      state: 'checkpoint_every: 2s, journal_keep: 0s',
      outbox: 'points_max: 100',
    });
  }
}

/** Whether it lives until it is connected. */
async function starts(daemon: DurableDaemon): Promise<boolean> {
  const life = daemon.start();
  const { process } = life;
  await within(
    WAIT_MS,
    () => `a start:\n${life.output()}`,
    () => {
      const ended = process.exitCode !== null || process.signalCode !== null;
      return ended || life.output().includes('source: connected');
    },
  );
  return process.exitCode === null && process.signalCode === null;
}

/** What is lost of the journal, or of the newest commit, may have been of any series. */
function mayDiffer(name: string, told: string): boolean {
  return (
    told.includes(`series ${name}:`) ||
    /journal[:,] |newest commit|(series|heads|states|meta): |is gone|start.* new/.test(told)
  );
}

/** Without the socket that the dead process held it by. */
function copyState(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('.sock') });
}

function dataOf(dir: string): string {
  return join(dir, 'store', 'data.mdb');
}

/** By the series' names. */
function statesOf(dir: string): Map<string, Buffer> {
  return reading(dir, (store) => {
    const states = new Map<string, Buffer>();
    for (const id of store.keys<number>('states')) {
      const info = store.get('series', id);
      const name = info ? readJson<SeriesInfo>(info).name : `${id}`;
      states.set(name, Buffer.from(store.get('states', id)!));
    }
    return states;
  });
}

/** Samples that the journal knows of. */
function received(dir: string): number {
  return reading(dir, (store) => {
    const meta = store.get('meta', 'journal');
    const { counts } = meta
      ? readJson<{ counts: Record<string, { received: number }> }>(meta)
      : { counts: {} as Record<string, { received: number }> };
    return counts.s?.received ?? 0;
  });
}

function reading<T>(dir: string, read: (store: StateStore) => T): T {
  const store = new StateStore(dir, { readOnly: true });
  try {
    return read(store);
  } finally {
    void store.close();
  }
}
