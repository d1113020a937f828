/** What the file sink wrote, loaded by the real `influx -import`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LineProtocolFile } from '../../src/sink/line-protocol-file.ts';
import { storedTag } from '../../src/sink/tag.ts';
import { influxQuery } from '../support/influx-query.ts';
import { START_MS, STEP_MS, seriesPoints } from '../support/points.ts';
import { findProgram } from '../support/server-process.ts';
import { startInfluxd } from '../support/servers.ts';

it('influx -import loads the file as it is', async () => {
  const server = await startInfluxd();
  const dir = mkdtempSync(join(tmpdir(), 'foretide-import-'));
  try {
    const file = join(dir, 'out.lp');
    const sink = await LineProtocolFile.open({ file, header: 'my plant' }, true);
    const names = ['plain', 'a b,c=d"', 'line\nend', 'trailing\\', '# comment', 'é🌡'];
    for (let i = 0; i < 200; i++) {
      const issuedMs = START_MS + i * STEP_MS + 0.25;
      await sink.write(names.map((series) => seriesPoints({ series, issuedMs, actual: i / 3 })));
    }
    await sink.close();

    const args = ['-host', '127.0.0.1', '-port', String(server.port), '-import', '-path', file];
    const printed = execFileSync(findProgram('influx'), args, { encoding: 'utf8', stdio: 'pipe' });
    expect(printed).not.toMatch(/error/i);

    const rows = await influxQuery(server.url, 'SELECT value FROM actual GROUP BY "series"', {
      db: 'my plant',
    });
    expect(new Set(rows.map(({ series }) => series))).toEqual(new Set(names.map(storedTag)));
    const plain = rows.filter(({ series }) => series === 'plain');
    expect(plain.map(({ time }) => time)).toEqual(plain.map((_, i) => START_MS + i * STEP_MS));
    expect(plain.map(({ value }) => value)).toEqual(Array.from({ length: 200 }, (_, i) => i / 3));
    const counted = 'SELECT count(mean) FROM forecast GROUP BY "series"';
    const counts = await influxQuery(server.url, counted, { db: 'my plant' });
    expect(counts.map(({ count }) => count)).toEqual(names.map(() => 201));
  } finally {
    rmSync(dir, { recursive: true });
    await server.stop();
  }
});
