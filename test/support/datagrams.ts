/** A Unix datagram socket, which Node has none of: what systemd listens on. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Python has one. undefined: it is there; else why not. */
export const datagramsMissing = missing('python3', 'systemd-notify');

const PROGRAM = `
import json, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('"listening"', flush=True)
while True:
    data, ancillary, flags, sender = s.recvmsg(65536, 4096)
    for level, kind, fds in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            for i in range(0, len(fds), 4):
                os.close(int.from_bytes(fds[i:i + 4], sys.byteorder))
    print(json.dumps(data.decode()), flush=True)
`;

export interface DatagramSocket {
  readonly path: string;
  /** Lines of all datagrams so far, in order. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export async function listenForDatagrams(): Promise<DatagramSocket> {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-notify-'));
  const path = join(dir, 'socket');
  const lines: string[] = [];
  const child: ChildProcess = spawn('python3', ['-c', PROGRAM, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const reader = createInterface({ input: child.stdout! });
  await once(reader, 'line');
  reader.on('line', (line) => lines.push(...(JSON.parse(line) as string).split('\n')));
  return {
    path,
    lines,
    async close() {
      child.kill();
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function missing(...programs: readonly string[]): string | undefined {
  return programs.find((program) => spawnSync(program, ['--version']).error !== undefined);
}
