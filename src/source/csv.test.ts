import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type Outcome, openGate, readAll } from '../../test/support/sources.ts';
import { createCsvSource } from './csv.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-csv-'));
afterAll(() => rmSync(dir, { recursive: true }));

let files = 0;
function file(content: string | Buffer, name = `data${files++}.csv`): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function read(content: string | Buffer, delimiter = ','): Promise<Outcome> {
  return readAll(createCsvSource({ file: file(content), delimiter }));
}

const cellsOf = ({ messages }: Outcome) => messages.map(({ row }) => row?.cells);

describe('CSV source', () => {
  it('gives each row with its columns, its line, and the file name as topic', async () => {
    const path = file('date,OT\n2016-07-01,30.5\n2016-07-02,27.7\n', 'ETTh1.csv');
    const { messages, error } = await readAll(createCsvSource({ file: path, delimiter: ',' }));
    expect(error).toBeUndefined();
    expect(messages).toEqual([
      {
        topic: 'ETTh1',
        payload: new Uint8Array(0),
        row: { columns: ['date', 'OT'], cells: ['2016-07-01', '30.5'] },
        receivedMs: 2,
        undated: true,
        retained: false,
        where: `${path}:2`,
      },
      expect.objectContaining({ receivedMs: 3, where: `${path}:3` }),
    ]);
  });

  it('strips a byte order mark and reads CRLF, quotes and another delimiter', async () => {
    const outcome = await read('\ufeff"a ";b\r\n"1;5";2\r\n"say ""hi""";\r\n\r\n3;4', ';');
    expect(outcome.messages[0]?.row?.columns).toEqual(['a', 'b']);
    expect(cellsOf(outcome)).toEqual([
      ['1;5', '2'],
      ['say "hi"', ''],
      ['3', '4'],
    ]);
  });

  it('keeps empty cells between tabs', async () => {
    expect(cellsOf(await read('a\tb\tc\n1\t\t3\n', '\t'))).toEqual([['1', '', '3']]);
  });

  it('hands on rows with missing or extra cells, so that they are counted', async () => {
    expect(cellsOf(await read('a,b\n1\n1,2,3\n1,2\n'))).toEqual([
      ['1'],
      ['1', '2', '3'],
      ['1', '2'],
    ]);
  });

  it('counts lines, not rows, where a quoted cell spans lines', async () => {
    const { messages } = await read('a,b\n"x\ny",1\nz,2\n');
    expect(messages.map(({ receivedMs }) => receivedMs)).toEqual([3, 4]);
  });

  it('takes stray quotes and invalid UTF-8 as they are', async () => {
    const outcome = await read(Buffer.from('a,b\n1"2,x\n\xff,3\n', 'latin1'));
    expect(outcome.error).toBeUndefined();
    expect(cellsOf(outcome)).toEqual([
      ['1"2', 'x'],
      ['\ufffd', '3'],
    ]);
  });

  it.each([
    ['a,b,a\n1,2,3\n', /:1: two columns are named "a"/],
    ['a,,c\n1,2,3\n', /:1: column 2 has no name/],
    ['', /is empty; the first line must name the columns/],
    ['a,b\n1,2\n"3,4\n5,6\n', /no end/],
  ])('refuses %j with a clear message', async (content, message) => {
    expect((await read(content)).error?.message).toMatch(message);
  });

  it('gives the rows before a quote that is never closed', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => `${i},x\n`).join('');
    const outcome = await read(`a,b\n${rows}"open,x\n${'y'.repeat(2 ** 21)}`);
    expect(outcome.messages).toHaveLength(5_000);
    expect(outcome.error?.message).toMatch(/a row has no end within 1 MiB/);
  });

  it('reads gzip by content, whatever the name', async () => {
    expect(cellsOf(await read(gzipSync('a\n1\n')))).toEqual([['1']]);
    const path = file('a\n2\n', 'plain.csv.gz');
    const outcome = await readAll(createCsvSource({ file: path, delimiter: ',' }));
    expect(cellsOf(outcome)).toEqual([['2']]);
    expect(outcome.messages[0]?.topic).toBe('plain');
  });

  it('sends batches of at most 1024 and waits at the gate before each', async () => {
    const content = `a\n${Array.from({ length: 3_000 }, (_, i) => `${i}\n`).join('')}`;
    const sizes: number[] = [];
    let waits = 0;
    const gate = { wait: () => (++waits % 2 === 0 ? Promise.resolve() : undefined) };
    const source = createCsvSource({ file: file(content), delimiter: ',' });
    const outcome = await readAll(source, { gate, onBatch: (batch) => sizes.push(batch.length) });
    expect(outcome.messages.map(({ row }) => Number(row?.cells[0]))).toEqual(
      Array.from({ length: 3_000 }, (_, i) => i),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_024);
    expect(waits).toBe(sizes.length);
  });

  it('stops between batches, also while it waits at a closed gate', async () => {
    const content = `a\n${'1\n'.repeat(5_000)}`;
    const source = createCsvSource({ file: file(content), delimiter: ',' });
    let batches = 0;
    const gate = {
      wait: () => (batches === 0 ? undefined : new Promise<void>(() => {})),
    };
    const outcome = await readAll(source, {
      gate,
      onBatch: () => {
        batches++;
        setImmediate(() => void source.stop());
      },
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.messages).toHaveLength(1_024);
  });

  it('tells its progress', async () => {
    const source = createCsvSource({ file: file('a\n1\n'), delimiter: ',' });
    expect(source.progress()).toBe(0);
    await readAll(source, { gate: openGate });
    expect(source.progress()).toBe(1);
  });
});
