import type { Logger } from './log.ts';

const REPORT_EVERY_MS = 60_000;
/** More kinds of trouble than this at once are counted under one heading. */
const KINDS_MAX = 200;

interface Incident {
  count: number;
  detail: string;
  reportedMs: number;
}

/** Topics and payloads come from outside: their line breaks must not make log lines. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) => JSON.stringify(c).slice(1, -1));
}

/** One log line a kind of trouble a minute, however many samples it hits. */
export class Incidents {
  readonly #log: Logger;
  readonly #clock: () => number;
  readonly #open = new Map<string, Incident>();

  /** @param clock one that is never set */
  constructor(log: Logger, clock: () => number = () => performance.now()) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The first of its kind is logged at once, the rest with the next `flush` that is due. */
  report(kind: string, text: string): void {
    const detail = visible(text);
    const key = this.#open.has(kind) || this.#open.size < KINDS_MAX ? kind : 'other trouble';
    const incident = this.#open.get(key);
    if (incident) {
      incident.count++;
      incident.detail = detail;
      return;
    }
    this.#open.set(key, { count: 0, detail, reportedMs: this.#clock() });
    this.#log.warn(`${key}: ${detail}`);
  }

  /** Logs what has gone on since; kinds that have stopped are forgotten. */
  flush(force = false): void {
    const now = this.#clock();
    for (const [kind, incident] of this.#open) {
      if (!force && now - incident.reportedMs < REPORT_EVERY_MS) continue;
      if (incident.count === 0) {
        this.#open.delete(kind);
        continue;
      }
      this.#log.warn(`${kind}: ${incident.count} more; the last: ${incident.detail}`);
      incident.count = 0;
      incident.reportedMs = now;
    }
  }
}
