import { isUtf8 } from 'node:buffer';
import type { Rejection } from './decoder.ts';
import { invalid } from './number-text.ts';

const TRUNCATED = invalid('not_msgpack', 'the payload ends in the middle of a value');

/** What follows a head byte: bytes of a value or text, or items of an array or map. */
interface Part {
  readonly bytes: number;
  readonly items: number;
  readonly isText: boolean;
}

/** Bytes of the number that 0xca … 0xd3 begin. */
const NUMBER_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/**
 * Looks at the form of a MessagePack payload before anything is made of it: a decoder makes arrays as
 * long as the payload says, long before it finds that they are not there.
 * @returns what is wrong: depth, lengths, texts that are no UTF-8, more than one value
 */
export function msgpackFault(payload: Uint8Array, depthMax: number): Rejection | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  /** Items that are still to come, the innermost last. */
  const open = [1];
  let at = 0;
  while (open.length > 0) {
    if (open.at(-1) === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1]!--;
    const sizeAt = at + 1;
    if (sizeAt > payload.length) return TRUNCATED;
    const head = payload[at]!;
    const sizeBytes = sizeBytesOf(head);
    at = sizeAt + sizeBytes;
    if (at > payload.length) return TRUNCATED;
    const part = partOf(head, readSize(view, sizeAt, sizeBytes));
    if (!part) return invalid('not_msgpack', 'no MessagePack value begins with the byte 0xc1');
    const end = at + part.bytes;
    // An item takes a byte at least.
    if (end + part.items > payload.length) return TRUNCATED;
    if (part.isText && !isUtf8(payload.subarray(at, end))) {
      return invalid('not_utf8', 'a text in the payload is not UTF-8');
    }
    at = end;
    if (part.items > 0) open.push(part.items);
    if (open.length > depthMax + 1) {
      return invalid('too_deep', `nested deeper than ${depthMax} levels`);
    }
  }
  if (at === payload.length) return undefined;
  return invalid('not_msgpack', `${payload.length - at} bytes behind the value`);
}

/** Of the number behind the head byte that tells a length. */
function sizeBytesOf(head: number): number {
  if (head >= 0xc4 && head <= 0xc9) return 2 ** ((head - 0xc4) % 3);
  if (head >= 0xd9 && head <= 0xdb) return 2 ** (head - 0xd9);
  if (head >= 0xdc && head <= 0xdf) return head % 2 === 0 ? 2 : 4;
  return 0;
}

function readSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 0) return 0;
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}

/** undefined: no value begins so. */
function partOf(head: number, size: number): Part | undefined {
  const value = (bytes: number): Part => ({ bytes, items: 0, isText: false });
  const items = (count: number): Part => ({ bytes: 0, items: count, isText: false });
  if (head < 0x80 || head >= 0xe0) return value(0);
  if (head < 0x90) return items(2 * (head & 15));
  if (head < 0xa0) return items(head & 15);
  if (head < 0xc0) return { ...value(head & 31), isText: true };
  if (head === 0xc1) return undefined;
  if (head < 0xc4) return value(0);
  if (head < 0xc7) return value(size);
  // Extensions have a byte for their type.
  if (head < 0xca) return value(size + 1);
  if (head < 0xd4) return value(NUMBER_BYTES[head - 0xca]!);
  if (head < 0xd9) return value(2 ** (head - 0xd4) + 1);
  if (head < 0xdc) return { ...value(size), isText: true };
  return items(head < 0xde ? size : 2 * size);
}
