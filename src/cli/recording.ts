/** Recorded files in the place of a source. */
import { existsSync, realpathSync } from 'node:fs';
import type { SourceConfig } from '../config/schema.ts';
import { UserError } from './exit.ts';

export type RecordingKind = 'csv' | 'ndjson';

/** Told by the file's name. @throws UserError for any other */
export function recordingKind(file: string): RecordingKind {
  const name = file.replace(/\.gz$/i, '').toLowerCase();
  if (name.endsWith('.csv')) return 'csv';
  if (/\.(ndjson|jsonl|json)$/.test(name)) return 'ndjson';
  throw new UserError(`${file}: expected a name in .csv, .ndjson or .jsonl (or .gz)`);
}

/** The file as a source, with the topic and the delimiter that the configuration has for one. */
export function recordingSource(file: string, configured?: SourceConfig): SourceConfig {
  const input = { file, topic: (configured?.csv ?? configured?.ndjson)?.topic };
  if (recordingKind(file) === 'ndjson') return { ndjson: input };
  return { csv: { ...input, delimiter: configured?.csv?.delimiter ?? ',' } };
}

/** The output is opened before the input is read, which would empty it. */
export function refuseOverwriting(file: string, out: string | undefined): void {
  if (!existsSync(file)) throw new UserError(`${file}: there is no such file; check the path`);
  if (out !== undefined && existsSync(out) && realpathSync(out) === realpathSync(file)) {
    throw new UserError(`${out}: is the recording itself; write to another file`);
  }
}
