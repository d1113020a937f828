/** Asks Sparkplug nodes for their births, with a brake: no request may make a flood of births. */
import type { NodeTrouble } from '../decode/decoder.ts';
import { rebirthPayload } from '../decode/sparkplug-payload.ts';

/** A node that was asked gets so long to answer; twice as long each time, up to the most. */
const WAIT_MS_MIN = 30_000;
const WAIT_MS_MAX = 600_000;
/** Between any two requests: a fleet is asked one by one, as its data come in. */
const PACE_MS = 50;
const NODES_MAX = 10_000;

export interface RebirthParts {
  /** False: there is no connection just now. */
  readonly publish: (topic: string, payload: Uint8Array) => boolean;
  readonly onAsked: (detail: string) => void;
  /** One that is never set. Default: performance.now. */
  readonly clock?: () => number;
  /** This machine's, for the stamp. Default: Date.now. */
  readonly nowMs?: () => number;
}

interface Asked {
  readonly atMs: number;
  readonly waitMs: number;
}

export class Rebirths {
  readonly #parts: Required<RebirthParts>;
  readonly #asked = new Map<string, Asked>();
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(parts: RebirthParts) {
    this.#parts = { clock: () => performance.now(), nowMs: () => Date.now(), ...parts };
  }

  /** Whether it was asked now; where not, its next message brings it here again. */
  ask({ group, node, detail }: NodeTrouble): boolean {
    const { publish, onAsked, clock, nowMs } = this.#parts;
    const atMs = clock();
    const topic = `spBv1.0/${group}/NCMD/${node}`;
    const before = this.#asked.get(topic);
    if (atMs - this.#lastMs < PACE_MS || (before && atMs - before.atMs < before.waitMs)) {
      return false;
    }
    if (!publish(topic, rebirthPayload(nowMs()))) return false;
    if (this.#asked.size >= NODES_MAX) this.#asked.clear();
    this.#asked.set(topic, { atMs, waitMs: nextWaitMs(before, atMs) });
    this.#lastMs = atMs;
    onAsked(`${group}/${node} is asked for a rebirth: ${detail}`);
    return true;
  }
}

/** Trouble long after the last one is another trouble. */
function nextWaitMs(before: Asked | undefined, atMs: number): number {
  if (!before || atMs - before.atMs > 2 * WAIT_MS_MAX) return WAIT_MS_MIN;
  return Math.min(2 * before.waitMs, WAIT_MS_MAX);
}
