/** What systemd hears of a daemon in a process of its own, on a real datagram socket. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatagramSocket, datagramsMissing, listenForDatagrams } from '../support/datagrams.ts';
import { startForetide, until, writeConfig } from '../support/foretide.ts';

const config = `
source: { mqtt: { embedded: { host: 127.0.0.1, port: 0 } } }
streams: [{ topic: plant/+, every: 1s }]
`;

if (datagramsMissing) console.log(`left out: there is no ${datagramsMissing}`);

describe.skipIf(datagramsMissing)('a daemon under systemd', () => {
  let socket: DatagramSocket;
  beforeAll(async () => {
    socket = await listenForDatagrams();
  });
  afterAll(() => socket.close());

  it('says when it is ready, that it lives, and that it stops', async () => {
    const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '2000000' };
    const foretide = startForetide(['run', writeConfig(config).path], undefined, env);
    const heard = (line: string): number => socket.lines.filter((one) => one === line).length;
    try {
      await until(
        () => heard('READY=1') === 1 && heard('WATCHDOG=1') >= 3,
        () => `signs of life in ${socket.lines.join(' ')}:\n${foretide.output()}`,
      );
    } finally {
      foretide.process.kill('SIGTERM');
    }
    expect(await foretide.exitCode).toBe(0);
    const { lines } = socket;
    const stopping = lines.indexOf('STOPPING=1');
    expect(stopping).toBeGreaterThan(lines.indexOf('READY=1'));
    expect(lines.slice(0, stopping).join('\n')).toMatch(/STATUS=forecasting; 0\.0 samples\/s/);
    expect(lines).toContain('STATUS=finishing what was accepted');
  });
});
