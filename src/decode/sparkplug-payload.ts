/**
 * The protobuf message of Sparkplug B (org.eclipse.tahu.protobuf.Payload), as far as values need it. Read
 * field by field over the bytes, so that nothing is made of what is not wanted.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { invalid } from './number-text.ts';
import { Refusal } from './refusal.ts';

/** More metrics a message are none of a device. */
const METRICS_MAX = 20_000;

export interface Payload {
  /** ms since the epoch. */
  readonly timestamp: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly Metric[];
}

/** Which of them holds the value; `other`: bytes, DataSet, Template or extension. */
export type RawValue =
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'other' };

export interface Metric {
  name?: string;
  alias?: bigint;
  /** ms since the epoch. */
  timestamp?: number;
  datatype?: number;
  isTransient?: boolean;
  isNull?: boolean;
  value?: RawValue;
}

/** Names of datatypes by code. */
export const DATATYPES = [
  'Unknown',
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'UInt8',
  'UInt16',
  'UInt32',
  'UInt64',
  'Float',
  'Double',
  'Boolean',
  'String',
  'DateTime',
  'Text',
  'UUID',
  'DataSet',
  'Bytes',
  'File',
  'Template',
  'PropertySet',
  'PropertySetList',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Int64Array',
  'UInt8Array',
  'UInt16Array',
  'UInt32Array',
  'UInt64Array',
  'FloatArray',
  'DoubleArray',
  'BooleanArray',
  'StringArray',
  'DateTimeArray',
] as const;
export type DatatypeName = (typeof DATATYPES)[number];

const BOOLEAN = DATATYPES.indexOf('Boolean');

/** @throws Refusal; Error or RangeError where the bytes are no such message */
export function readPayload(bytes: Uint8Array): Payload {
  let timestamp: number | undefined;
  let seq: number | undefined;
  const metrics: Metric[] = [];
  readFields(bytes, (reader, field, wire) => {
    switch (field) {
      case 1:
        timestamp = Number(uint64(reader, wire));
        return true;
      case 2:
        if (metrics.length === METRICS_MAX) {
          throw new Refusal(invalid('too_many', `more than ${METRICS_MAX} metrics`));
        }
        metrics.push(readMetric(bytesOf(reader, wire)));
        return true;
      case 3:
        seq = Number(uint64(reader, wire));
        return true;
      default:
        return false;
    }
  });
  return { timestamp, seq, metrics };
}

function readMetric(bytes: Uint8Array): Metric {
  const metric: Metric = {};
  readFields(bytes, (reader, field, wire) => {
    switch (field) {
      case 1:
        metric.name = textOf(reader, wire);
        return true;
      case 2:
        metric.alias = uint64(reader, wire);
        return true;
      case 3:
        metric.timestamp = Number(uint64(reader, wire));
        return true;
      case 4:
        metric.datatype = Number(uint64(reader, wire));
        return true;
      case 6:
        metric.isTransient = uint64(reader, wire) !== 0n;
        return true;
      case 7:
        metric.isNull = uint64(reader, wire) !== 0n;
        return true;
      default: {
        const value = readValue(reader, field, wire);
        if (value) metric.value = value;
        return value !== undefined && value.kind !== 'other';
      }
    }
  });
  return metric;
}

/** undefined where the field is no value; an `other` one is not read. */
function readValue(reader: BinaryReader, field: number, wire: WireType): RawValue | undefined {
  switch (field) {
    case 10:
    case 11:
      return { kind: 'integer', value: uint64(reader, wire) };
    case 12:
      expectWire(wire, WireType.Bit32);
      return { kind: 'float', value: reader.float() };
    case 13:
      expectWire(wire, WireType.Bit64);
      return { kind: 'float', value: reader.double() };
    case 14:
      return { kind: 'boolean', value: uint64(reader, wire) !== 0n };
    case 15:
      return { kind: 'string', value: textOf(reader, wire) };
    default:
      return field >= 16 && field <= 19 ? { kind: 'other' } : undefined;
  }
}

/** @param take false: the field is passed over */
function readFields(
  bytes: Uint8Array,
  take: (reader: BinaryReader, field: number, wire: WireType) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!take(reader, field, wire)) reader.skip(wire, field);
  }
  if (reader.pos > reader.len) throw new RangeError('it ends in the middle of a field');
}

function expectWire(found: WireType, expected: WireType): void {
  if (found !== expected) throw new Error(`a field of wire type ${found}, not ${expected}`);
}

function uint64(reader: BinaryReader, wire: WireType): bigint {
  expectWire(wire, WireType.Varint);
  return BigInt(reader.uint64());
}

function bytesOf(reader: BinaryReader, wire: WireType): Uint8Array {
  expectWire(wire, WireType.LengthDelimited);
  return reader.bytes();
}

function textOf(reader: BinaryReader, wire: WireType): string {
  expectWire(wire, WireType.LengthDelimited);
  return reader.string(true);
}

/** What asks a node for its births: the payload of an NCMD. */
export function rebirthPayload(timestampMs: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).uint64(timestampMs);
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string('Node Control/Rebirth');
  writer.tag(3, WireType.Varint).uint64(timestampMs);
  writer.tag(4, WireType.Varint).uint32(BOOLEAN);
  writer.tag(14, WireType.Varint).bool(true);
  writer.join();
  return writer.finish();
}
