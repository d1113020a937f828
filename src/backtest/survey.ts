/** A first look at a recording: what is in it, how often it comes, how long it is. */
import type { SourceConfig } from '../config/schema.ts';
import { createCsvSource } from '../source/csv.ts';
import { createNdjsonSource } from '../source/ndjson.ts';
import type { Gate, Message, Source } from '../source/source.ts';
import { cadenceOf, type Layout, layoutOf, type TimeReader, timeReader } from './layout.ts';

/** Only so many rows tell columns and cadence: what comes later cannot change the outcome. */
const HEAD_ROWS = 1_000;
const DELIMITERS = [';', '\t'];
const OPEN: Gate = { wait: () => undefined };

export interface Survey {
  /** As given, with the delimiter that the header shows. */
  readonly source: SourceConfig;
  readonly layout: Layout;
  readonly timeOf: TimeReader;
  /** undefined: the times tell no period. */
  readonly every: string | undefined;
  readonly rows: number;
  /** Of the first and the last row that have a time; NaN where none has. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * @param timeField the column or field of the time, where the user names it
 * @throws SourceError when the file cannot be read
 */
export async function surveyFile(given: SourceConfig, timeField?: string): Promise<Survey> {
  let source = given;
  let head = await readHead(source);
  const columns = head[0]?.row?.columns;
  const delimiter = columns?.length === 1 && DELIMITERS.find((d) => columns[0]!.includes(d));
  if (delimiter && given.csv) {
    source = { csv: { ...given.csv, delimiter } };
    head = await readHead(source);
  }
  const layout = layoutOf(head, timeField);
  const timeOf = timeReader(layout);
  const every = cadenceOf(head.flatMap((message) => timeOf(message) ?? []));
  return { source, layout, timeOf, every, ...(await measure(source, timeOf)) };
}

async function readHead(config: SourceConfig): Promise<Message[]> {
  const head: Message[] = [];
  const source = open(config);
  await source.messages(OPEN).forEach((batch) => {
    head.push(...batch.slice(0, HEAD_ROWS - head.length));
    if (head.length >= HEAD_ROWS) void source.stop();
  });
  return head;
}

async function measure(
  config: SourceConfig,
  timeOf: TimeReader,
): Promise<Pick<Survey, 'rows' | 'firstMs' | 'lastMs'>> {
  let rows = 0;
  let firstMs = Number.NaN;
  let lastMs = Number.NaN;
  await open(config)
    .messages(OPEN)
    .forEach((batch) => {
      rows += batch.length;
      for (const message of batch) {
        const timeMs = timeOf(message);
        if (timeMs === undefined) continue;
        if (Number.isNaN(firstMs)) firstMs = timeMs;
        lastMs = timeMs;
      }
    });
  return { rows, firstMs, lastMs };
}

function open({ csv, ndjson }: SourceConfig): Source {
  if (csv) return createCsvSource(csv);
  if (ndjson) return createNdjsonSource(ndjson);
  throw new Error('a recording is CSV or NDJSON');
}
