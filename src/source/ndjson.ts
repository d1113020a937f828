import type { NdjsonSourceConfig } from '../config/schema.ts';
import { FileSource, topicOfFile } from './file-source.ts';
import { type Line, LineSplitter } from './lines.ts';
import type { Pace } from './pace.ts';
import { ReceiveClock } from './receive-clock.ts';
import { parseRecordedMessage } from './recorded-message.ts';
import type { Message, MessageBatch, Source } from './source.ts';

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
/** What is kept of a line that is too long: enough to recognise it. */
const EXCERPT_BYTES = 256;
/** Occurs in no UTF-8 text, so that no decoder takes the excerpt for the whole. */
const NEVER_UTF8 = Buffer.from([0xff]);

/**
 * A file of JSON lines. A line is a recorded message (see recorded-message.ts), or else the payload
 * of a message under the file's own topic: also where it is no JSON, so that the decoder counts it
 * as invalid. Receive times are the recorded ones, or else the line number.
 */
export function createNdjsonSource(config: NdjsonSourceConfig, pace?: Pace): Source {
  return new FileSource(config.file, (chunks) => readNdjson(chunks, config), pace);
}

async function* readNdjson(
  chunks: AsyncIterable<Buffer>,
  { file, topic = topicOfFile(file) }: NdjsonSourceConfig,
): AsyncGenerator<MessageBatch> {
  const splitter = new LineSplitter();
  const clock = new ReceiveClock();
  const toMessages = (lines: readonly Line[]): Message[] =>
    lines.flatMap((line) => toMessage(line, { file, topic, clock }) ?? []);
  for await (const chunk of chunks) yield toMessages(splitter.push(chunk));
  yield toMessages(splitter.end());
}

interface LineOrigin {
  readonly file: string;
  readonly topic: string;
  readonly clock: ReceiveClock;
}

/** Undefined for a blank line. */
function toMessage(line: Line, { file, topic, clock }: LineOrigin): Message | undefined {
  const bytes = line.number === 1 ? withoutMark(line.bytes) : line.bytes;
  const where = `${file}:${line.number}`;
  if (line.tooLong) {
    const payload = Buffer.concat([bytes.subarray(0, EXCERPT_BYTES), NEVER_UTF8]);
    const receivedMs = clock.at(line.number);
    return { topic, payload, receivedMs, undated: true, retained: false, where };
  }
  if (isBlank(bytes)) return undefined;
  const recorded = parseRecordedMessage(bytes);
  const receivedMs = clock.at(recorded?.timeMs ?? line.number);
  const undated = recorded?.timeMs === undefined;
  if (!recorded) return { topic, payload: bytes, receivedMs, undated, retained: false, where };
  const { payload, retained } = recorded;
  return { topic: recorded.topic, payload, receivedMs, undated, retained, where };
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes.indexOf(BYTE_ORDER_MARK) === 0 ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09);
}
