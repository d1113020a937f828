/** What a daemon says of its source and its sinks, in words. */
import type { Incidents } from '../observe/incidents.ts';
import type { LogLevel } from '../observe/log.ts';
import type { DrainEvent } from '../sink/drain.ts';
import type { SourceEvent } from '../source/source.ts';

export function logDrainEvent(incidents: Incidents, sink: string, event: DrainEvent): void {
  if (event.kind === 'rejected') {
    for (const { series, detail } of event.points) {
      incidents.report(`${sink}: point refused`, `series ${series}: ${detail}`);
    }
    return;
  }
  const level = event.kind === 'unavailable' ? 'warn' : 'info';
  incidents.tell(level, `${sink} ${event.kind}`, withName(sink, event.detail));
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

export function logSourceEvent(incidents: Incidents, event: SourceEvent): void {
  const { kind, detail } = event;
  const level: LogLevel = kind === 'connected' || kind === 'repeated' ? 'info' : 'warn';
  const what = 'count' in event ? `${event.count} ${kind}` : kind;
  incidents.tell(level, `source ${kind}`, `source: ${what}: ${detail}`);
}
