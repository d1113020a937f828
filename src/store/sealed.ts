/**
 * How every value stands in the store: a head that tells a damaged or foreign one, then the bytes.
 *
 *     0      1       2        4        8
 *     | mark | format| 0      | CRC-32 | bytes …
 *
 * The CRC covers format and bytes, and the place where the value belongs: damage to keys, or to the
 * way to them, cannot give one value for another. Numbers are little-endian.
 */
import { crc32 } from 'node:zlib';

const MARK = 0xf7;
/** Of all values together: raised when any of them changes its layout. */
export const FORMAT = 1;
const HEAD_BYTES = 8;

/** A value that is not what was written: torn, flipped, or not ours. */
export class DamagedValue extends Error {
  override readonly name = 'DamagedValue';
}

/** A value of another format than this program writes. */
export class ForeignFormat extends Error {
  override readonly name = 'ForeignFormat';
  readonly format: number;

  constructor(format: number) {
    const which = format > FORMAT ? 'a newer' : 'an older';
    super(`written by ${which} Foretide (format ${format}; this one reads ${FORMAT})`);
    this.format = format;
  }
}

/** @param place table and key, as text */
export function seal(bytes: Uint8Array, place: string, format = FORMAT): Buffer {
  const sealed = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
  sealed[0] = MARK;
  sealed[1] = format;
  sealed.writeUInt16LE(0, 2);
  sealed.writeUInt32LE(crc32(bytes, crc32(place, format)), 4);
  sealed.set(bytes, HEAD_BYTES);
  return sealed;
}

/**
 * The bytes, as a view.
 * @throws DamagedValue, ForeignFormat
 */
export function unseal(sealed: Uint8Array, place: string): Uint8Array {
  if (sealed.length < HEAD_BYTES || sealed[0] !== MARK) {
    throw new DamagedValue(`${sealed.length} bytes without the mark of a Foretide value`);
  }
  const { buffer, byteOffset, length } = sealed;
  const view = new DataView(buffer, byteOffset, length);
  const bytes = sealed.subarray(HEAD_BYTES);
  const format = sealed[1]!;
  if (
    crc32(bytes, crc32(place, format)) !== view.getUint32(4, true) ||
    view.getUint16(2, true) !== 0
  ) {
    throw new DamagedValue(`its checksum does not fit (${bytes.length} bytes)`);
  }
  if (format !== FORMAT) throw new ForeignFormat(format);
  return bytes;
}

/** Whether it is what was written at that place, of whatever format. */
export function isWhole(sealed: Uint8Array, place: string): boolean {
  try {
    unseal(sealed, place);
  } catch (error) {
    return error instanceof ForeignFormat;
  }
  return true;
}
