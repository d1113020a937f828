/**
 * MessagePack payloads: the same objects as in JSON. Beside those are read: whole numbers as map keys
 * (`1` is the field "1"), and times (extension −1). Other extensions and bytes are no values.
 */
import { Decoder, decodeTimestampToTimeSpec, type ExtensionCodecType } from '@msgpack/msgpack';
import type { Message } from '../source/source.ts';
import type { FieldSink, PayloadDecoder } from './decoder.ts';
import { msgpackFault } from './msgpack-scan.ts';
import { EMPTY } from './number-text.ts';
import { DEPTH_MAX, ObjectReader } from './object.ts';
import { Instant, Unread } from './opaque.ts';
import { Refusal } from './refusal.ts';
import type { DecodeSettings } from './settings.ts';
import { sizeFault } from './text.ts';

const TIMESTAMP = -1;

const EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: (data, type) =>
    type === TIMESTAMP ? timeOf(data) : new Unread(`a value of extension type ${type}`),
};

export function createMsgpackDecoder(settings: DecodeSettings): PayloadDecoder {
  const reader = new ObjectReader(settings);
  const decoder = new Decoder({ extensionCodec: EXTENSIONS, useBigInt64: true });
  return {
    decode({ payload }: Message, sink: FieldSink): void {
      const isEmpty = payload.length === 0;
      const fault = isEmpty ? EMPTY : (sizeFault(payload) ?? msgpackFault(payload, DEPTH_MAX));
      if (fault) return sink.reject(undefined, fault);
      let root: unknown;
      try {
        root = decoder.decode(payload);
      } catch (error) {
        const what = 'the payload is not MessagePack';
        return sink.reject(undefined, Refusal.of(error, 'not_msgpack', what));
      }
      reader.read(root, sink);
    },
  };
}

function timeOf(data: Uint8Array): Instant {
  const isTime = [4, 8, 12].includes(data.length);
  const { sec, nsec } = isTime ? decodeTimestampToTimeSpec(data) : { sec: Number.NaN, nsec: 0 };
  return new Instant(sec * 1e3 + nsec / 1e6);
}
