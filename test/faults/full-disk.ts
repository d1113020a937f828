/**
 * A disk that takes nothing, while messages come: at the journal's commits, at the checkpoints, and
 * where points of a database that is away go to the disk; one that becomes read-only, too.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamAccounting } from '../../src/observe/accounting.ts';
import { CountingPublisher, DurableDaemon, within } from '../support/durable-daemon.ts';
import { FailingDisk } from '../support/failing-disk.ts';
import { startInfluxd, startMosquitto, type TestServer } from '../support/servers.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { FaultError, type Outcome, type RunOptions, type Scenario } from './scenario.ts';

const STOP_MS_MAX = 25_000;
const FULL_MS = 3_000;
const WAIT_MS = 60_000;
/** Between two moments without room: more than a garbage collector lets lie. */
const GROWTH_BYTES_MAX = 64 * 2 ** 20;
const STALLED = [
  'messages are not acknowledged meanwhile',
  'what is learned is not saved meanwhile',
];
const RESUMED = 'the disk takes what is written again';
const MIB = 2 ** 20;

/** Where the disk fails: keys of the configuration that make it likely, and the disk. */
interface Place {
  readonly name: string;
  readonly state: string;
  readonly outbox?: string;
  readonly series: number;
  readonly disk: () => Disk;
  /**
   * Of a disk that fails: within a commit, LMDB's head may be the victim, and the daemon ends with
   * code 5; or LMDB's report of it, which may end the process (SIGABRT).
   */
  readonly mayEnd?: true;
}

interface Disk {
  readonly dir: string;
  readonly freeBytes: number;
  /** From now on it takes nothing (or next to nothing). */
  fail(): void;
  mend(): void;
  remove(): void;
}

const full = (keepBytes: number) => (): Disk => {
  const disk = new SmallDisk(16);
  return {
    dir: disk.dir,
    get freeBytes() {
      return disk.freeBytes;
    },
    fail: () => disk.fill(keepBytes),
    mend: () => disk.clear(),
    remove: () => disk.unmount(),
  };
};

const PLACES: readonly Place[] = [
  { name: 'commit', state: 'checkpoint_every: 1h', series: 5, disk: full(0) },
  {
    name: 'checkpoint',
    state: 'checkpoint_every: 2s, journal_keep: 0s',
    series: 200,
    disk: full(MIB / 4),
  },
  {
    name: 'outbox',
    state: 'checkpoint_every: 1h',
    outbox: 'points_max: 200',
    series: 20,
    disk: full(0),
  },
];
const READ_ONLY: Place = {
  name: 'read-only',
  state: 'checkpoint_every: 2s',
  series: 20,
  disk: () => new FailingDisk(32),
  mayEnd: true,
};
const ENDINGS = ['room again', 'kill -9', 'SIGTERM'] as const;
type Ending = (typeof ENDINGS)[number];

/** [fault] Which disk fails, and how it ends. */
const FAULTS: readonly (readonly [Place, Ending])[] = [
  ...ENDINGS.flatMap((ending) => PLACES.map((place) => [place, ending] as const)),
  [READ_ONLY, 'kill -9'],
  [READ_ONLY, 'SIGTERM'],
];

interface Servers {
  readonly broker: TestServer;
  readonly database: TestServer;
}

export const fullDisk: Scenario = {
  name: 'full-disk',
  faultModel:
    'a real file system filled up (tmpfs), or aborted and read-only (ext4), while messages of QoS 1 ' +
    'come: at commits, at checkpoints, while points spill; then room again, kill -9 or SIGTERM',
  longRuns: 44,
  async run(options) {
    const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
    const database = await startInfluxd();
    try {
      return await runs({ broker, database }, options);
    } finally {
      await Promise.all([broker.stop(), database.stop()]);
    }
  },
};

async function runs(servers: Servers, { runs, seed, log }: RunOptions): Promise<Outcome> {
  const counts: Record<string, number> = { messages: 0, refusedStarts: 0, stopMsMax: 0 };
  for (let run = 0; run < runs; run++) {
    const [place, ending] = FAULTS[(seed - 1 + run) % FAULTS.length]!;
    const what = `${place.name}, then ${ending}`;
    log(what);
    const told = await oneRun(servers, place, ending, `d${seed}x${run}`).catch((error: unknown) => {
      throw new FaultError(seed + run, `${what}: ${(error as Error).stack}`);
    });
    counts[place.name] = (counts[place.name] ?? 0) + 1;
    counts.messages! += told.messages;
    counts.refusedStarts! += told.refusedStarts;
    counts.stopMsMax = Math.max(counts.stopMsMax!, Math.round(told.stopMs));
  }
  return { counts };
}

interface Told {
  readonly messages: number;
  readonly refusedStarts: number;
  readonly stopMs: number;
}

