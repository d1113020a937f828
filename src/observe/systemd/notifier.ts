/**
 * Tells systemd how the daemon is (`Type=notify`): ready once forecasts are made, what it does in a
 * line, and that it lives. systemd ends and restarts a daemon that falls silent; so the sign of life
 * comes from a timer of the main thread, and not while the pipeline stands still.
 */

import { visible } from '../incidents.ts';
import type { Logger } from '../log.ts';
import type { Companion, Monitor, PipelineStatus } from '../monitor.ts';
import { Progress } from './progress.ts';
import { type Send, sendToSystemd } from './send.ts';

const CHECK_MS = 1_000;
/** How often it is looked whether the pipeline moves. */
const LOOK_MS = 5_000;
/** How often a line that has changed in its numbers alone is told. */
const STATUS_EVERY_MS = 30_000;

export interface NotifierParts {
  readonly monitor: Monitor;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly env?: NodeJS.ProcessEnv;
  readonly send?: Send;
  /** One that is never set. */
  readonly nowMs?: () => number;
}

export class SystemdNotifier implements Companion {
  readonly #monitor: Monitor;
  readonly #log: NotifierParts['log'];
  readonly #send: Send;
  readonly #nowMs: () => number;
  readonly #progress = new Progress();
  /** Less than half of what systemd allows, for timers come late; undefined: it does not watch. */
  readonly #aliveEveryMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #aliveMs = Number.NEGATIVE_INFINITY;
  #statusMs = Number.NEGATIVE_INFINITY;
  #status = '';
  #wasReady: boolean | undefined;
  #everReady = false;
  #isStuck = false;
  #isStopping = false;
  /** What waits for the program that is under way; newer values take the place of older ones. */
  readonly #waiting = new Map<string, string>();
  #sending: Promise<void> | undefined;
  #failed = false;

  constructor({ monitor, log, env = process.env, send, nowMs }: NotifierParts) {
    this.#monitor = monitor;
    this.#log = log;
    this.#send = send ?? sendToSystemd;
    this.#nowMs = nowMs ?? (() => performance.now());
    this.#aliveEveryMs = watchdogMs(env);
  }

  async start(): Promise<void> {
    this.check();
    const everyMs = Math.min(CHECK_MS, (this.#aliveEveryMs ?? CHECK_MS) / 2);
    this.#timer = setInterval(() => this.check(), everyMs);
  }

  /** What the timer does. */
  check(): void {
    const nowMs = this.#nowMs();
    const { ready } = this.#monitor;
    this.#look(ready, nowMs);
    if (ready && !this.#everReady) {
      this.#everReady = true;
      this.#waiting.set('READY', '1');
    }
    const isDue = ready !== this.#wasReady || nowMs - this.#statusMs >= STATUS_EVERY_MS;
    if (isDue && !this.#isStopping) this.#tellStatus(nowMs);
    this.#wasReady = ready;
    const everyMs = this.#aliveEveryMs;
    if (everyMs !== undefined && !this.#isStuck && nowMs - this.#aliveMs >= everyMs) {
      this.#aliveMs = nowMs;
      this.#waiting.set('WATCHDOG', '1');
    }
    this.#flush();
  }

  stopping(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#waiting.set('STOPPING', '1');
    this.#waiting.set('STATUS', 'finishing what was accepted');
    this.#flush();
  }

  async stop(): Promise<void> {
    this.stopping();
    clearInterval(this.#timer);
    this.#waiting.delete('WATCHDOG');
    while (this.#sending) await this.#sending;
  }

  #look(ready: boolean, nowMs: number): void {
    if (this.#aliveEveryMs === undefined || (ready && nowMs - this.#lookedMs < LOOK_MS)) return;
    this.#lookedMs = nowMs;
    // What keeps it from being ready is known, and a restart mends none of it.
    if (!ready) this.#progress.reset();
    const isStuck = ready && this.#progress.isStuck(this.#monitor.pipeline().accounting, nowMs);
    if (isStuck && !this.#isStuck) {
      this.#log.error(
        'systemd: samples are taken, and for half a minute none was worked on; no more signs of life are sent',
      );
    }
    this.#isStuck = isStuck;
  }

  #tellStatus(nowMs: number): void {
    this.#statusMs = nowMs;
    const status = statusLine(this.#monitor);
    if (status === this.#status) return;
    this.#status = status;
    this.#waiting.set('STATUS', status);
  }

  #flush(): void {
    if (this.#sending || this.#waiting.size === 0) return;
    const assignments = Array.from(this.#waiting, ([name, value]) => `${name}=${value}`);
    this.#waiting.clear();
    this.#sending = this.#send(assignments)
      .then(
        () => {
          this.#failed = false;
        },
        (error: Error) => {
          if (!this.#failed) this.#log.warn(`systemd cannot be told: ${error.message}`);
          this.#failed = true;
          // What was not heard is said again, unless there is something newer to say.
          for (const assignment of assignments) {
            const [name = '', value = ''] = split(assignment);
            if (!this.#waiting.has(name)) this.#waiting.set(name, value);
          }
        },
      )
      .finally(() => {
        this.#sending = undefined;
        if (!this.#failed) this.#flush();
      });
  }
}

/** undefined where systemd does not watch this process. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return undefined;
  const ms = Number(WATCHDOG_USEC) / 1000;
  return ms > 0 ? ms * 0.4 : undefined;
}

function split(assignment: string): [string, string] {
  const at = assignment.indexOf('=');
  return [assignment.slice(0, at), assignment.slice(at + 1)];
}

/** One line for `systemctl status`. */
function statusLine(monitor: Monitor): string {
  const { unreadyReason } = monitor;
  return visible(unreadyReason === undefined ? working(monitor.pipeline()) : unreadyReason);
}

function working({ rates, sinks, paused, thinFactor }: PipelineStatus): string {
  const away = sinks.filter(({ available }) => !available).map(({ name }) => name);
  const waiting = Math.max(0, ...sinks.map((sink) => sink.waiting));
  return [
    paused ? 'paused' : 'forecasting',
    `${rates.learnedPerSecond.toFixed(1)} samples/s`,
    `steps waiting: ${waiting}`,
    ...(thinFactor > 1 ? [`learning thinned by ${thinFactor}`] : []),
    ...(away.length > 0 ? [`away: ${away.join(', ')}`] : []),
  ].join('; ');
}
