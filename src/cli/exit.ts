/** What the process's exit code means. */
export const EXIT = {
  done: 0,
  /** A defect in Foretide: please report. */
  defect: 1,
  /** Bad usage, configuration or input. */
  usage: 2,
  /** A broker or database could not be reached, and the configuration says to give up. */
  unreachable: 3,
  /** Stopped, but a sink did not take everything in time. */
  unwritten: 4,
  /** The state directory cannot be used. */
  state: 5,
} as const;

/** Something the user can mend: shown without a stack trace. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.usage) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Errors of any room that carry an exit code are meant for the user. */
function isForUser(error: unknown): error is Error & { exitCode: number } {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number';
}

/** Ends the process with a message and the code that goes with the error. */
export function exitWith(error: unknown): never {
  if (isForUser(error)) {
    console.error(error.message);
    process.exit(error.exitCode);
  }
  console.error('Foretide met a defect; please report it with this trace:');
  console.error(error);
  process.exit(EXIT.defect);
}
