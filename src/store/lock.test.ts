import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { lockState } from './lock.ts';

// Other work may keep the machine and the disk busy.
vi.setConfig({ testTimeout: 120_000 });

/** Built, as another process cannot run the source. */
const SCRIPT = fileURLToPath(new URL('../../dist/store/lock.js', import.meta.url));
const CODE = `
  import { lockState } from ${JSON.stringify(SCRIPT)};
  try {
    await lockState(process.argv[1]);
    console.log('holds');
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }`;

const dirs: string[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-lock-'));
  dirs.push(dir);
  return dir;
}

/** Another process, once it has the lock or was refused. */
async function start(dir: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CODE, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = await once(createInterface(child.stdout!), 'line');
  return { child, said: said as string };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const sockets = (dir: string): string[] => readdirSync(dir).filter((name) => /sock$/.test(name));

describe('lockState', () => {
  it('refuses a second one and says who has it, until the first lets go', async () => {
    const dir = newDir();
    const lock = await lockState(dir);
    const second = lockState(dir);
    await expect(second).rejects.toThrow(
      `state directory ${dir}: in use by process ${process.pid} on ${hostname()}, since 20`,
    );
    await expect(second).rejects.toMatchObject({ exitCode: 5 });
    const { said } = await start(dir);
    expect(said).toContain(`in use by process ${process.pid}`);
    await lock.release();
    expect(sockets(dir)).toEqual([]);
    await (await lockState(dir)).release();
  });

  it('is free at once when its holder was killed', async () => {
    const dir = newDir();
    const { child, said } = await start(dir);
    expect(said).toBe('holds');
    await kill(child);
    expect(sockets(dir)).toHaveLength(1);
    const lock = await lockState(dir);
    expect(sockets(dir)).toHaveLength(1);
    await lock.release();
    expect(sockets(dir)).toEqual([]);
  });

  it('is held by a process that does not answer', async () => {
    const dir = newDir();
    const { child } = await start(dir);
    child.kill('SIGSTOP');
    await expect(lockState(dir)).rejects.toThrow('another process, which is too busy to answer');
  });

  it('is given to one of many that start at once, over what a dead one left', async () => {
    const dir = newDir();
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(Array.from({ length: 5 }, () => start(dir)));
      const said = all.map((one) => one.said);
      expect(
        said.filter((text) => text === 'holds'),
        said.join('\n'),
      ).toHaveLength(1);
      expect(said.filter((text) => text.includes('in use by'))).toHaveLength(4);
      await Promise.all(all.map(({ child }) => kill(child)));
    }
  });

  it('is given to one of many in one process', async () => {
    const dir = newDir();
    for (let round = 0; round < 20; round++) {
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(dir)));
      const held = all.filter((result) => result.status === 'fulfilled');
      expect(held).toHaveLength(1);
      for (const { value } of held) await value.release();
    }
    expect(sockets(dir)).toEqual([]);
  });

  it('works where the path is longer than that of a socket may be', async () => {
    const dir = join(newDir(), 'long'.repeat(20), 'longer'.repeat(20));
    mkdirSync(dir, { recursive: true });
    const { child, said } = await start(dir);
    expect(said).toBe('holds');
    await expect(lockState(dir)).rejects.toThrow(`in use by process ${child.pid}`);
    await kill(child);
    await (await lockState(dir)).release();
    expect(sockets(dir)).toEqual([]);
  });
});
