/** What binary formats hold beside the values of JSON. Nothing in it is a value of the payload. */

/** A time that the format marks as one. */
export class Instant {
  readonly #ms: number;

  /** @param ms since the epoch; NaN where it is no time that there is */
  constructor(ms: number) {
    this.#ms = ms;
  }

  get ms(): number {
    return this.#ms;
  }
}

/** A value that is neither number, text nor boolean here, and no map or array either. */
export class Unread {
  readonly #what: string;

  /** @param what for a person: `a DataSet` */
  constructor(what: string) {
    this.#what = what;
  }

  get what(): string {
    return this.#what;
  }
}

/** Whether a path leads into it: a map or an array. */
export function isContainer(value: unknown): value is Readonly<Record<string | number, unknown>> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return !(value instanceof Instant || value instanceof Unread);
}

/** An object, in words. */
export function describeObject(value: unknown): string {
  if (value instanceof Unread) return value.what;
  if (value instanceof Instant) return 'a time';
  if (ArrayBuffer.isView(value)) return 'bytes';
  return Array.isArray(value) ? 'an array' : 'an object';
}
