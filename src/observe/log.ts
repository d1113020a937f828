import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** The log goes to standard error: JSON lines, or plain text where a person looks on. */
export function createLog(level: LogLevel): Logger {
  if (!process.stderr.isTTY) return pino({ level, base: undefined }, pino.destination(2));
  const stream = pretty({ destination: 2, sync: true, ignore: 'pid,hostname', singleLine: true });
  return pino({ level }, stream);
}
