import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type Outcome, readAll } from '../../test/support/sources.ts';
import { topicOfFile } from './file-source.ts';
import { createNdjsonSource } from './ndjson.ts';
import { SourceError } from './source.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-file-'));
afterAll(() => rmSync(dir, { recursive: true }));

function read(name: string, content?: Buffer): Promise<Outcome> {
  const file = join(dir, name);
  if (content) writeFileSync(file, content);
  return readAll(createNdjsonSource({ file }));
}

/** Lines that gzip cannot shrink much, so that there are many chunks. */
const lines = Array.from({ length: 30_000 }, (_, i) => String(Math.sin(i)));
const packed = gzipSync(lines.join('\n'));
const text = ({ messages }: Outcome) => messages.map(({ payload }) => payload.toString());

describe('a file as input', () => {
  it('unpacks gzip, also of several members', async () => {
    const members = Buffer.concat([gzipSync('1\n2\n'), gzipSync('3\n')]);
    expect(text(await read('members.gz', members))).toEqual(['1', '2', '3']);
    expect(text(await read('packed', packed))).toEqual(lines);
  });

  it('gives the whole lines before the end of truncated gzip data, then an error', async () => {
    const outcome = await read('short.gz', packed.subarray(0, packed.length >> 1));
    expect(outcome.error).toBeInstanceOf(SourceError);
    expect(outcome.error?.message).toMatch(/short\.gz: the gzip data end too early.*Copy it again/);
    expect(outcome.messages.length).toBeGreaterThan(10_000);
    expect(text(outcome)).toEqual(lines.slice(0, outcome.messages.length));
  });

  it('gives the lines before damaged gzip data, then an error', async () => {
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, packed.length - 50_000, packed.length - 49_000);
    const outcome = await read('bad.gz', damaged);
    expect(outcome.error?.message).toMatch(/bad\.gz: the gzip data are damaged/);
    expect(outcome.messages.length).toBeGreaterThan(5_000);
    expect(text(outcome)[0]).toBe(lines[0]);
  });

  it('tells data that are only the start of a gzip header', async () => {
    const outcome = await read('head.gz', Buffer.from([0x1f, 0x8b]));
    expect(outcome.error?.message).toMatch(/end too early/);
  });

  it('tells a missing file and a folder', async () => {
    expect((await read('none')).error).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/none: there is no such file; check the path/),
    });
    mkdirSync(join(dir, 'folder'));
    expect((await read('folder')).error?.message).toMatch(/folder: is a folder; name a file/);
  });

  // Root may read everything.
  it.skipIf(process.getuid?.() === 0)('tells a file that it may not read', async () => {
    writeFileSync(join(dir, 'secret'), '1');
    chmodSync(join(dir, 'secret'), 0);
    expect((await read('secret')).error?.message).toMatch(/may not be read/);
  });

  it.each([
    ['data/ETTh1.csv.gz', 'ETTh1'],
    ['a.b.csv', 'a.b'],
    ['plain', 'plain'],
    ['.hidden', '.hidden'],
    ['x.GZ', 'x'],
  ])('%s has the topic %s', (file, topic) => {
    expect(topicOfFile(file)).toBe(topic);
  });
});
