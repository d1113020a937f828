/**
 * All the wiring:  source → intake → journal → core → outbox → drains → sinks
 *
 * RxJS carries batches and the control plane. Everything between the journal and the outbox is the
 * pure core, on one thread or several. Bounded everywhere: the gate holds the source while batches or
 * points pile up, the outbox has a limit with a policy.
 */
import { setImmediate as turn } from 'node:timers/promises';
import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  interval,
  map,
  merge,
  type Observable,
  of,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import type { Intake } from '../decode/stream-decoder.ts';
import type { Journal, JournalBatch, JournalEntry } from '../journal/journal.ts';
import { receiveNowMs } from '../source/receive-clock.ts';
import type { MessageBatch, Source } from '../source/source.ts';
import type { Outbox } from '../store/outbox.ts';
import type { SeriesPoints } from '../store/points.ts';
import type { Core } from './core.ts';
import type { PipelineGate } from './gate.ts';

/** How often the journal is told the time, so that silence shows as a gap. */
const TICK_MS = 1_000;
/** A message may still be on its way through this process when the clock is read. */
const TICK_SLACK_MS = 100;
/** What those who look on take a millisecond or two for. */
const SLICE_POINTS = 500;

export interface PipelineParts {
  readonly source: Source;
  readonly intake: Intake;
  readonly journal: Journal;
  readonly core: Core;
  readonly outbox: Outbox;
  readonly gate: PipelineGate;
  /** Live sources tick; recorded ones carry their own time, and their end closes the last step. */
  readonly live: boolean;
  /** Live sources: factors by which learning is thinned from now on. */
  readonly thinning?: Observable<number>;
  /** Told of live messages whose points have been put: when they came, ms by the receive clock. */
  readonly onPut?: (receivedMs: readonly number[]) => void;
}

/** Emits what was computed and put, some at a time; completes when the source has ended. */
export function pipeline(parts: PipelineParts): Observable<readonly SeriesPoints[]> {
  const { source, intake, journal, core, outbox, gate, live, thinning = EMPTY, onPut } = parts;
  const ended = new Subject<void>();

  const samples = concat(
    source.messages(gate).pipe(map((messages) => decoded(intake, messages))),
    defer(() => of({ entries: intake.finish(), messages: [] })),
  ).pipe(finalize(() => ended.next()));
  const beside = live ? merge(ticks(gate, intake), thinned(thinning)) : EMPTY;
  const clock = beside.pipe(takeUntil(ended));

  const computed = merge(samples, clock).pipe(
    tap(() => gate.entered()),
    // Handed over at once, however many are on their way to the disk …
    map((batch) => {
      const committed = journal.append(batch);
      // The first failure ends everything below; those behind it, nobody waits for any more.
      committed.catch(() => {});
      return { ...batch, committed };
    }),
    concatMap(async ({ entries, messages, committed }) => {
      const last = await committed;
      for (const { acknowledge } of messages) acknowledge?.();
      gate.handedOver();
      // … or under way in the core …
      const receivedMs = live ? messages.map((message) => message.receivedMs) : [];
      return { last, receivedMs, points: core.apply(entries, last + 1 - entries.length) };
    }),
    // … and taken back in order.
    concatMap(async ({ last, receivedMs, points }) => {
      const computed = await points;
      outbox.put(computed, last);
      onPut?.(receivedMs);
      gate.left();
      return computed;
    }),
  );
  const end = defer(() => core.finish()).pipe(
    tap((points) => outbox.put(points, Number.POSITIVE_INFINITY)),
  );

  return concat(computed, live ? EMPTY : end).pipe(concatMap(inSlices));
}

/** Others have their turn between what a tick of thousands of series has closed. */
async function* inSlices(points: readonly SeriesPoints[]): AsyncGenerator<readonly SeriesPoints[]> {
  for (let first = 0; first < points.length; first += SLICE_POINTS) {
    if (first > 0) await turn();
    yield points.slice(first, first + SLICE_POINTS);
  }
}

/** What one turn brings: entries, and the messages that they are made of. */
interface Decoded extends JournalBatch {
  readonly messages: MessageBatch;
}

function decoded(intake: Intake, messages: MessageBatch): Decoded {
  const entries = intake.decode(messages);
  const deliveries = messages.flatMap(({ delivery, repeated }) =>
    delivery && !repeated ? [delivery] : [],
  );
  return { entries, messages, deliveries, counts: intake.counts() };
}

/** Passes the gate, as it is to open it. */
function thinned(factors: Observable<number>): Observable<Decoded> {
  return factors.pipe(map((factor) => ({ entries: [{ kind: 'thin', factor }], messages: [] })));
}

/**
 * The receive clock, on the same scale as `Message.receivedMs`; silent while the gate holds back. A
 * tick that no series would hear is empty, and spares the disk. One at a shut gate is empty, too: what
 * the core has restored comes with it, and there may be no room before that is done.
 */
function ticks(gate: PipelineGate, intake: Intake): Observable<Decoded> {
  return interval(TICK_MS).pipe(
    filter(() => gate.wait() === undefined || gate.isIdle),
    map((): JournalEntry[] => {
      const timeMs = receiveNowMs() - TICK_SLACK_MS;
      const isHeard = intake.followsClock && gate.wait() === undefined;
      return isHeard ? [{ kind: 'tick', timeMs }] : [];
    }),
    map((entries) => ({ entries, messages: [] })),
  );
}
