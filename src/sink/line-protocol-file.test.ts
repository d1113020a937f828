import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { START_MS, seriesPoints } from '../../test/support/points.ts';
import { LineProtocolFile, type OutputFile } from './line-protocol-file.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'foretide-file-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const step = (i: number) => seriesPoints({ issuedMs: START_MS + i, actual: i, scores: [] }, 0);
const line = (i: number): string =>
  `actual,series=boiler/temperature value=${i} ${START_MS + i}000000\n`;

describe('LineProtocolFile', () => {
  it('makes its folder and writes batch after batch, anew at each start', async () => {
    const file = join(dir, 'a/b/out.lp');
    for (let run = 0; run < 2; run++) {
      const sink = await LineProtocolFile.open({ file }, true);
      expect(await sink.write([step(1), step(2)])).toEqual([]);
      await sink.write([]);
      await sink.write([step(3)]);
      await sink.close();
    }
    expect(readFileSync(file, 'utf8')).toBe(line(1) + line(2) + line(3));
  });

  it('begins with what `influx -import` wants where a header is configured', async () => {
    const file = join(dir, 'out.lp');
    const sink = await LineProtocolFile.open({ file, header: 'plant "1"' }, true);
    await sink.write([step(1)]);
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe(
      '# DDL\nCREATE DATABASE "plant \\"1\\""\n\n# DML\n# CONTEXT-DATABASE: plant "1"\n\n' +
        line(1),
    );
  });

  it.each([0, 1, 70_000])(
    'goes on after the last whole line, %i characters of half a line behind it',
    async (half) => {
      const file = join(dir, 'out.lp');
      writeFileSync(file, `${line(1)}${'x'.repeat(half)}`);
      const sink = await LineProtocolFile.open({ file, header: 'plant' }, true, true);
      await sink.write([step(2)]);
      await sink.close();
      expect(readFileSync(file, 'utf8')).toBe(line(1) + line(2));
    },
  );

  it('begins a file that is to go on and is not there', async () => {
    const file = join(dir, 'out.lp');
    const sink = await LineProtocolFile.open({ file }, true, true);
    await sink.write([step(1)]);
    await sink.close();
    expect(readFileSync(file, 'utf8')).toBe(line(1));
  });

  it('hands back what no line can hold', async () => {
    const file = join(dir, 'out.lp');
    const sink = await LineProtocolFile.open({ file }, true);
    const rejected = await sink.write([seriesPoints({ actual: Number.POSITIVE_INFINITY }, 0)]);
    expect(rejected).toEqual([
      { series: 'boiler/temperature', detail: 'actual: not a finite number: value=Infinity' },
    ]);
    await sink.close();
  });

  it('says at the start what is wrong with the file', async () => {
    writeFileSync(join(dir, 'plain'), '');
    const tries = [
      [dir, /cannot write .*: it is a folder \(EISDIR\)/],
      [join(dir, 'plain/out.lp'), /cannot write .*plain\/out\.lp: .*(ENOTDIR|EEXIST)/],
    ] as const;
    for (const [file, message] of tries) {
      const opened = LineProtocolFile.open({ file }, true);
      await expect(opened).rejects.toThrow(message);
      await expect(opened).rejects.toMatchObject({ name: 'SinkStartError', exitCode: 2 });
    }
  });

  it('keeps the batch while the disk is full', async () => {
    const sink = await LineProtocolFile.open({ file: '/dev/full' }, true);
    await expect(sink.write([step(1)])).rejects.toMatchObject({
      name: 'SinkUnavailable',
      message: 'cannot write /dev/full: no space left on the disk (ENOSPC)',
    });
    await sink.close();
  });

  it('leaves no half line behind a write that broke off', async () => {
    const path = join(dir, 'out.lp');
    const real = await open(path, 'w');
    const disk = fillingUp(real);
    const sink = new LineProtocolFile(path, disk.file, { regular: true, actual: true });
    await sink.write([step(1)]);
    disk.free = 20;
    await expect(sink.write([step(2), step(3)])).rejects.toThrow(/no space left/);
    expect(readFileSync(path, 'utf8')).toBe(line(1) + line(2).slice(0, 20));
    disk.free = Number.POSITIVE_INFINITY;
    await sink.write([step(2), step(3)]);
    expect(readFileSync(path, 'utf8')).toBe(line(1) + line(2) + line(3));
    disk.free = 20;
    await expect(sink.write([step(4)])).rejects.toThrow(/no space left/);
    await sink.close();
    expect(readFileSync(path, 'utf8')).toBe(line(1) + line(2) + line(3));
  });

  it('takes back all of a batch that broke off after its first piece', async () => {
    const path = join(dir, 'out.lp');
    const disk = fillingUp(await open(path, 'w'));
    const sink = new LineProtocolFile(path, disk.file, { regular: true, actual: true });
    disk.chunk = Number.POSITIVE_INFINITY;
    await sink.write([step(1)]);
    disk.free = 3 << 20;
    const long = Array.from({ length: 50_000 }, (_, i) => step(i));
    await expect(sink.write(long)).rejects.toThrow(/no space left/);
    disk.free = Number.POSITIVE_INFINITY;
    // The outbox was full meanwhile and has given up most of it.
    await sink.write([step(2)]);
    await sink.write(long);
    await sink.close();
    const expected = [step(1), step(2), ...long].map(({ actual }) => line(actual)).join('');
    expect(readFileSync(path, 'utf8') === expected).toBe(true);
  });
});

/** A file on a disk with so many bytes left; a write takes `chunk` of them at most, as writes may. */
function fillingUp(file: FileHandle): { file: OutputFile; free: number; chunk: number } {
  const disk = { free: Number.POSITIVE_INFINITY, chunk: 7, file: file as OutputFile };
  const write = async (bytes: Buffer, from: number, length: number, position: number | null) => {
    if (disk.free <= 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    const count = Math.min(length, disk.chunk, disk.free);
    disk.free -= count;
    return file.write(bytes, from, count, position);
  };
  disk.file = {
    write: write as FileHandle['write'],
    truncate: (length) => file.truncate(length),
    sync: () => file.sync(),
    close: () => file.close(),
  };
  return disk;
}
