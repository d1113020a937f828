import { type CsvError, type Info, parse } from 'csv-parse';
import type { CsvSourceConfig } from '../config/schema.ts';
import { FileSource, topicOfFile } from './file-source.ts';
import type { Pace } from './pace.ts';
import { type Message, type MessageBatch, type Row, type Source, SourceError } from './source.ts';
import { writeChunk } from './write-chunk.ts';

const ROW_CHARS_MAX = 2 ** 20;
const NO_PAYLOAD = new Uint8Array(0);

/**
 * A CSV file with a header line. A row with missing or extra cells is handed on as it is
 * (`cells.length` differs from `columns.length`), for the decoder to count it as invalid. The
 * receive time is the line number: a file does not tell when its rows were received.
 */
export function createCsvSource(config: CsvSourceConfig, pace?: Pace): Source {
  return new FileSource(config.file, (chunks) => readCsv(chunks, config), pace);
}

async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { file, topic = topicOfFile(file), delimiter }: CsvSourceConfig,
): AsyncGenerator<MessageBatch> {
  let columns: readonly string[] | undefined;
  const messages: Message[] = [];
  // Rows are taken from on_record, not from the stream's output: they are then all there when a
  // chunk has been written, and none is lost when the next chunk brings an error.
  const parser = parse({
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: ROW_CHARS_MAX,
    on_record: (cells: string[], { lines }: Info) => {
      const where = `${file}:${lines}`;
      if (columns) messages.push(rowMessage({ columns, cells }, { topic, lines, where }));
      else columns = header(cells, where);
      return undefined;
    },
  });
  parser.resume();
  // Told by `errored` below; without a listener it would end the process.
  parser.on('error', () => {});
  const closed = new Promise<void>((resolve) => parser.once('close', resolve));
  for await (const chunk of chunks) {
    await writeChunk(parser, chunk);
    yield messages.splice(0);
    if (parser.errored) throw explain(parser.errored, file);
  }
  parser.end();
  await closed;
  yield messages.splice(0);
  if (parser.errored) throw explain(parser.errored, file);
  if (!columns) throw new SourceError(`${file}: is empty; the first line must name the columns`);
}

interface RowOrigin {
  readonly topic: string;
  readonly lines: number;
  readonly where: string;
}

function rowMessage(row: Row, { topic, lines, where }: RowOrigin): Message {
  return {
    topic,
    payload: NO_PAYLOAD,
    row,
    receivedMs: lines,
    undated: true,
    retained: false,
    where,
  };
}

/** @throws SourceError when a column has no name, or the name of another */
function header(cells: readonly string[], where: string): readonly string[] {
  const columns = cells.map((cell) => cell.trim());
  const seen = new Set<string>();
  for (const [i, name] of columns.entries()) {
    if (name === '') {
      throw new SourceError(`${where}: column ${i + 1} has no name; the first line must name all`);
    }
    if (seen.has(name)) {
      throw new SourceError(`${where}: two columns are named "${name}"; rename one of them`);
    }
    seen.add(name);
  }
  return columns;
}

function explain(error: Error, file: string): SourceError {
  if (error instanceof SourceError) return error;
  const { code, lines } = error as CsvError & { lines?: number };
  const where = lines === undefined ? file : `${file}:${lines}`;
  if (code === 'CSV_QUOTE_NOT_CLOSED' || code === 'CSV_MAX_RECORD_SIZE') {
    return new SourceError(
      `${where}: a row has no end within 1 MiB or the file; close the quote that was opened in it`,
    );
  }
  return new SourceError(`${where}: not readable as CSV: ${error.message}`);
}