async function oneRun(
  { broker, database }: Servers,
  place: Place,
  ending: Ending,
  name: string,
): Promise<Told> {
  const { series, state, outbox } = place;
  const disk = place.disk();
  const daemon = new DurableDaemon({
    brokerUrl: broker.url,
    databaseUrl: database.url,
    name,
    stateDir: `${disk.dir}/state`,
    state,
    ...(outbox && { outbox }),
  });
  const publisher = await CountingPublisher.connect(broker.url, name, series);
  try {
    await daemon.up();
    await publisher.publish(10);
    await within(
      WAIT_MS,
      () => daemon.life.output(),
      async () => {
        return (await daemon.written()) >= publisher.published;
      },
    );
    if (outbox) await database.kill('SIGTERM');
    const published = publishUntil(publisher, () => isTold(daemon, place.mayEnd));
    published.catch(() => {});
    await sleep(100);
    disk.fail();
    const isOver = await whileFull(daemon, place);
    const how = isOver ? 'by itself' : ending;
    const { refusedStarts, stopMs } = await end(daemon, disk, how, place);
    await published;
    if (outbox) await database.restart();
    await expectAll(daemon, publisher);
    return { messages: publisher.published, refusedStarts, stopMs };
  } finally {
    await daemon.close();
    await publisher.close();
    disk.remove();
    if (outbox) await database.restart();
  }
}

function isTold(daemon: DurableDaemon, mayEnd: boolean | undefined): boolean {
  const { process } = daemon.life;
  return hasEnded(process, mayEnd) || STALLED.some((text) => daemon.said(text) > 0);
}

/** On a busy machine a disk takes its time to fill: there must be something left to write then. */
async function publishUntil(publisher: CountingPublisher, isDone: () => boolean): Promise<void> {
  await publisher.publish(120);
  while (!isDone()) {
    await sleep(500);
    await publisher.publish(20);
  }
}

/**
 * It says so once, lives on, and holds no more than before.
 * @returns whether it has ended, where it may
 */
async function whileFull(daemon: DurableDaemon, { mayEnd }: Place): Promise<boolean> {
  const { process } = daemon.life;
  await within(
    WAIT_MS,
    () => `a word of the full disk:\n${daemon.life.output()}`,
    () => isTold(daemon, mayEnd),
  );
  await sleep(FULL_MS);
  if (hasEnded(process, mayEnd)) return true;
  expectAlive(daemon);
  const before = daemon.residentBytes;
  await sleep(FULL_MS);
  if (hasEnded(process, mayEnd)) return true;
  expectAlive(daemon);
  const growth = daemon.residentBytes - before;
  if (growth > GROWTH_BYTES_MAX) throw new Error(`memory grew by ${growth} bytes`);
  for (const text of STALLED) expectAtMostOnce(daemon, text);
  return false;
}

async function end(
  daemon: DurableDaemon,
  disk: Disk,
  ending: Ending | 'by itself',
  { mayEnd }: Place,
): Promise<{ refusedStarts: number; stopMs: number }> {
  if (ending === 'room again') {
    disk.mend();
    await within(
      WAIT_MS,
      () => `a word of the room:\n${daemon.life.output()}`,
      () => {
        return daemon.said(RESUMED) > 0;
      },
    );
    return { refusedStarts: 0, stopMs: 0 };
  }
  const startedMs = performance.now();
  const code = await ended(daemon, ending);
  const stopMs = performance.now() - startedMs;
  // With a little room all that came may be in the journal.
  const aborted = mayEnd && daemon.life.process.signalCode === 'SIGABRT';
  const isWell = code === 5 || aborted || (code === 0 && disk.freeBytes > 0);
  if (ending !== 'kill -9' && !isWell) {
    throw new Error(`code ${code}, not 5:\n${daemon.life.output()}`);
  }
  let refusedStarts = 0;
  if (disk.freeBytes === 0) {
    // It says so, and nothing else.
    daemon.start();
    const refused = await daemon.ended(STOP_MS_MAX);
    if (refused !== 5) throw new Error(`a start: code ${refused}, not 5:\n${daemon.life.output()}`);
    refusedStarts++;
  }
  disk.mend();
  await daemon.up();
  return { refusedStarts, stopMs };
}

function ended(daemon: DurableDaemon, ending: Ending | 'by itself'): Promise<number | null> {
  if (ending === 'by itself') {
    return daemon.ended(STOP_MS_MAX);
  }
  return daemon.end(ending === 'kill -9' ? 'SIGKILL' : 'SIGTERM', STOP_MS_MAX);
}

async function expectAll(daemon: DurableDaemon, publisher: CountingPublisher): Promise<void> {
  await daemon.writes(publisher.published, WAIT_MS);
  const counts = (await daemon.stop()).get('s')!;
  const wanted: Partial<StreamAccounting> = {
    received: publisher.published,
    learned: publisher.published,
  };
  for (const [key, count] of Object.entries(counts)) {
    const right = wanted[key as keyof StreamAccounting] ?? 0;
    if (count !== right) {
      throw new Error(`${count} ${key}, not ${right}:\n${daemon.life.output()}`);
    }
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess, mayEnd = false): boolean {
  return mayEnd && (exitCode === 5 || signalCode === 'SIGABRT');
}

function expectAlive({ life }: DurableDaemon): void {
  const { exitCode, signalCode } = life.process;
  const how = exitCode ?? signalCode;
  if (how !== null) throw new Error(`it ended with ${how}:\n${life.output()}`);
}

function expectAtMostOnce(daemon: DurableDaemon, text: string): void {
  const times = daemon.said(text);
  if (times > 1) throw new Error(`said ${times} times: ${text}\n${daemon.life.output()}`);
}
