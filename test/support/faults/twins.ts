/**
 * Two daemons that get the same messages: one is exposed to faults, the other is spared. In the end
 * both must have told and learned the same.
 */

import { compareStates, databaseRows, holdsSeries, rowsDiffer, savedStates } from './compare.ts';
import type { Account } from './daemon.ts';
import { FaultyDaemon } from './daemon.ts';
import { type DaemonKeys, daemonConfig, END_SERIES, hasItsOwnTime } from './streams.ts';
import { waitFor } from './wait.ts';

export interface TwinOptions {
  readonly dir: string;
  readonly seed: number;
  readonly databaseUrl: string;
  /** The server that holds what the exposed one writes, where it is another. */
  readonly exposedDatabaseUrl?: string;
  readonly exposed: TwinKeys;
  readonly spared: TwinKeys;
}

/** `databaseUrl`: the way to the database, where it is not the direct one. */
type TwinKeys = Omit<DaemonKeys, 'base' | 'databaseUrl'> & { readonly databaseUrl?: string };

export interface Compared {
  readonly rows: number;
  readonly states: number;
  /**
   * Samples that the exposed daemon got once more and passed over: known as taken before, or, beyond
   * the newest 64 of a series, as too late.
   */
  readonly duplicates: number;
  readonly late: number;
}

type Accounts = ReadonlyMap<string, Account>;

export class Twins {
  readonly exposed: FaultyDaemon;
  readonly spared: FaultyDaemon;
  readonly #rows: (daemon: FaultyDaemon) => Promise<string[]>;
  readonly #isTaken: (daemon: FaultyDaemon) => Promise<boolean>;

  constructor({ dir, seed, databaseUrl, exposedDatabaseUrl, exposed, spared }: TwinOptions) {
    const urlOf = (daemon: FaultyDaemon): string =>
      daemon === this.exposed ? (exposedDatabaseUrl ?? databaseUrl) : databaseUrl;
    this.#rows = (daemon) => databaseRows(urlOf(daemon), daemon.base, hasItsOwnTime);
    this.#isTaken = (daemon) => holdsSeries(urlOf(daemon), daemon.base, END_SERIES);
    const daemon = (base: string, keys: TwinKeys): FaultyDaemon =>
      new FaultyDaemon(dir, base, daemonConfig({ base, databaseUrl, ...keys }));
    this.exposed = daemon(`exposed${seed}`, exposed);
    this.spared = daemon(`spared${seed}`, spared);
  }

  async connected(): Promise<void> {
    await Promise.all([this.exposed.connected(), this.spared.connected()]);
  }

  /** Resolves when both have written the last message, which comes after all others. */
  async taken(): Promise<void> {
    await Promise.all(
      [this.exposed, this.spared].map((daemon) =>
        waitFor(
          () => this.#isTaken(daemon),
          () => `the end to be in ${daemon.base}:\n${daemon.output}`,
        ),
      ),
    );
  }

  /** Stops both in good order. */
  async stop(): Promise<{ exposed: Accounts; spared: Accounts }> {
    const [exposed, spared] = await Promise.all([this.exposed.stop(), this.spared.stop()]);
    return { exposed, spared };
  }

  /**
   * After `stop`: databases, states and accounts are equal, but for samples that came once more.
   * @param options states: false leaves out the states
   * @throws Error that says what differs
   */
  async compare(
    { exposed, spared }: { exposed: Accounts; spared: Accounts },
    options = { states: true },
  ): Promise<Compared> {
    let [duplicates, late] = [0, 0];
    for (const [stream, account] of spared) {
      if (!hasItsOwnTime(`/${stream}`)) continue;
      const more = this.#compareAccounts(stream, account, exposed.get(stream));
      duplicates += more.duplicate;
      late += more.late;
    }
    const expected = await this.#rows(this.spared);
    const difference = rowsDiffer(expected, await this.#rows(this.exposed));
    if (difference) throw this.#fault(difference);
    if (!options.states) return { rows: expected.length, states: 0, duplicates, late };
    const states = await savedStates(this.spared.stateDir, hasItsOwnTime);
    const found = await savedStates(this.exposed.stateDir, hasItsOwnTime);
    const { faults, counted } = compareStates(states, found);
    if (faults) throw this.#fault(`the saved states differ:\n  ${faults}`);
    if (counted !== duplicates + late) {
      const told = `${duplicates} duplicates and ${late} late samples in the account`;
      throw this.#fault(`${told}, but ${counted} in the states`);
    }
    return { rows: expected.length, states: states.size, duplicates, late };
  }

  async end(): Promise<void> {
    await Promise.all([this.exposed.end(), this.spared.end()]);
  }

  /** @returns how many duplicates and late samples more the exposed one has */
  #compareAccounts(
    stream: string,
    spared: Account,
    exposed: Account | undefined,
  ): { duplicate: number; late: number } {
    const duplicate = (exposed?.duplicate ?? 0) - spared.duplicate;
    const late = (exposed?.late ?? 0) - spared.late;
    const expected = {
      ...spared,
      received: spared.received + duplicate + late,
      duplicate: spared.duplicate + duplicate,
      late: spared.late + late,
    };
    const [wanted, found] = [JSON.stringify(expected), JSON.stringify(exposed)];
    if (wanted === found) return { duplicate, late };
    throw this.#fault(`stream ${stream}: expected ${wanted}, found ${found}`);
  }

  #fault(what: string): Error {
    return new Error(`${what}\n${this.exposed.output}`);
  }
}
