/**
 * CBOR payloads (RFC 8949): the same objects as in JSON. Beside those are read: whole numbers as map keys
 * (`1` is the field "1"), bignums (tags 2 and 3), and times (tags 0 and 1). Values of other tags and
 * byte strings are none; indefinite lengths are read for arrays and maps.
 */
import { isUtf8 } from 'node:buffer';
import { type DecodeOptions, decode, type TagDecoder, Token, Tokenizer, Type } from 'cborg';
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder } from './decoder.ts';
import { EMPTY, invalid } from './number-text.ts';
import { DEPTH_MAX, ObjectReader } from './object.ts';
import { Instant, Unread } from './opaque.ts';
import { Refusal } from './refusal.ts';
import type { DecodeSettings } from './settings.ts';
import { sizeFault } from './text.ts';
import { parseTimeMs } from './time.ts';

/** Longer bignums are beyond what is a value. */
const BIGNUM_BYTES_MAX = 48;
/** Says nothing but that this is CBOR. */
const SELF_DESCRIBED = 55_799;
/** Stands for all tags that are not read; none has this number. */
const OTHER_TAG = 0xffff;

const TAGS: Record<number, TagDecoder> = {
  0: (content) => new Instant(parseTimeMs(content(), 'iso') ?? Number.NaN),
  1: (content) => new Instant(secondsOf(content()) * 1000),
  2: (content) => bignum(content()),
  3: (content) => -1n - bignum(content()),
  [SELF_DESCRIBED]: (content) => content(),
  [OTHER_TAG]: (content) => {
    content();
    return new Unread('a value with a tag that is not read');
  },
};

const OPTIONS: DecodeOptions = {
  allowBigInt: true,
  allowIndefinite: true,
  coerceUndefinedToNull: true,
  rejectDuplicateMapKeys: true,
  tags: TAGS,
};

export function createCborDecoder(settings: DecodeSettings): PayloadDecoder {
  const reader = new ObjectReader(settings);
  return {
    decode({ payload }: Message, sink: FieldSink): void {
      const fault = payload.length === 0 ? EMPTY : sizeFault(payload);
      if (fault) return sink.reject(undefined, fault);
      let root: unknown;
      try {
        root = decode(payload, { ...OPTIONS, tokenizer: new StrictTokenizer(payload) });
      } catch (error) {
        return sink.reject(undefined, Refusal.of(error, 'not_cbor', 'the payload is not CBOR'));
      }
      reader.read(root, sink);
    },
  };
}

/** A map or array that has begun. */
interface Open {
  readonly isMap: boolean;
  /** Items in it, keys too; Infinity where a break ends it. */
  readonly size: number;
  read: number;
}

/** What cborg itself does not see to: depth, texts that are none, keys that are numbers, any tag. */
class StrictTokenizer implements NonNullable<DecodeOptions['tokenizer']> {
  readonly #payload: Uint8Array;
  readonly #tokens: Tokenizer;
  readonly #open: Open[] = [];
  /** In a row. */
  #tags = 0;

  constructor(payload: Uint8Array) {
    this.#payload = payload;
    this.#tokens = new Tokenizer(payload, OPTIONS);
  }

  done(): boolean {
    return this.#tokens.done();
  }

  pos(): number {
    return this.#tokens.pos();
  }

  next(): Token {
    const from = this.pos();
    const token = this.#tokens.next();
    const { type, value } = token;
    if (Type.equals(type, Type.tag)) {
      this.#tags++;
      this.#checkDepth();
      return Object.hasOwn(TAGS, value) ? token : new Token(Type.tag, OTHER_TAG);
    }
    this.#tags = 0;
    const parent = this.#open.at(-1);
    const isKey = parent?.isMap && parent.read % 2 === 0;
    const isMap = Type.equals(type, Type.map);
    if (isMap || Type.equals(type, Type.array)) {
      this.#open.push({ isMap, size: isMap ? 2 * value : value, read: 0 });
      this.#checkDepth();
      this.#closeFull();
      return token;
    }
    if (Type.equals(type, Type.break)) this.#break(parent);
    if (Type.equals(type, Type.string)) this.#checkText(value, from);
    this.#count();
    const isNumber = Type.equals(type, Type.uint) || Type.equals(type, Type.negint);
    return isKey && isNumber ? new Token(Type.string, String(value)) : token;
  }

  /** cborg takes one for a value in a map. */
  #break(parent: Open | undefined): void {
    if (parent?.size !== Number.POSITIVE_INFINITY || (parent.isMap && parent.read % 2 === 1)) {
      throw new Error('a break where none can be');
    }
    this.#open.pop();
  }

  #checkDepth(): void {
    if (this.#open.length + this.#tags <= DEPTH_MAX) return;
    throw new Refusal(invalid('too_deep', `nested deeper than ${DEPTH_MAX} levels`));
  }

  /** cborg puts U+FFFD in place of bytes that are no UTF-8. */
  #checkText(text: string, from: number): void {
    if (!text.includes('\ufffd')) return;
    const minor = this.#payload[from]! & 31;
    const head = minor < 24 ? 1 : 1 + 2 ** (minor - 24);
    if (isUtf8(this.#payload.subarray(from + head, this.pos()))) return;
    throw new Refusal(invalid('not_utf8', 'a text in the payload is not UTF-8'));
  }

  /** One item more, of the innermost map or array. */
  #count(): void {
    const parent = this.#open.at(-1);
    if (parent) parent.read++;
    this.#closeFull();
  }

  #closeFull(): void {
    const parent = this.#open.at(-1);
    if (!parent || parent.read < parent.size) return;
    this.#open.pop();
    this.#count();
  }
}

function secondsOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
}

/** The value of a bignum's bytes. */
function bignum(bytes: unknown): bigint {
  if (!(bytes instanceof Uint8Array)) throw new Error('a bignum must be of bytes');
  if (bytes.length > BIGNUM_BYTES_MAX) {
    throw new Refusal(invalid('too_long', `a bignum of ${bytes.length} bytes`));
  }
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
