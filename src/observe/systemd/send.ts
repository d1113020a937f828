/**
 * Messages to systemd. They are datagrams to a Unix socket, which Node cannot send, and modules that
 * can are native and compiled by an install script. The program that systemd itself brings along for
 * it can, and waits until it was heard: `NotifyAccess=all`, as it is a process of its own. One is
 * started a few times a minute.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const PROGRAM = 'systemd-notify';
const TIMEOUT_MS = 10_000;

export type Send = (assignments: readonly string[]) => Promise<void>;

/** @throws Error that says why systemd could not be told */
export const sendToSystemd: Send = async (assignments) => {
  try {
    await promisify(execFile)(PROGRAM, [...assignments], { timeout: TIMEOUT_MS });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ENOENT' ? `there is no ${PROGRAM} in the PATH` : message.trim());
  }
};
