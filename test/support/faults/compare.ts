/** What two daemons have made of the same messages: their databases and their saved states. */
import { readJson } from '../../../src/store/json.ts';
import { StateStore } from '../../../src/store/state-store.ts';
import { influxQuery } from '../influx-query.ts';

export type IsWanted = (series: string) => boolean;

const everything: IsWanted = () => true;

/** All rows of a database in its own words, sorted. */
export async function databaseRows(
  url: string,
  db: string,
  isWanted: IsWanted = everything,
): Promise<string[]> {
  const names = await influxQuery(url, 'show measurements', { db });
  const rows: string[] = [];
  for (const { name } of names) {
    for (const row of await influxQuery(url, `select * from "${name}"`, { db })) {
      if (!isWanted(String(row.series))) continue;
      const cells = Object.entries(row)
        .filter(([, value]) => value !== null)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      rows.push(`${name} ${JSON.stringify(Object.fromEntries(cells))}`);
    }
  }
  return rows.sort();
}

/** Whether there is anything of the series yet. */
export async function holdsSeries(url: string, db: string, series: string): Promise<boolean> {
  const query = `select value from actual where "series" = '${series}' limit 1`;
  try {
    return (await influxQuery(url, query, { db })).length > 0;
  } catch (error) {
    // Before the first write.
    if (/database not found/.test(String(error))) return false;
    throw error;
  }
}

/** The newest states in a state directory that nobody uses, by the name of the first member. */
export async function savedStates(
  dir: string,
  isWanted: IsWanted = everything,
): Promise<Map<string, Uint8Array>> {
  const store = new StateStore(dir, { readOnly: true });
  const states = new Map<string, Uint8Array>();
  for (const id of [...store.keys<number>('states')]) {
    const { name } = readJson<{ name: string }>(store.get('series', id)!);
    if (isWanted(name)) states.set(name, Uint8Array.from(store.get('states', id)!));
  }
  await store.close();
  return states;
}

/** The first lines that only one of them has, in words; undefined where they are equal. */
export function rowsDiffer(
  expected: readonly string[],
  actual: readonly string[],
): string | undefined {
  const has = new Set(actual);
  const wanted = new Set(expected);
  const missing = expected.filter((row) => !has.has(row));
  const surplus = actual.filter((row) => !wanted.has(row));
  if (missing.length === 0 && surplus.length === 0) return undefined;
  const some = (rows: readonly string[]): string => rows.slice(0, 5).join('\n  ');
  return (
    `the databases differ: of ${expected.length} rows ${missing.length} are missing, ` +
    `${surplus.length} should not be there\nexpected:\n  ${some(missing)}\nfound:\n  ${some(surplus)}`
  );
}

/**
 * States are equal, byte by byte, but for some counts (of duplicates, say) that may be higher.
 * @returns what differs otherwise, in words; by how much those counts are higher
 */
export function compareStates(
  expected: ReadonlyMap<string, Uint8Array>,
  actual: ReadonlyMap<string, Uint8Array>,
): { readonly faults: string; readonly counted: number } {
  const faults: string[] = [];
  let counted = 0;
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    const [a, b] = [expected.get(name), actual.get(name)];
    const more = a && b && a.length === b.length ? higherCounts(a, b) : undefined;
    if (more !== undefined) counted += more;
    else faults.push(`${name}: ${a?.length ?? 'no'} bytes expected, ${b?.length ?? 'none'} found`);
  }
  return { faults: faults.join('\n  '), counted };
}

/** Two a channel, and no state has more. */
const COUNTS_MAX = 32;
const COUNT_BYTES = 8;

/** The sum by which whole numbers in `b` are higher; undefined where anything else differs. */
function higherCounts(a: Uint8Array, b: Uint8Array): number | undefined {
  const changed = Uint8Array.from(a);
  let sum = 0;
  for (let i = 0; i <= COUNTS_MAX; i++) {
    const at = changed.findIndex((byte, place) => byte !== b[place]);
    if (at < 0) return sum;
    const start = startOfCount(changed, b, at);
    if (start === undefined) return undefined;
    sum += float(b, start) - float(changed, start);
    changed.set(b.subarray(start, start + COUNT_BYTES), start);
  }
  return undefined;
}

/** Where the float64 begins that holds byte `at` and is a count in both. */
function startOfCount(a: Uint8Array, b: Uint8Array, at: number): number | undefined {
  for (let start = at; start > at - COUNT_BYTES && start >= 0; start--) {
    if (start + COUNT_BYTES > a.length) continue;
    const [before, after] = [float(a, start), float(b, start)];
    const areCounts = Number.isInteger(before) && Number.isInteger(after) && after < 1e6;
    if (areCounts && before >= 0 && after > before) return start;
  }
  return undefined;
}

function float({ buffer, byteOffset }: Uint8Array, at: number): number {
  return new DataView(buffer, byteOffset).getFloat64(at, true);
}
