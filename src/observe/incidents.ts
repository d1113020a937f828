import type { Logger, LogLevel } from './log.ts';

const REPORT_EVERY_MS = 60_000;
/** More kinds of trouble than this at once are counted under one heading. */
const KINDS_MAX = 200;
/** Events (a broker that goes, a database that comes back) are told so often before they are counted. */
const BURST = 3;

/** What a running daemon writes to: as many lines a minute as there are kinds, and a few more. */
export type DaemonLog = Pick<Logger, 'info' | 'warn' | 'error'>;

interface Happening {
  readonly level: LogLevel;
  /** Before the detail, and before a count. */
  readonly heading: string;
  readonly detail: string;
}

interface Incident extends Happening {
  /** Of its kind, one by one. */
  readonly told: number;
  /** Since then. */
  count: number;
  reportedMs: number;
}

interface Event extends Happening {
  /** How many are told one by one. */
  readonly burst: number;
}

/** Topics and payloads come from outside: their line breaks must not make log lines. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (c) => JSON.stringify(c).slice(1, -1));
}

/**
 * However often something happens, the log stays readable: what may come with every sample is one line
 * a kind of trouble a minute; what comes now and then is told, and counted where it comes often. With
 * level debug all of the latter are told.
 */
export class Incidents {
  readonly #log: Logger;
  readonly #clock: () => number;
  /** What happened last comes last. */
  readonly #open = new Map<string, Incident>();

  /** @param clock one that is never set */
  constructor(log: Logger, clock: () => number = () => performance.now()) {
    this.#log = log;
    this.#clock = clock;
  }

  /** The first of its kind is logged at once, the rest with the next `flush` that is due. */
  report(kind: string, text: string): void {
    const key = this.#keyOf(kind);
    this.#add(key, { level: 'warn', heading: `${key}: `, detail: visible(text), burst: 1 });
  }

  /** The first few of its kind are logged as they are. */
  tell(level: LogLevel, kind: string, line: string): void {
    const burst = this.#log.isLevelEnabled('debug') ? Number.POSITIVE_INFINITY : BURST;
    // A kind of its own for each level: one that is not written must not hide one that is.
    this.#add(this.#keyOf(`${level} ${kind}`), { level, heading: '', detail: line, burst });
  }

  /** A log whose lines are of one kind where they differ in their numbers alone. */
  get log(): DaemonLog {
    const through = (level: LogLevel) => (line: string) => {
      this.tell(level, line.replace(/\d+(\.\d+)?/g, '#'), line);
    };
    return { info: through('info'), warn: through('warn'), error: through('error') };
  }

  /** Logs what has gone on since; kinds that have stopped are forgotten. */
  flush(force = false): void {
    const now = this.#clock();
    for (const [kind, incident] of this.#open) {
      if (!force && now - incident.reportedMs < REPORT_EVERY_MS) continue;
      const { level, heading, count, detail } = incident;
      if (count === 0) {
        this.#open.delete(kind);
        continue;
      }
      this.#log[level](`${heading}${count} more; the last: ${detail}`);
      incident.count = 0;
      incident.reportedMs = now;
    }
  }

  #add(key: string, { burst, ...event }: Event): void {
    const { told = 0, count = 0, reportedMs = this.#clock() } = this.#open.get(key) ?? {};
    const isTold = told < burst;
    if (isTold) this.#log[event.level](`${event.heading}${event.detail}`);
    const now = isTold ? { told: told + 1, count } : { told, count: count + 1 };
    this.#open.delete(key);
    this.#open.set(key, { ...event, ...now, reportedMs });
  }

  #keyOf(kind: string): string {
    return this.#open.has(kind) || this.#open.size < KINDS_MAX ? kind : 'other trouble';
  }
}
