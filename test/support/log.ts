import { pino } from 'pino';
import type { Logger } from '../../src/observe/log.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** A log that keeps its lines, for tests to look at. */
export function collectLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = pino(
    { base: undefined, timestamp: false },
    {
      write: (line: string) => void lines.push(JSON.parse(line) as LogLine),
    },
  );
  return { log, lines };
}
