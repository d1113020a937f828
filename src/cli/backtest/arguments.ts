/** The command line of `foretide backtest`. */
import { parse as parseYaml } from 'yaml';

const MODEL = 'The data and the model';
const SCORING = 'What is scored';
const OUTPUT = 'Output';

/** What a configuration says where there is one. */
export const STREAM_OPTIONS = [
  ...(['every', 'horizon', 'season', 'columns', 'covariates'] as const),
  ...(['time', 'effort', 'cell', 'set'] as const),
];

export interface BacktestArguments {
  files: string[];
  config?: string;
  every?: string;
  horizon?: number;
  season?: string[];
  columns?: string[];
  covariates?: string[];
  time?: string;
  effort?: string;
  cell?: string;
  set?: string[];
  leads?: string[];
  skip?: number;
  from?: string;
  test?: string;
  fit?: string;
  json: boolean;
  forecasts?: string;
  anomalies?: string;
  report?: string;
}

export const BACKTEST_OPTIONS = {
  config: text(MODEL, 'Configuration (YAML) in place of the options of this group'),
  every: text(MODEL, 'Time between rows, e.g. 15m; default: told by the stamps'),
  horizon: number(MODEL, 'Steps to forecast; default: a season, at most 48'),
  season: list(MODEL, 'Seasons, e.g. 1d,7d, or none; default: by the cadence'),
  columns: list(MODEL, 'Columns to forecast; default: all that hold numbers'),
  covariates: list(MODEL, 'Columns that help to forecast the others'),
  time: text(MODEL, 'Column of the time; default: found by name or content'),
  effort: text(MODEL, 'model.effort'),
  cell: text(MODEL, 'model.cell'),
  set: {
    ...list(MODEL, 'Any other key of the stream, e.g. --set model.hidden=32'),
    coerce: undefined,
  },
  leads: list(SCORING, 'Leads to tell of, e.g. 1,24,48; default: first, middle, last'),
  skip: number(SCORING, 'Steps of burn-in; default: a tenth, at most 1000'),
  from: text(SCORING, 'Score from this time on'),
  test: text(SCORING, 'Score targets in rows A:B (from 0; B is not in it)'),
  fit: text(SCORING, 'Divide errors by the standard deviation of rows A:B'),
  json: {
    type: 'boolean' as const,
    default: false,
    group: OUTPUT,
    describe: 'Print the result as JSON',
  },
  report: text(OUTPUT, 'Write a page with charts (HTML, one file, works offline)'),
  forecasts: text(OUTPUT, 'Write every forecast (NDJSON, .gz too); a folder for several files'),
  anomalies: text(OUTPUT, 'Write the anomaly score of every row (NDJSON); file or folder'),
};

function text(group: string, describe: string) {
  return { type: 'string', requiresArg: true, group, describe } as const;
}

function number(group: string, describe: string) {
  return { type: 'number', requiresArg: true, group, describe } as const;
}

/** `--x a,b` or `--x a --x b` */
function list(group: string, describe: string) {
  const coerce = (given: string | string[] | undefined): string[] | undefined =>
    given === undefined ? undefined : [given].flat().flatMap((part) => part.split(','));
  return { type: 'string', array: true, nargs: 1, group, describe, coerce } as const;
}

/** `key=value`, the value as YAML reads it. */
export function keyValues(given: readonly string[], faults: string[]): Map<string, unknown> {
  const set = new Map<string, unknown>();
  for (const entry of given) {
    const [, key, value] = /^([\w.]+)=(.+)$/s.exec(entry) ?? [];
    if (key === undefined) faults.push(`--set: "${entry}" is not KEY=VALUE`);
    else set.set(key, parseYaml(value!));
  }
  return set;
}
