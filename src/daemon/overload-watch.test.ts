/** The whole way: a source that is too fast, a core that is too slow, and the journal between them. */
import { Observable, tap } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SampleBatchBuilder } from '../decode/sample.ts';
import type { Intake } from '../decode/stream-decoder.ts';
import type { JournalBatch, JournalEntry } from '../journal/journal.ts';
import { MemoryJournal } from '../journal/memory.ts';
import { MqttIntake } from '../source/mqtt-intake.ts';
import type { Gate, Message, MessageBatch, Source } from '../source/source.ts';
import { MemoryOutbox } from '../store/memory-outbox.ts';
import type { Core } from './core.ts';
import { PipelineGate } from './gate.ts';
import { OverloadControl } from './overload.ts';
import { overloadFactors } from './overload-watch.ts';
import { pipeline } from './pipeline.ts';

/** Of one batch of the stand-in for the core: so long it forecasts, and so long it learns. */
const FORECAST_MS = 2;
const LEARN_MS = 32;

/** Works on one entry after the other, in its own time, as a thread does. */
class SlowCore implements Core {
  factor = 1;
  samples = 0;
  /** Factors as they are in force, each once. */
  readonly factors = [1];
  #last: Promise<unknown> = Promise.resolve();

  apply(entries: readonly JournalEntry[]): Promise<[]> {
    const done = this.#last.then(() => this.#work(entries));
    this.#last = done;
    return done;
  }

  async #work(entries: readonly JournalEntry[]): Promise<[]> {
    for (const entry of entries) {
      if (entry.kind === 'thin') this.factors.push(entry.factor);
      if (entry.kind === 'thin') this.factor = entry.factor;
      if (entry.kind !== 'samples') continue;
      this.samples += entry.batch.count;
      const workMs = FORECAST_MS + LEARN_MS / this.factor;
      await new Promise((resolve) => setTimeout(resolve, workMs));
    }
    return [];
  }

  finish = async (): Promise<[]> => [];
  adopt: Core['adopt'] = async () => ({ points: [], refused: [] });
  save = async (): Promise<[]> => [];
  forget: Core['forget'] = async () => new Map();
  readonly unsavedCount = 0;
  readonly unsavedFrom = undefined;
  counts: Core['counts'] = () => new Map();
  view = async (): Promise<undefined> => undefined;
  close = async (): Promise<void> => {};
}

/** Each message is a sample. */
function stubIntake(): Intake {
  const samples = new SampleBatchBuilder();
  const intake = {
    decode: (batch: MessageBatch): JournalEntry[] => {
      for (const { receivedMs } of batch) samples.push(0, receivedMs, 1);
      return [{ kind: 'samples', batch: samples.take() }];
    },
    finish: (): JournalEntry[] => [],
    counts: () => new Map(),
  };
  return intake as unknown as Intake;
}

/** Messages of QoS 1 at a rate, through the intake of the MQTT source. */
class FastSource {
  everyMs = 10;
  offered = 0;
  acknowledged = 0;
  dropped = 0;
  waitingMost = 0;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;

  messages(gate: Gate): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      const intake = new MqttIntake({
        gate,
        emit: (batch) => subscriber.next(batch),
        resume: () => {
          this.#paused = false;
        },
        dropped: (count) => {
          this.dropped += count;
        },
      });
      const offer = (): void => {
        // What is not read waits at the broker.
        if (!this.#paused) this.#paused = !intake.offer(this.#message());
        this.waitingMost = Math.max(this.waitingMost, this.offered - this.acknowledged);
        this.#timer = setTimeout(offer, this.everyMs);
      };
      offer();
      return () => clearTimeout(this.#timer);
    });
  }

  #message(): Message {
    const acknowledge = (): void => {
      this.acknowledged++;
    };
    const receivedMs = ++this.offered;
    const payload = new Uint8Array(8);
    return { topic: 't', payload, receivedMs, retained: false, where: 't', acknowledge };
  }
}

class RecordingJournal extends MemoryJournal {
  readonly thin: number[] = [];
  override append(batch: JournalBatch): Promise<number> {
    for (const entry of batch.entries) if (entry.kind === 'thin') this.thin.push(entry.factor);
    return super.append(batch);
  }
}

describe('overload', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: [
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'setImmediate',
        'Date',
      ],
      now: 0,
    });
  });
  afterEach(() => vi.useRealTimers());

  it('thins learning until the core keeps up, loses nothing, and learns in full again', async () => {
    const nowMs = (): number => Date.now();
    const gate = new PipelineGate(() => 0, Number.POSITIVE_INFINITY, nowMs);
    const control = new OverloadControl();
    const [core, source, journal] = [new SlowCore(), new FastSource(), new RecordingJournal()];
    const told: number[] = [];
    const thinning = overloadFactors({ gate, control, inline: false, nowMs }).pipe(
      tap((factor) => told.push(factor)),
    );
    const running = pipeline({
      source: source as unknown as Source,
      intake: stubIntake(),
      journal,
      core,
      outbox: new MemoryOutbox({ pointsMax: Number.POSITIVE_INFINITY }),
      gate,
      live: true,
      thinning,
    }).subscribe();

    // 100 samples a second, and time to learn 29.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(core.factors.slice(0, 3)).toEqual([1, 2, 4]);
    // 2 + 32 ÷ 4 ms a sample are as many as come.
    expect(Math.max(...core.factors)).toBeLessThanOrEqual(8);
    expect(control.factor).toBeGreaterThanOrEqual(4);

    source.everyMs = 500;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(core.factors.at(-1)).toBe(1);
    expect(control.factor).toBe(1);
    expect([journal.thin, [1, ...told]]).toEqual([core.factors.slice(1), core.factors]);
    expect(source.dropped).toBe(0);
    expect(core.samples).toBe(source.acknowledged);
    expect(source.offered - source.acknowledged).toBeLessThanOrEqual(1);
    // What waits is bounded: the intake's window, and the batches in flight.
    expect(source.waitingMost).toBeLessThanOrEqual(1_001 + 64 * 1_024);
    running.unsubscribe();
  });

  it('does not take a slow disk for a slow core', async () => {
    const nowMs = (): number => Date.now();
    const gate = new PipelineGate(() => 0, Number.POSITIVE_INFINITY, nowMs);
    for (let i = 0; i < 64; i++) gate.entered();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(gate.wait()).toBeInstanceOf(Promise);
    expect(gate.busyMs()).toBe(0);
    for (let i = 0; i < 32; i++) gate.handedOver();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(gate.busyMs()).toBe(2_000);
    gate.left();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(gate.busyMs()).toBe(2_000);
  });

  it('hears of the event loop where the core works in this thread', async () => {
    let utilization = 0.9;
    const loop = vi.spyOn(performance, 'eventLoopUtilization');
    loop.mockImplementation(() => ({ idle: 0, active: 0, utilization }));
    const control = new OverloadControl();
    const gate = { busyMs: () => 0 };
    const told: number[] = [];
    const nowMs = (): number => Date.now();
    const watch = overloadFactors({ gate, control, inline: true, nowMs });
    const watching = watch.subscribe((factor) => told.push(factor));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual([]);
    utilization = 1;
    await vi.advanceTimersByTimeAsync(12_000);
    expect(told).toEqual([2, 4]);
    watching.unsubscribe();
    loop.mockRestore();
  });
});
