import { type ReadStore, readStore } from '../store/read-store.ts';
import type { Command } from './command.ts';
import { UserError } from './exit.ts';
import { checkValues, readOverview } from './inspect/overview.ts';
import { overviewText } from './inspect/overview-text.ts';
import { readSeriesState } from './inspect/series-state.ts';
import { seriesStateText } from './inspect/series-text.ts';
import { SORT_KEYS, type SortKey, sorted } from './inspect/sort.ts';
import { print } from './print.ts';
import { stateDirOf } from './state-dir.ts';

interface InspectArguments {
  state: string;
  series: string | undefined;
  json: boolean;
  sort: SortKey;
  limit: number | undefined;
  values: boolean;
}

export const command: Command<InspectArguments> = {
  builder: (y) =>
    y
      .positional('state', {
        type: 'string',
        demandOption: true,
        describe: 'State directory, a snapshot’s, or the configuration that names one',
      })
      .option('series', { type: 'string', describe: 'Load this series, and show all of it' })
      .option('sort', {
        choices: SORT_KEYS,
        default: 'name' as const,
        describe: 'Order of the series: worst skill or coverage first, else largest first',
      })
      .option('limit', { type: 'number', describe: 'Show so many series at most' })
      .option('values', {
        type: 'boolean',
        default: false,
        describe: 'Read every value, and tell those that are damaged',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 inspect site.yaml --sort skill --limit 20', 'The series that fare worst')
      .example('$0 inspect foretide-state --series hall/t', 'One series: weights, gradients …'),
  handler: inspect,
};

async function inspect(args: InspectArguments): Promise<void> {
  const { state, series, limit } = args;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) {
    throw new UserError(`--limit ${limit}: write a whole number from 0 up`);
  }
  const dir = stateDirOf(state);
  const opened = await readStore(dir);
  try {
    await print(series === undefined ? showAll(dir, opened, args) : await showOne(opened, args));
  } finally {
    await opened.store.close();
  }
}

function showAll(dir: string, opened: ReadStore, args: InspectArguments): string {
  const { json, sort, values, limit = Number.POSITIVE_INFINITY } = args;
  const found = readOverview(dir, opened);
  const damaged = values ? [...found.damaged, ...checkValues(opened)] : found.damaged;
  const overview = { ...found, damaged, series: sorted(found.series, sort) };
  if (!json) return overviewText(overview, { nowMs: Date.now(), limit });
  return jsonText({ ...overview, series: overview.series.slice(0, limit) });
}

async function showOne({ store }: ReadStore, args: InspectArguments): Promise<string> {
  const state = await readSeriesState(store, args.series!, (text) => console.error(text));
  return args.json ? jsonText(state) : seriesStateText(state, Date.now());
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
