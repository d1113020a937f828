/** The state directory cannot be used; the message says what, where, and what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly exitCode = 5;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission; give it to the user that runs Foretide, or choose another with state.dir',
  EPERM: 'no permission; give it to the user that runs Foretide, or choose another with state.dir',
  EROFS: 'the file system is read-only; mount it writable, or choose another with state.dir',
  ENOTDIR: 'it, or a part of its path, is a file; choose another directory with state.dir',
  ENOSPC: 'no space left; make room, or choose another with state.dir',
  EDQUOT: 'the quota is used up; make room, or choose another with state.dir',
  EIO: 'the disk fails to read or write (I/O error); see the system’s log, and replace it',
};

/** @param doing what went wrong, e.g. `create` */
export function stateError(dir: string, doing: string, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const why = REASONS[code] ?? message;
  return new StateError(`state directory ${dir}: cannot ${doing} it: ${why}`, { cause: error });
}
