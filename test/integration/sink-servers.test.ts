import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { accepts } from '../support/ports.ts';
import { findProgram } from '../support/server-process.ts';
import { startInfluxd, startMosquitto } from '../support/servers.ts';

describe('servers for the tests', () => {
  it('starts Mosquitto, restarts it on the same port, and leaves nothing behind', async () => {
    const server = await startMosquitto();
    const publish = ['-h', '127.0.0.1', '-p', String(server.port), '-t', 'a/b', '-m', '1'];
    execFileSync(findProgram('mosquitto_pub'), publish);
    const { pid } = server;
    await server.kill('SIGKILL');
    expect(await accepts(server.port)).toBe(false);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    execFileSync(findProgram('mosquitto_pub'), publish);
    await server.stop();
    expect(await accepts(server.port)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  it('starts InfluxDB 1.x, which keeps its data over kill -9', async () => {
    const server = await startInfluxd();
    const query = async (q: string): Promise<string> =>
      (await fetch(`${server.url}/query?q=${encodeURIComponent(q)}`, { method: 'POST' })).text();
    await query('CREATE DATABASE kept');
    await server.kill('SIGKILL');
    await server.restart();
    expect(await query('SHOW DATABASES')).toContain('kept');
    await server.stop();
    expect(existsSync(server.dir)).toBe(false);
  });

  it('says what a server said when it does not start', async () => {
    const start = startMosquitto({ config: ['no_such_setting 1'] });
    await expect(start).rejects.toThrow(/mosquitto on port \d+ ended at once:.*no_such_setting/s);
  });

  it('says what to install when a program is missing', () => {
    expect(() => findProgram('no-such-server')).toThrow(/not installed.*apt-get install mosquitto/);
  });
});
