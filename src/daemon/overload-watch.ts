import { defer, filter, interval, map, type Observable } from 'rxjs';
import type { PipelineGate } from './gate.ts';
import type { OverloadControl } from './overload.ts';

const WATCH_MS = 1_000;
/** A loop that hardly ever waits for input has more than it can do. */
const LOOP_BUSY = 0.97;

export interface OverloadParts {
  readonly gate: Pick<PipelineGate, 'busyMs'> & { readonly isHeld?: boolean };
  readonly control: OverloadControl;
  /**
   * Whether the core works in this thread: then the event loop tells before the gate does, as less
   * is read meanwhile.
   */
  readonly inline: boolean;
  readonly nowMs?: () => number;
}

/** The factors by which learning is to be thinned, as they change. */
export function overloadFactors({
  gate,
  control,
  inline,
  nowMs = () => performance.now(),
}: OverloadParts): Observable<number> {
  return defer(() => {
    let sinceMs = nowMs();
    let busyMs = gate.busyMs();
    let loop = inline ? performance.eventLoopUtilization() : undefined;
    return interval(WATCH_MS).pipe(
      // Nothing may come to the journal meanwhile.
      filter(() => !gate.isHeld),
      map(() => {
        const now = nowMs();
        const busy = gate.busyMs();
        let share = Math.min(1, (busy - busyMs) / Math.max(1, now - sinceMs));
        [sinceMs, busyMs] = [now, busy];
        if (loop) {
          const { utilization } = performance.eventLoopUtilization(loop);
          loop = performance.eventLoopUtilization();
          if (utilization >= LOOP_BUSY) share = 1;
        }
        return control.update(now, share);
      }),
      filter((factor) => factor !== undefined),
    );
  });
}
