/** The pipeline's state, asked for now and then whatever is shown: counts, clock, what is wrong. */
import type { PipelineReport } from '../observe/http/api.ts';
import { ask } from './live.ts';
import { troubles } from './trouble.ts';

const ASK_MS = 5_000;

let newest: PipelineReport | undefined;
let offsetMs = 0;
const watchers = new Set<(report: PipelineReport) => void>();

/** Now, by the daemon's clock: ages must not hang on the reader's. */
export function nowMs(): number {
  return Date.now() + offsetMs;
}

export function takeReport(report: PipelineReport): void {
  newest = report;
  offsetMs = report.nowMs - Date.now();
  for (const watcher of watchers) watcher(report);
}

/** @returns what ends it */
export function watchReport(watcher: (report: PipelineReport) => void): () => void {
  watchers.add(watcher);
  if (newest) watcher(newest);
  return () => watchers.delete(watcher);
}

export function troubleCount(report: PipelineReport): number {
  return troubles(report).length;
}

export async function keepAsking(): Promise<void> {
  for (;;) {
    if (!document.hidden) {
      const answer = await ask<PipelineReport>('api/pipeline');
      if ('data' in answer) takeReport(answer.data);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
