/** What a daemon says of its source and its sinks, in words. */
import type { Incidents } from '../observe/incidents.ts';
import type { Logger } from '../observe/log.ts';
import type { DrainEvent } from '../sink/drain.ts';
import type { SourceEvent } from '../source/source.ts';

export function logDrainEvent(
  log: Logger,
  incidents: Incidents,
  sink: string,
  event: DrainEvent,
): void {
  switch (event.kind) {
    case 'rejected':
      for (const { series, detail } of event.points) {
        incidents.report(`${sink}: point refused`, `series ${series}: ${detail}`);
      }
      break;
    case 'unavailable':
      log.warn(withName(sink, event.detail));
      break;
    default:
      log.info(withName(sink, event.detail));
  }
}

/** What a sink did not get, in words; empty where it got everything. */
export function missing(sink: string, unwritten: number, dropped: number): string | never[] {
  if (unwritten === 0 && dropped === 0) return [];
  const steps = (count: number): string => `${count} ${count === 1 ? 'step' : 'steps'}`;
  const before = dropped > 0 ? `; ${steps(dropped)} were dropped before` : '';
  return `${sink} did not take ${steps(unwritten)}${before}`;
}

/** `influx http://…: …`; what is wrong may begin with the address already. */
function withName(sink: string, detail: string): string {
  const [kind = '', where = ''] = sink.split(' ');
  return where !== '' && detail.startsWith(where) ? `${kind} ${detail}` : `${sink}: ${detail}`;
}

export function logSourceEvent(log: Logger, event: SourceEvent): void {
  if (event.kind === 'connected') log.info(`source: connected: ${event.detail}`);
  else if (event.kind === 'dropped') log.warn(`source: ${event.count} dropped: ${event.detail}`);
  else if (event.kind === 'repeated') log.info(`source: ${event.count} repeated: ${event.detail}`);
  else log.warn(`source: ${event.kind}: ${event.detail}`);
}
