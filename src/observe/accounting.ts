/**
 * What became of every sample of a stream. The identity
 * `received = learned + duplicate + late + invalid + filtered + pending` is checked, not assumed:
 * each number is counted where it happens.
 */
export interface StreamAccounting {
  received: number;
  learned: number;
  duplicate: number;
  late: number;
  invalid: number;
  filtered: number;
  pending: number;
}

export type Accounting = ReadonlyMap<string, Readonly<StreamAccounting>>;

type Counts = Partial<StreamAccounting>;

/** Adds up what the intake and the core counted, by stream. */
export function sumAccounting(
  streams: Iterable<string>,
  parts: readonly ReadonlyMap<string, Counts>[],
): Map<string, StreamAccounting> {
  const total = new Map<string, StreamAccounting>();
  for (const stream of streams) {
    const sum = zero();
    for (const part of parts) {
      const counts = part.get(stream);
      if (!counts) continue;
      for (const key of Object.keys(sum) as (keyof StreamAccounting)[])
        sum[key] += counts[key] ?? 0;
    }
    total.set(stream, sum);
  }
  return total;
}

/** How many samples nobody can account for: 0, or there is a defect. */
export function unaccounted(a: Readonly<StreamAccounting>): number {
  return a.received - a.learned - a.duplicate - a.late - a.invalid - a.filtered - a.pending;
}

export function formatAccounting(a: Readonly<StreamAccounting>): string {
  const sum = `${a.learned} learned + ${a.duplicate} duplicate + ${a.late} late + ${a.invalid} invalid + ${a.filtered} filtered + ${a.pending} pending`;
  const missing = unaccounted(a);
  return `${a.received} received = ${sum}${missing === 0 ? '' : ` (${missing} UNACCOUNTED: please report)`}`;
}

function zero(): StreamAccounting {
  return { received: 0, learned: 0, duplicate: 0, late: 0, invalid: 0, filtered: 0, pending: 0 };
}
