import { describe, expect, it } from 'vitest';
import { collectLog, type LogLine } from '../../../test/support/log.ts';
import { account, pipelineStatus, ToldMonitor } from '../../../test/support/monitor.ts';
import { SystemdNotifier } from './notifier.ts';

interface Watched {
  readonly monitor: ToldMonitor;
  readonly notifier: SystemdNotifier;
  readonly sent: string[];
  readonly lines: LogLine[];
  /** Makes the next messages fail. */
  fail(error: Error | undefined): void;
  /** Lets so many seconds pass, with a check in each. */
  pass(seconds: number): Promise<void>;
}

function watched(env: NodeJS.ProcessEnv = {}): Watched {
  const monitor = new ToldMonitor();
  const sent: string[] = [];
  const { log, lines } = collectLog();
  let nowMs = 0;
  let failure: Error | undefined;
  const notifier = new SystemdNotifier({
    monitor,
    log,
    env,
    nowMs: () => nowMs,
    send: async (assignments) => {
      if (failure) throw failure;
      sent.push(...assignments);
    },
  });
  return {
    monitor,
    notifier,
    sent,
    lines,
    fail: (error) => {
      failure = error;
    },
    async pass(seconds) {
      for (let i = 0; i < seconds; i++) {
        nowMs += 1000;
        notifier.check();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

const alive = (sent: readonly string[]): number => sent.filter((a) => a === 'WATCHDOG=1').length;

describe('SystemdNotifier', () => {
  it('is ready once, with the first ready state, and says meanwhile what it waits for', async () => {
    const { monitor, sent, pass } = watched();
    monitor.unreadyReason = 'not connected to mqtt://broker:\n refused';
    await pass(3);
    expect(sent).toEqual(['STATUS=not connected to mqtt://broker:\\n refused']);
    monitor.unreadyReason = undefined;
    await pass(3);
    expect(sent.slice(1)).toEqual([
      'READY=1',
      'STATUS=forecasting; 9.0 samples/s; steps waiting: 7',
    ]);
    monitor.unreadyReason = 'recovering';
    await pass(1);
    monitor.unreadyReason = undefined;
    await pass(1);
    expect(sent.filter((assignment) => assignment === 'READY=1')).toHaveLength(1);
    expect(sent.at(-2)).toBe('STATUS=recovering');
  });

  it('tells a line that changes all the time twice a minute', async () => {
    const { monitor, sent, pass } = watched();
    for (let i = 0; i < 60; i++) {
      monitor.status = pipelineStatus({ thinFactor: i + 2 });
      await pass(1);
    }
    expect(sent.filter((assignment) => assignment.startsWith('STATUS='))).toHaveLength(2);
  });

  it('gives signs of life more than twice in the time that systemd allows', async () => {
    const { sent, pass } = watched({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` });
    await pass(60);
    expect(alive(sent)).toBe(5);
  });

  it('gives none where systemd does not watch, or watches another process', async () => {
    for (const env of [{}, { WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' }]) {
      const { sent, pass } = watched(env);
      await pass(60);
      expect(alive(sent)).toBe(0);
    }
  });

  it('gives none while samples go in and none comes out, and says so once', async () => {
    const { monitor, sent, lines, pass } = watched({ WATCHDOG_USEC: '10000000' });
    const put = (received: number, learned: number): void => {
      const counts = { ...account(0), learned, received, pending: 5 };
      monitor.status = pipelineStatus({ accounting: new Map([['sensors', counts]]) });
    };
    put(15 + 100, 100);
    await pass(10);
    const before = alive(sent);
    expect(before).toBeGreaterThan(1);
    put(15 + 150, 100);
    await pass(60);
    const stuck = alive(sent);
    // Half a minute of patience, and no more.
    expect(stuck - before).toBeLessThanOrEqual(10);
    await pass(60);
    expect(alive(sent)).toBe(stuck);
    expect(lines).toHaveLength(1);
    put(15 + 150, 150);
    await pass(10);
    expect(alive(sent)).toBeGreaterThan(stuck);
  });

  it('lives while nothing comes, and while what keeps it is known', async () => {
    const { monitor, sent, lines, pass } = watched({ WATCHDOG_USEC: '10000000' });
    await pass(120);
    const quiet = alive(sent);
    monitor.unreadyReason = 'the disk takes nothing';
    const counts = { ...account(100), received: 500 };
    monitor.status = pipelineStatus({ accounting: new Map([['sensors', counts]]) });
    await pass(120);
    expect(alive(sent)).toBe(2 * quiet);
    expect(lines).toEqual([]);
  });

  it('says that it stops when it is told to, and no more of life after its end', async () => {
    const { notifier, sent, pass } = watched({ WATCHDOG_USEC: '10000000' });
    await pass(1);
    notifier.stopping();
    await pass(10);
    expect(sent.slice(sent.indexOf('STOPPING=1'), sent.indexOf('STOPPING=1') + 2)).toEqual([
      'STOPPING=1',
      'STATUS=finishing what was accepted',
    ]);
    expect(alive(sent)).toBeGreaterThan(1);
    await notifier.stop();
    expect(sent.filter((assignment) => assignment === 'STOPPING=1')).toHaveLength(1);
  });

  it('says again what was not heard, and tells once that it was not', async () => {
    const { sent, lines, fail, pass } = watched();
    fail(new Error('there is no systemd-notify in the PATH'));
    await pass(20);
    expect(sent).toEqual([]);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'systemd cannot be told: there is no systemd-notify in the PATH',
    ]);
    fail(undefined);
    await pass(1);
    expect(sent).toContain('READY=1');
  });
});
