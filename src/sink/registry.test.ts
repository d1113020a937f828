import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, configSchema } from '../config/schema.ts';
import { createSinks } from './registry.ts';

const dir = mkdtempSync(join(tmpdir(), 'foretide-registry-'));
afterAll(() => rmSync(dir, { recursive: true }));

function configWith(sinks: object, source?: object): Config {
  return configSchema.parse({ streams: [{ topic: 'a' }], sinks, source });
}

describe('createSinks', () => {
  it('makes every sink that is configured, and none that is not', async () => {
    const file = join(dir, 'out.lp');
    const sinks = await createSinks(
      configWith({
        influx: { url: 'https://db.example/influx/', database: 'plant', retry_max: '5s' },
        line_protocol: { file },
        mqtt: { url: 'mqtt://broker.example' },
      }),
      {},
    );
    expect(sinks.map(({ name }) => name)).toEqual([
      'influx https://db.example/influx/plant',
      `file ${file}`,
      'mqtt mqtt://broker.example',
    ]);
    expect(sinks[0]!.pacing).toEqual({ flushMs: 250, retryMsMin: 500, retryMsMax: 5_000 });
    for (const sink of sinks) await sink.close();
    expect(await createSinks(configWith({}), {})).toEqual([]);
  });

  it('takes the source’s broker where the sink names none', async () => {
    const config = configWith({ mqtt: {} }, { mqtt: { url: 'mqtt://a.example' } });
    const [fromConfig] = await createSinks(config, {});
    expect(fromConfig!.name).toBe('mqtt mqtt://a.example');
    const [embedded] = await createSinks(config, { sourceUrl: 'mqtt://127.0.0.1:40001' });
    expect(embedded!.name).toBe('mqtt mqtt://127.0.0.1:40001');
  });

  it('says what is missing where there is no broker at all', async () => {
    const { sinks, ...rest } = configWith({ mqtt: {} }, { mqtt: { url: 'mqtt://a.example' } });
    const created = createSinks({ ...rest, sinks, source: undefined }, {});
    await expect(created).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/add url/),
    });
  });
});
