import type { StreamConfig } from '../config/schema.ts';
import { parseTimeMs } from './recorded-time.ts';
import type { Message } from './source.ts';

const AUTO_NAMES = ['time', 'timestamp', 'ts', 'datetime', 'date'];
/** Receive times below are line numbers, not times. */
const RECEIVED_MS_MIN = 1e11;

/**
 * When a recorded message came to be, for replay at a pace: its recorded receive time, or else the
 * field (of the first level) that a stream's `time` names. For the pace only; event time is the
 * decoder's.
 */
export function createPaceTime(
  streams: readonly Pick<StreamConfig, 'time'>[],
): (message: Message) => number | undefined {
  const fields = streams.map(({ time }) => (typeof time === 'string' ? time : time.field));
  const named = fields.filter((field) => field !== 'auto' && field !== 'receive');
  const names = [...named, ...AUTO_NAMES];
  return ({ receivedMs, row, payload }) => {
    if (receivedMs >= RECEIVED_MS_MIN) return receivedMs;
    const value = row
      ? (name: string) => row.cells[row.columns.indexOf(name)]?.trim()
      : jsonField(payload);
    for (const name of names) {
      const ms = parseTimeMs(value(name));
      if (ms !== undefined) return ms;
    }
    return undefined;
  };
}

function jsonField(payload: Uint8Array): (name: string) => unknown {
  let fields: Map<string, unknown>;
  try {
    fields = new Map(Object.entries(JSON.parse(Buffer.from(payload).toString()) ?? {}));
  } catch {
    // No JSON, so no time: the message goes along with the one before.
    return () => undefined;
  }
  return (name) => fields.get(name);
}
