/** Who may look: a token, shown with each request or once, for a cookie. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Wrong ones in a row that an address may show without waiting … */
const WRONG_MAX = 5;
/** … and then one in so long. */
const WAIT_MS = 1_000;
/** Addresses that are kept in mind; the oldest goes first. */
const ADDRESSES_MAX = 1_000;

export type Verdict = 'right' | 'wrong' | 'wait';

export class TokenGuard {
  /** Tells nothing of the token; another one for another token, as ports of a host share cookies. */
  readonly cookieName: string;
  readonly cookieValue: string;
  readonly #token: Buffer;
  readonly #cookie: Buffer;
  readonly #clock: () => number;
  readonly #wrong = new Map<string, { count: number; atMs: number }>();

  /** @param clock ms, one that is never set */
  constructor(token: string, clock: () => number = () => performance.now()) {
    const derived = createHmac('sha512', token).update('foretide page').digest('base64url');
    this.cookieName = `foretide_${derived.slice(0, 8)}`;
    this.cookieValue = derived.slice(8);
    this.#token = digest(token);
    this.#cookie = digest(this.cookieValue);
    this.#clock = clock;
  }

  /** Too long to be guessed: who has signed in is not held up by others behind the same proxy. */
  cookie(given: string): Verdict {
    return timingSafeEqual(digest(given), this.#cookie) ? 'right' : 'wrong';
  }

  /** @param address of who shows it: guesses are slowed down */
  token(given: string, address: string): Verdict {
    const nowMs = this.#clock();
    const before = this.#wrong.get(address);
    if (before && before.count >= WRONG_MAX && nowMs - before.atMs < WAIT_MS) return 'wait';
    // Digests have one length, so that the comparison tells nothing by how long it takes.
    if (timingSafeEqual(digest(given), this.#token)) {
      this.#wrong.delete(address);
      return 'right';
    }
    this.#wrong.delete(address);
    this.#wrong.set(address, { count: (before?.count ?? 0) + 1, atMs: nowMs });
    if (this.#wrong.size > ADDRESSES_MAX) {
      const [oldest] = this.#wrong.keys();
      this.#wrong.delete(oldest!);
    }
    return 'wrong';
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
