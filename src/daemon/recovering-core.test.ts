import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { LearnedView } from '../observe/learned-view.ts';
import type { SeriesPoints } from '../store/points.ts';
import { Backlog } from './backlog.ts';
import type { Adopted, Core } from './core.ts';
import { RecoveringCore } from './recovering-core.ts';

const SERIES = { id: 0, stream: 'fast', name: 's0', receiveTime: false };
const POINTS = { series: 's0' } as SeriesPoints;

/** Answers when the test says so. */
class CoreByHand {
  readonly adoptions: { resolve(told: Adopted): void; reject(error: Error): void }[] = [];

  apply(): Promise<readonly SeriesPoints[]> {
    return Promise.resolve([]);
  }

  adopt(): Promise<Adopted> {
    return new Promise((resolve, reject) => {
      this.adoptions.push({ resolve, reject });
    });
  }

  async view(id: number): Promise<LearnedView> {
    return { newestMs: id, channels: [] };
  }

  async close(): Promise<void> {}
}

function recovering(groups = 1) {
  const inner = new CoreByHand();
  let isDone = false;
  const core = new RecoveringCore(inner as unknown as Core, {
    groups: new Map(
      Array.from({ length: groups }, (_, id) => {
        return [id, { id, series: [{ ...SERIES, id, name: `s${id}` }], after: -1 }];
      }),
    ),
    backlog: new Backlog(),
    through: 9,
    emitAfter: -1,
    state: () => undefined,
    history: () => {
      throw new Error('nothing is lost');
    },
    refused: () => {},
    done: () => {
      isDone = true;
    },
  });
  return { core, adoptions: inner.adoptions, isDone: () => isDone };
}

describe('RecoveringCore', () => {
  it('is settled when points of all that was restored are taken, whichever entry is done first', async () => {
    const { core, adoptions, isDone } = recovering();
    void core.recover();
    const first = core.apply([{ kind: 'tick', timeMs: 0 }], 10);
    const second = core.apply([{ kind: 'tick', timeMs: 1 }], 11);
    await sleep(10);
    expect(core.settled).toBe(false);
    expect(core.isTold(0)).toBe(false);
    adoptions[0]!.resolve({ points: [POINTS], refused: [] });
    expect(await first).toEqual([POINTS]);
    expect(await second).toEqual([]);
    await sleep(10);
    expect(core.isTold(0)).toBe(true);
    expect([core.settled, isDone()]).toEqual([true, true]);
  });

  it('takes up a series that somebody looks at, and tells its points with the next entries', async () => {
    const { core, adoptions } = recovering();
    expect(core.waitingCount).toBe(1);
    const view = core.view(0);
    expect(core.waitingCount).toBe(0);
    adoptions[0]!.resolve({ points: [POINTS], refused: [] });
    expect(await view).toEqual({ newestMs: 0, channels: [] });
    expect(await core.apply([], 10)).toEqual([POINTS]);
  });

  it('asks for a few groups at a time, so that a new sample need not wait for many', async () => {
    const { core, adoptions } = recovering(100);
    void core.recover();
    await sleep(20);
    expect([adoptions.length, core.waitingCount]).toEqual([2, 84]);
    for (const { resolve } of [...adoptions]) resolve({ points: [], refused: [] });
    await sleep(20);
    expect(adoptions.length).toBe(4);
  });

  it('can be closed after a failure', async () => {
    const { core, adoptions } = recovering();
    core.recover().catch(() => {});
    adoptions[0]!.reject(new Error('the threads are gone'));
    await expect(core.apply([], 10)).rejects.toThrow('the threads are gone');
    await core.close();
  });
});
