import { ForeignFormat } from './sealed.ts';
import { StateError } from './state-error.ts';
import type { StateStore } from './state-store.ts';

/** Of the tables, their keys and what belongs together; raised when any of that changes. */
export const STATE_FORMAT = 1;
const KEY = 'format';

/** From the format by which it stands to the next one, all in one commit. */
const MIGRATIONS: ReadonlyMap<number, (store: StateStore) => Promise<void>> = new Map();

/**
 * Brings an older store to the format of this program; a new one is marked with it.
 * @throws StateError when there is no way
 */
export async function ensureFormat(store: StateStore): Promise<void> {
  for (;;) {
    const format = readFormat(store);
    if (format === STATE_FORMAT) return;
    if (format === undefined) return writeFormat(store);
    const migrate = MIGRATIONS.get(format);
    if (!migrate) throw foreign(store.dir, format);
    await migrate(store);
  }
}

/** For those that only read. @throws StateError */
export function checkFormat(store: StateStore): void {
  const format = readFormat(store);
  if (format !== undefined && format !== STATE_FORMAT) throw foreign(store.dir, format);
}

export function writeFormat(store: StateStore, format = STATE_FORMAT): Promise<void> {
  const text = JSON.stringify({ format });
  return store.commit((write) => write.put('meta', KEY, Buffer.from(text)));
}

function readFormat(store: StateStore): number | undefined {
  try {
    const bytes = store.get('meta', KEY);
    if (!bytes) return undefined;
    const { format } = JSON.parse(Buffer.from(bytes).toString()) as { format: number };
    return format;
  } catch (error) {
    if (error instanceof ForeignFormat) throw foreign(store.dir, error.format);
    throw error;
  }
}

function foreign(dir: string, format: number): StateError {
  const what =
    format > STATE_FORMAT
      ? `written by a newer Foretide (format ${format}; this one reads ${STATE_FORMAT}); ` +
        'install that version again'
      : `written by an older Foretide (format ${format}; this one reads ${STATE_FORMAT}, ` +
        'and knows no way from there); run the older version';
  return new StateError(`state directory ${dir}: ${what}, or choose another with state.dir`);
}
