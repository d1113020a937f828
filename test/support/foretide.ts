import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './faults/wait.ts';
import { ROOT } from './root.ts';

const main = join(ROOT, 'dist/main.js');
const run = promisify(execFile);

/** The program as users start it, in a process of its own. */
export interface RunningForetide {
  readonly process: ChildProcess;
  /** Standard output and standard error so far. */
  output(): string;
  /** Resolves once the output holds the text. @throws Error once it cannot any more */
  says(text: string): Promise<void>;
  readonly exitCode: Promise<number | null>;
}

/** What it keeps is its own, unless the configuration names a directory. */
export function startForetide(
  args: readonly string[],
  cwd?: string,
  env: NodeJS.ProcessEnv = {},
): RunningForetide {
  const state = mkdtempSync(join(tmpdir(), 'foretide-state-'));
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, STATE_DIRECTORY: state, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.once('close', () => rmSync(state, { recursive: true, force: true }));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output$ = (): string => output;
  return {
    process: child,
    output: output$,
    says: (text) =>
      until(
        () => {
          if (output.includes(text)) return true;
          if (child.exitCode === null) return false;
          throw new Error(`ended with code ${child.exitCode}, and "${text}" is not in:\n${output}`);
        },
        () => `"${text}" in:\n${output}`,
      ),
    exitCode,
  };
}

/** A folder with one configuration in it. */
export function writeConfig(text: string): { dir: string; path: string } {
  const dir = mkdtempSync(join(tmpdir(), 'foretide-test-'));
  const path = join(dir, 'config.yaml');
  writeFileSync(path, text);
  return { dir, path };
}

/** Waits for a condition. @throws Error after a minute, saying what it waited for */
export function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string = () => 'a condition',
): Promise<void> {
  return waitFor(condition, what, 60_000);
}

export async function mosquittoPub(port: number, topic: string, payload: string): Promise<void> {
  await run('mosquitto_pub', ['-p', String(port), '-q', '1', '-t', topic, '-m', payload]);
}

/** One message from the topic, as `mosquitto_sub` prints it. */
export async function mosquittoSub(port: number, topic: string): Promise<string> {
  const args = ['-p', String(port), '-t', topic, '-C', '1', '-W', '10'];
  return (await run('mosquitto_sub', args)).stdout.trim();
}

/** Rows as the `influx` shell prints them, in CSV. */
export async function influxQuery(port: number, query: string, db = 'foretide'): Promise<string[]> {
  const args = ['-port', String(port), '-database', db, '-format', 'csv', '-execute', query];
  return (await run('influx', args)).stdout.trim().split('\n').filter(Boolean);
}
