/** Configurations that change while the daemon learns, on a real broker (dist/ must be built). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { within } from '../support/durable-daemon.ts';
import { savedStates } from '../support/faults/compare.ts';
import { ReloadTwin } from '../support/reload-twin.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';
import { Random } from '../support/streams.ts';

const T0_MS = 1_700_000_000_000;
const STREAMS = ['steady', 'changing', 'leaving', 'coming'] as const;
const SERIES = 4;
const ROUND_MS = 40;
/** Each is followed by a start. */
const KILLS = 4;

let dir: string;
let broker: TestServer;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'foretide-reload-'));
  broker = await startMosquitto({ config: ['max_queued_messages 0'] });
});
afterAll(async () => {
  await broker.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** One sample of each series a round, of QoS 1, until it is told to stop. */
class Load {
  readonly #client: MqttClient;
  readonly #random = new Random(7);
  #stopped = false;
  #running: Promise<void> | undefined;
  rounds = 0;

  constructor(client: MqttClient) {
    this.#client = client;
  }

  static async connect(): Promise<Load> {
    return new Load(await mqtt.connectAsync(broker.url));
  }

  start(): void {
    this.#running = this.#run();
  }

  /** So many more. */
  async pass(rounds: number): Promise<void> {
    const end = this.rounds + rounds;
    await within(60_000, 'the load', () => this.rounds >= end);
  }

  /** Resolves when the broker has all. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#client.endAsync();
  }

  get newestMs(): number {
    return T0_MS + 1_000 * (this.rounds - 1);
  }

  async #run(): Promise<void> {
    const sent: Promise<unknown>[] = [];
    while (!this.#stopped) {
      const t = T0_MS + 1_000 * this.rounds;
      for (const stream of STREAMS) {
        for (let i = 0; i < SERIES; i++) {
          const v = Math.sin(this.rounds / 9) + this.#random.normal() / 5;
          const payload = JSON.stringify({ t, v });
          sent.push(this.#client.publishAsync(`load/${stream}/${i}`, payload, { qos: 1 }));
        }
      }
      this.rounds++;
      await sleep(ROUND_MS);
    }
    await Promise.all(sent);
  }
}

const twins: ReloadTwin[] = [];
afterEach(() => {
  for (const twin of twins.splice(0)) {
    try {
      twin.process.kill('SIGKILL');
    } catch {
      // It was never started.
    }
  }
});

function twin(name: string): ReloadTwin {
  const made = new ReloadTwin(dir, name, broker.url);
  twins.push(made);
  return made;
}

/** The newest sample of the stream that nobody touches is written. */
async function taken(daemons: readonly ReloadTwin[], newestMs: number): Promise<void> {
  for (const daemon of daemons) {
    await within(
      90_000,
      () => `the newest step in ${daemon.name}:\n${daemon.output}`,
      () => {
        const lines = daemon.lines(`steady/${SERIES - 1}`).get(`steady/${SERIES - 1}`) ?? [];
        return lines.some(
          (line) => line.startsWith('actual') && line.endsWith(` ${newestMs}000000`),
        );
      },
    );
  }
}

async function steadyStates(daemon: ReloadTwin): Promise<Map<string, Uint8Array>> {
  return savedStates(daemon.stateDir, (series) => series.startsWith('steady/'));
}

describe('a reload under load', () => {
  it('changes what the file names; a stream that it leaves alone notices nothing', async () => {
    const spared = twin('spared');
    const exposed = twin('exposed');
    const before = ['steady', 'changing', 'leaving'].map((name) => ({ name }));
    for (const daemon of [spared, exposed]) daemon.configure({ streams: before });
    exposed.configure({ streams: before, shards: 2 });
    await Promise.all([spared.start(), exposed.start()]);
    const load = await Load.connect();
    load.start();
    await load.pass(60);

    const steady = { name: 'steady' };
    const slow = { name: 'changing', keys: ', lateness: 2s' };
    const second = [{ name: 'coming' }, slow, steady];
    exposed.configure({ streams: second, shards: 2, more: 'reload: auto' });
    await exposed.reload();
    expect(exposed.output).toContain('stream coming: added');
    expect(exposed.output).toContain('stream leaving: removed; its series rest');
    expect(exposed.output).toContain('stream changing: changed; its series go on');
    await load.pass(60);

    exposed.write('streams:\n  - topic: a\n    horizon: none\nsource: {}\n');
    await exposed.reload(() => {}); // the file is watched now
    expect(exposed.output).toMatch(/config\.yaml:3:14 {2}streams\[0\]\.horizon: /);
    expect(exposed.output).toMatch(/config\.yaml:4:\d+ {2}source: /);
    expect(exposed.output).toContain('what ran before goes on as it was');
    await load.pass(30);

    const far = { name: 'changing', horizon: 5 };
    const sinks = '{ line_protocol: { file: out.lp }, mqtt: {} }';
    exposed.configure({ streams: [steady, { name: 'leaving' }, far], shards: 3, sinks });
    await exposed.reload(() => {});
    expect(exposed.output).toContain('stream leaving: added');
    expect(exposed.output).toContain('stream changing: horizon changed; its series begin anew');
    expect(exposed.output).toContain('sinks.mqtt: added');
    expect(exposed.output).toContain('shards: changed, and in force at the next start only');
    await load.pass(60);

    await exposed.reload();
    expect(exposed.said('shards: changed, and in force')).toBe(2);
    await load.stop();
    await taken([spared, exposed], load.newestMs);
    const [expected, accounts] = [await spared.stop(), await exposed.stop()];

    expect(accounts.get('steady')).toEqual(expected.get('steady'));
    expect(accounts.get('steady')!.received).toBe(load.rounds * SERIES);
    expect([...accounts.keys()]).toEqual(['steady', 'leaving', 'changing']);
    // Its series have begun anew, and so has its account.
    expect(accounts.get('changing')!.learned).toBeGreaterThan(100);
    expect(accounts.get('changing')!.learned).toBeLessThan(load.rounds * SERIES - 400);
    expect(accounts.get('leaving')!.learned).toBeGreaterThan(120);
    expect(exposed.lines('steady/')).toEqual(spared.lines('steady/'));
    expect(exposed.lines('steady/').size).toBe(SERIES);
    expect(await steadyStates(exposed)).toEqual(await steadyStates(spared));
  }, 300_000);

  it('ends in a sound state however a kill -9 meets it', async () => {
    const random = new Random(3);
    const spared = twin('spared-kills');
    const exposed = twin('exposed-kills');
    const steady = { name: 'steady' };
    const configs = [
      { streams: [steady, { name: 'changing' }, { name: 'leaving' }] },
      { streams: [{ name: 'coming' }, steady, { name: 'changing', keys: ', lateness: 1s' }] },
      { streams: [steady, { name: 'changing', horizon: 4 }, { name: 'leaving' }] },
    ];
    for (const daemon of [spared, exposed]) {
      daemon.configure(configs[0]!);
      await daemon.start();
    }
    const load = await Load.connect();
    load.start();
    for (let i = 1; i <= KILLS; i++) {
      await load.pass(15);
      exposed.configure({ ...configs[i % configs.length]!, shards: 1 + (i % 2) });
      exposed.process.kill('SIGHUP');
      // Before it, in the midst of it, soon after it.
      await sleep(random.uniform() * 80);
      await exposed.kill();
      await exposed.start();
    }
    await exposed.reload();
    await load.stop();
    await taken([spared, exposed], load.newestMs);
    const [expected, accounts] = [await spared.stop(), await exposed.stop()];
    expect(accounts.get('steady')).toEqual(expected.get('steady'));
    expect(accounts.get('steady')!.received).toBe(load.rounds * SERIES);
    expect(await steadyStates(exposed)).toEqual(await steadyStates(spared));
    // What was under way is written a second time, to the same effect.
    const unique = (lines: readonly string[]) => [...new Set(lines)].sort();
    for (const [series, lines] of spared.lines('steady/')) {
      expect(unique(exposed.lines(series).get(series)!)).toEqual(unique(lines));
    }
  }, 600_000);
});
