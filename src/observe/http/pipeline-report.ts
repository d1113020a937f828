import type { Monitor } from '../monitor.ts';
import type { PipelineReport } from './api.ts';

/** The pipeline as JSON has it. */
export function pipelineReport(monitor: Pick<Monitor, 'pipeline'>): PipelineReport {
  const { accounting, ...status } = monitor.pipeline();
  return { ...status, accounting: Object.fromEntries(accounting) };
}
