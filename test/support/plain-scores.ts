/** Forecasts scored from the files alone, the plain way: what a backtest says must agree with it. */

export interface ForecastLine {
  readonly series: string;
  readonly issued: string;
  readonly mean: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface PlainOptions {
  readonly fit: readonly [number, number];
  readonly test: readonly [number, number];
  /** Leads 1..H of windows whose targets lie whole in `test`; or lead H alone. */
  readonly lead: number;
  readonly alone?: boolean;
}

export interface Recording {
  readonly timesMs: readonly number[];
  /** NaN where a cell is empty. */
  readonly columns: ReadonlyMap<string, readonly number[]>;
}

export function readForecasts(text: string): ForecastLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ForecastLine);
}

/** Mean squared and absolute error over all series, each divided by its deviation in `fit`. */
export function plainErrors(
  { timesMs, columns }: Recording,
  forecasts: readonly ForecastLine[],
  { fit, test, lead, alone = false }: PlainOptions,
): { mse: number; mae: number; count: number } {
  const errors = forecasts.flatMap(({ series, issued, mean }) => {
    const row = timesMs.indexOf(Date.parse(issued));
    const values = columns.get(series)!;
    if (row + 1 < test[0] || row + 1 + lead > test[1]) return [];
    const scale = deviation(values.slice(...fit));
    return mean
      .map((forecast, i) => (forecast - values[row + 1 + i]!) / scale)
      .slice(alone ? lead - 1 : 0, lead)
      .filter((error) => !Number.isNaN(error));
  });
  const average = (of: (error: number) => number): number =>
    errors.reduce((sum, error) => sum + of(error), 0) / errors.length;
  return { mse: average((e) => e * e), mae: average(Math.abs), count: errors.length };
}

/** Of lead 1, for one series: share inside, width, and Winkler's score. */
export function plainInterval(
  { timesMs, columns }: Recording,
  forecasts: readonly ForecastLine[],
  { fit, test, series, level }: Omit<PlainOptions, 'lead'> & { series: string; level: number },
): { coverage: number; width: number; winkler: number } {
  const values = columns.get(series)!;
  const scale = deviation(values.slice(...fit));
  const rows = forecasts.flatMap((forecast) => {
    const at = timesMs.indexOf(Date.parse(forecast.issued)) + 1;
    const actual = values[at]!;
    if (forecast.series !== series || at < test[0] || at >= test[1]) return [];
    if (Number.isNaN(actual)) return [];
    const [lower, upper] = [forecast.lower[0]!, forecast.upper[0]!];
    const miss = Math.max(lower - actual, actual - upper, 0);
    const width = upper - lower;
    return [{ inside: miss === 0, width, winkler: width + (2 / (1 - level)) * miss }];
  });
  const sum = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((total, row) => total + of(row), 0) / rows.length;
  return {
    coverage: sum(({ inside }) => Number(inside)),
    width: sum(({ width }) => width) / scale,
    winkler: sum(({ winkler }) => winkler) / scale,
  };
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
