/** Asks a real InfluxDB, past our own client, so that a test sees what the server really holds. */
export interface InfluxRow {
  readonly [column: string]: string | number | boolean | null;
}

interface Answer {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly name?: string;
      readonly columns: readonly string[];
      readonly tags?: Readonly<Record<string, string>>;
      readonly values: readonly (readonly InfluxRow[string][])[];
    }[];
  }[];
}

export interface InfluxQueryOptions {
  readonly db?: string;
  readonly user?: string;
  readonly password?: string;
}

/** Rows of all results, with times in ms, and tags as columns. @throws Error in the server's words */
export async function influxQuery(
  url: string,
  q: string,
  { db = '', user, password }: InfluxQueryOptions = {},
): Promise<InfluxRow[]> {
  const headers: Record<string, string> = {};
  if (user !== undefined) headers.authorization = `Basic ${btoa(`${user}:${password}`)}`;
  const body = new URLSearchParams({ q, db, epoch: 'ms' });
  const response = await fetch(`${url}/query`, { method: 'POST', body, headers });
  const answer = (await response.json()) as Answer;
  const error = answer.error ?? answer.results?.find((result) => result.error)?.error;
  if (error) throw new Error(`${q}: ${error}`);
  return (answer.results ?? []).flatMap(({ series = [] }) =>
    series.flatMap(({ columns, tags, values }) =>
      values.map((cells) => ({
        ...tags,
        ...Object.fromEntries(columns.map((column, i) => [column, cells[i]!])),
      })),
    ),
  );
}
