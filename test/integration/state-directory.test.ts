/** A state directory that is taken away, or is another daemon's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CountingPublisher, DurableDaemon } from '../support/durable-daemon.ts';
import { freePort } from '../support/ports.ts';
import { startMosquitto, type TestServer } from '../support/servers.ts';

const ENDS_MS_MAX = 40_000;

let broker: TestServer;
const cleanup: (() => unknown)[] = [];
beforeAll(async () => {
  broker = await startMosquitto();
});
afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end();
});
afterAll(() => broker.stop());

async function daemonOn(stateDir: string, name: string): Promise<DurableDaemon> {
  const databaseUrl = `http://127.0.0.1:${await freePort()}`;
  const daemon = new DurableDaemon({ brokerUrl: broker.url, databaseUrl, name, stateDir });
  cleanup.push(() => daemon.close());
  return daemon;
}

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-state-'));
  cleanup.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe('the state directory', () => {
  it.each([
    ['while it is quiet', 0],
    ['while messages come', 50],
  ])('is taken away %s: the daemon ends with code 5 and says so', async (_when, steps) => {
    const dir = newDir();
    const name = `gone${steps}`;
    const daemon = await daemonOn(dir, name);
    const publisher = await CountingPublisher.connect(broker.url, name, 2);
    cleanup.push(() => publisher.close());
    await daemon.up();
    await publisher.publish(2);
    rmSync(dir, { recursive: true });
    const published = publisher.publish(steps);
    expect(await daemon.ended(ENDS_MS_MAX)).toBe(5);
    expect(daemon.life.output()).toMatch(/is gone|no such file/);
    expect(daemon.life.output()).toContain(dir);
    expect(daemon.life.output()).not.toContain('defect');
    await published;
  });

  it('is for one daemon: a second one ends at once with code 5, and the first goes on', async () => {
    const dir = newDir();
    const first = await daemonOn(dir, 'first');
    const second = await daemonOn(dir, 'second');
    const publisher = await CountingPublisher.connect(broker.url, 'first', 1);
    cleanup.push(() => publisher.close());
    await first.up();
    second.start();
    expect(await second.ended(ENDS_MS_MAX)).toBe(5);
    const holder = first.life.process.pid;
    expect(second.life.output()).toContain(`in use by process ${holder}`);
    await publisher.publish(5);
    const account = (await first.stop()).get('s')!;
    expect(account).toMatchObject({ received: 5, learned: 5 });
  });
});
