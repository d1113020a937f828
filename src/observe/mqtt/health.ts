import type { PipelineReport } from '../http/api.ts';
import { pipelineReport } from '../http/pipeline-report.ts';
import type { Monitor } from '../monitor.ts';

/** What `<base>/health` says: as `GET /api/pipeline`, and what can be told from it at a glance. */
export interface Health extends PipelineReport {
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason?: string;
  readonly uptimeS: number;
  /** Steps that wait for the slowest sink. */
  readonly outbox: number;
}

export function healthOf(monitor: Pick<Monitor, 'pipeline' | 'ready' | 'unreadyReason'>): Health {
  const status = pipelineReport(monitor);
  return {
    ready: monitor.ready,
    ...(monitor.unreadyReason !== undefined && { reason: monitor.unreadyReason }),
    uptimeS: Math.max(0, Math.round((status.nowMs - status.startedMs) / 1_000)),
    outbox: Math.max(0, ...status.sinks.map(({ waiting }) => waiting)),
    ...status,
  };
}
