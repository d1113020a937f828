import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { FAKE_ORG, FakeInflux, type FakeInfluxOptions } from '../../../test/support/fake-influx.ts';
import { freePort } from '../../../test/support/ports.ts';
import { nobody } from './ask.ts';
import { type Chosen, chooseDatabase } from './choose-database.ts';
import type { InitOptions } from './options.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-choose-'));
afterAll(() => rmSync(dir, { recursive: true }));
const tokenFile = join(dir, 'token');
writeFileSync(tokenFile, 'good\n');
let fake: FakeInflux | undefined;
afterEach(() => fake?.stop());

const OPTIONS: InitOptions = {
  file: 'foretide.yaml',
  listen: '1s',
  listenMs: 1_000,
  database: 'fore',
  force: false,
  yes: true,
  run: false,
};

async function choose(
  kind: FakeInfluxOptions['kind'],
  more: Partial<InitOptions>,
  may: FakeInfluxOptions['may'] = ['see', 'create'],
): Promise<{ chosen: Chosen | undefined; said: string }> {
  fake = await FakeInflux.start({ kind, token: 'good', may });
  const said: string[] = [];
  const options = { ...OPTIONS, influx: fake.url, ...more };
  const chosen = await chooseDatabase(options, nobody(true), (text) => said.push(text), {});
  return { chosen, said: said.join('\n') };
}

describe('InfluxDB 2 and 3', () => {
  it('of version 2: the bucket is created, and that is said', async () => {
    const { chosen, said } = await choose('v2', { org: FAKE_ORG, tokenFile });
    expect(chosen).toMatchObject({ version: 2, org: FAKE_ORG, database: 'fore', token: 'good' });
    expect(said).toContain('"fore" may be written to; created bucket "fore"');
    expect([...fake!.stores.keys()].some((key) => key.includes('fore'))).toBe(true);
  });

  it('of version 2 without organization or token: what to give', async () => {
    const { said } = await choose('v2', {});
    expect(said).toContain('--org and --token-file');
  });

  it('a token that may not create the bucket: what an administrator has to do', async () => {
    const { said } = await choose('v2', { org: FAKE_ORG, tokenFile }, []);
    expect(said).toContain('influx bucket create -n fore');
  });

  it('of version 3: a good token, and a wrong one', async () => {
    const { chosen, said } = await choose('core3', { tokenFile });
    expect(chosen).toMatchObject({ version: 3, database: 'fore', token: 'good' });
    expect(said).toContain('"fore" may be written to');
    expect([...fake!.stores.values()].flatMap((store) => store.points)).toEqual([]);
    await fake!.stop();
    writeFileSync(join(dir, 'bad'), 'bad');
    expect((await choose('core3', { tokenFile: join(dir, 'bad') })).said).toMatch(/401|token/);
  });

  it('where nothing listens: that, and how to get one', async () => {
    const said: string[] = [];
    const influx = `http://127.0.0.1:${await freePort()}`;
    const options = { ...OPTIONS, influx };
    await chooseDatabase(options, nobody(true), (text) => said.push(text), {});
    expect(said.join('\n')).toContain(`${influx}: nothing listens there`);
    expect(said.join('\n')).toContain('apt install influxdb');
  });
});
