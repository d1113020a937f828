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

/** Which series have other bytes, and where; undefined where all are equal. */
export function statesDiffer(
  expected: ReadonlyMap<string, Uint8Array>,
  actual: ReadonlyMap<string, Uint8Array>,
): string | undefined {
  const faults: string[] = [];
  for (const name of new Set([...expected.keys(), ...actual.keys()])) {
    const [a, b] = [expected.get(name), actual.get(name)];
    if (!a || !b) {
      faults.push(`${name}: ${a ? 'missing' : 'should not be there'}`);
    } else if (Buffer.compare(a, b) !== 0) {
      const at = a.findIndex((byte, i) => byte !== b[i]);
      faults.push(`${name}: ${a.length} and ${b.length} bytes, from byte ${at} on`);
    }
  }
  return faults.length === 0 ? undefined : `the saved states differ:\n  ${faults.join('\n  ')}`;
}
