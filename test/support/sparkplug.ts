/** Writes Sparkplug B payloads as a device does; shares nothing with the code that reads them. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** Codes of the specification. */
export const TYPE = {
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
  UUID: 15,
  DataSet: 16,
  Bytes: 17,
  File: 18,
  Template: 19,
  Int32Array: 24,
} as const;

export interface TestMetric {
  readonly name?: string;
  readonly alias?: number | bigint;
  readonly timestamp?: number;
  readonly type?: number;
  readonly historical?: boolean;
  readonly transient?: boolean;
  readonly isNull?: boolean;
  readonly int?: number;
  readonly long?: bigint;
  readonly float?: number;
  readonly double?: number;
  readonly boolean?: boolean;
  readonly string?: string;
  readonly bytes?: Uint8Array;
  readonly dataset?: Uint8Array;
}

export interface TestPayload {
  readonly timestamp?: number;
  readonly seq?: number;
  readonly metrics?: readonly TestMetric[];
}

export function sparkplug({ timestamp, seq, metrics = [] }: TestPayload): Uint8Array {
  const writer = new BinaryWriter();
  if (timestamp !== undefined) writer.tag(1, WireType.Varint).uint64(timestamp);
  for (const metric of metrics) {
    writer.tag(2, WireType.LengthDelimited).fork();
    writeMetric(writer, metric);
    writer.join();
  }
  if (seq !== undefined) writer.tag(3, WireType.Varint).uint64(seq);
  writer.tag(4, WireType.LengthDelimited).string('a uuid');
  return writer.finish();
}

function writeMetric(writer: BinaryWriter, metric: TestMetric): void {
  const varint = (field: number, value: number | bigint | boolean | undefined): void => {
    if (value !== undefined) writer.tag(field, WireType.Varint).uint64(BigInt(value));
  };
  const bytes = (field: number, value: Uint8Array | undefined): void => {
    if (value) writer.tag(field, WireType.LengthDelimited).bytes(value);
  };
  const text = (field: number, value: string | undefined): void => {
    if (value !== undefined) bytes(field, Buffer.from(value));
  };
  text(1, metric.name);
  varint(2, metric.alias);
  varint(3, metric.timestamp);
  varint(4, metric.type);
  varint(5, metric.historical);
  varint(6, metric.transient);
  varint(7, metric.isNull);
  // Metadata, and properties: of no concern here, and to be passed over.
  bytes(8, Uint8Array.of(0x08, 0x01));
  bytes(9, Uint8Array.of(0x0a, 0x07, ...Buffer.from('Quality')));
  varint(10, metric.int);
  varint(11, metric.long);
  if (metric.float !== undefined) writer.tag(12, WireType.Bit32).float(metric.float);
  if (metric.double !== undefined) writer.tag(13, WireType.Bit64).double(metric.double);
  varint(14, metric.boolean);
  text(15, metric.string);
  bytes(16, metric.bytes);
  bytes(17, metric.dataset);
}
