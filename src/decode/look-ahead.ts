import { channelsOf } from '../config/channels.ts';
import type { StreamConfig } from '../config/schema.ts';
import { createCsvDecoder } from './csv.ts';
import type { PayloadDecoder } from './decoder.ts';
import { decodeSettings } from './settings.ts';

/**
 * How rows of a file are read where columns are known ahead: those columns at once, the others
 * `rows` rows later. So a forecast knows as much of the future as it may, and nothing else.
 */
export interface LookAhead {
  readonly known: PayloadDecoder;
  readonly others: PayloadDecoder;
  readonly rows: number;
}

/** undefined: no column is known ahead. */
export function createLookAhead(stream: StreamConfig): LookAhead | undefined {
  const { targets, past, known } = channelsOf(stream);
  if (known.length === 0) return undefined;
  const settings = decodeSettings(stream);
  return {
    known: createCsvDecoder({ ...settings, values: known }),
    others: createCsvDecoder({ ...settings, values: [...past, ...targets] }),
    rows: stream.horizon,
  };
}
