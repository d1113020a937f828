import { jsonBytes, readJson } from '../store/json.ts';
import type { StateStore, Writer } from '../store/state-store.ts';

const RECKONING = 'reckoning';

/** Whether samples that were counted are not known of any more: then the account begins anew. */
export function readReckoning(store: StateStore): boolean {
  try {
    const bytes = store.get('meta', RECKONING);
    return bytes !== undefined && readJson<boolean>(bytes);
  } catch {
    return true;
  }
}

export function putReckoning(write: Writer, due: boolean): void {
  write.put('meta', RECKONING, jsonBytes(due));
}
