import type { Rejection } from './decoder.ts';
import { excerpt, invalid } from './number-text.ts';

/** Thrown within a decoder, which makes a rejection of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.detail);
    this.rejection = rejection;
  }

  /** A refusal's own rejection; of any other error one for this reason. */
  static of(error: unknown, reason: string, what: string): Rejection {
    if (error instanceof Refusal) return error.rejection;
    const message = error instanceof Error ? error.message : String(error);
    return invalid(reason, `${what}: ${excerpt(message.replace('CBOR decode error: ', ''))}`);
  }
}
